"""What a new plan means for each department: which task moved, to when, and why."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from planner.explain.rule_texts import clock
from planner.problem import Flight, Task
from planner.replan.events import Change, ChangeKind, Visit

Pair = tuple[str, str]

SAME = timedelta(minutes=1)
"""A flight that moves by less than this has not moved, for a department."""


def changes(
    before: Iterable[Flight],
    after: Iterable[Flight],
    tasks: Mapping[str, Task],
    causes: Mapping[str, Pair],
    otherwise: Pair,
) -> tuple[Change, ...]:
    """Every task that is served otherwise than before.

    Args:
        tasks: all that may be flown, by id; others are not told of.
        causes: by task, why. otherwise: for all other tasks.
    """
    was, now = visits(before), visits(after)
    found = []
    for name in sorted({*was, *now} & {*tasks}):
        old, new = was.get(name), now.get(name)
        kind = _kind(old, new)
        if kind is not None:
            found.append(_change(tasks[name], kind, old, new, causes.get(name, otherwise)))
    return tuple(found)


def visits(flights: Iterable[Flight]) -> dict[str, Visit]:
    """By task, the flight that serves it."""
    return {stop.task: Visit(station=f.station, start=f.start) for f in flights for stop in f.stops}


def _kind(was: Visit | None, now: Visit | None) -> ChangeKind | None:
    if was is None or now is None:
        return "added" if was is None else "dropped"
    if was.station != now.station:
        return "other drone"
    if abs(now.start - was.start) < SAME:
        return None
    return "later" if now.start > was.start else "earlier"


def _change(
    task: Task, kind: ChangeKind, was: Visit | None, now: Visit | None, why: Pair
) -> Change:
    before = "" if was is None else f"{clock(was.start)} ({was.station})"
    then = "" if now is None else f"{clock(now.start)} ({now.station})"
    text = {
        "added": f"{task.id}: flown at {then}",
        "dropped": f"{task.id}: the flight at {before} is cancelled",
    }.get(kind, f"{task.id}: from {before} to {then}")
    text_zh = {
        "added": f"{task.id}：安排于{then}",
        "dropped": f"{task.id}：原{before}的飞行取消",
    }.get(kind, f"{task.id}：由{before}改为{then}")
    return Change(
        task=task.id,
        departments=task.departments,
        kind=kind,
        was=was,
        now=now,
        why=why,
        text=f"{text}; {why[0]}" if why[0] else text,
        text_zh=f"{text_zh}；{why[1]}" if why[1] else text_zh,
    )


def by_department(told: Iterable[Change]) -> dict[str, tuple[Change, ...]]:
    """What each department is told; under "" what belongs to nobody."""
    found: dict[str, list[Change]] = {}
    for change in told:
        for name in change.departments or ("",):
            found.setdefault(name, []).append(change)
    return {name: tuple(found[name]) for name in sorted(found)}


def moved(before: Sequence[Flight], after: Sequence[Flight]) -> set[str]:
    """The flights, by id in the plan before, that are no longer flown by the same drone, with the
    same stops, within a minute of the same time."""
    kept = {(f.station, f.stops): f.start for f in after}
    far = timedelta(days=9999)
    return {
        f.id for f in before if abs(kept.get((f.station, f.stops), f.start + far) - f.start) >= SAME
    }
