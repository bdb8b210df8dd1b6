"""What a mission flies, as arrays: every leg with its place, heights, speed and time.

Heights are resolved as ArduCopter does (facts: mission items): a leg is flown in the datum of the
item that ends it. To an item above ground the height above ground changes evenly along the leg; to
an item above the sea or above home the leg is a straight line. Take-off is straight up where it
stands, whatever place the item names. RETURN_TO_LAUNCH climbs to the return height and goes to the
nearest of home and rally points.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.energy import CALM, CLIMB_FACTOR, Wind, flights_s
from core.equipment import VehicleSpec
from core.geo import HeightModel, LocalFrame, LonLat

Floats = npt.NDArray[np.float64]

STEP_M = 5.0
"""Metres between two samples of the ground along a leg."""

BEYOND = 2
"""Samples of ground before and behind each leg."""


@dataclass(frozen=True, slots=True)
class Node:
    """A place where a leg ends.

    Attributes:
        seq: the item that leads there; 0 where it starts.
        z, datum: a height: "ground" (above the ground there), "home" or "sea".
        speed_mps: ground speed ordered on the way there; None for cruise speed.
        hold_s: how long it stays there.
    """

    seq: int
    place: LonLat
    z: float
    datum: str
    speed_mps: float | None = None
    hold_s: float = 0.0


@dataclass(frozen=True, eq=False)
class Profile:
    """The legs of a flight, between n + 1 nodes.

    Attributes:
        frame: in which `xy` are metres.
        seq: (n,) int, the item that ends each leg.
        xy: (n + 1, 2) metres.
        amsl_m: (n + 1,) heights of the nodes above the sea.
        ground_m: (n + 1,) ground below the nodes.
        follows: (n,) bool, whether the leg follows the ground.
        seconds: (n + 1,) of endurance until each node, what is done there included.
    """

    frame: LocalFrame
    seq: npt.NDArray[np.int_]
    xy: Floats
    amsl_m: Floats
    ground_m: Floats
    follows: npt.NDArray[np.bool_]
    seconds: Floats

    @property
    def lines(self) -> Any:
        """(n,) shapely lines in metres."""
        return shapely.linestrings(np.stack([self.xy[:-1], self.xy[1:]], axis=1))

    @property
    def highest_above_ground_m(self) -> float:
        """At the nodes."""
        return float((self.amsl_m - self.ground_m).max())


@dataclass(frozen=True, eq=False)
class Samples:
    """Points along the legs, at most `STEP_M` apart, ends included.

    Attributes:
        leg: (m,) int, index of the leg.
        xy: (m, 2) metres.
        amsl_m, ground_m: (m,) of path and ground.
        above_m: (m,) height above ground, less what the ground may rise unseen between samples.
        seconds: (m,) of endurance until there.
    """

    leg: npt.NDArray[np.int_]
    xy: Floats
    amsl_m: Floats
    ground_m: Floats
    above_m: Floats
    seconds: Floats


def profile(
    nodes: Sequence[Node],
    *,
    home: LonLat,
    heights: HeightModel,
    spec: VehicleSpec,
    wind: Wind = CALM,
) -> Profile:
    """Resolve heights and times of a flight through nodes; the first is where it starts."""
    frame = LocalFrame(home)
    lon = np.array([n.place.lon for n in nodes])
    lat = np.array([n.place.lat for n in nodes])
    xy = np.column_stack(frame.xy(lon, lat))
    ground = heights.height_m(lon, lat)
    base = {"sea": 0.0, "home": float(heights.height_m(home.lon, home.lat)), "ground": 0.0}
    z = np.array([n.z + base[n.datum] for n in nodes])
    on_ground = np.array([n.datum == "ground" for n in nodes])
    amsl = np.where(on_ground, z + ground, z)
    follows = on_ground[1:]
    return Profile(
        frame=frame,
        seq=np.array([n.seq for n in nodes[1:]]),
        xy=xy,
        amsl_m=amsl,
        ground_m=ground,
        follows=follows,
        seconds=_seconds(nodes, xy, amsl, ground, follows, spec, wind),
    )


def _seconds(
    nodes: Sequence[Node],
    xy: Floats,
    amsl: Floats,
    ground: Floats,
    follows: npt.NDArray[np.bool_],
    spec: VehicleSpec,
    wind: Wind,
) -> Floats:
    """Seconds of endurance until each node, by the rules of `core.energy`."""
    step = np.diff(xy, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    flown = flights_s(length, np.degrees(np.arctan2(step[:, 0], step[:, 1])), spec, wind)
    ordered = np.array([n.speed_mps or math.inf for n in nodes[1:]])
    flown = np.maximum(flown, length / ordered)
    above = amsl - ground
    rise = np.where(follows, np.diff(above), np.diff(amsl))
    straight = np.maximum(rise / spec.climb_mps, -rise / spec.descent_mps)
    flown = np.maximum(flown, np.where(follows & (length > 0.01), 0.0, straight))
    climb = np.maximum(0.0, rise) / spec.climb_mps * (CLIMB_FACTOR - 1)
    hold = np.array([n.hold_s for n in nodes[1:]])
    return np.concatenate([[0.0], np.cumsum(flown + climb + hold)])


def sampled(path: Profile, heights: HeightModel) -> Samples:
    """Sample the legs finely enough that nothing rises unseen between two samples.

    A grid of heights is nearly straight inside a cell and bends at its edges only. In a gap between
    two samples the ground leaves each of them with the slope that was measured in the gap before,
    or behind, and a line cuts at most one corner of a cell between. So nowhere in the gap is it
    higher than its higher end and the steepest step of the neighbouring gaps; that much is taken
    off. At a leg's ends the ground is measured beyond them for it. Cells of height models are 30 m
    and more, `STEP_M` is 5. Where the autopilot follows the ground there is nothing to overlook.
    """
    step = np.diff(path.xy, axis=0)
    count = np.maximum(1, np.ceil(np.hypot(step[:, 0], step[:, 1]) / STEP_M)).astype(int) + 1
    wide = count + 2 * BEYOND
    leg = np.repeat(np.arange(len(wide)), wide)
    first = np.concatenate([[0], np.cumsum(wide)[:-1]])
    number = np.arange(len(leg)) - first[leg] - BEYOND
    share = number / (count[leg] - 1)
    xy = path.xy[leg] + share[:, None] * step[leg]
    ground = heights.height_m(*path.frame.lonlat(xy[:, 0], xy[:, 1]))
    hidden = np.where(path.follows[leg], 0.0, unseen_m(ground, leg))
    on_leg = (number >= 0) & (number < count[leg])
    leg, share, xy, ground, hidden = (v[on_leg] for v in (leg, share, xy, ground, hidden))
    amsl = _mixed(path.amsl_m, leg, share)
    followed = ground + _mixed(path.amsl_m - path.ground_m, leg, share)
    amsl = np.where(path.follows[leg], followed, amsl)
    return Samples(
        leg=leg,
        xy=xy,
        amsl_m=amsl,
        ground_m=ground,
        above_m=amsl - ground - hidden,
        seconds=_mixed(path.seconds, leg, share),
    )


def unseen_m(ground: Floats, leg: npt.NDArray[np.int_]) -> Floats:
    """How far the ground may rise beside each sample before the next: the steepest step nearby (two
    gaps to either side) on the same leg."""
    step = np.abs(np.diff(ground))
    step[leg[1:] != leg[:-1]] = 0.0
    padded = np.concatenate([[0.0, 0.0], step, [0.0, 0.0]])
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 4).max(axis=1))


def _mixed(at_nodes: Floats, leg: npt.NDArray[np.int_], share: Floats) -> Floats:
    return at_nodes[leg] * (1 - share) + at_nodes[leg + 1] * share
