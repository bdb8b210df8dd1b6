"""One place, one anomaly, for detectors and officers alike: which anomaly a find belongs to.

The one rule for thermal finds, finds of visible detectors and officers' marks. What was sighted is
kept whole (`missions.sightings`); the next find of the same flight is compared with that.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from core.geo import LonLat
from core.ids import new_id
from missions.cases.cases import redispatched, stepped
from missions.catalog import EventType
from missions.entities import Anomaly, AnomalyState, Case, CaseState
from missions.lifecycle import move
from missions.presets import Preset, RecheckRules
from missions.sightings import SightingKind, SightingRecord
from missions.store.protocol import Between, Unit
from thermal.places.locate import Ellipse
from thermal.places.track import OWN_LEAST_M, Habit, Known, Sighting, associate

BOX_DEG = 0.002
"""About 200 m: what is farther apart is neither one place nor one case."""
ENDED = (CaseState.VERIFYING, CaseState.CLOSED, CaseState.EVALUATED)
"""States from which a place that is found again sends a case back to its crew."""
STANDING = (AnomalyState.OPEN, AnomalyState.COLD)
MARK_M = 12.0
"""How far off an officer's mark may be (95 %): GPS 6 m, one degree of pointing from 150 m
6.4 m, and a click of 8 m in an oblique picture, together."""
_SEEN = (SightingKind.FOUND, SightingKind.OFFICER)


def habit_of(kind: EventType) -> Habit:
    """How things of an event type lie on the ground."""
    return Habit(
        extent_m=kind.extent_m,
        spacing_m=kind.spacing_m,
        within=None if kind.again_h is None else timedelta(hours=kind.again_h),
    )


def family(preset: Preset, code: str) -> str:
    """Finds of one class at one place are one where things of the class turn into each other: a
    fire that cools is embers. Elsewhere each type is by itself."""
    of_class = preset.event_types[code].class_code
    return of_class if of_class in preset.recheck.classes else code


def near(unit: Unit, preset: Preset, code: str, position: LonLat) -> list[Anomaly]:
    """The standing anomalies of a type's family within `BOX_DEG`, none that is part of another."""
    found = unit.anomalies.find(
        state=STANDING,
        lon=Between(position.lon - BOX_DEG, position.lon + BOX_DEG),
        lat=Between(position.lat - BOX_DEG, position.lat + BOX_DEG),
    )
    known = preset.event_types
    kind = family(preset, code)
    return [
        a
        for a in found
        if a.merged_into is None and a.event_type in known and family(preset, a.event_type) == kind
    ]


def which(
    unit: Unit, preset: Preset, code: str, seen: Sequence[Sighting], around: Sequence[Anomaly]
) -> list[str | None]:
    """For sightings of one photograph and one type, the ids of the anomalies that they show again.

    Args:
        around: anomalies of the family nearby; see `near`.
    """
    kind = family(preset, code)
    flight = seen[0].flight if seen else ""
    here = _seen_by(unit, flight, around)
    places = [known_place(preset, a, here.get(a.id, ())) for a in around]
    return associate([_as(kind, s) for s in seen], places, habit=habit_of(preset.event_types[code]))


def place_of(
    unit: Unit,
    preset: Preset,
    code: str,
    position: LonLat,
    *,
    at: datetime,
    error_m: float = MARK_M,
) -> Anomaly | None:
    """The anomaly at a place that an officer or a detector of visible pictures names, if any.

    Args:
        error_m: 95 % radius of the place's error.
    """
    around = near(unit, preset, code, position)
    circle = Ellipse(semi_major_m=error_m, semi_minor_m=error_m, bearing_deg=0.0)
    seen = Sighting(event_type=code, position=position, error=circle, taken_at=at)
    (found,) = which(unit, preset, code, [seen], around)
    return next((a for a in around if a.id == found), None)


