"""The vehicles' bodies: `step` takes all of them one step further, pure, arrays in and arrays out.

It reads as a recipe: guide, fly on rotors or on a wing, climb or sink, touch down, draw power from
the pack or charge it. The models are in `sim.models`; they differ from the planner's on purpose.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sim.earth import metres_per_degree
from sim.energy import Moved, spent
from sim.kinds import Kinds
from sim.models import battery, motion, power
from sim.state import Air, Commands, Hurt, State

__all__ = ["DOCK_RADIUS_M", "Commands", "Hurt", "Kinds", "State", "step"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

VERTICAL_ACCELERATION_MPS2 = 2.0
LANDING_SPEED_MPS = 0.5
"""The last 10 m of a landing, as ArduPilot flies them."""
LANDING_HEIGHT_M = 10.0
DOCK_RADIUS_M = 15.0
"""So near a dock a landed vehicle stands in it and is charged."""
FALL_MPS = 9.0
"""A vehicle without power comes down so fast."""
HARD_MPS, HARD_SIDEWAYS_MPS, BURIED_M = 3.5, 5.0, 1.0
"""A touch-down faster than this, or ground met so deep, breaks it."""
HOVER_SHARE = 0.55
"""Share of the most thrust that hovering takes; with less than this left it sinks."""


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
    mean_wind: tuple[Floats, Floats] | None = None,
    celsius: npt.ArrayLike = 15.0,
    rain_mmph: npt.ArrayLike = 0.0,
    hurt: Hurt | None = None,
) -> State:
    """The vehicles `dt_s` later.

    Args:
        wind_east_mps, wind_north_mps: where the air moves to, at each vehicle, gusts included.
        ground_m: ground height AMSL below each vehicle.
        docked: whether each one stands in a dock whose charger works.
        mean_wind: the same without gusts, as the controllers know it; None: there are none.
        celsius, rain_mmph: of the air, one for all or one for each.
        hurt: what is wrong with them; None for nothing.
    """
    hurt = hurt or Hurt.none(len(state.lon))
    mean = mean_wind or (wind_east_mps, wind_north_mps)
    air = Air(
        east_mps=wind_east_mps,
        north_mps=wind_north_mps,
        mean_east_mps=mean[0],
        mean_north_mps=mean[1],
        celsius=celsius,
        rain_mmph=rain_mmph,
    )
    flying = (state.flying | commands.lift) & ~state.crashed
    dead = flying & _powerless(state, hurt)
    moved = _move(state, commands, kinds, air, hurt, ground_m, flying & ~dead, dt_s)
    up = _vertical(state, commands, kinds, ground_m, hurt, dead, dt_s)
    east, north, up = (np.where(flying, v, 0.0) for v in (moved.east, moved.north, up))
    per_east, per_north = metres_per_degree(state.lat)
    altitude = state.altitude_m + up * dt_s
    touched, broken = _ground(altitude - ground_m, east, north, up, flying, commands.landing | dead)
    on_ground = ~flying | touched
    after = replace(
        state,
        lon=state.lon + east * dt_s / per_east,
        lat=state.lat + north * dt_s / per_north,
        altitude_m=np.where(on_ground, np.where(flying, ground_m, state.altitude_m), altitude),
        east_mps=np.where(on_ground, 0.0, east),
        north_mps=np.where(on_ground, 0.0, north),
        up_mps=np.where(on_ground, 0.0, up),
        yaw_deg=_yaw(state, commands, east, north, moved.wing, dt_s),
        flying=~on_ground,
        crashed=state.crashed | broken,
        wing=moved.wing & ~on_ground,
        roll_deg=np.where(on_ground, 0.0, moved.roll_deg),
        pitch_deg=np.where(on_ground, 0.0, moved.pitch_deg),
        airspeed_mps=np.where(on_ground, 0.0, np.hypot(east - air.east_mps, north - air.north_mps)),
    )
    return spent(after, kinds, air, hurt, moved, up, flying & ~dead, docked, dt_s)


def _ground(
    height_m: Floats, east: Floats, north: Floats, up: Floats, flying: Bools, landing: Bools
) -> tuple[Bools, Bools]:
    """Who touches the ground now, and whom that breaks."""
    buried = flying & (height_m < -BURIED_M)
    down = flying & (height_m <= 0.05) & (landing | (up < -0.5))
    hard = (up < -HARD_MPS) | (np.hypot(east, north) > HARD_SIDEWAYS_MPS)
    return down | buried, buried | (down & hard)


def _powerless(state: State, hurt: Hurt) -> Bools:
    """Empty, with a cell broken down, or with too little thrust left to control it."""
    broken = state.cells_v.min(axis=1) < battery.DEAD_CELL_V
    return np.asarray((state.battery <= 0.0) | broken | (hurt.thrust_lost > 0.8))


def _move(
    state: State,
    commands: Commands,
    kinds: Kinds,
    air: Air,
    hurt: Hurt,
    ground_m: Floats,
    powered: Bools,
    dt_s: float,
) -> Moved:
    """Velocity over ground after one step, by rotors or by the wing; without power it drifts."""
    way, end = _way(state, commands, hurt)
    wants = kinds.vtol & ~commands.landing & powered & ~hurt.blocked
    speed = np.hypot(state.east_mps, state.north_mps)
    if kinds.vtol.any():
        worth = motion.wants_wing(
            way,
            speed_mps=speed,
            end_mps=end,
            height_m=state.altitude_m - ground_m,
            cruise_mps=kinds.cruise_mps,
        )
        wants &= np.where(np.isnan(commands.wing), worth, commands.wing > 0.5)
    else:
        wants &= False
    stall = motion.STALL * kinds.cruise_mps
    winged = wants & (state.wing | (state.airspeed_mps >= motion.SLOWEST * stall))
    wind, mean = (air.east_mps, air.north_mps), (air.mean_east_mps, air.mean_north_mps)
    spare = np.clip(1.0 - hurt.thrust_lost / (1 - HOVER_SHARE), 0.05, 1.0)
    east, north, push_e, push_n = motion.rotor(
        state.east_mps,
        state.north_mps,
        way,
        wind=wind,
        mean_wind=mean,
        drag_per_m=kinds.drag_per_m,
        push=np.where(powered, motion.LEAN_PUSH * power.G_MPS2 * spare, 0.0),
        dt_s=dt_s,
    )
    heading = np.radians(state.yaw_deg)
    sin, cos = np.sin(heading), np.cos(heading)
    forward, right = push_e * sin + push_n * cos, push_e * cos - push_n * sin
    roll = np.degrees(np.arctan2(right, power.G_MPS2))
    pitch = -np.degrees(np.arctan2(forward, power.G_MPS2))
    push_g = np.hypot(push_e, push_n) / power.G_MPS2
    if winged.any():
        wing_e, wing_n, bank = motion.wing(
            state.east_mps,
            state.north_mps,
            way,
            wind=wind,
            cruise_mps=kinds.cruise_mps,
            dt_s=dt_s,
        )
        east, north = np.where(winged, wing_e, east), np.where(winged, wing_n, north)
        roll, pitch = np.where(winged, bank, roll), np.where(winged, 2.0, pitch)
    return Moved(east, north, winged, push_g, roll, pitch)


def _way(state: State, commands: Commands, hurt: Hurt) -> tuple[motion.Way, Floats]:
    """Guidance from where each one believes to be; a wrong compass turns what it wants."""
    per_east, per_north = metres_per_degree(state.lat)
    left_e = (commands.to_lon - state.lon) * per_east - hurt.fix_east_m
    left_n = (commands.to_lat - state.lat) * per_north - hurt.fix_north_m
    leg_e = (commands.to_lon - commands.from_lon) * per_east
    leg_n = (commands.to_lat - commands.from_lat) * per_north
    speed = np.where(hurt.blocked, 0.0, commands.speed_mps)
    end = np.where(hurt.blocked, 0.0, commands.end_mps)
    way = motion.guide(leg_e, leg_n, left_e, left_n, speed, end)
    if hurt.blocked.any():
        way = replace(
            way,
            east_mps=np.where(hurt.blocked, 0.0, way.east_mps),
            north_mps=np.where(hurt.blocked, 0.0, way.north_mps),
        )
    if hurt.compass_deg.any():
        way = _turned(way, np.radians(hurt.compass_deg))
    return way, end


def _turned(way: motion.Way, by: Floats) -> motion.Way:
    sin, cos = np.sin(by), np.cos(by)
    return replace(
        way,
        east_mps=way.east_mps * cos + way.north_mps * sin,
        north_mps=way.north_mps * cos - way.east_mps * sin,
        course_e=way.course_e * cos + way.course_n * sin,
        course_n=way.course_n * cos - way.course_e * sin,
    )


def _vertical(
    state: State,
    commands: Commands,
    kinds: Kinds,
    ground_m: Floats,
    hurt: Hurt,
    dead: Bools,
    dt_s: float,
) -> Floats:
    """Vertical speed after one step, m/s upward."""
    height = state.altitude_m - ground_m
    sinking = np.where(height > LANDING_HEIGHT_M + 1, kinds.descent_mps, LANDING_SPEED_MPS)
    error = commands.altitude_m - state.altitude_m
    spare = 1.0 - hurt.thrust_lost / (1 - HOVER_SHARE)
    climb = np.where(spare > 0, kinds.climb_mps * spare, FALL_MPS * spare)
    want = np.clip(1.2 * error, -kinds.descent_mps, climb)
    want = np.where(commands.landing, np.minimum(-sinking, climb), want)
    want = np.where(dead, -FALL_MPS, want)
    limit = np.where(dead, power.G_MPS2, VERTICAL_ACCELERATION_MPS2) * dt_s
    return np.asarray(state.up_mps + np.clip(want - state.up_mps, -limit, limit))


def _yaw(
    state: State, commands: Commands, east: Floats, north: Floats, wing: Bools, dt_s: float
) -> Floats:
    """Heading in degrees: toward the commanded yaw or the course, 60 degrees a second at most."""
    moving = np.hypot(east, north) > 1.0
    course = np.degrees(np.arctan2(east, north))
    free = np.isnan(commands.yaw_deg) | wing
    want = np.where(free, np.where(moving, course, state.yaw_deg), np.nan_to_num(commands.yaw_deg))
    turn = (want - state.yaw_deg + 180.0) % 360.0 - 180.0
    return np.asarray((state.yaw_deg + np.clip(turn, -60 * dt_s, 60 * dt_s)) % 360.0)
