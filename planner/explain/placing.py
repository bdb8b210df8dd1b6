"""Changed looks and tasks put into the plan in hand, each accepted by the checker or not at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.geo import HeightModel
from planner.explain.fit import Fitter
from planner.explain.patience import Patience
from planner.explain.single import Chance
from planner.prepare import prepare
from planner.problem import Flight, Look, Plan, Problem, Task
from planner.verify import verify


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What an offer is worked out against.

    Attributes:
        fitter: the plan in hand.
        tomorrow: the next day with its plan, if there is one.
        heights: ground heights, as the looks were prepared with.
        patience: time for all that is tried at it; without end where there is none.
    """

    fitter: Fitter
    tomorrow: Fitter | None = None
    heights: HeightModel | None = None
    patience: Patience | None = None

    def check(self) -> None:
        """Before each thing that is tried: raises OutOfPatience once the time is over."""
        if self.patience is not None:
            self.patience.check()

    @property
    def problem(self) -> Problem:
        """The day."""
        return self.fitter.problem


def prepared(desk: Desk, looks: Iterable[Look]) -> Sequence[Task]:
    """The tasks of the looks; none if any look, or a part of one, cannot be prepared."""
    problem = desk.problem
    made = prepare(looks, problem.stations, problem.zones, heights=desk.heights, wind=problem.wind)
    return () if made.refused or made.notes else made.tasks


def placed(fitter: Fitter, tasks: Sequence[Task]) -> list[Flight]:
    """A flight for each of the tasks, one after another; empty unless all can be flown."""
    found: list[Flight] = []
    given = list(fitter.flights[len(fitter.problem.frozen) :])
    for number, task in enumerate(tasks):
        desk = Fitter(fitter.problem, [*given, *found]) if number else fitter
        chance = _shortest(desk, task)
        if chance is None:
            return []
        flight = desk.flight(task, chance, f"offer-{number + 1}")
        if flight is None:
            return []
        found.append(flight)
    return found if _accept(fitter, tasks, found) else []


def _shortest(desk: Fitter, task: Task) -> Chance | None:
    """Of all flights that could be, the one that a plan would choose: the shortest, and of equal
    ones the soonest. The soonest of all would be by whoever has the longest way."""
    metres = desk.singles(task).metres

    def key(chance: Chance) -> tuple[float, float]:
        return float(metres[chance.station, int(chance.reverse)]), chance.start_s

    return min(desk.chances(task), key=key, default=None)


def accepted(fitter: Fitter, chosen: Sequence[tuple[Task, Chance]]) -> list[Flight]:
    """Chances chosen at once; for several tasks they may exclude one another, then none."""
    flights = [fitter.flight(t, c, f"offer-{k + 1}") for k, (t, c) in enumerate(chosen)]
    found = [f for f in flights if f is not None]
    whole = len(found) == len(flights)
    return found if whole and _accept(fitter, [t for t, _ in chosen], found) else []


def _accept(fitter: Fitter, tasks: Sequence[Task], flights: Sequence[Flight]) -> bool:
    """Whether the checker accepts the flights among all others of their drones."""
    if not flights:
        return False
    problem = fitter.problem
    docks = {f.station for f in flights}
    frozen = problem.frozen
    own = [f for f in fitter.flights[len(frozen) :] if f.station in docks]
    others = tuple(f for f in fitter.flights[len(frozen) :] if f.station not in docks)
    flown = {s.task for f in own for s in f.stops}
    new = {t.id for t in tasks}
    whole = replace(
        problem,
        tasks=(*tasks, *(t for t in problem.tasks if t.id in flown - new)),
        frozen=(*frozen, *others),
        previous=None,
    )
    day = (*own, *flights)
    value = sum(t.prize for t in whole.tasks)
    km = sum(f.route.length_m for f in day) / 1000
    return not verify(whole, Plan(flights=day, unserved={}, value=value, km=km))
