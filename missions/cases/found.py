"""What an officer found becomes an anomaly, an event and a case, and can be taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shapely.geometry import Point, shape

from core.clock import Clock
from core.errors import IllegalTransition
from core.geo import LonLat
from core.ids import new_id
from missions.access import Principal
from missions.cases.cases import open_case, stepped
from missions.cases.places import MARK_M, joined, note_mark, place_of
from missions.cases.shown import note_case
from missions.entities import (
    Alert,
    Anomaly,
    AnomalyState,
    Case,
    CaseState,
    Decision,
    Review,
)
from missions.lifecycle import move
from missions.presets import Preset
from missions.store.protocol import Unit

_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a find: ``opened`` where it needed a new case."""

    anomaly_id: str
    case_id: str
    opened: bool


def find(
    unit: Unit, preset: Preset, clock: Clock, principal: Principal, review: Review, said: Decision
) -> Outcome:
    """The case of what was found: that of a known anomaly, or a new one."""
    now, code, position = clock.now(), str(said.event_type), said.position or review.position
    known = place_of(unit, preset, code, position, at=now)
    media = _showing(unit, review.media, position)
    if known is not None:
        known = joined(unit, preset, known, position, media, at=now, by=principal.name)
        if known.case_id is not None:
            note_case(unit, media, known.case_id)
            return Outcome(anomaly_id=known.id, case_id=known.case_id, opened=False)
    anomaly = known or Anomaly(
        id=new_id("ano", now),
        event_type=code,
        position=position,
        error_m=MARK_M,
        first_seen=now,
        last_seen=now,
        sightings=1,
        severity=preset.event_types[code].severity,
        department=review.department,
        shared_with=review.shared_with,
    )
    if known is None:
        note_mark(unit, anomaly, position, media[0] if media else "", now)
    case, _ = open_case(unit, preset, clock, code, anomaly, media, by=principal.name)
    note_case(unit, media, case.id)
    _alert(unit, now, case)
    return Outcome(anomaly_id=anomaly.id, case_id=case.id, opened=True)


def take_back(
    unit: Unit, now: datetime, principal: Principal, said: Decision, case_id: str | None
) -> None:
    """Undo `find`: reject the case it opened, or take a sighting off the anomaly it joined.

    Raises:
        IllegalTransition: somebody has begun on the case, or others joined it since.
    """
    if said.anomaly_id is None or case_id is None:
        return
    anomaly = unit.anomalies.get(said.anomaly_id)
    if not said.opened:
        unit.anomalies.put(replace(anomaly, sightings=max(1, anomaly.sightings - 1)))
        return
    case = unit.cases.get(case_id)
    if case.state is not CaseState.DISPATCHED or anomaly.sightings > 1:
        raise IllegalTransition(
            f"case {case.number} has gone on since ({case.state})",
            where=case.id,
            remedy="reject the case instead, with a note",
        )
    note = "taken back by the officer who found it"
    unit.cases.put(stepped(case, CaseState.REJECTED, at=now, by=principal.name, note=note))
    if anomaly.state is not AnomalyState.DISMISSED:
        unit.anomalies.put(move(anomaly, AnomalyState.DISMISSED))


def _showing(unit: Unit, media: Sequence[str], position: LonLat) -> tuple[str, ...]:
    """The photographs whose footprint holds the place; else the first few."""
    point = Point(position.lon, position.lat)
    shown = [
        m.id
        for m in unit.media.find(id=tuple(media))
        if m.footprint is not None and shape(m.footprint).covers(point)
    ]
    return tuple(shown[:_SHOWN]) or tuple(media[:_SHOWN])


def _alert(unit: Unit, now: datetime, case: Case) -> None:
    unit.alerts.add(
        Alert(
            id=new_id("alt", now),
            at=now,
            kind="case",
            severity=case.severity,
            text=f"{case.number}: {case.title}",
            text_zh=f"{case.number}：{case.title_zh}",
            department=case.department,
            shared_with=case.shared_with,
            event_type=case.event_type,
            position=case.position,
            case_id=case.id,
            county=case.county,
        )
    )
