"""The routing engine: feasible, as cheap as it says, optimal where that is known, repeatable."""

import math
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.routing import (
    Model,
    Solution,
    compiled,
    cost,
    first,
    insert,
    nothing,
    solve,
    solve_large,
)
from planner.routing.city_file import city
from planner.routing.city_made import made
from planner.routing.layout import TOTAL
from planner.routing.state import flat, state
from planner.routing.tables import tables
from tests.planner.routing_models import best_of_all, model_by_chance


@pytest.fixture(scope="module", autouse=True)
def _kernels() -> None:
    compiled()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_every_plan_is_feasible_and_costs_what_the_search_says(seed: int) -> None:
    model = model_by_chance(seed)
    told: list[float] = []
    found = solve(
        model, seconds=60.0, seed=seed, iterations=150, progress=lambda *a: told.append(a[2])
    )
    assert cost(model, first(model)).objective >= cost(model, found).objective
    if np.isfinite(cost(model, nothing(model)).objective):
        begun = cost(model, first(model)).objective
        assert told[0] == pytest.approx(begun, rel=1e-6, abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_small_problems_are_solved_to_the_optimum(seed: int) -> None:
    model = model_by_chance(seed, groups=3, vehicles=2, duties=False, metric=True)
    found = cost(model, solve(model, seconds=60.0, seed=1, iterations=2500)).objective
    assert found == pytest.approx(best_of_all(model), rel=1e-5, abs=1e-2)


def test_five_groups_are_solved_to_the_optimum() -> None:
    model = model_by_chance(5, groups=5, vehicles=1, duties=False, metric=True)
    found = cost(model, solve(model, seconds=60.0, iterations=3000)).objective
    assert found == pytest.approx(best_of_all(model), rel=1e-5)


def test_the_states_objective_is_that_of_its_solution() -> None:
    for seed in range(20):
        model = model_by_chance(seed, duties=False)
        found = solve(model, seconds=60.0, iterations=100, seed=seed)
        from planner.routing import kernel_state

        t = tables(model)
        s = state(model, t)
        kernel_state.load(t, s, flat(model, found))
        assert s.total[TOTAL] == pytest.approx(cost(model, found).objective, rel=1e-6, abs=1e-3)


def _town(docks: int = 8, tasks: int = 90, seed: int = 3) -> Model:
    return city(made(docks, tasks, seed), where="made").model()


def test_the_same_seed_and_number_of_rounds_give_the_same_plan() -> None:
    model = _town()
    plans = [solve(model, seconds=60.0, seed=7, iterations=2000) for _ in range(2)]
    assert plans[0] == plans[1]
    assert solve(model, seconds=60.0, seed=8, iterations=2000) != plans[0]


def test_a_search_is_never_worse_than_what_it_was_given() -> None:
    model = _town()
    given_ = solve(model, seconds=60.0, iterations=3000)
    for threads in (1, 2):
        again = solve(model, seconds=0.1, initial=given_, threads=threads)
        assert cost(model, again).objective <= cost(model, given_).objective


def test_two_threads_make_a_feasible_plan_and_tell_of_it() -> None:
    model = _town()
    told: list[tuple[Solution, float]] = []
    found = solve(model, seconds=0.6, threads=2, progress=lambda _, s, o: told.append((s, o)))
    assert len(told) >= 2
    for plan, objective in told:
        assert cost(model, plan).objective == pytest.approx(objective)
    assert cost(model, found).objective <= told[-1][1] + 1e-6


@pytest.mark.parametrize("threads", [1, 2])
def test_a_search_that_is_called_off_returns_the_best_so_far(threads: int) -> None:
    asked = 0

    def off() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    model = _town()
    found = solve(model, seconds=3600.0, threads=threads, cancelled=off)  # or the test never ends
    assert cost(model, found).served > 0


def test_insertion_moves_nothing_else() -> None:
    model = _town()
    plan = solve(model, seconds=60.0, iterations=500)
    group = model.group_of[plan.nodes()[0]]
    without = Solution(
        tuple(
            tuple(
                replace(trip, nodes=left)
                for trip in own
                if (left := tuple(n for n in trip.nodes if model.group_of[n] != group))
            )
            for own in plan.trips
        )
    )
    back = insert(model, without, [int(group)])
    assert cost(model, back).served == cost(model, without).served + 1
    changed = [v for v in range(model.vehicles) if back.trips[v] != without.trips[v]]
    assert len(changed) == 1
    before = [n for trip in without.trips[changed[0]] for n in trip.nodes]
    after = [n for trip in back.trips[changed[0]] for n in trip.nodes]
    assert [n for n in after if model.group_of[n] != group] == before


def test_insertion_keeps_to_the_vehicles_given() -> None:
    model = _town()
    found = insert(model, nothing(model), range(model.groups), vehicles=[2, 5])
    assert {v for v, own in enumerate(found.trips) if own} == {2, 5}


def test_a_trip_that_breaks_a_rule_is_dropped_from_what_was_given() -> None:
    model = _town()
    plan = solve(model, seconds=60.0, iterations=500)
    shorter = replace(model, usable_s=model.usable_s - 300, first_usable_s=model.usable_s - 300)
    again = first(shorter, plan)
    assert cost(shorter, again).served > 0


def test_the_plan_in_hand_is_kept_where_moving_costs_more_than_it_gains() -> None:
    model = _town()
    plan = solve(model, seconds=60.0, iterations=1500)
    stay = np.full(model.groups, -1, np.int32)
    for v, own in enumerate(plan.trips):
        stay[[n for trip in own for n in trip.nodes]] = v
    dear = replace(model, stay=stay, churn=np.full(model.groups, 1e7))
    found = solve(dear, seconds=60.0, iterations=2000, initial=plan)
    kept = {n: v for v, own in enumerate(found.trips) for trip in own for n in trip.nodes}
    assert all(kept.get(g) == v for g, v in enumerate(stay) if v >= 0)


def test_nothing_to_do_and_nobody_to_do_it() -> None:
    model = _town()
    assert solve(model.part([0, 1], []), seconds=0.1) == Solution(((), ()))
    assert solve(model.part([], [0, 1]), seconds=0.1) == Solution(())


def test_a_duty_that_nobody_can_do_is_left_out() -> None:
    model = _town(2, 6)
    prize = np.full(6, np.inf)
    found = solve(replace(model, prize=prize, latest=np.full(6, -1.0)), seconds=60.0, iterations=50)
    assert found == nothing(model)
    assert math.isinf(cost(replace(model, prize=prize), found).objective)


def _threads() -> Executor:
    return ThreadPoolExecutor(2)


def _processes() -> Executor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


@pytest.mark.parametrize("pool", [None, _threads, _processes])
def test_regions_together_make_one_plan(pool: Callable[[], Executor] | None) -> None:
    whole = city(made(20, 200, 5), where="made")
    told: list[float] = []

    def tell(_: float, plan: Solution, objective: float) -> None:
        assert cost(model, plan).objective == pytest.approx(objective)
        told.append(objective)

    model = whole.model()
    executor = pool() if pool else None
    found = solve_large(whole, seconds=1.5, executor=executor, progress=tell, region=60)
    if executor is not None:
        executor.shutdown()
    assert told
    assert cost(model, found).objective <= min(told) + 1e-6


def test_regions_know_the_ways_of_doing_a_group() -> None:
    model = model_by_chance(11, groups=40, vehicles=6, duties=False)
    found = solve_large(model, seconds=1.0, region=15)
    assert cost(model, found).objective < cost(model, nothing(model)).objective


def test_regions_that_are_called_off_give_what_there_is() -> None:
    whole = city(made(20, 200, 5), where="made")
    assert solve_large(whole, seconds=3600.0, cancelled=lambda: True, region=60) is not None
