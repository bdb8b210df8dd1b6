"""The certificate: never below what a plan achieves, and tight where nothing is relaxed."""

import numpy as np
import pytest
from planner_small import brute, small

from planner.routing.bound import achieved, bound
from planner.routing.bound_large import bound_large
from planner.routing.check import cost
from planner.routing.model import Solution, Trip


@pytest.mark.parametrize("seed", range(12))
def test_no_plan_is_better_than_the_bound(seed: int) -> None:
    model = small(seed, groups=4 if seed < 1 else 3)
    solution, _ = brute(model)
    reached = cost(model, solution)
    proven = bound(model, seconds=60)
    assert proven is not None
    assert proven.complete
    if np.isfinite(reached.objective):
        assert proven.value >= achieved(reached, model) - 1e-6


def test_the_bound_is_the_optimum_where_nothing_is_relaxed() -> None:
    gaps = []
    for seed in range(6):
        model = small(seed, vehicles=1, plain=True)
        solution, _ = brute(model)
        proven = bound(model, seconds=60)
        assert proven is not None
        gaps.append(proven.gap(cost(model, solution), model))
    assert sum(gap < 1e-9 for gap in gaps) >= 3
    assert max(gaps) < 0.5


def test_a_plan_that_leaves_out_what_must_be_served_is_infinitely_far() -> None:
    model = small(1, plain=True)
    model.prize[0] = np.inf
    proven = bound(model, seconds=60)
    assert proven is not None
    assert proven.gap(cost(model, Solution(((), ()))), model) == np.inf


def test_the_gap_of_the_only_trip_is_nothing() -> None:
    model = small(4, groups=1, vehicles=1, plain=True)
    proven = bound(model, seconds=60)
    assert proven is not None
    served = cost(model, Solution(((Trip(0.0, (0,)),),)))
    assert proven.gap(served, model) == pytest.approx(0.0, abs=1e-9)


def test_a_cancelled_bound_says_nothing() -> None:
    assert bound(small(0), seconds=60, cancelled=lambda: True) is None


@pytest.mark.parametrize("seed", range(8))
def test_trips_that_are_searched_for_give_a_bound_too(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small(seed, groups=3)
    monkeypatch.setattr("planner.routing.bound.LABELS", 0)
    searched = bound(model, seconds=60)
    assert searched is not None
    assert searched.method == "column generation"
    solution, least = brute(model)
    if np.isfinite(least):
        assert searched.value >= achieved(cost(model, solution), model) - 1e-3


def test_a_search_that_is_cut_short_promises_no_less(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small(4, groups=8, plain=True)
    listed = bound(model, seconds=60)
    monkeypatch.setattr("planner.routing.bound.LABELS", 0)
    monkeypatch.setattr("planner.routing.bound_rounds.EFFORT", (10, 10))
    searched = bound(model, seconds=60)
    assert listed is not None
    assert searched is not None
    assert searched.value >= listed.value * (1 - 1e-5)


def test_a_city_in_parts_has_the_same_bound_as_in_one() -> None:
    model = small(6, groups=6, vehicles=3)
    whole, parts = bound(model, seconds=60), bound_large(model, seconds=60)
    assert whole is not None
    assert parts is not None
    assert parts.value == pytest.approx(whole.value, rel=1e-6)


@pytest.mark.parametrize("seed", [2, 4, 8])
def test_a_bound_holds_from_the_first_and_only_falls(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small(seed, groups=3)
    solution, _ = brute(model)
    reached = achieved(cost(model, solution), model)
    monkeypatch.setattr("planner.routing.bound.LABELS", 0)
    told: list[float] = []
    proven = bound(model, seconds=60, known=solution, progress=told.append)
    assert proven is not None
    assert told == sorted(told, reverse=True)
    assert told[-1] == pytest.approx(proven.value)
    assert min(told) >= reached - 1e-3


def test_a_plan_to_begin_with_does_not_make_the_bound_looser() -> None:
    model = small(4, groups=4, plain=True)
    solution, _ = brute(model)
    alone, helped = bound(model, seconds=60), bound(model, seconds=60, known=solution)
    assert alone is not None
    assert helped is not None
    assert helped.value == pytest.approx(alone.value)


def test_no_time_is_time_for_a_bound() -> None:
    model = small(4, groups=4, plain=True)
    solution, _ = brute(model)
    proven = bound(model, seconds=0)
    assert proven is not None
    assert not proven.complete
    assert proven.value >= achieved(cost(model, solution), model)
