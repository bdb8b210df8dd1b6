"""A solution of the search as a plan."""

from planner.assign.flights import flights
from planner.assign.model import Day
from planner.explain.unserved import reasons
from planner.problem import Plan
from planner.routing.model import Solution


def plan_of(day: Day, solution: Solution, gap: float | None = None) -> Plan:
    """A solution of `Day.routing` as a plan, each task that it leaves out with its reason."""
    made = tuple(flights(day, solution))
    return Plan(
        flights=made,
        unserved=reasons(day, day.problem, made),
        value=float(sum(day.problem.tasks[t].prize for t in day.served(solution))),
        km=sum(f.route.length_m for f in made) / 1000,
        gap=gap,
    )
