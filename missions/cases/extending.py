"""More time for a case (延期), or rest until a date (挂账): asked for, granted or refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.errors import IllegalTransition, InvalidInput
from missions.access import Principal
from missions.cases.deadlines import dispatched_at, escalates_at, hours_of, later
from missions.cases.records import Extension, ExtensionState
from missions.cases.steps import StepOrder, pending_extension
from missions.entities import Case
from missions.presets import Preset


def asked(
    case: Case, preset: Preset, principal: Principal, order: StepOrder, now: datetime
) -> Case:
    """The case with a wish for more time; its deadline runs on until the wish is granted.

    Raises:
        InvalidInput: neither hours nor an end of rest, both, or more than the rules allow.
        IllegalTransition: as many were granted since the last dispatch as the rules allow.
    """
    rules = preset.casework.extensions
    _check(order, preset, now)
    since = dispatched_at(case)
    granted = [
        x for x in case.extensions if x.state is ExtensionState.GRANTED and x.asked_at >= since
    ]
    if len(granted) >= rules.most:
        raise IllegalTransition(
            f"{len(granted)} extensions were granted since it was dispatched",
            where=case.id,
            remedy="settle it, or ask the dispatcher to dispatch it anew",
        )
    wish = Extension(
        asked_at=now,
        asked_by=principal.name,
        department=principal.department or case.department,
        reason=order.note.strip(),
        due_before=case.due_at,
        hours=order.hours or 0.0,
        until=order.until.astimezone(UTC) if order.until else None,
    )
    return replace(case, extensions=(*case.extensions, wish))


def decided(
    case: Case,
    preset: Preset,
    principal: Principal,
    order: StepOrder,
    now: datetime,
    *,
    granted: bool,
) -> Case:
    """The case with the wish answered; a granted one moves the deadline, never to an earlier time,
    and what was told of the old deadline does not hold for the new one."""
    wish = pending_extension(case)
    if wish is None:
        raise IllegalTransition(
            "no extension was asked for", where=case.id, remedy="none to answer"
        )
    due = max(case.due_at, _due(case, preset, wish)) if granted else None
    answer = replace(
        wish,
        state=ExtensionState.GRANTED if granted else ExtensionState.REFUSED,
        decided_at=now,
        decided_by=principal.name,
        answer=order.note.strip(),
        due_after=due,
    )
    extensions = tuple(answer if x is wish else x for x in case.extensions)
    if due is None:
        return replace(case, extensions=extensions)
    fresh = replace(case, extensions=extensions, due_at=due, escalation=0)
    return replace(fresh, escalate_at=escalates_at(fresh, preset))


def _due(case: Case, preset: Preset, wish: Extension) -> datetime:
    """The new deadline: hours after the old one; or what was left when the rest was asked for, but
    at least an hour, after the rest."""
    kind = preset.event_types[case.event_type]
    if wish.until is None:
        return later(preset, kind, case.due_at, wish.hours)
    left = max(1.0, hours_of(preset, kind, wish.asked_at, case.due_at))
    return later(preset, kind, wish.until, left)


def _check(order: StepOrder, preset: Preset, now: datetime) -> None:
    rules = preset.casework.extensions
    if (order.hours is None) == (order.until is None):
        raise InvalidInput(
            "an extension is so many hours, or a rest until a date",
            where="hours",
            remedy="give either hours or until",
        )
    if order.hours is not None and not 0 < order.hours <= rules.longest_h:
        raise InvalidInput(
            f"{order.hours:g} working hours",
            where="hours",
            remedy=f"ask for at most {rules.longest_h:g}",
        )
    if order.until is None:
        return
    if order.until.tzinfo is None:
        raise InvalidInput("a time without a zone", where="until", remedy="end it with Z or +08:00")
    if not now < order.until <= now + timedelta(days=rules.rest_days):
        raise InvalidInput(
            "the rest does not end within the time allowed",
            where="until",
            remedy=f"name a time in the next {rules.rest_days:g} days",
        )
