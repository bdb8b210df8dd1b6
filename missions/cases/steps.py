"""The steps that people take: from which state, who may, and what each needs. Pure.

One table says it all; `missions.cases.taking` takes a step only where `refusal` finds nothing, and
`offers` tells a caller beforehand which steps are open to it and why the others are not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.errors import FlyOnceError, IllegalTransition, NotAllowed
from missions.access import Principal
from missions.cases.proof import missing_of
from missions.cases.records import Extension, ExtensionState
from missions.entities import Case, CaseState
from missions.presets import Preset

_C = CaseState
ANYBODY, OWNER, CITY = "anybody", "owner", "city"
"""Who may: every department that sees the case; its own department or a city-wide role; a
city-wide role alone. All of them need the right to decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRule:
    """One row of the table.

    Attributes:
        name_zh: what the step is called in the regulations.
        begins: states from which it can be taken.
        who: `ANYBODY`, `OWNER` or `CITY`.
        needs: fields of a `StepOrder` that must be given; others are optional.
    """

    name_zh: str
    begins: frozenset[CaseState]
    who: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = field(default=())


def _row(
    name_zh: str, begins: set[CaseState], who: str, needs: str = "", takes: str = ""
) -> StepRule:
    return StepRule(
        name_zh=name_zh,
        begins=frozenset(begins),
        who=who,
        needs=tuple(needs.split()),
        takes=tuple(takes.split()),
    )


_SENT = {_C.DISPATCHED, _C.HANDLING}
TABLE: Mapping[str, StepRule] = {
    "dispatch": _row(
        "任务派遣",
        {_C.OPENED, _C.VERIFYING, _C.CLOSED, _C.EVALUATED},
        OWNER,
        takes="department note",
    ),
    "hand_over": _row("移交", _SENT, OWNER, "department note"),
    "handle": _row("任务处理", {_C.DISPATCHED}, ANYBODY, takes="note"),
    "report_back": _row("处理反馈", {_C.HANDLING}, ANYBODY, takes="note media found"),
    "verify": _row(
        "核查", {_C.REPORTED_BACK, _C.VERIFYING}, ANYBODY, takes="passed note media found"
    ),
    "close": _row("结案", {_C.VERIFYING}, OWNER, takes="note media"),
    "evaluate": _row("综合评价", {_C.CLOSED}, OWNER, takes="note"),
    "reject": _row("不予立案", {_C.COLLECTED, _C.OPENED, _C.DISPATCHED}, OWNER, takes="note"),
    "ask_extension": _row("申请延期、挂账", _SENT, OWNER, "note", takes="hours until"),
    "grant_extension": _row("同意延期、挂账", _SENT, CITY, takes="note"),
    "refuse_extension": _row("不同意延期、挂账", _SENT, CITY, "note"),
}
STEPS = tuple(TABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOrder:
    """A step that somebody wants to take.

    Attributes:
        note: what is said of it; the reason where one is needed.
        found: whether whoever looked there found anything; None where they do not say.
        department: to which it is dispatched or handed over.
        media: ids of photographs: evidence of a report back, or views of the place since then.
        passed: what a verification says.
        hours, until: of an extension: working hours more, or the end of a rest.
    """

    step: str
    note: str = ""
    found: bool | None = None
    department: str | None = None
    media: tuple[str, ...] = ()
    passed: bool | None = None
    hours: float | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Whether a step is open to a caller now.

    Attributes:
        why: why not; "" where it is open.
        needs, takes: the fields that must, and that may come with it.
    """

    step: str
    name_zh: str
    is_open: bool
    why: str
    needs: tuple[str, ...]
    takes: tuple[str, ...]


def offers(case: Case, preset: Preset, principal: Principal) -> tuple[Offer, ...]:
    """Every step, and whether this caller may take it now."""
    found = []
    for name, rule in TABLE.items():
        why = refusal(case, preset, principal, name)
        needs = list(rule.needs)
        if name == "report_back" and preset.event_types[case.event_type].evidence:
            needs.append("media")
        if name == "close" and why is None and missing_of(case, preset):
            needs.append("note")
        found.append(
            Offer(
                step=name,
                name_zh=rule.name_zh,
                is_open=why is None,
                why="" if why is None else why.what,
                needs=tuple(needs),
                takes=tuple(t for t in rule.takes if t not in needs),
            )
        )
    return tuple(found)


def refusal(case: Case, preset: Preset, principal: Principal, step: str) -> FlyOnceError | None:
    """Why a caller may not take a step now; None where it may, given what the step needs."""
    rule = TABLE[step]
    if not principal.may("decide"):
        return NotAllowed(
            f"the role {principal.role} may not decide",
            where=case.id,
            remedy="ask an administrator for a token with another role",
        )
    if not is_permitted(principal, case, rule.who):
        return _not_yours(case, step, rule.who)
    if case.state not in rule.begins:
        return _out_of_turn(case, step)
    return _special(case, preset, principal, step)


def is_permitted(principal: Principal, case: Case, who: str) -> bool:
    """Whether a caller belongs to those who may (`ANYBODY`, `OWNER`, `CITY`)."""
    if principal.city_wide:
        return True
    return who == ANYBODY or (who == OWNER and principal.department == case.department)


def pending_extension(case: Case) -> Extension | None:
    """The extension that was asked for and not answered."""
    asked = [x for x in case.extensions if x.state is ExtensionState.ASKED]
    return asked[-1] if asked else None


def _special(case: Case, preset: Preset, principal: Principal, step: str) -> FlyOnceError | None:
    """What the state alone does not say."""
    if step in ("grant_extension", "refuse_extension") and pending_extension(case) is None:
        return _wait(case, "no extension was asked for", "the department asks for one first")
    if step == "ask_extension" and pending_extension(case) is not None:
        return _wait(case, "an extension is asked for already", "wait for the answer")
    missing = missing_of(case, preset) if step == "close" else ()
    if missing and not principal.city_wide:
        return _wait(
            case,
            "; ".join(lack.text for lack in missing),
            "wait for the verification, or name photographs taken since; a dispatcher may close "
            "it with a note that says why",
        )
    return None


def _not_yours(case: Case, step: str, who: str) -> NotAllowed:
    if who == CITY:
        return NotAllowed(
            f"only a dispatcher may {step.replace('_', ' ')}",
            where=case.id,
            remedy="ask a dispatcher",
        )
    return NotAllowed(
        f"only {case.department} may {step.replace('_', ' ')} this case",
        where=case.id,
        remedy="handle and report back are open to the departments that share it",
    )


def _out_of_turn(case: Case, step: str) -> IllegalTransition:
    onward = [name for name, rule in TABLE.items() if case.state in rule.begins]
    return IllegalTransition(
        f"cannot go from {case.state} by {step}",
        where=case.id,
        remedy=f"from {case.state}: {', '.join(onward)}" if onward else "the case has ended",
    )


def _wait(case: Case, what: str, remedy: str) -> IllegalTransition:
    return IllegalTransition(what, where=case.id, remedy=remedy)
