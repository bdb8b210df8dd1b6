"""Routes: where to fly and where to photograph, independent of any autopilot."""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from core.equipment import Sensor
from core.geo import LonLat, bearing_deg, distance_m, offsets, path_length_m

_ROUNDING_M = 1e-3
"""A photograph may lie so far beyond the end of its leg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waypoint:
    """A point to fly through.

    Attributes:
        height_m: above the ground straight below.
        photo_spacing_m: photograph every so many metres on the leg that starts here; 0 for none.
        photo: photograph once, here.
        sensor: which camera photographs from here on; None for all of them.
        hold_s: stay here so long.
        gimbal_pitch_deg: where the cameras look from here on; -90 is straight down.
        speed_mps: ground speed on the leg that starts here; None for the vehicle's cruise speed.
        heading_deg: where the nose points on the leg that starts here and while holding, degrees
            clockwise from north; None to look along the path.
        amsl_m: height above mean sea level (EGM96), legs straight in it; None where the autopilot
            follows the ground by itself at ``height_m`` (ADR 0005).
    """

    position: LonLat
    height_m: float
    photo_spacing_m: float = 0.0
    photo: bool = False
    sensor: Sensor | None = None
    hold_s: float = 0.0
    gimbal_pitch_deg: float = -90.0
    speed_mps: float | None = None
    heading_deg: float | None = None
    amsl_m: float | None = None


@dataclass(frozen=True)
class Route:
    """A path with its photographs; never empty.

    A route of a task covers that task only; a mission's route also holds the transfers.
    """

    waypoints: tuple[Waypoint, ...]

    def __post_init__(self) -> None:
        if not self.waypoints:
            raise ValueError("a route needs at least one waypoint")

    @property
    def entry(self) -> LonLat:
        """Where it begins."""
        return self.waypoints[0].position

    @property
    def exit(self) -> LonLat:
        """Where it ends."""
        return self.waypoints[-1].position

    @cached_property
    def length_m(self) -> float:
        """Length over ground in metres."""
        return path_length_m(w.position for w in self.waypoints)

    @property
    def photos(self) -> int:
        """How many photographs it asks for of each camera in use."""
        return len(self.shots)

    @cached_property
    def shots(self) -> tuple["Shot", ...]:
        """Its photographs in flying order.

        A photo leg takes one where it begins and one every ``photo_spacing_m``. A leg that goes
        on with the same spacing and camera continues the count: the trigger is set once, and a
        waypoint that is only a corner of the path changes nothing.
        """
        found: list[Shot] = []
        legs = self._legs()
        left = 0.0
        running: tuple[float, Sensor | None] = (0.0, None)
        for k, w in enumerate(self.waypoints):
            setting = (w.photo_spacing_m, w.sensor) if k < len(legs) else (0.0, None)
            begins = setting[0] > 0 and setting != running
            if begins:
                left = 0.0
            if w.photo and not begins:
                found.append(Shot(k, 0.0, w.position, single=True))
            running = setting
            if setting[0] > 0:
                length, bearing = legs[k]
                count = max(0, math.floor((length - left + _ROUNDING_M) / setting[0]) + 1)
                steps = [left + n * setting[0] for n in range(count)]
                found.extend(_shots(k, w.position, bearing, steps))
                left += count * setting[0] - length
        return tuple(found)

    def _legs(self) -> list[tuple[float, float]]:
        """Length in metres and bearing in degrees of each leg."""
        return [
            (distance_m(a.position, b.position), bearing_deg(a.position, b.position))
            for a, b in pairwise(self.waypoints)
        ]


class Shot(NamedTuple):
    """A photograph of a route.

    Attributes:
        leg: the waypoint at which the leg begins.
        along_m: how far along the leg.
        single: asked for by the waypoint itself, not by the leg's spacing.
    """

    leg: int
    along_m: float
    position: LonLat
    single: bool = False


def _shots(leg: int, start: LonLat, bearing: float, along: list[float]) -> list[Shot]:
    lon, lat = offsets(start, bearing, along)
    return [
        Shot(leg, m, LonLat(x, y) if m else start) for m, x, y in zip(along, lon, lat, strict=True)
    ]
