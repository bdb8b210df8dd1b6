"""Taking a step: the caller's rights, what the step needs, what it changes, and the trail of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from core.clock import Clock
from core.errors import IllegalTransition, InvalidInput
from missions.access import Principal
from missions.cases import extending, pictures
from missions.cases.cases import note_step, redispatched, score, stepped
from missions.cases.deadlines import dispatched_at, escalates_at
from missions.cases.proof import current, missing_of
from missions.cases.recheck import reported_back_at
from missions.cases.records import Outcome
from missions.cases.steps import STEPS, TABLE, StepOrder, refusal
from missions.cases.verification import judged, shown
from missions.entities import Case, CaseState, CaseStep
from missions.media import labels
from missions.operations.journal import alert
from missions.presets import Preset
from missions.store.protocol import Unit


@dataclass(frozen=True, kw_only=True)
class Taking:
    """A step that is being taken: what its handler works with."""

    unit: Unit
    preset: Preset
    principal: Principal
    order: StepOrder
    now: datetime

    @property
    def note(self) -> str:
        """What is said of it."""
        return self.order.note.strip()

    def step(self, case: Case, state: CaseState, **more: object) -> Case:
        """The case one step on, by this caller."""
        return stepped(
            case,
            state,
            at=self.now,
            by=self.principal.name,
            note=self.note,
            found=self.order.found,
            department=str(more.get("department") or self.principal.department or ""),
            media=self.order.media,
        )


def take(
    unit: Unit, preset: Preset, clock: Clock, principal: Principal, case_id: str, order: StepOrder
) -> Case:
    """Take a case's next step.

    Raises:
        NotFound: no such case, or photograph that was named, for this principal.
        NotAllowed: the role or the department may not take this step.
        InvalidInput: there is no such step, or something that it needs is missing or wrong.
        IllegalTransition: the case is not where the step begins, or its proof is missing.
    """
    principal.require("decide")
    case: Case = principal.checked(unit.cases.get(case_id))
    if order.step not in TABLE:
        raise InvalidInput(
            f"no such step: {order.step[:80]}",
            where="step",
            remedy=f"use one of {', '.join(STEPS)}",
        )
    at_hand = Taking(unit=unit, preset=preset, principal=principal, order=order, now=clock.now())
    seen = _with_media(at_hand, case) if order.step in ("verify", "close") else case
    why = refusal(seen, preset, principal, order.step)
    if why is not None:
        raise why
    _check_needs(order)
    moved = _HANDLERS[order.step](at_hand, seen)
    unit.cases.put(moved)
    labels.of_case(unit, preset, at_hand.now, moved)
    text = f"{moved.number}: {order.step} {at_hand.note}".strip()
    zh = f"{TABLE[order.step].name_zh} {at_hand.note}".strip()
    note_step(unit, at_hand.now, moved, principal.name, order.step, text, zh)
    return moved


def _check_needs(order: StepOrder) -> None:
    for name in TABLE[order.step].needs:
        value = getattr(order, name)
        if value is None or (isinstance(value, str) and not value.strip()):
            raise InvalidInput(
                f"{order.step} needs a {name}", where=name, remedy=f"give a {name} with it"
            )


# --- dispatch ----------------------------------------------------------------------------------


def _dispatch(t: Taking, case: Case) -> Case:
    """Sent out, again or to another department; with a new deadline."""
    target = _department(t, case)
    if target != case.department and not t.note:
        raise InvalidInput(
            "another department needs a reason", where="note", remedy="say why it is theirs"
        )
    moved = redispatched(
        t.step(_owned(case, target), CaseState.DISPATCHED, department=target), t.preset, t.now
    )
    _tell(t, moved, "dispatch", f"dispatched to {target}", f"派遣至{_zh(t, target)}")
    return moved


def _hand_over(t: Taking, case: Case) -> Case:
    """To another department within the same deadline (移交): the time that was lost is theirs to
    make good or to ask for."""
    target = _department(t, case)
    if target == case.department:
        raise InvalidInput(
            f"it is with {target} already", where="department", remedy="name another department"
        )
    sent = CaseStep(
        step=CaseState.DISPATCHED,
        at=t.now,
        by=t.principal.name,
        note=t.note,
        department=target,
        due_at=case.due_at,
        handed_over=True,
    )
    moved = replace(_owned(case, target), state=CaseState.DISPATCHED, steps=(*case.steps, sent))
    moved = replace(moved, escalate_at=escalates_at(moved, t.preset))
    _tell(t, moved, "dispatch", f"handed over to {target}: {t.note}", f"移交{_zh(t, target)}")
    return moved


def _department(t: Taking, case: Case) -> str:
    target = t.order.department or case.department
    if target not in t.preset.departments:
        raise InvalidInput(
            f"no such department: {target[:80]}",
            where="department",
            remedy=f"use one of {', '.join(t.preset.departments)}",
        )
    return target


def _owned(case: Case, target: str) -> Case:
    """The case as another department's; the one before goes on seeing it."""
    if target == case.department:
        return case
    others = dict.fromkeys((*case.shared_with, case.department))
    return replace(
        case, department=target, shared_with=tuple(d for d in others if d and d != target)
    )


