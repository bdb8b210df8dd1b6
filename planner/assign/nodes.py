"""Ways to do each task: in which direction, in which of its windows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from planner.assign.air import Air, Flags
from planner.assign.drones import Span, gaps
from planner.assign.kinds import Floats, Index, Kind
from planner.assign.posts import PAD_S, Post
from planner.problem import Problem, Task

NEAR_S = 600.0
"""Before a closure, docks further away than this, and than half as far again as the nearest, do
not fly a task: each node has one time by which its flight must be home."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Nodes:
    """N nodes, those of a task one after another; seconds after the start of the day.

    Attributes:
        first: (T + 1,) nodes of task t are ``first[t]`` to ``first[t + 1] - 1``; none where no
            time is left for it.
        way: (N,) ``2 t`` or ``2 t + 1``.
        earliest, latest: (N,) when the work may begin.
        release: (N,) its flight may not leave before: a closure ends.
        home: (N,) its flight must have landed: a closure begins; infinite when none does.
        longest_back: (N,) seconds back to the dock at most.
        work_s: (K, N) by kind of vehicle; infinite where it cannot do it in this window.
    """

    first: Index
    way: Index
    earliest: Floats
    latest: Floats
    release: Floats
    home: Floats
    longest_back: Floats
    work_s: Floats


@dataclass(frozen=True, slots=True)
class _Window:
    """Begin and end of the work; when its flight may leave and must be home."""

    begin_s: float
    end_s: float
    release_s: float
    home_s: float


def nodes(
    problem: Problem, kinds: Sequence[Kind], posts: Sequence[Post], air: Air, met: Flags
) -> Nodes:
    """The nodes of all tasks.

    Args:
        met: (T, B) the barriers that each task meets.
    """
    back = _nearest_back(posts, len(problem.tasks))
    work = np.array([k.work_s for k in kinds]).reshape(len(kinds), -1, 2)
    rows: list[tuple[int, float, float, float, float, float, Floats]] = []
    counts = []
    for t, task in enumerate(problem.tasks):
        before = len(rows)
        shut = [(b.begin_s, b.end_s) for b, hit in zip(air.barriers, met[t], strict=True) if hit]
        for window in _windows(problem, task, shut):
            for way in (0, 1) if _two_ways(task) else (0,):
                longest = max(NEAR_S, 1.5 * back[t, way]) if shut else np.inf
                rows.extend(_node(2 * t + way, window, work[:, t, way], longest))
        counts.append(len(rows) - before)
    columns = list(zip(*rows, strict=True)) or [()] * 7
    return Nodes(
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.intp),
        way=np.array(columns[0], np.intp),
        earliest=np.array(columns[1], float),
        latest=np.array(columns[2], float),
        release=np.array(columns[3], float),
        home=np.array(columns[4], float),
        longest_back=np.array(columns[5], float),
        work_s=np.array(columns[6], float).reshape(-1, len(kinds)).T,
    )


def _node(
    way: int, window: _Window, work_s: Floats, longest_back: float
) -> Iterator[tuple[int, float, float, float, float, float, Floats]]:
    """One node, if any kind has the time. What one kind does quicker than another may not begin
    later for that: a node has one latest begin."""
    if not np.isfinite(window.home_s):
        longest_back = np.inf
        end = window.end_s
    else:
        end = min(window.end_s, window.home_s - longest_back)
    able = window.begin_s + work_s <= end
    if able.any():
        latest = end - float(work_s[able].max())
        yield (
            way,
            window.begin_s,
            latest,
            window.release_s,
            window.home_s,
            longest_back,
            np.where(able, work_s, np.inf),
        )


def _windows(problem: Problem, task: Task, shut: Sequence[Span]) -> Iterator[_Window]:
    """The task's windows, cut by the closures of its ground."""
    if problem.now is not None and task.file_by is not None and task.file_by < problem.now:
        return
    for begin, end in task.windows or ((task.earliest, task.latest),):
        low, high = (
            (t - problem.start).total_seconds()
            for t in (max(begin, task.earliest), min(end, task.latest))
        )
        for gap in gaps(low, high, shut):
            yield _bound(gap, shut)


def _bound(gap: Span, shut: Sequence[Span]) -> _Window:
    """A span of work as a window: its flight leaves after all closures before it and is home
    before all after it."""
    release = max((end for _, end in shut if end <= gap[0]), default=-np.inf)
    home = min((begin for begin, _ in shut if begin >= gap[1]), default=np.inf)
    return _Window(gap[0] + PAD_S, gap[1] - PAD_S, release + PAD_S, home - PAD_S)


def _two_ways(task: Task) -> bool:
    """Whether backward differs from forward."""
    return any(len(route.waypoints) > 1 for route in task.routes.values())


def _nearest_back(posts: Sequence[Post], tasks: int) -> Floats:
    """(T, 2) seconds from the end of each direction to the nearest dock."""
    nearest = np.full((tasks, 2), np.inf)
    for post in posts:
        np.minimum.at(nearest, post.tasks, post.back_s)
    return nearest
