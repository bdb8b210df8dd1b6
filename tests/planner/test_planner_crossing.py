"""Where flights come near one another: against a brute look at every moment of both."""

from datetime import timedelta

import numpy as np
import pytest
from planner_city import COPTER, END, FRAME, START, station

from core.route import Route, Waypoint
from planner.assign.crossing import crossings
from planner.assign.tracks import Legs, city_frame, clock, legs_of
from planner.problem import Flight, Problem, Separation, Stop

RULE = Separation(within_m=30.0, height_m=15.0, time_s=30.0, near_dock_m=150.0)


def _legs(seed: int, flights: int, legs: int) -> Legs:
    """Random walks in space and time, with holds, level legs and climbs."""
    rng = np.random.default_rng(seed)
    parts = []
    for flight in range(flights):
        spots = np.cumsum(rng.normal(0, 120, (legs + 1, 2)), axis=0)
        heights = np.clip(60 + np.cumsum(rng.normal(0, 8, legs + 1)), 30, 120)
        still = rng.random(legs) < 0.2
        level = rng.random(legs) < 0.5
        for k in range(legs):
            if still[k]:
                spots[k + 1] = spots[k]
            if level[k]:
                heights[k + 1] = heights[k]
        times = np.concatenate([[0.0], np.cumsum(rng.uniform(3, 20, legs))])
        parts.append(
            (
                np.full(legs, flight),
                times[:-1],
                times[1:],
                spots[:-1],
                spots[1:],
                heights[:-1],
                heights[1:],
            )
        )
    return Legs(*(np.concatenate(p) for p in zip(*parts, strict=True)))


def _moments(legs: Legs, flight: int, step_s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, places and heights of a flight, every so many seconds."""
    own = legs.take(legs.flight == flight)
    times = np.arange(0.0, own.end_s[-1], step_s)
    k = np.clip(np.searchsorted(own.begin_s, times, side="right") - 1, 0, len(own) - 1)
    share = (times - own.begin_s[k]) / (own.end_s[k] - own.begin_s[k])
    return (
        times,
        own.begin[k] + share[:, None] * (own.end - own.begin)[k],
        own.begin_m[k] + share * (own.end_m - own.begin_m)[k],
    )


@pytest.mark.parametrize("seed", range(12))
def test_every_near_moment_is_found_and_nothing_more(seed: int) -> None:
    legs = _legs(seed, 2, 14)
    docks = np.array([[[0.0, 0.0]], [[60.0, -200.0]]])
    found = crossings(legs, docks, RULE)
    step = 0.25
    one, two = _moments(legs, 0, step), _moments(legs, 1, step)
    gap = np.hypot(*(one[1][:, None] - two[1][None]).transpose(2, 0, 1))
    near = (gap < RULE.within_m) & (np.abs(one[2][:, None] - two[2][None]) < RULE.height_m)
    for dock in docks.reshape(-1, 2):
        for side, (_, place, _) in enumerate((one, two)):
            away = np.hypot(*(place - dock).T) >= RULE.near_dock_m
            near &= away[:, None] if side == 0 else away[None]
    i, j = np.nonzero(near)
    lags = one[0][i] - two[0][j]
    covered = np.zeros(len(lags), bool)
    for crossing in found:
        inside = (lags >= crossing.lag_s[0] - 1e-6) & (lags <= crossing.lag_s[1] + 1e-6)
        covered |= inside
        assert inside.any() or crossing.lag_s[1] - crossing.lag_s[0] < 8 * step
        if inside.any():  # and its ends are real: the samples come close to them
            assert lags[inside].min() - crossing.lag_s[0] < 8 * step
            assert crossing.lag_s[1] - lags[inside].max() < 8 * step
            assert crossing.first_s[0] - 1e-6 <= one[0][i][inside].min()
            assert crossing.second_s[1] + 1e-6 >= two[0][j][inside].max()
    assert covered.all()


def _flight(name: str, *spots: tuple[float, float], height_m: float = 80.0) -> Flight:
    """Straight from spot to spot at the copter's speed."""
    points = tuple(Waypoint(position=FRAME.point(x, y), height_m=height_m) for x, y in spots)
    return Flight(
        id=f"{name}-1", station=name, start=START, end=START + timedelta(seconds=600),
        stops=(Stop("t"),), route=Route(points), landing_share=0.5,
    )  # fmt: skip


def _found(a: Flight, b: Flight, rule: Separation = RULE) -> list[tuple[float, float]]:
    problem = Problem(
        stations=(station("A", -3000, 0, COPTER), station("B", 0, -3000, COPTER)),
        tasks=(), zones=(), start=START, end=END,
    )  # fmt: skip
    frame = city_frame(problem, [a, b])
    legs = legs_of(clock([a, b], problem), frame)
    docks = np.array([[frame.point_xy(s.position)] for s in problem.stations])
    return [c.lag_s for c in crossings(legs, docks, rule)]


def test_two_lines_that_cross_are_near_where_they_cross() -> None:
    east = _flight("A", (-3000, 0), (3000, 0), (-3000, 0))
    north = _flight("B", (0, -3000), (0, 3000), (0, -3000))
    found = _found(east, north)
    # out and back over the same spot: both out, one out and one back, and so on
    assert len(found) == 3
    assert found[1][0] == pytest.approx(-found[1][1], abs=0.2)


def test_height_or_a_dock_close_by_keeps_them_apart() -> None:
    east = _flight("A", (-3000, 0), (3000, 0))
    assert _found(east, _flight("B", (0, -3000), (0, 3000), height_m=96.0)) == []
    assert len(_found(east, _flight("B", (0, -3000), (0, 3000), height_m=94.0))) == 1
    assert _found(east, _flight("B", (0, -3000), (-2950, 0))) == []
    assert len(_found(east, _flight("B", (0, -3000), (-2800, 0)))) == 1


def test_paths_side_by_side_are_near_all_along() -> None:
    east = _flight("A", (-2800, 0), (3000, 0))
    beside = _flight("B", (-2800, 20), (3000, 20))
    (low, high), *others = _found(east, beside)
    assert not others
    assert high - low < 10  # the same speed: the lag hardly varies
    assert _found(east, _flight("B", (-2800, 31), (3000, 31))) == []