def known_place(preset: Preset, anomaly: Anomaly, here: Sequence[SightingRecord] = ()) -> Known:
    """An anomaly as `thermal.places.track` compares it.

    Args:
        here: what the flight at hand saw of it.
    """
    middle, sigma = None, OWN_LEAST_M
    if here:
        lon = float(np.mean([s.position.lon for s in here]))
        lat = float(np.mean([s.position.lat for s in here]))
        middle = LonLat(lon, lat)
        sigma = max(OWN_LEAST_M, _rest_m(here[0]) / float(np.sqrt(len(here))))
    radius = anomaly.error_m
    return Known(
        id=anomaly.id,
        event_type=family(preset, anomaly.event_type),
        position=anomaly.position,
        error=Ellipse(semi_major_m=radius, semi_minor_m=radius, bearing_deg=0.0),
        last_seen=anomaly.last_seen,
        anchor=anomaly.anchor,
        here=middle,
        here_sigma_m=sigma,
        drift_m=anomaly.drift_m,
    )


def sighting_of(record: SightingRecord) -> Sighting:
    """A stored sighting as `thermal.places` compares it."""
    return Sighting(
        event_type=record.event_type,
        position=record.position,
        error=Ellipse(
            semi_major_m=record.semi_major_m,
            semi_minor_m=record.semi_minor_m,
            bearing_deg=record.bearing_deg,
        ),
        taken_at=record.at,
        peak_c=record.peak_c,
        frame=record.medium_id,
        flight=record.flight,
        drift_m=record.drift_m,
    )


def joined(
    unit: Unit,
    preset: Preset,
    anomaly: Anomaly,
    position: LonLat,
    media: Sequence[str],
    *,
    at: datetime,
    by: str,
) -> Anomaly:
    """An anomaly after an officer's word at its place, kept with the sighting.

    A cold place is open again, and its case goes back to its crew if it closed not long ago; after
    that time (`RecheckRules.reignition_h`) it is a matter for a new case: ``case_id`` is None.
    """
    seen = replace(anomaly, last_seen=max(anomaly.last_seen, at), sightings=anomaly.sightings + 1)
    note_mark(unit, seen, position, media[0] if media else "", at)
    if seen.state is AnomalyState.COLD:
        seen = move(seen, AnomalyState.OPEN)
        case = unit.cases.get(seen.case_id) if seen.case_id else None
        if case is not None and case.state in ENDED:
            if not belongs(case, preset.recheck_of(case.event_type), at):
                return replace(seen, case_id=None)
            again = stepped(case, CaseState.DISPATCHED, at=at, by=by, note="found again")
            unit.cases.put(redispatched(again, preset, at))
    unit.anomalies.put(seen)
    return seen


def belongs(case: Case, rules: RecheckRules, now: datetime) -> bool:
    """Whether what is found at a case's place now still is a matter for it."""
    if case.state is CaseState.REJECTED:
        return False
    return case.closed_at is None or now - case.closed_at <= timedelta(hours=rules.reignition_h)


def note_mark(unit: Unit, anomaly: Anomaly, position: LonLat, medium_id: str, at: datetime) -> None:
    """Keep an officer's mark or confirmation as a sighting of an anomaly."""
    unit.sightings.add(
        SightingRecord(
            id=new_id("sig", at),
            anomaly_id=anomaly.id,
            medium_id=medium_id,
            kind=SightingKind.OFFICER,
            at=at,
            event_type=anomaly.event_type,
            position=position,
            semi_major_m=MARK_M,
            semi_minor_m=MARK_M,
            department=anomaly.department,
            shared_with=anomaly.shared_with,
        )
    )


def _seen_by(unit: Unit, flight: str, around: Sequence[Anomaly]) -> dict[str, list[SightingRecord]]:
    """By anomaly, what a flight saw of it."""
    found: dict[str, list[SightingRecord]] = {}
    if flight and around:
        names = tuple(a.id for a in around)
        for record in unit.sightings.find(flight=flight, anomaly_id=names, kind=_SEEN):
            found.setdefault(record.anomaly_id, []).append(record)
    return found


def _rest_m(record: SightingRecord) -> float:
    return sighting_of(record).rest_m


def _as(kind: str, sighting: Sighting) -> Sighting:
    return replace(sighting, event_type=kind)
