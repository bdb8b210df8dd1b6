"""The day as arrays, and any part of it as a model for `planner.routing`.

Times are seconds since the start of the day. Ways are kept for near pairs only, so that a day of
ten thousand tasks fits into memory; `Day.part` makes the dense tables of the few that it is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from planner.assign.air import Air, Flags, air
from planner.assign.drones import Drone, drones
from planner.assign.kinds import TRANSFER_M, Floats, Index, Kind, kind, outlines
from planner.assign.near import Near, near
from planner.assign.nodes import Nodes, nodes
from planner.assign.posts import PAD_S, Place, Post, posts
from planner.assign.tables import part
from planner.assign.warm import stay
from planner.problem import Problem
from planner.routes.airspace import Airspace
from planner.routing.model import Model, Solution

__all__ = ["PAD_S", "TRANSFER_M", "Day", "read"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Day:
    """A problem in arrays; also a `planner.routing.Source`.

    A group is a task that some drone can fly by itself, a vehicle is a `Drone`.

    Attributes:
        met: (T, B) the barriers that each task meets.
        post_of: index of each place's post.
        near: which drones can fly each task by itself.
        tasks: (G,) the task of each group. group_of: (T,) the group of each task, or -1.
        prize: (G,) metres that leaving the group out costs.
        stay: (G,) the drone that flies it in the plan in hand, or -1.
        owner: (T,) numbers; tasks of different owners share no flight. None where all may.
    """

    problem: Problem
    air: Air
    kinds: tuple[Kind, ...]
    drones: tuple[Drone, ...]
    posts: tuple[Post, ...]
    post_of: dict[Place, int]
    met: Flags
    nodes: Nodes
    near: Near
    tasks: Index
    group_of: Index
    prize: Floats
    stay: Index
    owner: Index | None = None

    @property
    def sky(self) -> Airspace:
        """Where one may fly when nothing is closed for a time."""
        return self.air.always

    @cached_property
    def xy(self) -> Floats:
        """(G, 2) the middle of each group's ends, metres."""
        able = np.array([np.isfinite(k.work_m) for k in self.kinds])
        middle = np.array([k.begin.reshape(-1, 2, 2).mean(axis=1) for k in self.kinds])
        first = able.argmax(axis=0)
        return np.asarray(middle[first, np.arange(len(first))][self.tasks])

    @cached_property
    def vehicle_xy(self) -> Floats:
        """(V, 2) where each drone's flights begin, metres."""
        where = [self.posts[self.post_of[d.start]].xy for d in self.drones]
        return np.array(where, float).reshape(-1, 2)

    @cached_property
    def offset(self) -> Index:
        """(G,) the first node of each group in `routing`."""
        counts = np.diff(self.nodes.first)[self.tasks]
        return np.asarray(np.cumsum(counts) - counts)

    def places(self, nodes: Sequence[int]) -> tuple[Index, Index]:
        """The tasks and the day's own nodes of some nodes of `routing`."""
        group = np.searchsorted(self.offset, nodes, side="right") - 1
        tasks = self.tasks[group]
        return tasks, self.nodes.first[tasks] + np.asarray(nodes, np.intp) - self.offset[group]

    def served(self, solution: Solution) -> list[int]:
        """The tasks that a solution of `routing` serves."""
        return sorted(self.places(solution.nodes())[0].tolist())

    def part(self, vehicles: Sequence[int], groups: Sequence[int]) -> Model:
        """The model of some drones and groups, numbered anew in the order given."""
        return part(self, vehicles, groups)

    def routing(self) -> Model:
        """The whole day as one model: its tables grow with the square of the tasks."""
        return part(self, range(len(self.drones)), range(len(self.tasks)))

    def with_prizes(self, prize: Floats) -> "Day":
        """The same day with other prizes of its groups."""
        return replace(self, prize=prize)


def read(problem: Problem) -> Day:
    """The day in arrays. Zones that do not hold on the day at all do not count."""
    sky = air(problem)
    specs = {s.spec.id: s.spec for s in problem.stations}
    names = sorted(specs)
    met = np.zeros((len(problem.tasks), len(sky.barriers)), bool)
    if sky.barriers:
        met = sky.touched(outlines(problem, sky))
    kinds = tuple(kind(problem, specs[name], sky, met) for name in names)
    fleet = drones(problem, sky, names)
    places = list(dict.fromkeys(p for d in fleet for p in (d.first, d.start, d.end)))
    found = posts(places, kinds, sky, met, problem.wind)
    post_of = {place: k for k, place in enumerate(places)}
    ways = nodes(problem, kinds, found, sky, met)
    around = near(fleet, found, post_of, ways)
    able = np.flatnonzero(around.counts)
    group_of = np.full(len(problem.tasks), -1, np.intp)
    group_of[able] = np.arange(len(able))
    return Day(
        problem=problem,
        air=sky,
        kinds=kinds,
        drones=fleet,
        posts=found,
        post_of=post_of,
        met=met,
        nodes=ways,
        near=around,
        tasks=able,
        group_of=group_of,
        prize=np.array([problem.tasks[t].prize for t in able], float),
        stay=stay(problem, fleet, able),
    )
