"""How vehicles move: guidance along a leg, then what rotors or a wing make of it in the wind.

Multirotors: thrust leans at most so far (`LEAN_DEG`), drag grows with airspeed squared; head wind
therefore costs power first and speed only when no more lean is left. The planner instead takes the
cruise speed as the airspeed always. Wings: they cannot stop, turn by banking (radius v^2 / g tan),
and slow down for corners no farther than 1.2 times the stall speed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.models.power import G_MPS2

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ACCELERATION_MPS2 = 2.5
"""Horizontal acceleration; ArduCopter's default WPNAV_ACCEL."""
LEAN_DEG = 30.0
"""ArduCopter's default ANGLE_MAX."""
BANK_DEG = 42.0
"""ArduPlane's default ROLL_LIMIT_DEG is 45; what is left keeps the height."""
LEAN_PUSH, BANK_PUSH = float(np.tan(np.radians(LEAN_DEG))), float(np.tan(np.radians(BANK_DEG)))
WING_ACCELERATION_MPS2 = 1.5
STALL, SLOWEST = 0.55, 1.2
"""Stall speed over cruise speed; no wing is flown slower than 1.2 stall speeds."""
FASTEST = 1.15
"""Highest airspeed of a wing over cruise speed."""
CAPTURE_S = 1.6
"""A wing steers at the line so many seconds of flight ahead."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where guidance wants to go now: arrays of shape (N,), metres and m/s.

    Attributes:
        east_mps, north_mps: velocity wanted over the ground.
        course_e, course_n: unit vector of the course that a wing steers.
        reach_m: metres left along the leg (0 past its end).
        speed_mps: speed wanted along the leg.
    """

    east_mps: Floats
    north_mps: Floats
    course_e: Floats
    course_n: Floats
    reach_m: Floats
    speed_mps: Floats


def guide(
    leg_e: Floats, leg_n: Floats, left_e: Floats, left_n: Floats, speed: Floats, end: Floats
) -> Way:
    """Along the line from start to goal and back to it where the vehicle is beside it.

    Args:
        leg_e, leg_n: from start to goal, metres.
        left_e, left_n: from where the vehicle believes it is to the goal, metres.
        speed, end: wanted on the leg and at its end, m/s.
    """
    length, distance = np.hypot(leg_e, leg_n), np.hypot(left_e, left_n)
    on_leg = (length > 1.0) & (distance > 3.0)
    scale = np.where(on_leg, length, np.maximum(distance, 1e-6))
    ux, uy = np.where(on_leg, leg_e, left_e) / scale, np.where(on_leg, leg_n, left_n) / scale
    along = left_e * ux + left_n * uy
    cross_e, cross_n = left_e - along * ux, left_n - along * uy
    cross = np.hypot(cross_e, cross_n)
    reach = np.abs(along)
    braking = np.sqrt(end**2 + 2 * 0.8 * ACCELERATION_MPS2 * reach)
    pace = np.minimum(np.minimum(speed, braking), end + 0.8 * reach)
    back = np.minimum(1.0, 4.0 / np.maximum(0.6 * cross, 1e-6)) * 0.6
    sign = np.where(along < 0, -1.0, 1.0)
    ahead = np.maximum(25.0, CAPTURE_S * np.maximum(speed, 1.0))
    aim_e, aim_n = sign * ux * ahead + cross_e, sign * uy * ahead + cross_n
    norm = np.maximum(np.hypot(aim_e, aim_n), 1e-9)
    return Way(
        east_mps=sign * pace * ux + back * cross_e,
        north_mps=sign * pace * uy + back * cross_n,
        course_e=aim_e / norm,
        course_n=aim_n / norm,
        reach_m=np.where(along > 0, reach, 0.0),
        speed_mps=pace,
    )


