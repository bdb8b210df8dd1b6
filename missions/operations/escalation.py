"""Overdue cases escalate: each level told once, to whom the city's rules say."""

from dataclasses import replace
from datetime import datetime

from missions.cases.cases import note_step
from missions.cases.deadlines import (
    WAITING,
    escalates_at,
    is_overdue,
    level_at,
    next_level,
)
from missions.cases.records import Escalation
from missions.catalog.casework import Level
from missions.entities import Case
from missions.operations.journal import alert
from missions.operations.room import ControlRoom
from missions.presets import Preset
from missions.store.protocol import Between, Unit

ADOPTED = "escalation.adopted"
"""Setting that says that no case from before there were levels is left."""
MOST = 200
"""Cases told of in one turn: the writers' lock is not held for long; the rest comes next time."""


def tick(room: ControlRoom) -> int:
    """Tell every level that was reached; returns how many cases were told of."""
    with room.unit() as unit:
        _adopt(unit, room.preset)
        due = unit.cases.find(escalate_at=Between(high=room.now()), limit=MOST)
        for case in due:
            unit.cases.put(escalated(unit, room.preset, case, room.now()))
    return len(due)


def escalated(unit: Unit, preset: Preset, case: Case, now: datetime) -> Case:
    """The case with every level told that was reached by now: all are written down; the highest
    alone makes an alert."""
    told = []
    while (level := next_level(case, preset)) is not None and level_at(case, preset, level) <= now:
        told.append(level)
        case = _with(case, level, now)
    if told:
        _tell(unit, preset, case, told[-1], now)
    return replace(case, escalate_at=escalates_at(case, preset))


def _with(case: Case, level: Level, now: datetime) -> Case:
    entry = Escalation(
        level=level.number,
        name=level.name,
        name_zh=level.name_zh,
        to=level.to,
        at=now,
        due_at=case.due_at,
    )
    known = (case.department, *case.shared_with)
    more = tuple(d for d in level.departments if d not in known)
    return replace(
        case,
        escalation=level.number,
        escalations=(*case.escalations, entry),
        shared_with=(*case.shared_with, *more),
    )


def _tell(unit: Unit, preset: Preset, case: Case, level: Level, now: datetime) -> None:
    due = f"{case.due_at.astimezone(preset.zone_info):%m-%d %H:%M}"
    late = is_overdue(case, now)
    text = f"{level.name}: {'was' if late else 'is'} due {due}; for the {level.to}"
    zh = f"{level.name_zh}：{'已超期，' if late else ''}截止 {due}"
    alert(
        unit,
        now,
        "escalation",
        level.severity,
        f"{case.number}: {text}",
        f"{case.number}：{zh}",
        department=case.department,
        shared_with=case.shared_with,
        event_type=case.event_type,
        position=case.position,
        case_id=case.id,
        county=case.county,
    )
    note_step(unit, now, case, "service", "escalate", f"{case.number}: {text}", zh)


def _adopt(unit: Unit, preset: Preset) -> None:
    """Cases from before there were levels get the time of their first; asked for once, for the
    search goes through every case that ended."""
    if not preset.casework.escalation or unit.settings.get(ADOPTED):
        return
    found = unit.cases.find(state=WAITING, escalate_at=None, escalation=0, limit=MOST)
    for case in found:
        county = case.county or preset.county_at(case.position)
        unit.cases.put(replace(case, county=county, escalate_at=escalates_at(case, preset)))
    if len(found) < MOST:
        unit.settings.set(ADOPTED, True)
