"""Where flights begin and end: ways between docks and tasks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from core.energy import Wind
from core.geo import LonLat
from planner.assign.air import Air, Flags
from planner.assign.kinds import Floats, Index, Kind

PAD_S = 2.0
"""Kept free in every flight and window: plane and ellipsoid differ by 0.4 s on a long flight."""
MANY_DOCKS, NEAREST_DOCKS = 60, 24
"""Where a kind has more docks than the first, only so many of the nearest may fly a task: a drone
for long ranges would reach every task of ten cities."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place at which flights of one kind of vehicle begin or end.

    Attributes:
        kind: index. aloft: flights begin there in the air, at the height of their way.
        one_way: flights that begin there end elsewhere, or the other way round.
    """

    position: LonLat
    kind: int
    aloft: bool = False
    one_way: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Post:
    """The ways between a place and the n tasks within reach.

    Attributes:
        place: see `Place`. xy: (2,) metres. met: (B,) the barriers that it lies in.
        tasks: (n,).
        out_s, out_m: (n, 2) to the begin of each direction, take-off and climb included.
        back_s, back_m: (n, 2) from the end of each direction, descent and landing included.
    """

    place: Place
    xy: Floats
    met: Flags
    tasks: Index
    out_s: Floats
    out_m: Floats
    back_s: Floats
    back_m: Floats


def posts(
    places: Sequence[Place], kinds: Sequence[Kind], air: Air, met: Flags, wind: Wind
) -> tuple[Post, ...]:
    """The posts, in the order of the places.

    Args:
        met: (T, B) the barriers that each task meets.
    """
    if not places:
        return ()
    at = [p.position for p in places]
    xy = np.column_stack(air.always.frame.xy([p.lon for p in at], [p.lat for p in at]))
    lies = air.touched(shapely.points(xy))
    found: list[Post | None] = [None] * len(places)
    for k, kind in enumerate(kinds):
        own = [p for p, place in enumerate(places) if place.kind == k]
        for p, post in zip(own, _of_kind(own, places, xy, lies, kind, air, met, wind), strict=True):
            found[p] = post
    return tuple(p for p in found if p is not None)


def _of_kind(
    own: Sequence[int],
    places: Sequence[Place],
    xy: Floats,
    lies: Flags,
    kind: Kind,
    air: Air,
    met: Flags,
    wind: Wind,
) -> list[Post]:
    """All of one kind at once: legs are cheap by the thousand."""
    spec = kind.spec
    begin = kind.begin.reshape(-1, 2, 2)
    p, t = _near(own, places, xy, kind, spec.usable_s * (spec.cruise_mps + wind.speed_mps))
    post = np.asarray(own, np.intp)[p]
    out_m, out_s, back_m, back_s = (np.empty((len(p), 2)) for _ in range(4))
    both = met[t] | lies[post]
    for d in (0, 1):
        out_m[:, d], out_s[:, d] = air.ways(xy[post], begin[t, d], both, spec, wind)
        # direction 1 - d ends where direction d begins
        back_m[:, 1 - d], back_s[:, 1 - d] = (
            (out_m[:, d], out_s[:, d])
            if wind.speed_mps == 0
            else air.ways(begin[t, d], xy[post], both, spec, wind)
        )
    found = []
    for k, index in enumerate(own):
        some = slice(*np.searchsorted(p, (k, k + 1)))
        tasks = t[some]
        up = 0.0 if places[index].aloft else kind.up_s[tasks, None]
        found.append(
            Post(
                place=places[index],
                xy=xy[index],
                met=lies[index],
                tasks=tasks,
                out_s=out_s[some] + up + PAD_S,
                out_m=out_m[some],
                back_s=back_s[some] + kind.down_s[tasks, None],
                back_m=back_m[some],
            )
        )
    return found


def _near(
    own: Sequence[int], places: Sequence[Place], xy: Floats, kind: Kind, reach_m: float
) -> tuple[Index, Index]:
    """Index in `own` and task of all pairs within reach: half of it where one flies back; in a
    large city only a task's nearest docks."""
    if not own:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    begin = kind.begin.reshape(-1, 2, 2)
    away = np.stack([np.hypot(*(begin - xy[p]).T).min(axis=0) for p in own])
    reach = np.array([reach_m if places[p].one_way else reach_m / 2 for p in own])
    use = (away < reach[:, None]) & np.isfinite(kind.work_m)
    if len(own) > MANY_DOCKS:
        use &= away <= np.partition(away, NEAREST_DOCKS, axis=0)[NEAREST_DOCKS]
    index, tasks = np.nonzero(use)
    return index, tasks
