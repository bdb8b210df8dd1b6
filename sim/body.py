"""One vehicle as its autopilot sees and steers it: a window on the arrays of all vehicles."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.equipment import VehicleSpec
from sim.earth import between_m, moved
from sim.state import Commands, State


@dataclass(frozen=True, slots=True)
class Spot:
    """A place with a height: above the ground below it if `terrain`, else above sea level."""

    lon: float
    lat: float
    height_m: float
    terrain: bool = False


@dataclass(kw_only=True)
class Profile:
    """Heights along the present legs, arrays of shape (N,): from, to, and what they count from."""

    start_m: npt.NDArray[np.float64]
    end_m: npt.NDArray[np.float64]
    terrain: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What a smart battery says of itself.

    Attributes:
        cells_v: of each cell, under load.
        current_a: out of the pack; negative while it charges.
        consumed_mah: since it was full last.
        capacity_mah, full_mah: as it was made, and what a full one holds now.
    """

    cells_v: tuple[float, ...]
    current_a: float
    consumed_mah: float
    capacity_mah: float
    full_mah: float
    cycles: float
    temperature_c: float
    serial: str


FASTEST_MPS = 100.0
"""More than any vehicle here can fly; what is ordered above it is cut to it."""


class Body:
    """The vehicle's senses, refreshed each step, and its controls, written into the commands."""

    __slots__ = (
        "_commands",
        "_pack",
        "_profile",
        "airspeed_mps",
        "altitude_m",
        "battery",
        "crashed",
        "east_mps",
        "fix_east_m",
        "fix_north_m",
        "flying",
        "goal",
        "ground_m",
        "index",
        "lat",
        "lon",
        "north_mps",
        "pitch_deg",
        "roll_deg",
        "spec",
        "start",
        "up_mps",
        "winged",
        "yaw_deg",
    )

    def __init__(
        self,
        index: int,
        spec: VehicleSpec,
        commands: Commands,
        profile: Profile,
        state: State,
        pack: Callable[[int], Pack] | None = None,
    ) -> None:
        self.index = index
        self.spec = spec
        self._commands = commands
        self._profile = profile
        self._pack = pack
        self.lon = float(state.lon[index])
        self.lat = float(state.lat[index])
        self.altitude_m = self.ground_m = float(state.altitude_m[index])
        self.east_mps = self.north_mps = self.up_mps = self.yaw_deg = 0.0
        self.airspeed_mps = self.roll_deg = self.pitch_deg = 0.0
        self.fix_east_m = self.fix_north_m = 0.0
        self.battery = 1.0
        self.flying = self.winged = self.crashed = False
        self.start = self.goal = Spot(self.lon, self.lat, self.altitude_m)

    @property
    def speed_mps(self) -> float:
        """Speed over ground."""
        return math.hypot(self.east_mps, self.north_mps)

    @property
    def height_m(self) -> float:
        """Height above the ground below."""
        return self.altitude_m - self.ground_m

    @property
    def wings(self) -> bool | None:
        """Whether its wing carries it now; None for one that has none."""
        return self.winged if self.spec.vtol else None

    @property
    def pack(self) -> Pack | None:
        """Its battery, as that reports itself."""
        return None if self._pack is None else self._pack(self.index)

    def believed(self) -> tuple[float, float]:
        """Longitude and latitude where it believes to be: the true ones and the fix's error."""
        return moved(self.lon, self.lat, self.fix_east_m, self.fix_north_m)

    def here(self, *, terrain: bool = False) -> Spot:
        """The present place, as it believes, and height."""
        lon, lat = self.believed()
        return Spot(lon, lat, self.height_m if terrain else self.altitude_m, terrain)

    def fly(self, start: Spot, goal: Spot, speed_mps: float, end_mps: float = 0.0) -> None:
        """Follow the line from start to goal; the height changes evenly along it."""
        i, c, p = self.index, self._commands, self._profile
        self.start, self.goal = start, goal
        c.from_lon[i], c.from_lat[i] = start.lon, start.lat
        c.to_lon[i], c.to_lat[i] = goal.lon, goal.lat
        c.speed_mps[i], c.end_mps[i] = self._pace(speed_mps), self._pace(end_mps)
        c.landing[i] = False
        same = start.terrain == goal.terrain
        p.start_m[i] = start.height_m if same else goal.height_m
        p.end_m[i], p.terrain[i] = goal.height_m, goal.terrain

    def _pace(self, speed_mps: float) -> float:
        """A speed as guidance takes it: any order beyond a vehicle's power is the same order."""
        return 0.0 if math.isnan(speed_mps) else min(max(0.0, speed_mps), FASTEST_MPS)

    def stay(self) -> None:
        """Stop as soon as the speed allows and hang there."""
        reach_s = self.speed_mps / (2 * 2.0)
        lon, lat = moved(*self.believed(), self.east_mps * reach_s, self.north_mps * reach_s)
        spot = Spot(lon, lat, self.altitude_m)
        self.fly(spot, spot, self.spec.cruise_mps)

    def descend(self) -> None:
        """Go straight down until the ground is reached."""
        if not self._commands.landing[self.index]:
            self.stay()
        self._commands.landing[self.index] = True

    def descend_at(self, lon: float, lat: float) -> None:
        """Go down onto a given place."""
        spot = Spot(lon, lat, self.altitude_m)
        self.fly(spot, spot, self.spec.cruise_mps)
        self._commands.landing[self.index] = True

    def lift(self, on: bool) -> None:
        """Allow the rotors to take it off the ground."""
        self._commands.lift[self.index] = on

    def turn_to(self, yaw_deg: float | None) -> None:
        """Hold a heading; None looks where it flies."""
        self._commands.yaw_deg[self.index] = math.nan if yaw_deg is None else yaw_deg

    def transit(self, wings: bool | None) -> None:
        """Ask for the wing or for the rotors; None for whatever the leg is worth."""
        self._commands.wing[self.index] = math.nan if wings is None else float(wings)

    def to_goal_m(self) -> tuple[float, float]:
        """Metres to go along the leg (negative once past) and in all, as it believes."""
        dx, dy = between_m(*self.believed(), self.goal.lon, self.goal.lat)
        lx, ly = between_m(self.start.lon, self.start.lat, self.goal.lon, self.goal.lat)
        length = math.hypot(lx, ly)
        distance = math.hypot(dx, dy)
        return ((dx * lx + dy * ly) / length if length > 1.0 else distance), distance

    def height_error_m(self) -> float:
        """Commanded altitude less the present one."""
        return float(self._commands.altitude_m[self.index]) - self.altitude_m


def show(
    bodies: Sequence[Body],
    rows: npt.NDArray[np.intp],
    state: State,
    ground_m: npt.NDArray[np.float64],
    fixes: Sequence[tuple[float, float, float]],
) -> None:
    """Refresh the senses of these bodies.

    Args:
        ground_m: (N,) ground AMSL below each of all vehicles.
        fixes: error of each one's satellite position: metres east, north, up.
    """
    s = state
    columns = (
        *(s.lon, s.lat, s.altitude_m, ground_m, s.east_mps, s.north_mps, s.up_mps, s.yaw_deg),
        *(s.battery, s.airspeed_mps, s.roll_deg, s.pitch_deg, s.flying, s.wing, s.crashed),
    )
    for index, *values in zip(rows.tolist(), *(c[rows].tolist() for c in columns), strict=True):
        body = bodies[index]
        body.lon, body.lat, body.altitude_m, body.ground_m = values[:4]
        body.east_mps, body.north_mps, body.up_mps, body.yaw_deg = values[4:8]
        body.battery, body.airspeed_mps, body.roll_deg, body.pitch_deg = values[8:12]
        body.flying, body.winged, body.crashed = values[12:]
        body.fix_east_m, body.fix_north_m, _ = fixes[index]
