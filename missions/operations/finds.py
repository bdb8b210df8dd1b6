"""What the thermal check found becomes one anomaly a place, an event and a case.

Called within the intake's transaction: a photograph and what it showed are recorded together.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from core.geo import distance_m
from core.ids import new_id
from imagery.catalog import Medium
from missions.cases.cases import open_case, redispatched, stepped
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
from missions.store.protocol import Between, Unit
from thermal.detection.check import Checked, Find
from thermal.places.locate import Ellipse
from thermal.places.track import Known, Sighting, match, merge

HISTORY = 60
"""Readings kept with an anomaly; the media hold them all."""
BOX_DEG = 0.002
"""About 200 m: what is farther apart is neither one place nor one case."""
ONE_FIRE_M = 50.0
"""Hot spots this near to each other are one fire: the front of a young forest fire is some 25 m
from its middle, on either side."""
EVIDENCE = 3
"""Photographs of a find that its case shows; all others stay with the anomaly."""
AT_WORK = (CaseState.DISPATCHED, CaseState.HANDLING)
REOPENED = (CaseState.VERIFYING, CaseState.CLOSED, CaseState.EVALUATED)
"""States from which a place that is hot again sends a case back to its crew."""


class Finds:
    """Turns finds into anomalies and cases; urgent ones are told after the commit."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room
        self._urgent: list[str] = []
        self.on_urgent: Callable[[str], None] = lambda case_id: None

    def take(self, unit: Unit, medium: Medium, checked: Checked | None) -> None:
        """Record what a photograph showed."""
        for find in checked.finds if checked else ():
            sighting = self._sighting(medium, find)
            near = self._near(unit, find)
            anomaly = self._same_place(find, sighting, near)
            if anomaly is None:
                self._first(unit, medium, find, near)
            else:
                self._again(unit, medium, find, anomaly, sighting)

    def announce(self) -> None:
        """Raise the alarm for what the last commit holds."""
        urgent, self._urgent = self._urgent, []
        for case_id in urgent:
            self.on_urgent(case_id)

    # --- one place, one anomaly ------------------------------------------------------------

    def _family(self, event_type: str) -> str:
        """Finds of one class at one place are one: a fire that cools is embers, not a new thing."""
        return self._room.preset.event_types[event_type].class_code

    def _same_place(
        self, find: Find, sighting: Sighting, near: Sequence[Anomaly]
    ) -> Anomaly | None:
        """The anomaly that is seen again; a fire's front shows as many spots of one fire."""
        if self._family(find.event_type) in self._room.preset.recheck.classes:
            apart = [(distance_m(a.position, find.position), a) for a in near]
            return min(
                (pair for pair in apart if pair[0] <= ONE_FIRE_M),
                key=lambda pair: pair[0],
                default=(0.0, None),
            )[1]
        known = match(sighting, [self._known(a) for a in near])
        return next((a for a in near if a.id == known), None)

    def _near(self, unit: Unit, find: Find) -> list[Anomaly]:
        found = unit.anomalies.find(
            state=(AnomalyState.OPEN, AnomalyState.COLD),
            lon=Between(find.position.lon - BOX_DEG, find.position.lon + BOX_DEG),
            lat=Between(find.position.lat - BOX_DEG, find.position.lat + BOX_DEG),
        )
        family = self._family(find.event_type)
        return [a for a in found if self._family(a.event_type) == family]

    def _sighting(self, medium: Medium, find: Find) -> Sighting:
        return Sighting(
            event_type=self._family(find.event_type),
            position=find.position,
            error=find.error,
            taken_at=_taken(medium),
            peak_c=find.peak_c,
        )

    def _known(self, anomaly: Anomaly) -> Known:
        return Known(
            id=anomaly.id,
            event_type=self._family(anomaly.event_type),
            position=anomaly.position,
            error=_circle(anomaly.error_m),
            last_seen=anomaly.last_seen,
        )

    # --- first seen ------------------------------------------------------------------------

    def _first(self, unit: Unit, medium: Medium, find: Find, near: list[Anomaly]) -> None:
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
        )
        case = self._case_nearby(unit, near)
        if case is None:
            self._open(unit, medium, find, anomaly)
            return
        unit.anomalies.add(replace(anomaly, case_id=case.id))
        joined = replace(case, anomaly_ids=(*case.anomaly_ids, anomaly.id))
        unit.cases.put(self._hot_again(unit, joined, find))

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
        )
        if is_urgent(self._room.preset.event_types[find.event_type]):
            self._urgent.append(case.id)

    @staticmethod
    def _case_nearby(unit: Unit, near: list[Anomaly]) -> Case | None:
        """The case of a find of the same class within a fire's size."""
        with_case = [a.case_id for a in near if a.case_id is not None]
        return unit.cases.get(with_case[0]) if with_case else None

    # --- seen again ------------------------------------------------------------------------

    def _again(
        self, unit: Unit, medium: Medium, find: Find, anomaly: Anomaly, sighting: Sighting
    ) -> None:
        place = merge(self._known(anomaly), sighting)
        seen = replace(
            anomaly,
            position=place.position,
            error_m=place.error.semi_major_m,
            last_seen=max(anomaly.last_seen, _taken(medium)),
            sightings=anomaly.sightings + 1,
            peak_c=max(anomaly.peak_c or find.peak_c, find.peak_c),
            history=(*anomaly.history, _reading(medium, find))[-HISTORY:],
        )
        if seen.state is AnomalyState.COLD:
            seen = move(seen, AnomalyState.OPEN)
            if seen.case_id is not None:
                case = self._hot_again(unit, unit.cases.get(seen.case_id), find)
                unit.cases.put(case)
        elif seen.case_id is not None:
            self._better_evidence(unit, medium, find, seen.case_id)
        unit.anomalies.put(seen)

    def _better_evidence(self, unit: Unit, medium: Medium, find: Find, case_id: str) -> None:
        """A photograph with the find in its middle says more than the first, which often shows it
        at the edge."""
        case = unit.cases.get(case_id)
        if len(case.before) < EVIDENCE and case.state in AT_WORK and _central(find):
            unit.cases.put(replace(case, before=(medium.id, *case.before)))

    def _hot_again(self, unit: Unit, case: Case, find: Find) -> Case:
        """A closed or nearly closed case whose place is hot again goes back to its crew."""
        if case.state not in REOPENED:
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
        )
        return redispatched(again, self._room.preset, now)


def _taken(medium: Medium) -> datetime:
    return medium.taken_at or medium.received_at


def _reading(medium: Medium, find: Find) -> HeatReading:
    return HeatReading(at=_taken(medium), peak_c=find.peak_c, medium_id=medium.id)


def _circle(radius_m: float) -> Ellipse:
    return Ellipse(semi_major_m=radius_m, semi_minor_m=radius_m, bearing_deg=0.0)


def _central(find: Find) -> bool:
    """Whether a find lies in the middle half of its frame, both ways."""
    column, row = find.pixel
    height, width = find.frame
    return abs(column / width - 0.5) < 0.25 and abs(row / height - 0.5) < 0.25
