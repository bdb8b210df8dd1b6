"""Where along its route a vehicle was: a flown track matched to the route in order.

Progress only moves forward, and only as fast as a vehicle flies, so that a vehicle on one survey
line is never compared with the next line beside it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from core.geo import Floats, LocalFrame, LonLat
from core.route import Route

REACH_M = 30.0
"""... and so far more: position error and corners that are cut."""

PAD_M = 30.0
"""So near to where it starts and lands a vehicle climbs and sinks upright: no height is planned."""


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a vehicle was: altitude above mean sea level (EGM96)."""

    at: datetime
    position: LonLat
    altitude_m: float


class FlownPath:
    """A route as a polyline in metres, from where it starts to where it lands.

    Attributes:
        xy: (n, 2) metres east and north of the route's first waypoint.
        marks_m: how far along each corner is.
        first_m, last_m: ... and the first and the last waypoint.
    """

    def __init__(self, route: Route, home: LonLat, landing: LonLat) -> None:
        points = [home, *(w.position for w in route.waypoints), landing]
        self._frame = LocalFrame(route.entry)
        self.route = route
        self.xy = np.array([self._frame.point_xy(p) for p in points])
        self._steps = np.diff(self.xy, axis=0)
        self._lengths = np.hypot(self._steps[:, 0], self._steps[:, 1])
        self.marks_m = np.concatenate([[0.0], np.cumsum(self._lengths)])
        self.first_m, self.last_m = float(self.marks_m[1]), float(self.marks_m[-2])

    def match(self, track: Sequence[Fix], fastest_mps: float) -> tuple[Floats, Floats]:
        """For each fix how far along the path it is, and how far beside it, in metres."""
        along, beside = np.empty(len(track)), np.empty(len(track))
        at_m, since = 0.0, track[0].at
        for k, (fix, place) in enumerate(zip(track, self._places(track), strict=True)):
            reach_m = fastest_mps * (fix.at - since).total_seconds() + REACH_M
            reached, beside[k] = self._nearest(place, at_m, reach_m)
            if reached > at_m:
                at_m, since = reached, fix.at
            along[k] = at_m
        return along, beside

    def share(self, reached_m: float) -> float:
        """How much of the route is flown once a place is reached, 0..1."""
        length_m = max(self.last_m - self.first_m, 1e-9)
        return min(1.0, max(0.0, (reached_m - self.first_m) / length_m))

    def away(self, track: Sequence[Fix]) -> npt.NDArray[np.bool_]:
        """Which fixes are farther than `PAD_M` from start and landing."""
        gaps = self._places(track)[:, None] - self.xy[[0, -1]]
        return np.asarray(np.hypot(gaps[..., 0], gaps[..., 1]).min(axis=1) > PAD_M)

    def _places(self, track: Sequence[Fix]) -> Floats:
        return np.array([self._frame.point_xy(fix.position) for fix in track])

    def _nearest(self, place: Floats, from_m: float, reach_m: float) -> tuple[float, float]:
        """The nearest place of the stretch that can have been reached; behind counts as here."""
        last = len(self._lengths) - 1
        low = min(last, bisect_right(self.marks_m, from_m) - 1)
        high = min(last, bisect_right(self.marks_m, from_m + reach_m) - 1)
        legs = slice(low, high + 1)
        steps, lengths = self._steps[legs], np.maximum(self._lengths[legs], 1e-9)
        to = place - self.xy[legs]
        forward = np.clip((to * steps).sum(axis=1) / lengths, 0.0, self._lengths[legs])
        gaps = np.hypot(*(to - steps * (forward / lengths)[:, None]).T)
        reached = self.marks_m[legs] + forward
        gaps[reached > from_m + reach_m] += reach_m
        best = int(np.argmin(gaps))
        return float(reached[best]), float(np.min(gaps))

    def heights(self, along_m: Floats) -> tuple[Floats, Floats]:
        """Planned height at places of the route, and whether it is above ground (1) or sea (0)."""
        waypoints = self.route.waypoints
        legs = np.clip(np.searchsorted(self.marks_m, along_m, "right") - 2, 0, len(waypoints) - 1)
        onward = np.minimum(legs + 1, len(waypoints) - 1)
        lengths = np.maximum(self.marks_m[onward + 1] - self.marks_m[legs + 1], 1e-9)
        share = np.clip((along_m - self.marks_m[legs + 1]) / lengths, 0.0, 1.0)
        above = np.array([w.height_m for w in waypoints])
        sea = np.array([np.nan if w.amsl_m is None else w.amsl_m for w in waypoints])
        fixed = sea[legs] + (sea[onward] - sea[legs]) * share
        over = above[legs] + (above[onward] - above[legs]) * share
        return np.where(np.isnan(fixed), over, fixed), np.isnan(fixed).astype(float)
