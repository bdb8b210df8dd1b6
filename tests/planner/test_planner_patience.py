"""Whoever waits for a refusal gets one in time, and is told when not everything was tried."""

import shapely
from planner_city import END, START, look, station

from planner import Problem, prepare, solve
from planner.explain.advice import advised
from planner.explain.patience import Patience

FAR = shapely.box(60_000, -150, 60_300, 150)


def test_time_that_is_over_stays_over() -> None:
    now = [0.0]
    patience = Patience(2.0, clock=lambda: now[0])
    assert not patience.over
    now[0] = 2.5
    assert patience.over


def test_a_refusal_without_time_for_its_reasons_says_so() -> None:
    wish, docks = look("L", FAR), [station("D", 0, 0)]
    prepared = prepare([wish], docks, ())
    problem = Problem(stations=tuple(docks), tasks=prepared.tasks, zones=(), start=START, end=END)
    plan = solve(problem, seconds=0)
    hurried, _ = advised([wish], problem, prepared, plan, seconds=-1.0)
    whole, _ = advised([wish], problem, prepared, plan)
    short, long = hurried.refused["L"], whole.refused["L"]
    assert short.cut_short
    assert not short.conflict
    assert short.reason
    assert not long.cut_short
    assert long.conflict
