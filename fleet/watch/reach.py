"""Which places a flying vehicle can still reach, and what would be left there.

All in shares of a full charge. A leg costs its time at cruise airspeed (the wind triangle,
core.energy), in the hardest of the winds that were measured, each stronger by `WIND_ERROR_MPS`
against the vehicle, times what the vehicle was measured to consume over the model (watch.meter).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.energy import CALM, Wind, climb_s, descent_s
from core.equipment import VehicleSpec
from core.geo import LonLat, bearing_deg, distance_m
from fleet.watch.meter import UNKNOWN_BURN

WIND_ERROR_MPS = 1.0
"""By how much a vehicle's wind estimate may be off: ArduPilot's EKF gives 1 to 2 m/s in straight
flight without an airspeed sensor (its documentation, "Wind speed estimation"), means of a few
minutes of which (fleet.watch.safeguard keeps the hardest) are better."""

LEAST_GROUND_MPS = 1.0
"""Slower over ground than this is not flying home (as core.energy.ground_speed_mps)."""

RETURN_HEIGHT_M = 30.0
"""Lowest height above ground of a way back: a vehicle below it climbs first."""

Way = Callable[[LonLat, LonLat], Sequence[LonLat] | None]
"""The shortest allowed path between two places, both included, round zones; None: there is none."""


def straight(a: LonLat, b: LonLat) -> Sequence[LonLat]:
    """The way where nothing is in the way."""
    return (a, b)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somewhere to land: a dock, the take-off point, or a rally point.

    Attributes:
        home: where the autopilot itself returns to.
        free: nobody stands on it, and nobody is about to land there.
    """

    id: str
    position: LonLat
    home: bool = False
    free: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a vehicle has, and what flying costs it now.

    Attributes:
        battery: share of the charge; rounded down, as vehicles report it.
        winds: measured lately; the hardest counts.
        burn: consumption over the model's, at worst; burn_mean: as measured.
        wind_error_mps: 0 for the likeliest cost.
    """

    spec: VehicleSpec
    battery: float
    winds: tuple[Wind, ...] = (CALM,)
    burn: float = UNKNOWN_BURN
    burn_mean: float = 1.0
    wind_error_mps: float = WIND_ERROR_MPS

    def likeliest(self) -> "Outlook":
        """The same without pessimism."""
        return Outlook(
            spec=self.spec,
            battery=self.battery,
            winds=self.winds[-1:],
            burn=self.burn_mean,
            burn_mean=self.burn_mean,
            wind_error_mps=0.0,
        )

    def ground_mps(self, course_deg: float) -> float:
        """Slowest speed over ground on a course; 0 where the wind is too strong."""
        return min(
            _ground_mps(self.spec.cruise_mps, course_deg, wind, self.wind_error_mps)
            for wind in self.winds
        )

    def share(self, seconds: float) -> float:
        """Seconds at cruise as a share of the charge, at worst."""
        return seconds * self.burn / self.spec.endurance_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A place that a vehicle might fly to.

    Attributes:
        path: from where it is, round zones, to the place.
        needed: share of the charge that the path and the landing take; infinite against too
            strong a wind.
        left: what would be left there.
    """

    place: Place
    path: tuple[LonLat, ...]
    needed: float
    left: float


def path_s(path: Iterable[LonLat], outlook: Outlook) -> float:
    """Seconds along a path at cruise; infinite where the wind is too strong."""
    seconds = 0.0
    for a, b in pairwise(path):
        length = distance_m(a, b)
        if length < 0.01:
            continue
        speed = outlook.ground_mps(bearing_deg(a, b))
        if speed <= 0:
            return math.inf
        seconds += length / speed
    return seconds


def landing_s(path: Sequence[LonLat], height_m: float, outlook: Outlook) -> float:
    """Seconds to fly a path from a height above ground, climb included, and land at its end."""
    up = max(height_m, RETURN_HEIGHT_M)
    spec = outlook.spec
    return climb_s(up - height_m, spec) + path_s(path, outlook) + descent_s(up, spec)


def reaches(
    position: LonLat, height_m: float, places: Iterable[Place], outlook: Outlook, way: Way
) -> list[Reach]:
    """Every free place that there is a way to; the one with most charge left first.

    Args:
        height_m: above the ground.
    """
    found = []
    for place in places:
        path = way(position, place.position) if place.free else None
        if path is None:
            continue
        needed = outlook.share(landing_s(path, max(0.0, height_m), outlook))
        left = outlook.battery - needed
        found.append(Reach(place=place, path=tuple(path), needed=needed, left=left))
    return sorted(found, key=lambda r: (-r.left, not r.place.home, r.place.id))


def _ground_mps(airspeed_mps: float, course_deg: float, wind: Wind, error_mps: float) -> float:
    """The wind triangle with an error that is against the vehicle, along and across."""
    angle = math.radians(wind.from_deg - course_deg)
    cross = abs(wind.speed_mps * math.sin(angle)) + error_mps
    head = wind.speed_mps * math.cos(angle) + error_mps
    if cross >= airspeed_mps:
        return 0.0
    speed = math.sqrt(airspeed_mps**2 - cross**2) - head
    return speed if speed >= LEAST_GROUND_MPS else 0.0