# --- handle, report back, verify ---------------------------------------------------------------


def _handle(t: Taking, case: Case) -> Case:
    return t.step(case, CaseState.HANDLING)


def _report_back(t: Taking, case: Case) -> Case:
    """With the evidence that the event type asks for, taken since the case was dispatched."""
    kind = t.preset.event_types[case.event_type]
    media = pictures.named(t.unit, t.principal, t.order.media, since=dispatched_at(case), near=None)
    if len(media) < kind.evidence:
        raise InvalidInput(
            f"a report back on {kind.name} needs {kind.evidence} photographs, not {len(media)}",
            where="media",
            remedy="bring them in (POST /media or /uploads) and name their ids",
        )
    pictures.keep(t.unit, t.principal, case, media)
    return t.step(case, CaseState.REPORTED_BACK)


def _verify(t: Taking, case: Case) -> Case:
    """Begin to verify, or say what the verification found; failed goes back with its pictures."""
    if case.state is CaseState.REPORTED_BACK:
        case = t.step(case, CaseState.VERIFYING)
    elif t.order.passed is None and not t.order.media:
        raise InvalidInput(
            "it is being verified already",
            where="passed",
            remedy="say whether it passed, or name photographs taken since the report back",
        )
    if t.order.passed is None:
        return case
    if t.order.passed:
        return judged(case, Outcome.PASSED, t.now, t.principal.name, t.note)
    if not t.note:
        raise InvalidInput(
            "a failed verification needs a note", where="note", remedy="say what is not settled"
        )
    failed = judged(case, Outcome.FAILED, t.now, t.principal.name, t.note)
    again = redispatched(t.step(failed, CaseState.DISPATCHED), t.preset, t.now)
    _tell(t, again, "verify", f"verification failed: {t.note}", "核查未通过，重新派遣")
    return again


def _with_media(t: Taking, case: Case) -> Case:
    """The case with photographs that the caller names as views of the place since the report."""
    if not t.order.media:
        return case
    reported = reported_back_at(case)
    if reported is None or case.state not in (CaseState.REPORTED_BACK, CaseState.VERIFYING):
        raise InvalidInput(
            "nothing was reported back yet", where="media", remedy="leave the photographs out"
        )
    media = pictures.named(t.unit, t.principal, t.order.media, since=reported, near=case.position)
    pictures.keep(t.unit, t.principal, case, media)
    return shown(t.unit, t.preset, case, media, t.now, source="officer")


# --- close, evaluate ---------------------------------------------------------------------------


def _close(t: Taking, case: Case) -> Case:
    """With proof; a city-wide role may say why without."""
    lacks = missing_of(case, t.preset)
    if lacks and not t.note:
        raise IllegalTransition(
            "; ".join(lack.text for lack in lacks),
            where=case.id,
            remedy="say in the note why it is settled all the same",
        )
    begun = current(case)
    if begun is not None and begun.outcome is None and begun.media:
        case = judged(case, Outcome.PASSED, t.now, t.principal.name, t.note)
    return replace(t.step(case, CaseState.CLOSED), closed_at=t.now)


def _evaluate(t: Taking, case: Case) -> Case:
    moved = t.step(case, CaseState.EVALUATED)
    return replace(moved, score=score(moved))


def _reject(t: Taking, case: Case) -> Case:
    return t.step(case, CaseState.REJECTED)


# --- extensions --------------------------------------------------------------------------------


def _ask_extension(t: Taking, case: Case) -> Case:
    asked = extending.asked(case, t.preset, t.principal, t.order, t.now)
    _tell(t, asked, "extension", f"more time is asked for: {t.note}", "申请延期或挂账")
    return asked


def _grant(t: Taking, case: Case) -> Case:
    granted = extending.decided(case, t.preset, t.principal, t.order, t.now, granted=True)
    due = f"{granted.due_at.astimezone(t.preset.zone_info):%Y-%m-%d %H:%M}"
    _tell(t, granted, "extension", f"granted: due {due}", f"同意延期，截止 {due}")
    return granted


def _refuse(t: Taking, case: Case) -> Case:
    refused = extending.decided(case, t.preset, t.principal, t.order, t.now, granted=False)
    _tell(t, refused, "extension", f"not granted: {t.note}", "不同意延期")
    return refused


def _tell(t: Taking, case: Case, kind: str, text: str, text_zh: str) -> None:
    alert(
        t.unit,
        t.now,
        kind,
        case.severity,
        f"{case.number}: {text}",
        f"{case.number}：{text_zh}",
        department=case.department,
        shared_with=case.shared_with,
        event_type=case.event_type,
        position=case.position,
        case_id=case.id,
        county=case.county,
    )


def _zh(t: Taking, department: str) -> str:
    return t.preset.departments[department].name_zh


_HANDLERS: Mapping[str, Callable[[Taking, Case], Case]] = {
    "dispatch": _dispatch,
    "hand_over": _hand_over,
    "handle": _handle,
    "report_back": _report_back,
    "verify": _verify,
    "close": _close,
    "evaluate": _evaluate,
    "reject": _reject,
    "ask_extension": _ask_extension,
    "grant_extension": _grant,
    "refuse_extension": _refuse,
}
