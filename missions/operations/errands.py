"""What a pilot may ask of a drone in flight, and the paths that are drawn for it.

`missions.operations.drawing` makes a `Drawn` path of an errand and proves it. Preview and flight
are one thing: a drawn path has a token, and only what was drawn is flown.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from core.errors import PathRefused
from core.geo import LonLat, distance_m
from core.route import Waypoint
from fleet.plans.proof import Conditions, Proof
from fleet.vehicle import Vehicle
from fleet.watch.reach import Outlook, Place, Way
from planner.routes.airspace import Airspace


@dataclass(frozen=True, slots=True, kw_only=True)
class GoTo:
    """Fly to a place at a height above its ground; None keeps the present one."""

    target: LonLat
    height_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Orbit:
    """Circle round a place, cameras on it."""

    centre: LonLat
    radius_m: float
    height_m: float | None = None
    speed_mps: float = 5.0
    clockwise: bool = True
    turns: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Height:
    """Climb or sink where it is."""

    height_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnTo:
    """Fly to a dock and land there; None: home, or wherever most charge is left."""

    dock: str | None = None


Errand = GoTo | Orbit | Height | ReturnTo

Then = Literal["hold", "land", "return"]
"""What follows at the end of a path."""


@dataclass(frozen=True, kw_only=True)
class Sky:
    """What a path of one vehicle is drawn and proven with.

    Attributes:
        heights_m: lowest and highest height above ground.
        places: where it may land.
        follows_ground: whether it takes heights above ground; otherwise they are given it above
            the sea.
    """

    vehicle: Vehicle
    conditions: Conditions
    outlook: Outlook
    places: tuple[Place, ...]
    way: Way
    air: Airspace
    heights_m: tuple[float, float]
    follows_ground: bool

    @property
    def here(self) -> Waypoint:
        """Where it is, at its height above ground.

        Raises:
            PathRefused: it does not know.
        """
        state = self.vehicle.state
        if state.position is None or state.altitude_m is None:
            raise PathRefused("the drone does not say where it is", where="position")
        return Waypoint(
            position=state.position,
            height_m=max(1.0, state.altitude_m - self.ground_m(state.position)),
            amsl_m=state.altitude_m,
        )

    def ground_m(self, place: LonLat) -> float:
        """Ground above the sea."""
        return float(self.conditions.heights.height_m(place.lon, place.lat))


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A path that was proven.

    Attributes:
        path: from where the drone was (first) to its end.
        look_at: where nose and cameras are kept on, with its altitude AMSL.
        then: "hold", "land" or "return".
        seconds: to the end of the path.
        left: charge at the place where it could land afterwards, and that place.
        detour_m: how much longer than straight.
    """

    errand: Errand
    path: tuple[Waypoint, ...]
    proof: Proof
    then: Then
    seconds: float
    left: float
    lands_at: str
    detour_m: float
    look_at: tuple[LonLat, float] | None = None

    @property
    def bound_for(self) -> str:
        """The dock that it lands at; empty for a path that lands nowhere."""
        return self.lands_at if isinstance(self.errand, ReturnTo) else ""

    @property
    def token(self) -> str:
        """A digest of what is flown; where the drone was then is not in it."""
        points = [
            (w.position.lon, w.position.lat, w.height_m, w.amsl_m, w.speed_mps)
            for w in self.path[1:]
        ]
        seen = repr((self.then, self.look_at, points))
        return hashlib.sha256(seen.encode()).hexdigest()[:32]


def length_m(path: Sequence[Waypoint]) -> float:
    """Metres over ground along a path."""
    return sum(distance_m(a.position, b.position) for a, b in pairwise(path))