def rotor(
    east: Floats,
    north: Floats,
    way: Way,
    *,
    wind: tuple[Floats, Floats],
    mean_wind: tuple[Floats, Floats],
    drag_per_m: Floats,
    push: Floats,
    dt_s: float,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Velocity over ground after one step, and the rotors' horizontal push in m/s2.

    The controller leans against the drag of the mean wind; gusts it feels only by their effect.

    Args:
        push: most horizontal thrust that leaning gives, m/s2.
    """
    ask_e, ask_n = (way.east_mps - east) / dt_s, (way.north_mps - north) / dt_s
    ask = np.maximum(np.hypot(ask_e, ask_n), 1e-9)
    keep = np.minimum(1.0, ACCELERATION_MPS2 / ask)
    known_e, known_n = _drag(east, north, mean_wind, drag_per_m)
    push_e, push_n = ask_e * keep - known_e, ask_n * keep - known_n
    cut = np.minimum(1.0, push / np.maximum(np.hypot(push_e, push_n), 1e-9))
    push_e, push_n = push_e * cut, push_n * cut
    real_e, real_n = _drag(east, north, wind, drag_per_m)
    return east + (push_e + real_e) * dt_s, north + (push_n + real_n) * dt_s, push_e, push_n


def _drag(
    east: Floats, north: Floats, wind: tuple[Floats, Floats], drag_per_m: Floats
) -> tuple[Floats, Floats]:
    """Acceleration by the air, m/s2."""
    air_e, air_n = east - wind[0], north - wind[1]
    size = drag_per_m * np.hypot(air_e, air_n)
    return -size * air_e, -size * air_n


def wing(
    east: Floats,
    north: Floats,
    way: Way,
    *,
    wind: tuple[Floats, Floats],
    cruise_mps: Floats,
    dt_s: float,
) -> tuple[Floats, Floats, Floats]:
    """Velocity over ground after one step on the wing, and the bank in degrees."""
    air_e, air_n = east - wind[0], north - wind[1]
    v = np.maximum(np.hypot(air_e, air_n), 0.5 * STALL * cruise_mps)
    heading = np.arctan2(air_e, air_n)
    wanted = _heading(way, v, wind)
    turn = (wanted - heading + np.pi) % (2 * np.pi) - np.pi
    most = G_MPS2 * BANK_PUSH / v
    rate = np.clip(turn / np.maximum(dt_s, 0.5), -most, most)
    slowest = SLOWEST * STALL * cruise_mps
    target = np.clip(way.speed_mps, slowest, FASTEST * cruise_mps)
    most_v = WING_ACCELERATION_MPS2 * dt_s
    v = v + np.clip(target - v, -most_v, most_v)
    heading = heading + rate * dt_s
    bank = np.degrees(np.arctan(rate * v / G_MPS2))
    return v * np.sin(heading) + wind[0], v * np.cos(heading) + wind[1], bank


def _heading(way: Way, v: Floats, wind: tuple[Floats, Floats]) -> Floats:
    """Heading whose track is the wanted course (wind triangle), radians."""
    course = np.arctan2(way.course_e, way.course_n)
    cross = wind[0] * np.cos(course) - wind[1] * np.sin(course)
    return np.asarray(course - np.arcsin(np.clip(cross / v, -0.9, 0.9)))


def wants_wing(
    way: Way, *, speed_mps: Floats, end_mps: Floats, height_m: Floats, cruise_mps: Floats
) -> Bools:
    """Whether a leg is worth a wing: high and long enough to speed up on it and to stop again.

    A leg that ends in flight (`end_mps` near the cruise speed) is flown on the wing to its end.
    """
    stop = 1.2 * speed_mps**2 / (2 * 0.8 * ACCELERATION_MPS2) + 20.0
    through = end_mps >= 0.3 * cruise_mps
    start = 6.0 * cruise_mps
    longer = np.where(speed_mps > STALL * cruise_mps, stop, start)
    return np.asarray((height_m > 15.0) & ((way.reach_m > longer) | (through & (speed_mps > 5.0))))
