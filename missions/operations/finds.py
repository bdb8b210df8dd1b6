"""What the thermal check found becomes one anomaly a place, an event and a case.

Called within the intake's transaction: a photograph and what it showed are recorded together.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from core.geo import distance_m
from core.ids import new_id
from imagery.catalog import Medium
from missions.cases import places
from missions.cases.cases import open_case, redispatched, stepped
from missions.cases.shown import note_case
from missions.entities import (
    Anomaly,
    AnomalyState,
    Case,
    CaseState,
    HeatReading,
)
from missions.lifecycle import move
from missions.operations.examine import is_urgent
from missions.operations.journal import alert
from missions.operations.room import ControlRoom
from missions.sightings import SightingKind, SightingRecord
from missions.store.protocol import Unit
from thermal.detection.check import Checked, Find
from thermal.places.track import merge

HISTORY = 60
"""Readings kept with an anomaly; the media hold them all."""
ONE_CASE_M = 200.0
"""A new spot so near to another of its class is a matter for the same case: one fire, one array."""
EVIDENCE = 3
"""Photographs of a find that its case shows; all others stay with the anomaly."""
AT_WORK = (CaseState.DISPATCHED, CaseState.HANDLING)


class Finds:
    """Turns finds into anomalies and cases; urgent ones are told after the commit."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room
        self._urgent: list[str] = []
        self.on_urgent: Callable[[str], None] = lambda case_id: None

    def take(self, unit: Unit, medium: Medium, checked: Checked | None) -> None:
        """Record what a photograph showed."""
        finds = checked.finds if checked else ()
        for code in dict.fromkeys(find.event_type for find in finds):
            of_type = [f for f in finds if f.event_type == code]
            self._take_type(unit, medium, of_type, [_record(medium, f, checked) for f in of_type])

    def _take_type(
        self,
        unit: Unit,
        medium: Medium,
        finds: Sequence[Find],
        records: Sequence[SightingRecord],
    ) -> None:
        """The finds of one type, compared together: they share the photograph's errors."""
        preset, code = self._room.preset, finds[0].event_type
        seen = [places.sighting_of(record) for record in records]
        around = {a.id: a for f in finds for a in places.near(unit, preset, code, f.position)}
        names = places.which(unit, preset, code, seen, list(around.values()))
        fresh: list[Anomaly] = []
        shown: list[str] = []
        for find, record, name in zip(finds, records, names, strict=True):
            known = unit.anomalies.get(name) if name else self._one_thing(fresh, find)
            if known is None:
                near = [*around.values(), *fresh]
                fresh.append(known := self._first(unit, medium, find, record, near))
            else:
                self._again(unit, medium, find, unit.anomalies.get(known.id), record)
            shown.append(known.id)
        for case_id in {a.case_id for a in unit.anomalies.find(id=tuple(shown)) if a.case_id}:
            note_case(unit, [medium.id], case_id)

    def _one_thing(self, fresh: Sequence[Anomaly], find: Find) -> Anomaly | None:
        """What the same photograph just showed nearer than one thing is large."""
        extent_m = self._room.preset.event_types[find.event_type].extent_m
        apart = [(distance_m(a.position, find.position), a) for a in fresh]
        close = [pair for pair in apart if pair[0] <= extent_m]
        return min(close, key=lambda pair: pair[0])[1] if close else None

    def announce(self) -> None:
        """Raise the alarm for what the last commit holds."""
        urgent, self._urgent = self._urgent, []
        for case_id in urgent:
            self.on_urgent(case_id)

    # --- first seen ------------------------------------------------------------------------

    def _first(
        self,
        unit: Unit,
        medium: Medium,
        find: Find,
        record: SightingRecord,
        near: Sequence[Anomaly],
    ) -> Anomaly:
        kind = self._room.preset.event_types[find.event_type]
        anomaly = Anomaly(
            id=new_id("ano", self._room.now()),
            event_type=find.event_type,
            position=find.position,
            error_m=find.error.semi_major_m,
            first_seen=_taken(medium),
            last_seen=_taken(medium),
            sightings=1,
            severity=find.severity,
            department=kind.department,
            shared_with=tuple(
                d for d in (medium.department, *medium.shared_with) if d and d != kind.department
            ),
            peak_c=find.peak_c,
            contrast_k=find.contrast_k,
            history=(_reading(medium, find),),
            anchor=find.position,
            drift_m=record.drift_m,
        )
        unit.sightings.add(_of(anomaly, record))
        case = self._case_nearby(unit, find, near)
        if case is None:
            self._open(unit, medium, find, anomaly)
            return unit.anomalies.get(anomaly.id)
        unit.anomalies.add(replace(anomaly, case_id=case.id))
        joined = replace(case, anomaly_ids=(*case.anomaly_ids, anomaly.id))
        unit.cases.put(self._hot_again(unit, joined, find))
        return unit.anomalies.get(anomaly.id)

    def _open(self, unit: Unit, medium: Medium, find: Find, anomaly: Anomaly) -> None:
        case, event = open_case(
            unit, self._room.preset, self._room.clock, find.event_type, anomaly, [medium.id]
        )
        alert(
            unit,
            self._room.now(),
            "find",
            case.severity,
            f"{case.number}: {event.text}",
            f"{case.number}：{event.text_zh}",
            department=case.department,
            shared_with=case.shared_with,
            event_type=case.event_type,
            position=case.position,
            case_id=case.id,
            county=case.county,
        )
        if is_urgent(self._room.preset.event_types[find.event_type]):
            self._urgent.append(case.id)

    def _case_nearby(self, unit: Unit, find: Find, near: Sequence[Anomaly]) -> Case | None:
        """The case that a new spot near others belongs to: the nearest still going on, or for a
        fire one closed so recently that this is its re-ignition."""
        rules = self._room.preset.recheck_of(find.event_type)
        apart = sorted((distance_m(a.position, find.position), a.id, a) for a in near if a.case_id)
        apart = [found for found in apart if found[0] <= ONE_CASE_M]
        cases = [unit.cases.get(str(a.case_id)) for _, _, a in apart]
        return next((c for c in cases if places.belongs(c, rules, self._room.now())), None)

    # --- seen again ------------------------------------------------------------------------

    def _again(
        self, unit: Unit, medium: Medium, find: Find, anomaly: Anomaly, record: SightingRecord
    ) -> None:
        habit = places.habit_of(self._room.preset.event_types[anomaly.event_type])
        sighting = places.sighting_of(record)
        place = merge(places.known_place(self._room.preset, anomaly), sighting, habit=habit)
        # closer than GPS tells, single sightings would push neighbours into one another
        moves = habit.spacing_m > sighting.sigma_m
        unit.sightings.add(_of(anomaly, record))
        seen = replace(
            anomaly,
            position=place.position if moves else anomaly.position,
            error_m=place.error.semi_major_m if moves else anomaly.error_m,
            anchor=place.anchor,
            last_seen=max(anomaly.last_seen, _taken(medium)),
            sightings=anomaly.sightings + 1,
            peak_c=max(anomaly.peak_c or find.peak_c, find.peak_c),
            history=(*anomaly.history, _reading(medium, find))[-HISTORY:],
        )
        if seen.state is AnomalyState.COLD:
            seen = move(seen, AnomalyState.OPEN)
            if seen.case_id is not None:
                seen = self._re_ignited(unit, medium, find, seen, unit.cases.get(seen.case_id))
        elif seen.case_id is not None:
            self._better_evidence(unit, medium, find, seen.case_id)
        unit.anomalies.put(seen)

    def _re_ignited(
        self, unit: Unit, medium: Medium, find: Find, seen: Anomaly, case: Case
    ) -> Anomaly:
        """A cold place is hot again: its case goes on, or after a long time a new one is opened."""
        rules = self._room.preset.recheck_of(find.event_type)
        if places.belongs(case, rules, self._room.now()):
            unit.cases.put(self._hot_again(unit, case, find))
            return seen
        self._open(unit, medium, find, seen)
        return replace(seen, case_id=unit.anomalies.get(seen.id).case_id)

    def _better_evidence(self, unit: Unit, medium: Medium, find: Find, case_id: str) -> None:
        """A photograph with the find in its middle says more than the first, which often shows it
        at the edge."""
        case = unit.cases.get(case_id)
        if len(case.before) < EVIDENCE and case.state in AT_WORK and _central(find):
            unit.cases.put(replace(case, before=(medium.id, *case.before)))

    def _hot_again(self, unit: Unit, case: Case, find: Find) -> Case:
        """A closed or nearly closed case whose place is hot again goes back to its crew."""
        if case.state not in places.ENDED:
            return case
        now = self._room.now()
        note = f"hot again: {find.peak_c:.0f} C"
        again = stepped(case, CaseState.DISPATCHED, at=now, by="service", note=note)
        alert(
            unit,
            now,
            "reignition",
            case.severity,
            f"{case.number}: {note}",
            f"{case.number}：复燃，{find.peak_c:.0f} ℃",
            department=case.department,
            shared_with=case.shared_with,
            event_type=case.event_type,
            position=find.position,
            case_id=case.id,
            county=case.county,
        )
        return redispatched(again, self._room.preset, now)


