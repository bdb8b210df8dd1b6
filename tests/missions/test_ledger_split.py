"""The ledger: shares that sum exactly to what was flown."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.geo import LonLat
from core.route import Route, Waypoint
from missions.ledger import CITY, apportion, split

names = st.text("abcdef", min_size=1, max_size=4)
weights = st.dictionaries(
    names, st.fractions(0, 1000, max_denominator=1000), min_size=1, max_size=8
)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**7), weights)
def test_shares_sum_exactly_and_are_fair(total: int, given_weights: dict[str, Fraction]) -> None:
    shares = apportion(total, given_weights)
    assert sum(shares.values()) == total
    whole = sum(given_weights.values())
    for name, share in shares.items():
        exact = total * given_weights[name] / whole if whole else Fraction(total, len(shares))
        assert abs(share - exact) < 1


def leg(lon: float, lat: float, spacing_m: float = 0.0, photo: bool = False) -> Waypoint:
    return Waypoint(
        position=LonLat(lon, lat), height_m=80.0, photo_spacing_m=spacing_m, photo=photo
    )


@pytest.fixture
def flown(make: Any) -> Any:
    """Out, 3 parts of photographs over one place, 1 part over another, and back."""
    route = Route(
        (
            leg(118.50, 28.50),
            leg(118.60, 28.50, 20.0),
            leg(118.63, 28.50),
            leg(118.70, 28.50, 20.0),
            leg(118.71, 28.50),
            leg(118.50, 28.50),
        )
    )
    return make.flight(
        route=route, km=41.0005, landed_at=make.flight().start + timedelta(seconds=1801)
    )


def lines(*arguments: Any) -> dict[str, tuple[int, int]]:
    return {line.department: (line.metres, line.seconds) for line in split(*arguments)}


def line_at(west: float, east: float) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [[west, 28.5], [east, 28.5]]}


def test_tasks_weigh_what_was_photographed_for_them(make: Any, flown: Any) -> None:
    tasks = [
        make.task("t1", geometry=line_at(118.60, 118.63), request_ids=("r1", "r2")),
        make.task("t2", geometry=line_at(118.70, 118.71), request_ids=("r3",)),
    ]
    requests = [
        make.request("r1", department="water"),
        make.request("r2", department="forestry"),
        make.request("r3", department="urban"),
        make.request("r4", department="nobody"),
    ]
    shares = lines(flown, tasks, requests)
    assert sum(m for m, _ in shares.values()) == 41000
    assert sum(s for _, s in shares.values()) == 1801
    assert shares["urban"][0] == pytest.approx(41000 / 4, abs=5)
    assert abs(shares["water"][0] - shares["forestry"][0]) <= 1
    assert set(shares) == {"water", "forestry", "urban"}


def test_a_department_asked_twice_bears_twice(make: Any, flown: Any) -> None:
    requests = [
        make.request("r1", department="water"),
        make.request("r2", department="water"),
        make.request("r3", department="urban"),
    ]
    shares = lines(flown, [make.task("t", request_ids=("r1", "r2", "r3"))], requests)
    assert shares["water"][0] == pytest.approx(41000 * 2 / 3, abs=1)


def test_single_photographs_count(make: Any) -> None:
    route = Route(
        (leg(118.5, 28.5, photo=True), leg(118.5, 28.5, photo=True), leg(118.7, 28.5, photo=True))
    )
    tasks = [
        make.task(name, geometry={"type": "Point", "coordinates": [lon, 28.5]}, request_ids=(name,))
        for name, lon in (("a", 118.5), ("b", 118.7))
    ]
    requests = [make.request("a", department="a"), make.request("b", department="b")]
    shares = lines(make.flight(route=route, km=9.0), tasks, requests)
    assert {k: v[0] for k, v in shares.items()} == {"a": 6000, "b": 3000}


def test_tasks_without_photographs_share_equally(make: Any) -> None:
    tasks = [make.task("a", request_ids=("a",)), make.task("b", request_ids=("b",))]
    requests = [make.request("a", department="a"), make.request("b", department="b")]
    shares = lines(make.flight(km=3.0), tasks, requests)
    assert {k: v[0] for k, v in shares.items()} == {"a": 1500, "b": 1500}


def test_a_flight_without_tasks_is_its_departments_or_the_citys(make: Any) -> None:
    assert lines(make.flight(km=1.0), [], []) == {"forestry": (1000, 1200)}
    assert lines(make.flight(km=1.0, departments=()), [], []) == {CITY: (1000, 1200)}


def test_a_task_whose_requests_are_gone_is_borne_by_its_departments(make: Any, flown: Any) -> None:
    tasks = [make.task(departments=("water", "urban"))]
    assert set(lines(flown, tasks, [])) == {"water", "urban"}
