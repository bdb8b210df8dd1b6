"""A case from its find to its evaluation: the seven steps of 数字城管.

信息收集 collected, 案卷建立 opened, 任务派遣 dispatched, 任务处理 handling, 处理反馈 reported back,
核查结案 verifying and closed, 综合评价 evaluated. The service takes the first three at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from shapely.geometry import Point

from core.clock import Clock
from core.errors import IllegalTransition, InvalidInput, NotAllowed
from core.geo import LonLat
from core.ids import new_id
from missions.access import Principal
from missions.cases.recheck import verdict
from missions.cases.working_hours import due_at
from missions.catalog.model import EventType
from missions.entities import (
    Anomaly,
    Case,
    CaseState,
    CaseStep,
    Event,
    LogEntry,
    Verdict,
)
from missions.lifecycle import move
from missions.media import labels
from missions.presets import Preset
from missions.store.protocol import Unit

STEPS: Mapping[str, CaseState] = {
    "dispatch": CaseState.DISPATCHED,
    "handle": CaseState.HANDLING,
    "report_back": CaseState.REPORTED_BACK,
    "verify": CaseState.VERIFYING,
    "close": CaseState.CLOSED,
    "evaluate": CaseState.EVALUATED,
    "reject": CaseState.REJECTED,
}
"""What a person may do, and the state that it leads to."""

_OWNERS_ONLY = frozenset({"dispatch", "close", "evaluate", "reject"})
_ON_TIME, _LATE, _SENT_BACK = 100.0, 60.0, 10.0
_NEAR_DEG = 0.01
"""About a kilometre: a find is named after a place no farther away."""


def open_case(
    unit: Unit,
    preset: Preset,
    clock: Clock,
    event_type: str,
    anomaly: Anomaly,
    media: Sequence[str],
    *,
    by: str = "service",
) -> tuple[Case, Event]:
    """Make a find an event and a case, dispatched to the responsible department.

    Keeps the anomaly too, with its case, whether it was stored before or not.

    Args:
        event_type: code, such as "01-01".
        media: ids of the photographs that show it.

    Raises:
        InvalidInput: the preset has no such type.
    """
    kind = known_type(preset, event_type)
    now = clock.now()
    place, place_zh = _place_names(preset, anomaly.position)
    audience = dict.fromkeys((anomaly.department, *anomaly.shared_with))
    case = Case(
        id=new_id("cas", now),
        number=_next_number(unit, preset, now),
        event_type=event_type,
        title=f"{kind.name}, {place}",
        title_zh=f"{place_zh}{kind.name_zh}",
        department=kind.department,
        shared_with=tuple(d for d in audience if d and d != kind.department),
        position=anomaly.position,
        severity=max(kind.severity, anomaly.severity),
        opened_at=now,
        due_at=due_at(now, kind.deadline_h, preset.calendar, preset.zone_info),
        steps=(CaseStep(step=CaseState.COLLECTED, at=now, by=by),),
        anomaly_ids=(anomaly.id,),
        before=tuple(media),
        county=preset.county_at(anomaly.position),
    )
    for state in (CaseState.OPENED, CaseState.DISPATCHED):
        case = stepped(case, state, at=now, by=by)
    unit.cases.add(case)
    event = _event(case, anomaly, now, media)
    unit.events.add(event)
    kept = replace(anomaly, case_id=case.id)
    if unit.anomalies.exists(anomaly.id):
        unit.anomalies.put(kept)
    else:
        unit.anomalies.add(kept)
    _note(unit, now, case, by, "open", f"case {case.number} opened and dispatched", "立案并派遣")
    return case, event


def step(
    unit: Unit,
    preset: Preset,
    clock: Clock,
    principal: Principal,
    case_id: str,
    step: str,
    note: str = "",
    found: bool | None = None,
) -> Case:
    """Take a case's next step.

    Args:
        found: whether whoever looked there found anything; None where they do not say.

    Raises:
        NotFound: no such case for this principal.
        NotAllowed: the role or the department may not take this step.
        InvalidInput: there is no such step.
        IllegalTransition: the case is not where the step begins, or its proof is missing.
    """
    principal.require("decide")
    case: Case = principal.checked(unit.cases.get(case_id))
    state = STEPS.get(step)
    if state is None:
        raise InvalidInput(
            f"no such step: {step[:80]}", where="step", remedy=f"use one of {', '.join(STEPS)}"
        )
    if step in _OWNERS_ONLY and not (principal.sees_all or principal.department == case.department):
        raise NotAllowed(
            f"only {case.department} may {step} this case",
            where=case.id,
            remedy="handle and report back are open to the departments that share it",
        )
    now = clock.now()
    moved = stepped(case, state, at=now, by=principal.name, note=note, found=found)
    if state is CaseState.CLOSED:
        _want_proof(preset, case, principal, note)
        moved = replace(moved, closed_at=now)
    elif state is CaseState.EVALUATED:
        moved = replace(moved, score=score(moved))
    elif state is CaseState.DISPATCHED:
        moved = redispatched(moved, preset, now)
    unit.cases.put(moved)
    labels.of_case(unit, preset, now, moved)
    _note(unit, now, moved, principal.name, step, f"{moved.number}: {step} {note}".strip(), note)
    return moved


def stepped(
    case: Case,
    state: CaseState,
    *,
    at: datetime,
    by: str,
    note: str = "",
    found: bool | None = None,
) -> Case:
    """The case one step on, with the step written down.

    Raises:
        IllegalTransition: the lifecycle does not allow it.
    """
    done = CaseStep(step=state, at=at, by=by, note=note, found=found)
    return move(case, state, steps=(*case.steps, done))


def redispatched(case: Case, preset: Preset, now: datetime) -> Case:
    """A case that is sent out again, with a new deadline."""
    hours = preset.event_types[case.event_type].deadline_h
    due = due_at(now, hours, preset.calendar, preset.zone_info)
    return replace(case, due_at=due, closed_at=None, score=None)


def score(case: Case) -> float:
    """The evaluation: 100 when reported back in time, 60 when late, 10 less for each time that it
    had to be sent out again; at least 0."""
    reported = [s.at for s in case.steps if s.step == CaseState.REPORTED_BACK]
    sent = sum(s.step == CaseState.DISPATCHED for s in case.steps)
    in_time = bool(reported) and reported[-1] <= case.due_at
    return max(0.0, (_ON_TIME if in_time else _LATE) - _SENT_BACK * max(0, sent - 1))


def is_overdue(case: Case, now: datetime) -> bool:
    """Whether its deadline passed before it was reported back."""
    waiting = (CaseState.OPENED, CaseState.DISPATCHED, CaseState.HANDLING)
    return case.state in waiting and now > case.due_at


def known_type(preset: Preset, code: str) -> EventType:
    """The event type of a code.

    Raises:
        InvalidInput: the preset has none.
    """
    kind = preset.event_types.get(code)
    if kind is None:
        raise InvalidInput(
            f"no such event type: {code[:80]}",
            where="event_type",
            remedy="use a code of the catalogue, such as 01-01",
        )
    return kind


def _want_proof(preset: Preset, case: Case, principal: Principal, note: str) -> None:
    """A case with re-checks closes when they say cold; else a city-wide role says why."""
    rules = preset.recheck_of(case.event_type)
    if not case.rechecks or verdict(case, rules, preset.zone_info) is Verdict.COLD:
        return
    if not (principal.sees_all and note.strip()):
        raise IllegalTransition(
            "the re-checks have not found the place cold yet",
            where=case.id,
            remedy="wait for the next re-check; a dispatcher may close it with a note",
        )


def _next_number(unit: Unit, preset: Preset, now: datetime) -> str:
    """A number that people can say: city, date, count of the day."""
    city = preset.docks[0].id.split("-")[0] if preset.docks else preset.name.upper()[:2]
    day = f"{now.astimezone(preset.zone_info):%Y%m%d}"
    count = int(unit.settings.get(f"case_count:{day}", 0)) + 1
    unit.settings.set(f"case_count:{day}", count)
    return f"{city}-{day}-{count:04d}"


def _place_names(preset: Preset, position: LonLat) -> tuple[str, str]:
    """What people call the place: the nearest known one, else the county."""
    point = Point(position.lon, position.lat)
    near = min(preset.places, key=lambda p: float(p.geometry.distance(point)), default=None)
    if near is not None and near.geometry.distance(point) <= _NEAR_DEG:
        return near.name, near.name_zh
    county = preset.territory.get(preset.county_at(position))
    if county is not None:
        return county.name, county.name_zh
    return preset.title, preset.title_zh


def _event(case: Case, anomaly: Anomaly, now: datetime, media: Sequence[str]) -> Event:
    peak = "" if anomaly.peak_c is None else f", {anomaly.peak_c:.0f} C"
    peak_zh = "" if anomaly.peak_c is None else f"，最高 {anomaly.peak_c:.0f} ℃"
    return Event(
        id=new_id("evt", now),
        event_type=case.event_type,
        anomaly_id=anomaly.id,
        case_id=case.id,
        at=now,
        department=case.department,
        shared_with=case.shared_with,
        position=case.position,
        severity=case.severity,
        text=f"{case.title}{peak}",
        text_zh=f"{case.title_zh}{peak_zh}",
        medium_ids=tuple(media),
        county=case.county,
    )


def _note(
    unit: Unit, now: datetime, case: Case, by: str, action: str, text: str, text_zh: str
) -> None:
    unit.log.add(
        LogEntry(
            id=new_id("log", now),
            at=now,
            actor=by,
            action=f"case.{action}",
            subject=case.id,
            text=text,
            text_zh=f"{case.number} {text_zh}".strip(),
            department=case.department,
        )
    )