def _taken(medium: Medium) -> datetime:
    return medium.taken_at or medium.received_at


def _reading(medium: Medium, find: Find) -> HeatReading:
    return HeatReading(at=_taken(medium), peak_c=find.peak_c, medium_id=medium.id)


def _record(medium: Medium, find: Find, checked: Checked | None) -> SightingRecord:
    """What a photograph says of a place; which anomaly that is comes later."""
    pose = checked.inspected.metadata.pose if checked else None
    return SightingRecord(
        id=new_id("sig", _taken(medium)),
        anomaly_id="",
        medium_id=medium.id,
        kind=SightingKind.FOUND,
        at=_taken(medium),
        event_type=find.event_type,
        position=find.position,
        semi_major_m=find.error.semi_major_m,
        semi_minor_m=find.error.semi_minor_m,
        bearing_deg=find.error.bearing_deg,
        department="",
        shared_with=(),
        flight=f"{medium.flight}/{medium.camera}" if medium.flight else "",
        drift_m=pose.horizontal_sigma_m if pose else 0.0,
        pixel=find.pixel,
        frame=find.frame,
        peak_c=find.peak_c,
        background_c=find.background_c,
        contrast_k=find.contrast_k,
        uncertainty_k=find.uncertainty_k,
        corrected=checked.stats.corrected if checked else None,
    )


def _of(anomaly: Anomaly, record: SightingRecord) -> SightingRecord:
    return replace(
        record,
        anomaly_id=anomaly.id,
        department=anomaly.department,
        shared_with=anomaly.shared_with,
    )


def _central(find: Find) -> bool:
    """Whether a find lies in the middle half of its frame, both ways."""
    column, row = find.pixel
    height, width = find.frame
    return abs(column / width - 0.5) < 0.25 and abs(row / height - 0.5) < 0.25
