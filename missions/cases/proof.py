"""What proves that a case is settled: what it was, what it is now, who says so, and when."""

from dataclasses import dataclass
from datetime import datetime

from missions.cases.recheck import verdict
from missions.cases.records import Outcome, PicturePair, Verification
from missions.entities import Case, CaseState, CaseStep, Verdict
from missions.presets import Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """Something that is missing: a word for programs, a sentence for people."""

    code: str
    text: str
    text_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A case's proof as it stands.

    Attributes:
        missing: what stands against closing it without a named reason.
        pairs: the same place before and after.
        handled_by, reported_by, closed_by: who took the latest of these steps; "" before.
        reason: why it was closed without all of it; "" where nothing was missing.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    evidence: tuple[str, ...]
    pairs: tuple[PicturePair, ...]
    handled_by: str
    reported_by: str
    reported_at: datetime | None
    closed_by: str
    closed_at: datetime | None
    reason: str
    missing: tuple[Lack, ...]


_BEFORE = Lack(code="before", text="no photograph of how it was found", text_zh="缺少处置前影像")
_AFTER = Lack(
    code="after",
    text="no photograph of the place since it was reported back",
    text_zh="缺少处置后影像",
)
_COLD = Lack(
    code="cold",
    text="the re-checks have not found the place cold yet",
    text_zh="复查尚未确认冷却",
)
_FAILED = Lack(
    code="verdict", text="the last verification did not pass", text_zh="最近一次核查未通过"
)


def proof_of(case: Case, preset: Preset) -> Proof:
    """The proof of a case."""
    last = current(case)
    closed = _last(case, CaseState.CLOSED)
    ended = case.state in (CaseState.CLOSED, CaseState.EVALUATED)
    missing = missing_of(case, preset)
    reported = _last(case, CaseState.REPORTED_BACK)
    handled = _last(case, CaseState.HANDLING)
    return Proof(
        before=case.before,
        after=case.after,
        evidence=evidence_of(case),
        pairs=last.pairs if last else (),
        handled_by=handled.by if handled else "",
        reported_by=reported.by if reported else "",
        reported_at=reported.at if reported else None,
        closed_by=closed.by if closed and ended else "",
        closed_at=case.closed_at,
        reason=closed.note if closed and ended and missing else "",
        missing=missing,
    )


def missing_of(case: Case, preset: Preset) -> tuple[Lack, ...]:
    """What a case lacks to be closed with proof; empty when nothing does."""
    last = current(case)
    found = [
        (_BEFORE, not case.before),
        (_AFTER, not case.after),
        (_COLD, bool(case.rechecks) and not _is_cold(case, preset)),
        (_FAILED, last is not None and last.outcome is Outcome.FAILED),
    ]
    return tuple(lack for lack, missing in found if missing)


def current(case: Case) -> Verification | None:
    """The verification of the last report back, if one was begun."""
    reported = _last(case, CaseState.REPORTED_BACK)
    since = reported.at if reported else case.opened_at
    return next((v for v in reversed(case.verifications) if v.asked_at >= since), None)


def evidence_of(case: Case) -> tuple[str, ...]:
    """Photographs that report backs brought."""
    return tuple(dict.fromkeys(m for s in case.steps for m in s.media))


def _is_cold(case: Case, preset: Preset) -> bool:
    rules = preset.recheck_of(case.event_type)
    ended = case.state in (CaseState.CLOSED, CaseState.EVALUATED)
    return ended or verdict(case, rules, preset.zone_info) is Verdict.COLD


def _last(case: Case, state: CaseState) -> CaseStep | None:
    return next((s for s in reversed(case.steps) if s.step == state), None)
