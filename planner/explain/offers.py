"""A counter-offer that was really solved: with which change a refused look or task can be served.

Changes are tried one at a time, the least painful for a department first: another time of the day,
the next day, a coarser resolution, less overlap, a part of the place, another sensor, and last a
higher priority, which takes a flight from somebody else. Each is prepared anew, put into the free
spans of the plan in hand and accepted by the independent checker before it is offered.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import shapely

from core.equipment import Sensor
from core.geo import HeightModel
from planner.explain import offer_texts as words
from planner.explain.fit import Fitter
from planner.explain.patience import Patience
from planner.explain.placing import Desk, accepted, placed, prepared
from planner.explain.single import Chance, sky_of
from planner.explain.spans import since
from planner.problem import PRIZE, Flight, Look, Offer, Plan, Problem, Task
from planner.sorties import split

COARSER = (1.25, 1.67, 2.0)
"""Times the ground sampling distance: 3 cm becomes 3.75, 5 or 6 cm."""
OVERLAPS = ((0.6, 0.4), (0.5, 0.3))
"""Front and side: what mosaics still hold together with, and what a mere inspection needs."""
INSTEAD = {Sensor.VISIBLE: Sensor.ZOOM, Sensor.ZOOM: Sensor.VISIBLE}
"""Which sensor may stand in for another: both see light; nothing else sees heat."""
PARTS = 4
"""A place is offered in quarters of its work: three, two or one of them."""


def offer(
    wanted: Task | Look,
    problem: Problem,
    plan: Plan,
    *,
    looks: Sequence[Look] = (),
    tomorrow: tuple[Problem, Plan] | None = None,
    heights: HeightModel | None = None,
    patience: Patience | None = None,
) -> Offer | None:
    """The least painful change with which a refused task or look can be served; None if none of
    those that were tried will do.

    Args:
        looks: of the task, where it is all that serves them: without them neither resolution nor
            overlap, sensor or part can be changed.
        tomorrow: the next day and its plan.
        patience: time to look for it.

    Raises:
        OutOfPatience: the time was over before every change was tried, and none did so far.
    """
    if not problem.stations:
        return None
    desk = Desk(
        fitter=Fitter(problem, plan.flights),
        tomorrow=None if tomorrow is None else Fitter(tomorrow[0], tomorrow[1].flights),
        heights=heights,
        patience=patience,
    )
    own = (wanted,) if isinstance(wanted, Look) else tuple(looks)
    task = wanted if isinstance(wanted, Task) else None
    return next((found for found in _tried(desk, task, own) if found is not None), None)


def _tried(desk: Desk, task: Task | None, looks: Sequence[Look]) -> Iterator[Offer | None]:
    """Every change, worked out only when the one before it did not do."""
    if task is not None:
        yield _other_time(desk, (task,))
        yield _next_day(desk, (task,))
    elif looks:
        desk.check()
        widened = prepared(desk, [_all_day(look, desk.problem) for look in looks])
        wished = (looks[0].earliest, looks[0].latest)
        yield _other_time(desk, [replace(t, earliest=wished[0], latest=wished[1]) for t in widened])
    if looks:
        yield from _coarser(desk, looks)
        yield from _less_overlap(desk, looks)
        yield _part(desk, looks)
        yield _other_sensor(desk, looks)
    if task is not None:
        yield _higher(desk, task)


def _other_time(desk: Desk, tasks: Sequence[Task]) -> Offer | None:
    """As near to the wished time as the day allows."""
    problem = desk.problem
    found: list[tuple[float, Task, Chance]] = []
    for task in tasks:
        early, late = since(problem, task.earliest), since(problem, task.latest)
        free = replace(task, earliest=problem.start, latest=problem.end)
        away = [
            (max(early - c.start_s, c.start_s - late, 0.0), free, c)
            for c in desk.fitter.chances(free)
        ]
        if not away:
            return None
        found.append(min(away, key=lambda a: a[0]))
    flights = accepted(desk.fitter, [(task, chance) for _, task, chance in found])
    return words.other_time(flights, tasks[0].earliest, tasks[0].latest) if flights else None


def _next_day(desk: Desk, tasks: Sequence[Task]) -> Offer | None:
    if desk.tomorrow is None:
        return None
    shift = desk.tomorrow.problem.start - desk.problem.start
    moved = [_shifted(task, shift) for task in tasks]
    flights = placed(desk.tomorrow, moved)
    return words.next_day(flights) if flights else None


def _shifted(task: Task, by: timedelta) -> Task:
    return replace(
        task,
        earliest=task.earliest + by,
        latest=task.latest + by,
        windows=tuple((a + by, b + by) for a, b in task.windows),
        file_by=None if task.file_by is None else task.file_by + by,
    )


def _coarser(desk: Desk, looks: Sequence[Look]) -> Iterator[Offer | None]:
    for factor in COARSER:
        desk.check()
        wishes = [replace(look, gsd_m=_round_cm(look.gsd_m * factor)) for look in looks]
        flights = placed(desk.fitter, prepared(desk, wishes))
        finest = min(range(len(looks)), key=lambda k: looks[k].gsd_m)
        yield words.coarser(flights, looks[finest].gsd_m, wishes[finest].gsd_m) if flights else None


def _round_cm(gsd_m: float) -> float:
    """To half a centimetre from 2 cm on, so that it can be asked for."""
    return round(gsd_m * 200) / 200 if gsd_m >= 0.02 else round(gsd_m, 4)


def _less_overlap(desk: Desk, looks: Sequence[Look]) -> Iterator[Offer | None]:
    for front, side in OVERLAPS:
        desk.check()
        wishes = [
            replace(
                look,
                front_overlap=min(look.front_overlap, front),
                side_overlap=min(look.side_overlap, side),
            )
            for look in looks
        ]
        if any(a != b for a, b in zip(looks, wishes, strict=True)):
            flights = placed(desk.fitter, prepared(desk, wishes))
            given = max(look.side_overlap for look in looks)
            instead = (wishes[0].front_overlap, wishes[0].side_overlap)
            yield words.less_overlap(flights, given, instead) if flights else None


def _other_sensor(desk: Desk, looks: Sequence[Look]) -> Offer | None:
    if any(look.sensor not in INSTEAD for look in looks):
        return None
    wishes = [replace(look, sensor=INSTEAD[look.sensor]) for look in looks]
    desk.check()
    flights = placed(desk.fitter, prepared(desk, wishes))
    return words.other_sensor(flights, looks[0].sensor, wishes[0].sensor) if flights else None


def _part(desk: Desk, looks: Sequence[Look]) -> Offer | None:
    """The largest part of the place, in quarters side by side, that fits."""
    if len(looks) > 1:
        return None
    look = looks[0]
    frame = sky_of(desk.problem).frame
    quarters = split(look.kind, frame.to_metres(look.geometry), PARTS)
    for count in range(len(quarters) - 1, 0, -1):
        for first in sorted({0, len(quarters) - count}):
            desk.check()
            some = frame.to_degrees(shapely.union_all(quarters[first : first + count]))
            flights = placed(desk.fitter, prepared(desk, [replace(look, geometry=some)]))
            if flights:
                return words.part(flights, count / len(quarters), some)
    return None


def _higher(desk: Desk, task: Task) -> Offer | None:
    """The lowest priority at which it is worth more than a flight that it takes the place of."""
    problem, every = desk.problem, desk.fitter.flights
    tasks = {t.id: t for t in problem.tasks}
    able = {problem.stations[c.station].id for c in desk.fitter.chances(task, _PROMISED)}
    movable = [f for f in every[len(problem.frozen) :] if f.station in able]
    for given in sorted(movable, key=lambda f: _worth(f, tasks)):
        priority = _outranking(task, _worth(given, tasks))
        if priority is None:
            return None
        desk.check()
        left = [f for f in every[len(problem.frozen) :] if f is not given]
        alone = replace(
            problem, stations=tuple(s for s in problem.stations if s.id == given.station)
        )
        flights = placed(Fitter(alone, left), [task])
        if flights:
            return words.higher(flights, priority, [tasks[s.task] for s in given.stops])
    return None


_PROMISED = frozenset({"flights"})


def _outranking(task: Task, worth: float) -> int | None:
    """The lowest priority above its own that makes the task worth more; None if there is none."""
    for priority in range(task.priority + 1, 6):
        if task.prize * PRIZE[priority] / PRIZE[task.priority] > worth:
            return priority
    return None


def _worth(flight: Flight, tasks: dict[str, Task]) -> float:
    return sum(tasks[s.task].prize for s in flight.stops)


def _all_day(look: Look, problem: Problem) -> Look:
    return replace(look, earliest=problem.start, latest=problem.end)
