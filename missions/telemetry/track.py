"""A flight's thinned track as it is kept: whole numbers, so that years of it stay small."""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from core.geo import LocalFrame, LonLat
from fleet.links.tlog import Sample
from missions.entities import Flight
from missions.telemetry.thinning import thinned

COLUMNS = ("t_ds", "lon_e7", "lat_e7", "alt_dm", "heading_deg", "speed_dmps", "battery_pct")
"""One value for each position in every one of these."""
UNKNOWN = -1
"""Stands for a heading or charge that was not told."""
_TENTH = timedelta(milliseconds=100)
_E7 = 1e7


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Where a flight was. All columns have one value for each position.

    Attributes:
        id: of the flight.
        t_ds: tenths of a second since `start`.
        lon_e7, lat_e7: ten-millionths of a degree (about a centimetre), WGS-84.
        alt_dm: decimetres above mean sea level (EGM96).
        heading_deg, speed_dmps, battery_pct: degrees from north, decimetres a second over ground,
            per cent of the charge; UNKNOWN (-1) where not told.
        fixes: how many positions the log holds.
        log_sha256, log_bytes: of the full log; log_deleted_at: when that was let go.
    """

    id: str
    vehicle: str
    day: date
    departments: tuple[str, ...]
    start: datetime
    end: datetime
    t_ds: tuple[int, ...]
    lon_e7: tuple[int, ...]
    lat_e7: tuple[int, ...]
    alt_dm: tuple[int, ...]
    heading_deg: tuple[int, ...]
    speed_dmps: tuple[int, ...]
    battery_pct: tuple[int, ...]
    fixes: int
    log_sha256: str = ""
    log_bytes: int = 0
    log_deleted_at: datetime | None = None

    @property
    def position(self) -> LonLat:
        """Where it began; tells in which county it is."""
        return LonLat(self.lon_e7[0] / _E7, self.lat_e7[0] / _E7)

    def times(self) -> list[datetime]:
        """When it was at each position."""
        return [self.start + n * _TENTH for n in self.t_ds]


def track_of(flight: Flight, log: Path, samples: Sequence[Sample]) -> Track | None:
    """The thinned track of a flight's log, and the log's digest; None without any position.

    Args:
        samples: what `fleet.links.tlog.flown` read in it.
    """
    if not samples:
        return None
    start = samples[0].at
    seconds = np.array([(s.at - start).total_seconds() for s in samples])
    frame = LocalFrame(samples[0].position)
    flat = [frame.point_xy(s.position) for s in samples]
    metres = np.column_stack((np.array(flat), [s.altitude_m for s in samples]))
    kept = [s for s, keep in zip(samples, thinned(seconds, metres), strict=True) if keep]
    return Track(
        id=flight.part_of or flight.id,
        vehicle=flight.vehicle,
        day=flight.day,
        departments=flight.departments,
        start=start,
        end=samples[-1].at,
        t_ds=tuple(round((s.at - start) / _TENTH) for s in kept),
        lon_e7=tuple(round(s.position.lon * _E7) for s in kept),
        lat_e7=tuple(round(s.position.lat * _E7) for s in kept),
        alt_dm=tuple(round(s.altitude_m * 10) for s in kept),
        heading_deg=tuple(_whole(s.heading_deg) for s in kept),
        speed_dmps=tuple(round(s.speed_mps * 10) for s in kept),
        battery_pct=tuple(_whole(None if s.battery is None else s.battery * 100) for s in kept),
        fixes=len(samples),
        log_sha256=hashlib.sha256(log.read_bytes()).hexdigest(),
        log_bytes=log.stat().st_size,
    )


def clipped(track: Track, start: datetime, end: datetime) -> Track:
    """The part of a track between two times, with one position more at each side where there is
    one, so that it can be followed into and out of them."""
    low = bisect_right(track.t_ds, round((start - track.start) / _TENTH)) - 1
    high = bisect_left(track.t_ds, round((end - track.start) / _TENTH)) + 1
    cut = slice(max(0, low), max(1, high))
    return replace(track, **{name: getattr(track, name)[cut] for name in COLUMNS})


def _whole(value: float | None) -> int:
    return UNKNOWN if value is None else round(value)
