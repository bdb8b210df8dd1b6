"""A case from its find to its evaluation: the seven steps of 数字城管.

信息收集 collected, 案卷建立 opened, 任务派遣 dispatched, 任务处理 handling, 处理反馈 reported back,
核查结案 verifying and closed, 综合评价 evaluated. The service takes the first three at once.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shapely.geometry import Point

from core.clock import Clock
from core.errors import InvalidInput
from core.geo import LonLat, distance_m
from core.ids import new_id
from missions.cases.deadlines import WAITING, deadline, escalates_at, is_overdue
from missions.catalog.model import EventType
from missions.entities import (
    Anomaly,
    Case,
    CaseState,
    CaseStep,
    Event,
    LogEntry,
)
from missions.lifecycle import move
from missions.presets import Preset
from missions.store.protocol import Between, Unit

__all__ = [
    "is_overdue",
    "known_type",
    "note_step",
    "open_case",
    "place_names",
    "recurring",
    "redispatched",
    "score",
    "stepped",
]

METRES_A_DEGREE = 111_000.0
"""Of latitude, rounded down by less than a part in 300: a box a little too large."""

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
    place, place_zh = place_names(preset, anomaly.position)
    county = preset.county_at(anomaly.position)
    department = kind.department_in(county)
    audience = dict.fromkeys((anomaly.department, *anomaly.shared_with, kind.department))
    severity = max(kind.severity, anomaly.severity)
    before = recurring(unit, preset, kind, anomaly.position, now)
    case = Case(
        id=new_id("cas", now),
        number=_next_number(unit, preset, now),
        event_type=event_type,
        title=f"{kind.name}, {place}",
        title_zh=f"{place_zh}{kind.name_zh}",
        department=department,
        shared_with=tuple(d for d in audience if d and d != department),
        position=anomaly.position,
        severity=severity,
        opened_at=now,
        due_at=deadline(preset, kind, severity, now),
        steps=(CaseStep(step=CaseState.COLLECTED, at=now, by=by),),
        anomaly_ids=(anomaly.id,),
        before=tuple(media),
        county=county,
        recurs_of=before.id if before else None,
        recurrence=before.recurrence + 1 if before else 0,
    )
    for state in (CaseState.OPENED, CaseState.DISPATCHED):
        case = stepped(case, state, at=now, by=by)
    case = redispatched(case, preset, now)
    unit.cases.add(case)
    event = _event(case, anomaly, now, media)
    unit.events.add(event)
    kept = replace(anomaly, case_id=case.id)
    if unit.anomalies.exists(anomaly.id):
        unit.anomalies.put(kept)
    else:
        unit.anomalies.add(kept)
    again = f"; recurs, see {before.number}" if before else ""
    again_zh = f"，重复发生，见 {before.number}" if before else ""
    text = f"case {case.number} opened and dispatched to {department}{again}"
    note_step(unit, now, case, by, "open", text, f"立案并派遣{again_zh}")
    return case, event


def stepped(
    case: Case,
    state: CaseState,
    *,
    at: datetime,
    by: str,
    note: str = "",
    found: bool | None = None,
    department: str = "",
    media: Sequence[str] = (),
) -> Case:
    """The case one step on, with the step written down.

    Raises:
        IllegalTransition: the lifecycle does not allow it.
    """
    done = CaseStep(
        step=state,
        at=at,
        by=by,
        note=note,
        found=found,
        department=department or (case.department if state is CaseState.DISPATCHED else ""),
        media=tuple(media),
    )
    tells_at = case.escalate_at if state in WAITING else None
    return move(case, state, steps=(*case.steps, done), escalate_at=tells_at)


def redispatched(case: Case, preset: Preset, now: datetime) -> Case:
    """A case that was just sent out (again): with a new deadline, and nothing told of it yet.

    What was photographed since the last report back proves nothing any more; it stays with the
    verification that it was taken for.
    """
    kind = preset.event_types[case.event_type]
    due = deadline(preset, kind, case.severity, now)
    sent = replace(case.steps[-1], due_at=due)
    fresh = replace(
        case,
        due_at=due,
        steps=(*case.steps[:-1], sent),
        closed_at=None,
        score=None,
        escalation=0,
        after=(),
    )
    return replace(fresh, escalate_at=escalates_at(fresh, preset))


def score(case: Case) -> float:
    """The evaluation: 100 when reported back in time, 60 when late, 10 less for each time that it
    had to be sent out again; at least 0."""
    reported = [s.at for s in case.steps if s.step == CaseState.REPORTED_BACK]
    sent = sum(s.step == CaseState.DISPATCHED and not s.handed_over for s in case.steps)
    in_time = bool(reported) and reported[-1] <= case.due_at
    return max(0.0, (_ON_TIME if in_time else _LATE) - _SENT_BACK * max(0, sent - 1))


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


def recurring(
    unit: Unit, preset: Preset, kind: EventType, position: LonLat, now: datetime
) -> Case | None:
    """The case of this kind that was closed last near a place, not longer ago than the rule says.

    Near is what one thing of the kind may spread over: its spacing (`EventType.spacing_m`).
    """
    days = preset.casework.recurs_days
    if days <= 0:
        return None
    lat_deg = kind.spacing_m / METRES_A_DEGREE
    lon_deg = lat_deg / max(0.05, math.cos(math.radians(position.lat)))
    ended = unit.cases.find(
        event_type=kind.code,
        state=(CaseState.CLOSED, CaseState.EVALUATED),
        lon=Between(position.lon - lon_deg, position.lon + lon_deg),
        lat=Between(position.lat - lat_deg, position.lat + lat_deg),
    )
    near = [
        (c.closed_at, c)
        for c in ended
        if c.closed_at is not None
        and now - c.closed_at <= timedelta(days=days)
        and distance_m(c.position, position) <= kind.spacing_m
    ]
    return max(near, key=lambda pair: pair[0])[1] if near else None


def _next_number(unit: Unit, preset: Preset, now: datetime) -> str:
    """A number that people can say: city, date, count of the day."""
    city = preset.docks[0].id.split("-")[0] if preset.docks else preset.name.upper()[:2]
    day = f"{now.astimezone(preset.zone_info):%Y%m%d}"
    count = int(unit.settings.get(f"case_count:{day}", 0)) + 1
    unit.settings.set(f"case_count:{day}", count)
    return f"{city}-{day}-{count:04d}"


def place_names(preset: Preset, position: LonLat) -> tuple[str, str]:
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


def note_step(
    unit: Unit, now: datetime, case: Case, by: str, action: str, text: str, text_zh: str
) -> None:
    """Write what was done with a case into the audit trail, as "case.<action>"."""
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
