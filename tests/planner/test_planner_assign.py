"""The search: each step keeps the plan exact, and none makes it worse."""

import random
import sys
import time
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.energy import Wind
from planner import Problem, Progress, prepare, solve, verify
from planner.assign.greedy import construct
from planner.assign.improve import improved
from planner.assign.model import read
from planner.assign.reschedule import rescheduled
from planner.assign.roster import Roster
from planner.assign.routing import improve
from planner.assign.ruin import ruin_and_recreate
from planner.assign.slots import group
from planner.flights import flights
from planner.solve import plan_of

sys.path.insert(0, str(Path(__file__).parent))
from planner_city import END, START, city

SHANGHAI = ZoneInfo("Asia/Shanghai")


def _quiet(stage: str, roster: Roster) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def problem() -> Problem:
    looks, stations, zones = city(4, 6, 90, 3, 8000.0)
    return Problem(
        stations=tuple(stations), tasks=prepare(looks, stations, zones).tasks,
        zones=tuple(zones), start=START, end=END, wind=Wind(3.0, 120.0),
    )  # fmt: skip


@pytest.fixture(scope="module")
def first(problem: Problem) -> Roster:
    return construct(read(problem))


def test_the_arrays_foretell_each_flight_to_a_second(first: Roster) -> None:
    planned = sorted(f.seconds for own in first.flights for f in own)
    real = sorted((f.end - f.start).total_seconds() for f in flights(first))
    assert planned == pytest.approx(real, abs=3.0)
    assert all(p >= r for p, r in zip(planned, real, strict=True))
    km = sum(f.metres for own in first.flights for f in own) / 1000
    assert km == pytest.approx(plan_of(first).km, rel=1e-3)


def test_slots_hold_the_plan_they_were_made_for(first: Roster) -> None:
    stations = list(range(5))
    made, tasks = group(first, stations)
    flown = sorted(n for s in stations for f in first.flights[s] for n in f.nodes)
    assert sorted(2 * tasks[n >> 1] + (n & 1) for slot in made.slots for n in slot.nodes) == flown
    for dock in range(len(stations)):
        own = [s for s in made.slots if s.dock == dock]
        rest = first.day.kinds[first.day.kind_of[dock]].spec.recharge_s
        for before, after in pairwise(own):
            assert after.begin_s - before.end_s >= rest - 1


def test_or_tools_makes_a_group_better(first: Roster) -> None:
    made, _ = group(first, [0, 1, 2])
    before = sum(len(s.nodes) for s in made.slots)
    answer = improve(made, 1.0)
    assert answer is None or sum(map(len, answer)) >= before - 2
    better = improved(first, until=time.monotonic() + 1.0, seed=1, workers=1, tell=_quiet)
    assert better.objective() >= first.objective()
    assert verify(first.day.problem, plan_of(better)) == ()


def test_the_search_makes_a_day_shorter(first: Roster) -> None:
    found = ruin_and_recreate(
        first, until=time.monotonic() + 1.5, random_=random.Random(1), tell=_quiet
    )
    assert found.objective() > first.objective()
    assert verify(first.day.problem, plan_of(found)) == ()


def test_a_gap_is_found_for_what_nobody_flies(first: Roster) -> None:
    bare = first.copy()
    lost = sorted(bare.served())[:3]
    bare.remove(set(lost))
    found = rescheduled(bare, lost, seconds=3.0, seed=1)
    assert len(found.served()) > len(bare.served())
    assert verify(first.day.problem, plan_of(found)) == ()
    assert rescheduled(bare, [], seconds=1.0, seed=1) is bare


def test_solve_tells_how_far_it_is(problem: Problem) -> None:
    told: list[Progress] = []
    plan = solve(problem, seconds=2.0, seed=3, progress=told.append)
    assert verify(problem, plan) == ()
    assert next(p.stage for p in told) == "first plan"
    assert told[-1].value == plan.value
    assert told[-1].value >= told[0].value
    assert told[-1].km < told[0].km or told[-1].served > told[0].served


def test_two_processes_solve_groups_side_by_side(first: Roster) -> None:
    better = improved(first, until=time.monotonic() + 3.0, seed=1, workers=2, tell=_quiet)
    assert better.objective() >= first.objective()
    assert verify(first.day.problem, plan_of(better)) == ()


def test_a_storm_and_a_short_day_leave_reasons(problem: Problem) -> None:

    storm = solve(replace(problem, wind=Wind(30.0, 0.0)), seconds=0)
    assert storm.flights == ()
    assert all("wind" in r.reason for r in storm.unserved.values())
    dusk = replace(problem, end=START + timedelta(minutes=8))
    short = solve(dusk, seconds=0)
    assert verify(dusk, short) == ()
    assert {r.code for r in short.unserved.values()} <= {"no_window", "no_capacity"}
    assert short.unserved


def test_flights_are_in_utc_and_the_busy_say_so(problem: Problem) -> None:
    few = replace(problem, stations=problem.stations[:1], start=START.astimezone(SHANGHAI))
    plan = solve(few, seconds=0)
    assert verify(few, plan) == ()
    assert all(f.start.utcoffset() == timedelta(0) for f in plan.flights)
    busy = [r for r in plan.unserved.values() if r.code == "no_capacity"]
    assert busy
    assert all(r.reason.startswith("the only drone that could fly it is busy") for r in busy)
