"""One vehicle as its autopilot sees and steers it: a window on the arrays of all vehicles."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.equipment import VehicleSpec
from sim.earth import between_m
from sim.vehicle import Commands, State


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


class Body:
    """The vehicle's senses, refreshed each step, and its controls, written into the commands."""

    __slots__ = (
        "_commands",
        "_profile",
        "altitude_m",
        "battery",
        "east_mps",
        "flying",
        "goal",
        "ground_m",
        "index",
        "lat",
        "lon",
        "north_mps",
        "spec",
        "start",
        "up_mps",
        "yaw_deg",
    )

    def __init__(
        self, index: int, spec: VehicleSpec, commands: Commands, profile: Profile, state: State
    ) -> None:
        self.index = index
        self.spec = spec
        self._commands = commands
        self._profile = profile
        self.lon = float(state.lon[index])
        self.lat = float(state.lat[index])
        self.altitude_m = self.ground_m = float(state.altitude_m[index])
        self.east_mps = self.north_mps = self.up_mps = self.yaw_deg = 0.0
        self.battery = 1.0
        self.flying = False
        self.start = self.goal = Spot(self.lon, self.lat, self.altitude_m)

    @property
    def speed_mps(self) -> float:
        """Speed over ground."""
        return math.hypot(self.east_mps, self.north_mps)

    @property
    def height_m(self) -> float:
        """Height above the ground below."""
        return self.altitude_m - self.ground_m

    def here(self, *, terrain: bool = False) -> Spot:
        """The present place and height."""
        return Spot(self.lon, self.lat, self.height_m if terrain else self.altitude_m, terrain)

    def fly(self, start: Spot, goal: Spot, speed_mps: float, end_mps: float = 0.0) -> None:
        """Follow the line from start to goal; the height changes evenly along it."""
        i, c, p = self.index, self._commands, self._profile
        self.start, self.goal = start, goal
        c.from_lon[i], c.from_lat[i] = start.lon, start.lat
        c.to_lon[i], c.to_lat[i] = goal.lon, goal.lat
        c.speed_mps[i], c.end_mps[i] = speed_mps, end_mps
        c.landing[i] = False
        same = start.terrain == goal.terrain
        p.start_m[i] = start.height_m if same else goal.height_m
        p.end_m[i], p.terrain[i] = goal.height_m, goal.terrain

    def stay(self) -> None:
        """Stop as soon as the speed allows and hang there."""
        reach = self.speed_mps / (2 * 2.0)
        per = 1.0 / 111_000.0
        lon = self.lon + self.east_mps * reach * per / max(0.1, math.cos(math.radians(self.lat)))
        lat = self.lat + self.north_mps * reach * per
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

    def to_goal_m(self) -> tuple[float, float]:
        """Metres to go along the leg (negative once past) and in all."""
        dx, dy = between_m(self.lon, self.lat, self.goal.lon, self.goal.lat)
        lx, ly = between_m(self.start.lon, self.start.lat, self.goal.lon, self.goal.lat)
        length = math.hypot(lx, ly)
        distance = math.hypot(dx, dy)
        return ((dx * lx + dy * ly) / length if length > 1.0 else distance), distance

    def height_error_m(self) -> float:
        """Commanded altitude less the present one."""
        return float(self._commands.altitude_m[self.index]) - self.altitude_m
