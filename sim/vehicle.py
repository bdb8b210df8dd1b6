"""How the vehicles move and what that costs them: point masses in the wind, all at once.

`step` is pure: arrays of states and commands in, arrays of states out. The energy model is meant to
differ from the planner's (`core.energy`): power depends on airspeed and climb, and every vehicle
has its own error, otherwise flying a plan here would prove nothing.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.equipment import VehicleSpec
from sim.earth import metres_per_degree

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ACCELERATION_MPS2 = 2.5
"""Horizontal acceleration; ArduCopter's default WPNAV_ACCEL."""
VERTICAL_ACCELERATION_MPS2 = 2.0
LANDING_SPEED_MPS = 0.5
"""The last 10 m of a landing, as ArduPilot flies them."""
LANDING_HEIGHT_M = 10.0
DOCK_RADIUS_M = 15.0
"""So near a dock a landed vehicle stands in it and is charged."""


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """What each of the N vehicles can do: arrays of shape (N,)."""

    cruise_mps: Floats
    climb_mps: Floats
    descent_mps: Floats
    endurance_s: Floats
    recharge_s: Floats
    vtol: Bools
    power_error: Floats
    """Real power over the power that the data sheet promises."""

    @classmethod
    def of(cls, specs: list[VehicleSpec], seed: int) -> "Kinds":
        """The data sheets, each spoilt a little: power by 3 % (1 sigma), airspeed by 1 %."""
        rng = np.random.default_rng([seed, 11])
        cruise = np.array([s.cruise_mps for s in specs])
        return cls(
            cruise_mps=cruise * rng.normal(1.0, 0.01, len(specs)),
            climb_mps=np.array([s.climb_mps for s in specs]),
            descent_mps=np.array([s.descent_mps for s in specs]),
            endurance_s=np.array([s.endurance_s for s in specs]),
            recharge_s=np.array([s.recharge_s for s in specs]),
            vtol=np.array([s.vtol for s in specs], bool),
            power_error=np.clip(rng.normal(1.0, 0.03, len(specs)), 0.9, 1.1),
        )


@dataclass(frozen=True, kw_only=True)
class State:
    """Where the vehicles are: arrays of shape (N,)."""

    lon: Floats
    lat: Floats
    altitude_m: Floats
    """Above mean sea level."""
    east_mps: Floats
    north_mps: Floats
    up_mps: Floats
    yaw_deg: Floats
    battery: Floats
    """Share of a full battery, 0 to 1."""
    flying: Bools

    @classmethod
    def parked(cls, lon: Floats, lat: Floats, altitude_m: Floats) -> "State":
        """All on the ground, full and facing north."""
        n = len(lon)
        return cls(
            lon=lon.copy(),
            lat=lat.copy(),
            altitude_m=altitude_m.copy(),
            east_mps=np.zeros(n),
            north_mps=np.zeros(n),
            up_mps=np.zeros(n),
            yaw_deg=np.zeros(n),
            battery=np.ones(n),
            flying=np.zeros(n, bool),
        )


@dataclass(kw_only=True)
class Commands:
    """What the autopilots want: arrays of shape (N,) that they write into.

    A vehicle follows the line from (from_lon, from_lat) to (to_lon, to_lat), holds `altitude_m`
    (AMSL) and may arrive with `end_mps`. `landing` overrides the altitude; `lift` takes a vehicle
    off the ground; `yaw_deg` is NaN for "where it flies".
    """

    from_lon: Floats
    from_lat: Floats
    to_lon: Floats
    to_lat: Floats
    altitude_m: Floats
    speed_mps: Floats
    end_mps: Floats
    yaw_deg: Floats
    landing: Bools
    lift: Bools

    @classmethod
    def idle(cls, state: State) -> "Commands":
        """Stay where you are."""
        n = len(state.lon)
        return cls(
            from_lon=state.lon.copy(),
            from_lat=state.lat.copy(),
            to_lon=state.lon.copy(),
            to_lat=state.lat.copy(),
            altitude_m=state.altitude_m.copy(),
            speed_mps=np.full(n, 10.0),
            end_mps=np.zeros(n),
            yaw_deg=np.full(n, np.nan),
            landing=np.zeros(n, bool),
            lift=np.zeros(n, bool),
        )


def step(
    state: State,
    commands: Commands,
    kinds: Kinds,
    *,
    dt_s: float,
    wind_east_mps: Floats,
    wind_north_mps: Floats,
    ground_m: Floats,
    docked: Bools,
) -> State:
    """The vehicles `dt_s` later.

    Args:
        wind_east_mps, wind_north_mps: where the air moves to, at each vehicle.
        ground_m: ground height AMSL below each vehicle.
        docked: whether each one is within `DOCK_RADIUS_M` of a dock.
    """
    flying = state.flying | commands.lift
    east, north = _horizontal(state, commands, kinds, dt_s, wind_east_mps, wind_north_mps)
    up = _vertical(state, commands, kinds, dt_s, ground_m)
    east, north, up = (np.where(flying, v, 0.0) for v in (east, north, up))
    per_east, per_north = metres_per_degree(state.lat)
    altitude = state.altitude_m + up * dt_s
    touched = flying & commands.landing & (altitude <= ground_m + 0.05)
    empty = flying & (state.battery <= 0.0) & (altitude <= ground_m + 0.05)
    on_ground = ~flying | touched | empty
    power = power_ratio(east - wind_east_mps, north - wind_north_mps, up, kinds)
    drain = np.where(flying, power * kinds.power_error / kinds.endurance_s, 0.0)
    charge = np.where(~flying & docked, 1.0 / kinds.recharge_s, 0.0)
    return State(
        lon=state.lon + east * dt_s / per_east,
        lat=state.lat + north * dt_s / per_north,
        altitude_m=np.where(on_ground, np.where(flying, ground_m, state.altitude_m), altitude),
        east_mps=np.where(on_ground, 0.0, east),
        north_mps=np.where(on_ground, 0.0, north),
        up_mps=np.where(on_ground, 0.0, up),
        yaw_deg=_yaw(state, commands, east, north, dt_s),
        battery=np.clip(state.battery + (charge - drain) * dt_s, 0.0, 1.0),
        flying=~on_ground,
    )


