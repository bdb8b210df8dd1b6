"""Where drones stand and may land: which pad is free, and where a flight ends when home is not.

A pad is taken while somebody stands on it, while somebody else is on the way to it, and shortly
before the drone that lives there comes home. What a dock itself says of its pad (`occupant`) counts
first, where one speaks.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import shapely
import shapely.ops

from core.geo import LonLat, distance_m
from core.zones import Zone
from fleet.address import Address
from fleet.fleet import Fleet
from fleet.watch.reach import Place, Way
from missions.presets import Dock, Preset
from planner.routes.airspace import Airspace, airspace, middle

ON_PAD_M = 15.0
"""A vehicle so near to a dock stands on its pad: landings are good to 2 m, positions to 5 m."""

CONSIDERED = 5
"""So many docks are considered, the nearest: a way round zones to each is sought at every look."""

COMES_HOME = timedelta(minutes=15)
"""A dock is kept free for its own drone so long before that lands."""

HIGHEST_M = 120.0

ROOM_M = 10.0
"""What a path drawn in flight keeps on top of a zone's buffer: positions are good to 2 m to 5 m,
and corners are cut by some metres."""

DEGREE_M = 111_200.0
"""Metres in a degree of latitude, on average."""

Occupant = Callable[[str], bool | None]
"""Whether a dock says that its pad is taken; None where it does not say."""


def _silent(_dock: str) -> bool | None:
    return None


@dataclass
class Pads:
    """The pads of a city.

    Attributes:
        bound: by vehicle, the dock that it was sent to.
        due: by dock, when its own drone lands there, as its flight is planned.
        says: what docks say of themselves.
        awaited: docks whose doors are open, or about to be, for somebody who comes.
    """

    preset: Preset
    fleet: Fleet
    bound: dict[Address, str] = field(default_factory=dict)
    due: dict[str, datetime] = field(default_factory=dict)
    says: Occupant = _silent
    awaited: set[str] = field(default_factory=set)
    _lonlat: npt.NDArray[np.float64] | None = None
    _looked_at: datetime | None = None
    _stand: dict[str, Address] = field(default_factory=dict)

    def taken(self, dock: Dock, but: Address, now: datetime) -> str | None:
        """Why a drone cannot land at a dock, or None when it can.

        Args:
            but: the drone that asks.
        """
        said = self.says(dock.id)
        if said:
            return "its pad is taken"
        if said is None and self._standing(now).get(dock.id, but) != but:
            return "another drone stands on it"
        for address, bound in self.bound.items():
            if bound == dock.id and address != but and self._flies(address):
                return "another drone is on its way to it"
        due = self.due.get(dock.id)
        if dock.address != but and due is not None and due - now < COMES_HOME:
            return "its own drone comes home soon"
        return None

    def places(self, vehicle: Address, home: Dock, now: datetime) -> tuple[Place, ...]:
        """Where a flying drone may land: home, its alternates, and the nearest docks."""
        state = self.fleet.vehicle(vehicle).state
        away = self._away_m(state.position or home.position)
        nearest = [self.preset.docks[k] for k in np.argsort(away)[: CONSIDERED + 1]]
        named = [self.preset.dock(name) for name in home.alternates]
        found = {d.id: d for d in (home, *named, *nearest)}
        return tuple(
            Place(
                id=d.id,
                position=d.position,
                home=d.id == home.id,
                free=self.taken(d, vehicle, now) is None,
            )
            for d in found.values()
        )

    def at(self, place: LonLat | None) -> Dock | None:
        """The dock on whose pad a place is."""
        if place is None:
            return None
        near = self.preset.docks[int(np.argmin(self._away_m(place)))]
        return near if distance_m(near.position, place) < ON_PAD_M else None

    def _flies(self, address: Address) -> bool:
        vehicle = self.fleet.vehicles.get(address)
        return vehicle is not None and vehicle.state.in_flight

    def _standing(self, now: datetime) -> dict[str, Address]:
        """By dock, who stands on its pad; looked up once for each moment of the clock."""
        if self._looked_at != now:
            self._looked_at, self._stand = now, {}
            for address, vehicle in self.fleet.vehicles.items():
                dock = None if vehicle.state.in_flight else self.at(vehicle.state.position)
                if dock is not None:
                    self._stand[dock.id] = address
        return self._stand

    def _away_m(self, place: LonLat) -> npt.NDArray[np.float64]:
        """Metres from a place to every dock, on a plane: to 0.5 % within 100 km."""
        if self._lonlat is None:
            self._lonlat = np.array([(d.position.lon, d.position.lat) for d in self.preset.docks])
        east = (self._lonlat[:, 0] - place.lon) * math.cos(math.radians(place.lat))
        return np.hypot(east, self._lonlat[:, 1] - place.lat) * DEGREE_M

    def way(self, now: datetime) -> Way:
        """Shortest ways round the zones that hold in the next two hours."""
        return ways(self.preset, now)


def ways(preset: Preset, now: datetime) -> Way:
    """Shortest ways round the zones of a city that hold in the next two hours.

    A way keeps `ROOM_M` more than the zones' buffers; who is closer already leaves them first.
    """
    sky = roomy(preset, now)

    def way(a: LonLat, b: LonLat) -> tuple[LonLat, ...] | None:
        out = outside(sky, a)
        start, end = (np.array(sky.frame.point_xy(p)) for p in (out, b))
        found = sky.way(start, end)
        if found is None:
            return None
        begin = (a,) if out == a else (a, out)
        return (*begin, *(sky.frame.point(float(x), float(y)) for x, y in found[1]), b)

    return way


def roomy(preset: Preset, now: datetime) -> Airspace:
    """The airspace for paths that are drawn in flight."""
    zones = tuple(replace(z, buffer_m=z.buffer_m + ROOM_M) for z in active(preset.zones, now))
    return airspace(zones, middle(d.position for d in preset.docks), HIGHEST_M)


def outside(sky: Airspace, place: LonLat) -> LonLat:
    """The nearest place that is not forbidden; the place itself where it is not."""
    x, y = sky.frame.point_xy(place)
    if not sky.inside(np.array([(x, y)]))[0]:
        return place
    hull = sky.blocked.buffer(1.0, join_style="mitre")
    near = shapely.ops.nearest_points(hull.boundary, shapely.Point(x, y))[0]
    return sky.frame.point(near.x, near.y)


def active(zones: tuple[Zone, ...], now: datetime) -> tuple[Zone, ...]:
    """The zones that hold at some time in the next two hours, longer than any battery lasts."""
    return tuple(z for z in zones if z.holds(now, now + timedelta(hours=2)))
