"""What places measured when nobody found anything there: looks that keep a history honest.

A history of hot readings alone lies. After a flight, each of its thermal photographs that shows a
known place without a find adds what it measured there.
"""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import islice

from shapely.geometry import Point, shape

from core.ids import new_id
from imagery.catalog import Medium, MediumState
from missions.entities import Anomaly, Flight
from missions.operations.room import ControlRoom
from missions.operations.warmth import Spot, Warmth, warmth_of
from missions.sightings import SightingKind, SightingRecord
from missions.store.protocol import Between, Unit

CHUNK = 24
"""Photographs that one worker measures at a time."""
_LEAST_M = 2.0


def radius_m(room: ControlRoom, anomaly: Anomaly) -> float:
    """How far round an anomaly its warmth is looked for: half its size, and its error."""
    kind = room.preset.event_types[anomaly.event_type]
    return max(_LEAST_M, kind.extent_m / 2.0, anomaly.error_m)


async def note_looks(room: ControlRoom, flight: Flight) -> None:
    """Add what a flight's thermal photographs measured at known places where they found nothing."""
    with room.view() as unit:
        work = _shown(unit, room, flight)
    loop = asyncio.get_running_loop()
    for part in _parts(work):
        spots = list({a.id: a for _, shown in part for a in shown}.values())
        places = [Spot(place=a.position, radius_m=radius_m(room, a)) for a in spots]
        keys = [m.key for m, _ in part]
        measured = await loop.run_in_executor(room.pool, warmth_of, keys, places)
        with room.unit() as unit:
            for (medium, _), row in zip(part, measured, strict=True):
                note(unit, medium, zip(spots, row, strict=True))


def note(unit: Unit, medium: Medium, measured: Iterable[tuple[Anomaly, Warmth | None]]) -> None:
    """Keep what a photograph measured at places, unless it says something of them already."""
    said = {s.anomaly_id for s in unit.sightings.find(medium_id=medium.id)}
    for anomaly, warmth in measured:
        if warmth is not None and warmth.whole and anomaly.id not in said:
            unit.sightings.add(_look(medium, anomaly, warmth))


def _shown(unit: Unit, room: ControlRoom, flight: Flight) -> list[tuple[Medium, list[Anomaly]]]:
    """The flight's thermal photographs that show known places, with these."""
    found = []
    for medium in unit.media.find(flight=flight.id, state=MediumState.KEPT):
        if not medium.radiometric or medium.footprint is None:
            continue
        ground = shape(medium.footprint)
        west, south, east, north = ground.bounds
        near = unit.anomalies.find(lon=Between(west, east), lat=Between(south, north))
        shown = [
            a
            for a in near
            if a.merged_into is None
            and room.preset.event_types[a.event_type].detector == "thermal"
            and ground.covers(Point(a.position.lon, a.position.lat))
        ]
        if shown:
            found.append((medium, shown))
    return found


def _parts(
    work: Sequence[tuple[Medium, list[Anomaly]]],
) -> Iterable[list[tuple[Medium, list[Anomaly]]]]:
    rest = iter(work)
    while part := list(islice(rest, CHUNK)):
        yield part


def _look(medium: Medium, anomaly: Anomaly, warmth: Warmth) -> SightingRecord:
    at = medium.taken_at or medium.received_at
    background = warmth.background_c
    return SightingRecord(
        id=new_id("sig", at),
        anomaly_id=anomaly.id,
        medium_id=medium.id,
        kind=SightingKind.LOOKED,
        at=at,
        event_type=anomaly.event_type,
        position=anomaly.position,
        semi_major_m=anomaly.error_m,
        semi_minor_m=anomaly.error_m,
        department=anomaly.department,
        shared_with=anomaly.shared_with,
        flight=f"{medium.flight}/{medium.camera}" if medium.flight else "",
        pixel=warmth.pixel,
        frame=warmth.frame,
        peak_c=warmth.peak_c,
        background_c=background,
        contrast_k=None if background is None else warmth.peak_c - background,
        uncertainty_k=warmth.uncertainty_k,
        corrected=warmth.corrected,
    )