def power_ratio(air_east: Floats, air_north: Floats, up: Floats, kinds: Kinds) -> Floats:
    """Power over the power of level flight at cruise speed.

    The multirotor's curve has its shallow minimum at half the cruise speed and grows with the
    cube (parasite drag; Zeng, Xu, Zhang 2019, IEEE TWC 18(4), eq. 12, fitted loosely). A VTOL is
    carried by its wing above 60 % of the cruise speed and hangs on its rotors below.
    """
    x = np.hypot(air_east, air_north) / kinds.cruise_mps
    multirotor = 0.95 - 0.25 * x + 0.30 * x**3
    wing = 0.75 + 0.25 * x**3
    level = np.where(kinds.vtol, np.where(x > 0.6, wing, 1.6), multirotor)
    climb = 0.45 * np.clip(up / kinds.climb_mps, 0.0, 1.0)
    sink = 0.15 * np.clip(-up / kinds.descent_mps, 0.0, 1.0)
    return np.asarray(level + climb - sink)


def _horizontal(
    state: State, commands: Commands, kinds: Kinds, dt_s: float, wind_e: Floats, wind_n: Floats
) -> tuple[Floats, Floats]:
    """Velocity over ground after one step: along the leg, back to the line, within the power."""
    per_east, per_north = metres_per_degree(state.lat)
    dx = (commands.to_lon - state.lon) * per_east
    dy = (commands.to_lat - state.lat) * per_north
    lx = (commands.to_lon - commands.from_lon) * per_east
    ly = (commands.to_lat - commands.from_lat) * per_north
    length = np.hypot(lx, ly)
    distance = np.hypot(dx, dy)
    on_leg = (length > 1.0) & (distance > 3.0)
    scale = np.where(on_leg, length, np.maximum(distance, 1e-6))
    ux, uy = np.where(on_leg, lx, dx) / scale, np.where(on_leg, ly, dy) / scale
    along = dx * ux + dy * uy
    cross_x, cross_y = dx - along * ux, dy - along * uy
    reach = np.abs(along)
    speed = np.minimum(commands.speed_mps, _reachable(ux, uy, kinds, wind_e, wind_n))
    braking = np.sqrt(commands.end_mps**2 + 2 * 0.8 * ACCELERATION_MPS2 * reach)
    speed = np.minimum(np.minimum(speed, braking), commands.end_mps + 0.8 * reach)
    back = np.minimum(1.0, 4.0 / np.maximum(0.6 * np.hypot(cross_x, cross_y), 1e-6)) * 0.6
    want_e = np.sign(along) * speed * ux + back * cross_x
    want_n = np.sign(along) * speed * uy + back * cross_y
    change_e, change_n = want_e - state.east_mps, want_n - state.north_mps
    limit = np.minimum(
        1.0, ACCELERATION_MPS2 * dt_s / np.maximum(np.hypot(change_e, change_n), 1e-9)
    )
    return state.east_mps + change_e * limit, state.north_mps + change_n * limit


def _reachable(ux: Floats, uy: Floats, kinds: Kinds, wind_e: Floats, wind_n: Floats) -> Floats:
    """Ground speed along (ux, uy) at cruise airspeed (wind triangle), at least 1 m/s."""
    tail = wind_e * ux + wind_n * uy
    cross = wind_n * ux - wind_e * uy
    rest = np.maximum(kinds.cruise_mps**2 - cross**2, 0.0)
    return np.asarray(np.maximum(np.sqrt(rest) + tail, 1.0))


def _vertical(
    state: State, commands: Commands, kinds: Kinds, dt_s: float, ground_m: Floats
) -> Floats:
    """Vertical speed after one step, m/s upward."""
    height = state.altitude_m - ground_m
    sinking = np.where(height > LANDING_HEIGHT_M + 1, kinds.descent_mps, LANDING_SPEED_MPS)
    error = commands.altitude_m - state.altitude_m
    want = np.clip(1.2 * error, -kinds.descent_mps, kinds.climb_mps)
    want = np.where(commands.landing, -sinking, want)
    want = np.where(state.battery <= 0.0, -4.0, want)
    change = np.clip(
        want - state.up_mps, -VERTICAL_ACCELERATION_MPS2 * dt_s, VERTICAL_ACCELERATION_MPS2 * dt_s
    )
    return np.asarray(state.up_mps + change)


def _yaw(state: State, commands: Commands, east: Floats, north: Floats, dt_s: float) -> Floats:
    """Heading in degrees: toward the commanded yaw or the course, 60 degrees a second at most."""
    moving = np.hypot(east, north) > 1.0
    course = np.degrees(np.arctan2(east, north))
    want = np.where(np.isnan(commands.yaw_deg), np.where(moving, course, state.yaw_deg), 0.0)
    want = np.where(np.isnan(commands.yaw_deg), want, np.nan_to_num(commands.yaw_deg))
    turn = (want - state.yaw_deg + 180.0) % 360.0 - 180.0
    return np.asarray((state.yaw_deg + np.clip(turn, -60 * dt_s, 60 * dt_s)) % 360.0)
