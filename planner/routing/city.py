"""City instances: docks with one drone each, tasks with an entry and an exit, round no-fly discs.

The format and the rules are the city benchmark's: metres and seconds on a plane, whole numbers for
ways and times; a flight climbs at its beginning and lands at its end; after each the drone
recharges. `City` is a `Source`: any part of it is a model, so that ten thousand tasks need no table
of all ways.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.problem import PRIZE
from planner.routing.check import cost
from planner.routing.model import Floats, Model, Solution, Trip

DISC_REACH_M = 16_000.0
"""A leg goes round a disc only if both its ends are within this distance of the disc's centre: the
benchmark's rule."""

CityPlan = dict[str, list[list[Any]]]
"""By dock: ``[start_s, [task, ...]]`` for each flight."""


@dataclass(frozen=True, kw_only=True, eq=False)
class City:
    """D docks, T tasks, Z discs.

    Attributes:
        dock_xy: (D, 2) metres; sensors: (D,) bit mask of what the dock's drone carries.
        entry, exit: (T, 2) metres, where the work begins and ends.
        sensor: (T,) bit mask, any of which will do; priority: (T,) 1 to 5; work_s: (T,).
        window: (T, 2) when the work may begin; infinite where it does not matter.
        discs: (Z, 3) x, y, radius in metres.
        speed_mps, endurance_s, recharge_s, day_s, climb_s, land_s: the same for all drones.
    """

    dock_xy: Floats
    sensors: npt.NDArray[np.int64]
    entry: Floats
    exit: Floats
    sensor: npt.NDArray[np.int64]
    priority: npt.NDArray[np.int64]
    work_s: Floats
    window: Floats
    discs: Floats
    speed_mps: float
    endurance_s: float
    recharge_s: float
    day_s: float
    climb_s: float
    land_s: float

    @property
    def xy(self) -> Floats:
        """(T, 2) middle of each task."""
        return (self.entry + self.exit) / 2

    @property
    def vehicle_xy(self) -> Floats:
        """(D, 2)."""
        return self.dock_xy

    @property
    def prizes(self) -> Floats:
        """(T,) what leaving a task out costs, metres."""
        by_priority = np.array([0.0, *(PRIZE[p] for p in sorted(PRIZE))])
        return by_priority[self.priority]

    def model(self) -> Model:
        """All of it."""
        return self.part(range(len(self.dock_xy)), range(len(self.entry)))

    def part(self, vehicles: Sequence[int], groups: Sequence[int]) -> Model:
        """The model of some docks and tasks, numbered anew in the order given."""
        v, g = np.asarray(vehicles, int), np.asarray(groups, int)
        count, docks = len(g), self.dock_xy[v]
        out_m = self._metres(docks, self.entry[g])
        back_m = self._metres(self.exit[g], docks).T
        leg_m = self._metres(self.exit[g], self.entry[g])
        np.fill_diagonal(leg_m, 0.0)
        kinds, kind_of = np.unique(self.sensors[v], return_inverse=True)
        carries = (kinds[:, None] & self.sensor[g][None, :]) > 0
        own = np.arange(len(v), dtype=np.int32)
        same = np.ones(len(v))
        return Model(
            first=np.arange(count + 1, dtype=np.int32),
            prize=self.prizes[g],
            earliest=self.window[g, 0],
            latest=self.window[g, 1],
            release=np.zeros(count),
            load=np.zeros(count),
            work_s=np.where(carries, self.work_s[g][None, :], np.inf),
            work_m=np.zeros((len(kinds), count)),
            table_of=np.zeros(len(kinds), np.int32),
            leg_s=np.rint(leg_m / self.speed_mps).astype(np.float32)[None],
            leg_m=leg_m.astype(np.float32)[None],
            out_s=(np.rint(out_m / self.speed_mps) + self.climb_s).astype(np.float32),
            out_m=out_m.astype(np.float32),
            back_s=(np.rint(back_m / self.speed_mps) + self.land_s).astype(np.float32),
            back_m=back_m.astype(np.float32),
            kind_of=kind_of.reshape(-1).astype(np.int32),
            start_post=own,
            end_post=own,
            first_post=own,
            first_usable_s=self.endurance_s * same,
            usable_s=self.endurance_s * same,
            capacity=np.inf * same,
            free=0.0 * same,
            until=self.day_s * same,
            rest_s=self.recharge_s * same,
            rest_rate=0.0 * same,
            max_trips=np.full(len(v), max(count, 1), np.int32),
            trip_cost=0.0 * same,
            second_cost=0.0,
            stay=np.full(count, -1, np.int32),
            churn=np.zeros(count),
            xy=self.xy[g],
            vehicle_xy=docks,
        )

    def _metres(self, start: Floats, goal: Floats) -> Floats:
        """(A, B) whole metres of the ways, detours round the discs added up."""
        metres = np.hypot(
            start[:, None, 0] - goal[None, :, 0], start[:, None, 1] - goal[None, :, 1]
        )
        straight = metres.copy()
        for x, y, radius in self.discs:
            centre = np.array([x, y])
            rows = np.flatnonzero(np.hypot(*(start - centre).T) < DISC_REACH_M)
            columns = np.flatnonzero(np.hypot(*(goal - centre).T) < DISC_REACH_M)
            place = np.ix_(rows, columns)
            metres[place] += _detour_m(
                start[rows] - centre, goal[columns] - centre, straight[place], float(radius)
            )
        return np.rint(metres)

    def never(self, among: Sequence[int]) -> list[int]:
        """Those of the tasks that no drone could do even on an empty day: sensor, reach, time."""
        g = np.asarray(among, int)
        able = np.zeros(len(g), bool)
        for dock, sensors in zip(self.dock_xy, self.sensors, strict=True):
            way_in = self._metres(dock[None], self.entry[g])[0]
            way_home = self._metres(self.exit[g], dock[None])[:, 0]
            out_s = np.rint(way_in / self.speed_mps) + self.climb_s
            rest_s = self.work_s[g] + np.rint(way_home / self.speed_mps) + self.land_s
            begin = np.maximum(out_s, self.window[g, 0])
            able |= (
                ((sensors & self.sensor[g]) > 0)
                & (out_s + rest_s <= self.endurance_s)
                & (begin <= self.window[g, 1])
                & (begin + rest_s <= self.day_s)
            )
        return [int(k) for k in g[~able]]

    def metres(self, solution: Solution) -> float:
        """What a solution flies, each vehicle checked by itself.

        Raises:
            Infeasible: it breaks a rule of the model.
        """
        total = 0.0
        for v, own in enumerate(solution.trips):
            groups = [n for trip in own for n in trip.nodes]
            at = iter(range(len(groups)))
            day = tuple(Trip(trip.start, tuple(next(at) for _ in trip.nodes)) for trip in own)
            total += cost(self.part([v], groups), Solution((day,))).metres
        return total

    def plan(self, solution: Solution) -> CityPlan:
        """A solution of `model` in the benchmark's format."""
        return {
            str(dock): [[math.ceil(trip.start - 1e-6), list(trip.nodes)] for trip in trips]
            for dock, trips in enumerate(solution.trips)
            if trips
        }


def _detour_m(start: Floats, goal: Floats, straight: Floats, radius: float) -> Floats:
    """(A, B) metres more than straight, for ways that cross a disc round the origin.

    The shortest way round is two tangents and an arc between them. Ways that begin or end inside
    the disc are taken as straight.
    """
    a, b = np.hypot(*start.T)[:, None], np.hypot(*goal.T)[None, :]
    dot = start @ goal.T
    along = np.clip((a * a - dot) / np.maximum(straight**2, 1e-9), 0.0, 1.0)
    near2 = a * a + along * (2.0 * (dot - a * a) + along * straight**2)
    more = np.zeros_like(straight)
    i, j = np.nonzero((near2 < radius * radius) & (a > radius) & (b > radius))
    if not len(i):
        return more
    p, q = a[i, 0], b[0, j]
    angle = np.arccos(np.clip(dot[i, j] / (p * q), -1.0, 1.0))
    arc = np.maximum(angle - np.arccos(radius / p) - np.arccos(radius / q), 0.0)
    round_m = np.sqrt(p * p - radius**2) + np.sqrt(q * q - radius**2) + radius * arc
    more[i, j] = np.maximum(round_m - straight[i, j], 0.0)
    return more
