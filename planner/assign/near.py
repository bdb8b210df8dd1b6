"""Which drones can fly a task by itself, in time and with their reserve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.assign.drones import Drone
from planner.assign.kinds import Floats, Index
from planner.assign.nodes import Nodes
from planner.assign.posts import Place, Post


@dataclass(frozen=True, kw_only=True, eq=False)
class Near:
    """By task, the drones that can fly it alone, nearest first.

    Attributes:
        rows: (T + 1,) those of task t are ``rows[t]`` to ``rows[t + 1] - 1``.
        drones: indices.
    """

    rows: Index
    drones: Index

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
    ways: Nodes,
) -> Near:
    """See `Near`."""
    tasks, owners, used = [np.empty(0, np.intp)], [np.empty(0, np.intp)], [np.empty(0)]
    for v, drone in enumerate(fleet):
        back = posts[post_of[drone.end]]
        for place in {drone.first, drone.start}:
            some, seconds = _alone(drone, posts[post_of[place]], back, ways)
            tasks.append(some)
            owners.append(np.full(len(some), v))
            used.append(seconds)
    return _by_task(
        len(ways.first) - 1, np.concatenate(tasks), np.concatenate(owners), np.concatenate(used)
    )


def _by_task(count: int, tasks: Index, owners: Index, used: Floats) -> Near:
    order = np.lexsort((owners, used, tasks))
    # a drone with two places of departure is named once
    code = tasks[order] * (owners.max(initial=0) + 1) + owners[order]
    _, once = np.unique(code, return_index=True)
    order = order[np.sort(once)]
    return Near(rows=np.searchsorted(tasks[order], np.arange(count + 1)), drones=owners[order])


def _alone(drone: Drone, begin: Post, end: Post, ways: Nodes) -> tuple[Index, Floats]:
    """The tasks that a drone can fly alone from one place, and the least seconds of it."""
    tasks, i, j = np.intersect1d(begin.tasks, end.tasks, assume_unique=True, return_indices=True)
    counts = ways.first[tasks + 1] - ways.first[tasks]
    row = np.repeat(np.arange(len(tasks)), counts)
    node = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    node += ways.first[tasks][row]
    turned = ways.way[node] & 1
    out, home = begin.out_s[i[row], turned], end.back_s[j[row], turned]
    start = np.maximum.reduce(
        [np.full(len(node), drone.free_s), ways.release[node], ways.earliest[node] - out]
    )
    seconds = out + ways.work_s[drone.first.kind, node] + home
    fits = (seconds <= drone.first_usable_s) & (home <= ways.longest_back[node])
    fits &= (start + out <= ways.latest[node]) & (start + seconds <= drone.until_s)
    least = np.full(len(tasks), np.inf)
    np.minimum.at(least, row[fits], seconds[fits])
    some = np.isfinite(least)
    return tasks[some], least[some]
