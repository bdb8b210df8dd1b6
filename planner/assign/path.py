"""The path of one flight: transfers round what is closed, the tasks' routes as they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.energy import Wind
from core.equipment import VehicleSpec
from core.geo import LonLat
from core.route import Route, Waypoint
from planner.assign.air import Air, Flags
from planner.assign.kinds import TRANSFER_M, Floats
from planner.routes.effort import routes_s


@dataclass(frozen=True, kw_only=True, eq=False)
class Path:
    """From a place over the pieces to a place.

    Transfers fly at the height of the piece that they lead to or come from, the greater of two,
    and not below `TRANSFER_M`.

    Attributes:
        met: (B,) the barriers of the begin, of each piece and of the end.
    """

    begin: LonLat
    end: LonLat
    pieces: tuple[Route, ...]
    met: tuple[Flags, ...]
    air: Air

    @cached_property
    def levels(self) -> list[float]:
        """Height of transfers to and from each piece, metres above ground."""
        return [
            max(TRANSFER_M, p.waypoints[0].height_m, p.waypoints[-1].height_m) for p in self.pieces
        ]

    @cached_property
    def _transfers(self) -> list[list[Waypoint]]:
        """The transfer to each piece and, last, from the last one; its ends are not in it."""
        places = [self.begin]
        for piece in self.pieces:
            places += [piece.entry, piece.exit]
        places.append(self.end)
        heights = [self.levels[0], *map(max, self.levels, self.levels[1:]), self.levels[-1]]
        return [
            self._transfer(places[2 * k], places[2 * k + 1], self.met[k] | self.met[k + 1], height)
            for k, height in enumerate(heights)
        ]

    def _transfer(self, a: LonLat, b: LonLat, met: Flags, height_m: float) -> list[Waypoint]:
        """A corner for each turn round what is closed.

        Raises:
            ValueError: there is no way.
        """
        frame = self.air.always.frame
        xy = np.column_stack(frame.xy([a.lon, b.lon], [a.lat, b.lat]))
        corners = self.air.path(xy[0], xy[1], met)
        if corners is None:
            raise ValueError(f"no way round the zones from {a} to {b}")
        lon, lat = frame.lonlat(corners[:, 0], corners[:, 1])
        return [
            Waypoint(position=LonLat(float(x), float(y)), height_m=height_m)
            for x, y in zip(lon, lat, strict=True)
        ]

    def route(self, waits: Sequence[float]) -> Route:
        """The whole path.

        Args:
            waits: seconds to wait in the air before each piece, where the one before ends; the
                first is left out, since the flight can start later.
        """
        levels = self.levels
        points = [Waypoint(position=self.begin, height_m=levels[0]), *self._transfers[0]]
        for k, piece in enumerate(self.pieces):
            # what is said of the leg that starts at its end is not said of the transfer
            leave = replace(piece.waypoints[-1], photo_spacing_m=0.0, speed_mps=None)
            points += [*piece.waypoints[:-1], leave]
            last = k + 1 == len(self.pieces)
            level = levels[k] if last else max(levels[k], levels[k + 1])
            wait = 0.0 if last else waits[k + 1]
            if level - piece.waypoints[-1].height_m > 0.1 or wait:  # first up, then across
                points.append(Waypoint(position=piece.exit, height_m=level, hold_s=wait))
            points += self._transfers[k + 1]
        points.append(Waypoint(position=self.end, height_m=levels[-1]))
        return Route(tuple(points))

    def reached_s(self, spec: VehicleSpec, wind: Wind) -> Floats:
        """(pieces,) seconds from the path's first waypoint to the first of each piece, without
        any wait."""
        points = self.route([0.0] * len(self.pieces)).waypoints
        ends = self._begins()
        parts = [Route(points[a : b + 1]) for a, b in zip([0, *ends], ends, strict=False)]
        held = [points[at].hold_s for at in ends]  # before the work at it, not before reaching it
        return np.asarray(np.cumsum(routes_s(parts, spec, wind)[1] - held))

    def _begins(self) -> list[int]:
        """Where each piece's first waypoint stands in the route without waits."""
        found, at = [], 1 + len(self._transfers[0])
        for k, piece in enumerate(self.pieces):
            found.append(at)
            if k + 1 < len(self.pieces):
                level = max(self.levels[k], self.levels[k + 1])
                up = level - piece.waypoints[-1].height_m > 0.1
                at += len(piece.waypoints) + up + len(self._transfers[k + 1])
        return found
