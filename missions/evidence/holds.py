"""What must not be deleted: evidence of open cases and reviews, and legal holds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from core.errors import IllegalTransition, InvalidInput, NotFound
from core.ids import new_id
from imagery.catalog import Medium
from missions.access import Principal
from missions.catalog.retention import RetentionRules
from missions.entities import Case, CaseState, ReviewState
from missions.evidence.custody import Custody, Note
from missions.evidence.privacy import owns
from missions.evidence.records import Act, Hold
from missions.evidence.sidecar import media_of
from missions.operations.journal import note
from missions.store.protocol import Unit

_OVER = (CaseState.CLOSED, CaseState.EVALUATED, CaseState.REJECTED)
_PAGE = 500


def held(unit: Unit, rules: RetentionRules, now: datetime) -> Mapping[str, str]:
    """Why each medium is held that is; the ids of cases' evidence are all that is remembered."""
    found: dict[str, str] = {}
    after = None
    while page := unit.cases.find(after=after, limit=_PAGE):
        for case in page:
            reason = _reason(unit, case, rules, now)
            if reason:
                found.update(dict.fromkeys(media_of(unit, case), reason))
        after = page[-1].id
    for review in unit.reviews.find(state=ReviewState.OPEN):
        found.update(dict.fromkeys(review.media, f"review {review.id} is open"))
    return {**found, **on_hold(unit)}


def on_hold(unit: Unit) -> Mapping[str, str]:
    """By medium id, the legal holds that were not lifted."""
    found: dict[str, str] = {}
    for hold in unit.holds.find(lifted_at=None):
        found.update(dict.fromkeys(_media_of(unit, hold.subject), f"legal hold: {hold.reason}"))
    return found


def _reason(unit: Unit, case: Case, rules: RetentionRules, now: datetime) -> str:
    """Why a case's evidence is held; "" when it no longer is."""
    if case.state not in _OVER:
        return f"case {case.number} is open"
    ended = case.closed_at or max((step.at for step in case.steps), default=case.opened_at)
    scenarios = {s for m in unit.media.find(id=media_of(unit, case)) for s in m.scenarios}
    until = ended + rules.of(scenarios).after_case
    return f"case {case.number}: evidence until {until:%Y-%m-%d}" if now < until else ""


def _media_of(unit: Unit, subject: str) -> tuple[str, ...]:
    case = unit.cases.find(id=subject)
    return media_of(unit, case[0]) if case else (subject,)


def place(unit: Unit, p: Principal, subject: str, reason: str, now: datetime) -> Hold:
    """Hold a medium, or all evidence of a case (by id or number), until the hold is lifted.

    Raises:
        InvalidInput: no reason. NotFound: no such thing for this caller, or not its own.
    """
    p.require("decide")
    if not reason.strip():
        raise InvalidInput("a hold needs a reason", where="reason", remedy="say who asked for it")
    found: list[Case] | list[Medium] = unit.cases.find(number=subject)
    found = found or unit.cases.find(id=subject) or unit.media.find(id=subject)
    if not found or not owns(p, found[0]) or not p.reaches(found[0]):
        raise NotFound("no such case or photograph of your department", where=subject[:80])
    hold = Hold(
        id=new_id("hld", now),
        subject=found[0].id,
        department=found[0].department,
        reason=reason.strip(),
        by=p.name,
        at=now,
    )
    unit.holds.add(hold)
    _note(unit, hold, Act.HELD, p.name, now)
    return hold


def lift(unit: Unit, p: Principal, hold_id: str, now: datetime) -> Hold:
    """Lift a hold.

    Raises:
        NotFound: no such hold of the caller's department. IllegalTransition: it was lifted.
    """
    p.require("decide")
    found = [h for h in unit.holds.find(id=hold_id) if mine(unit, p, h)]
    if not found:
        raise NotFound("no such hold", where=hold_id[:80])
    if found[0].lifted_at is not None:
        raise IllegalTransition("this hold was lifted before", where=hold_id)
    hold = replace(found[0], lifted_at=now, lifted_by=p.name)
    unit.holds.put(hold)
    _note(unit, hold, Act.RELEASED, p.name, now)
    return hold


def mine(unit: Unit, p: Principal, hold: Hold) -> bool:
    """Whether a hold is of the caller's department, on something in the caller's counties."""
    if not p.acts_for((hold.department,)):
        return False
    if p.counties is None:
        return True
    found: list[Case] | list[Medium] = unit.cases.find(id=hold.subject)
    return any(p.reaches(thing) for thing in found or unit.media.find(id=hold.subject))


def _note(unit: Unit, hold: Hold, act: Act, by: str, now: datetime) -> None:
    detail = {"hold": hold.id, "reason": hold.reason}
    media = _media_of(unit, hold.subject)
    Custody(unit).note_all(Note(medium_id=m, what=act, by=by, at=now, detail=detail) for m in media)
    text = f"{act}: {hold.subject} ({len(media)} media): {hold.reason}"
    zh = f"{'留存' if act is Act.HELD else '解除留存'}：{hold.subject}：{hold.reason}"
    note(unit, now, hold.subject, "evidence-hold", text, zh, by)
