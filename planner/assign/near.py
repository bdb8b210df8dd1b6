"""Which drones can fly a task by itself, in time and with their reserve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.assign.drones import Drone
from planner.assign.kinds import Floats, Index, Kind
from planner.assign.nodes import Nodes
from planner.assign.posts import Place, Post


@dataclass(frozen=True, kw_only=True, eq=False)
class Near:
    """By task, the drones that can fly it alone, nearest first.

    Attributes:
        rows: (T + 1,) those of task t are ``rows[t]`` to ``rows[t + 1] - 1``.
        drones: indices.
        least_m: (T,) metres of the shortest flight with this task only; infinite without one.
    """

    rows: Index
    drones: Index
    least_m: Floats

    @property
    def counts(self) -> Index:
        """(T,) how many drones can fly each task."""
        return np.diff(self.rows)

    def __getitem__(self, task: int) -> list[int]:
        """The drones that can fly a task, nearest first."""
        return self.drones[self.rows[task] : self.rows[task + 1]].tolist()


def near(
    fleet: Sequence[Drone],
    posts: Sequence[Post],
    post_of: Mapping[Place, int],
    kinds: Sequence[Kind],
    ways: Nodes,
) -> Near:
    """See `Near`."""
    tasks, owners, used, metres = [np.empty(0, np.intp)], [np.empty(0, np.intp)], [], []
    for v, drone in enumerate(fleet):
        out = {p: posts[post_of[p]] for p in (drone.first, drone.start)}
        back = posts[post_of[drone.end]]
        best: dict[Place, tuple[Index, Floats, Floats]] = {
            p: _alone(drone, begin, back, kinds[p.kind], ways) for p, begin in out.items()
        }
        for some, seconds, length in best.values():
            tasks.append(some)
            owners.append(np.full(len(some), v))
            used.append(seconds)
            metres.append(length)
    return _by_task(
        len(ways.first) - 1,
        np.concatenate(tasks),
        np.concatenate(owners),
        np.concatenate([np.empty(0), *used]),
        np.concatenate([np.empty(0), *metres]),
    )


def _by_task(count: int, tasks: Index, owners: Index, used: Floats, metres: Floats) -> Near:
    least = np.full(count, np.inf)
    np.minimum.at(least, tasks, metres)
    order = np.lexsort((used, tasks))
    # a drone with two places of departure is named once
    _, once = np.unique(
        tasks[order] * (owners.max(initial=0) + 1) + owners[order], return_index=True
    )
    order = order[np.sort(once)]
    rows = np.searchsorted(tasks[order], np.arange(count + 1))
    return Near(rows=rows, drones=owners[order], least_m=least)


def _alone(
    drone: Drone, begin: Post, end: Post, kind: Kind, ways: Nodes
) -> tuple[Index, Floats, Floats]:
    """The tasks that a drone can fly alone from one place, the least seconds and metres of it."""
    tasks, i, j = np.intersect1d(begin.tasks, end.tasks, assume_unique=True, return_indices=True)
    counts = ways.first[tasks + 1] - ways.first[tasks]
    row = np.repeat(np.arange(len(tasks)), counts)
    node = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    node += ways.first[tasks][row]
    turned = ways.way[node] & 1
    out, home = begin.out_s[i[row], turned], end.back_s[j[row], turned]
    work = ways.work_s[drone.first.kind, node]
    start = np.maximum.reduce(
        [np.full(len(node), drone.free_s), ways.release[node], ways.earliest[node] - out]
    )
    seconds = out + work + home
    fits = (seconds <= drone.first_usable_s) & (home <= ways.longest_back[node])
    fits &= (start + out <= ways.latest[node]) & (start + seconds <= drone.until_s)
    metres = begin.out_m[i[row], turned] + kind.work_m[tasks[row]] + end.back_m[j[row], turned]
    return _least(tasks, row[fits], seconds[fits], metres[fits])


def _least(
    tasks: Index, row: Index, seconds: Floats, metres: Floats
) -> tuple[Index, Floats, Floats]:
    """The least of each row that has any."""
    least_s, least_m = (np.full(len(tasks), np.inf) for _ in range(2))
    np.minimum.at(least_s, row, seconds)
    np.minimum.at(least_m, row, metres)
    some = np.isfinite(least_s)
    return tasks[some], least_s[some], least_m[some]
