"""A day's plan: first a quick one, then a better one until the time is up."""

import random
import time
from collections.abc import Callable

from planner.assign.greedy import construct
from planner.assign.improve import improved
from planner.assign.model import read
from planner.assign.reschedule import rescheduled
from planner.assign.roster import Roster
from planner.assign.ruin import ruin_and_recreate
from planner.flights import flights
from planner.problem import Plan, Problem, Progress
from planner.unserved import reasons

ROUTING_SHARE = 0.3
"""Share of the time for OR-Tools' groups; the neighbourhood search makes more of the rest (measured
on the preset's day: 7,650 km at first, 7,430 after 20 s of groups, 6,780 after 10 s of search)."""
SEARCH_UNTIL = 0.95
"""Share of the time at which the search ends; the rest is for CP-SAT's timetable."""

Watcher = Callable[[Progress], None]


def solve(
    problem: Problem,
    *,
    seconds: float,
    seed: int = 0,
    workers: int = 1,
    progress: Watcher | None = None,
) -> Plan:
    """The best plan found in so many seconds; never empty-handed, however few they are.

    Args:
        seed: same seed, same first plan; what follows depends on the machine's speed.
        workers: processes that improve groups of docks side by side; 1 stays in this process.
        progress: told about each stage.
    """
    began = time.monotonic()
    if not problem.stations or not problem.tasks:
        return Plan(flights=(), unserved=reasons(None, problem), value=0.0, km=0.0)
    day = read(problem)
    roster = construct(day)
    tell = _teller(problem, began, seconds, progress)
    tell("first plan", roster)
    groups_until = began + ROUTING_SHARE * seconds
    roster = improved(roster, until=groups_until, seed=seed, workers=workers, tell=tell)
    search_until = began + SEARCH_UNTIL * seconds
    roster = ruin_and_recreate(roster, until=search_until, random_=random.Random(seed), tell=tell)
    served = roster.served()
    missing = [t for t in range(len(problem.tasks)) if t not in served]
    left = began + seconds - time.monotonic()
    if missing and left > 0.05:
        roster = rescheduled(roster, missing, seconds=left, seed=seed)
    tell("done", roster)
    return plan_of(roster)


def plan_of(roster: Roster, gap: float | None = None) -> Plan:
    """The roster as a plan, each task that it leaves out with its reason."""
    made = flights(roster)
    return Plan(
        flights=tuple(made),
        unserved=reasons(roster, roster.day.problem),
        value=roster.value(),
        km=sum(f.route.length_m for f in made) / 1000,
        gap=gap,
    )


def _teller(
    problem: Problem, began: float, seconds: float, progress: Watcher | None
) -> Callable[[str, Roster], None]:
    def tell(stage: str, roster: Roster) -> None:
        if progress is not None:
            progress(
                Progress(
                    elapsed_s=time.monotonic() - began,
                    seconds=seconds,
                    stage=stage,
                    served=len(roster.served()),
                    tasks=len(problem.tasks),
                    value=roster.value(),
                    km=roster.metres() / 1000,
                )
            )

    return tell
