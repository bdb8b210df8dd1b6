"""Many cases on the map: every case once, clusters or points, and each caller's own."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.errors import InvalidInput
from core.geo import LonLat
from core.squares import corners, square_of
from missions.access import LOCAL_OPERATOR, Principal, Role
from missions.entities import CaseState
from missions.statistics.casemap import Map, level_box
from missions.store import Store

BOX = (118.0, 28.0, 119.0, 29.0)


@pytest.fixture
def filled(store: Store, make: Any) -> Store:
    with store.unit() as unit:
        for n in range(400):
            unit.cases.add(
                make.case(
                    f"c{n}",
                    position=LonLat(118.3 + n % 20 / 5000, 28.3 + n // 20 / 5000),
                    state=CaseState.CLOSED if n % 4 == 0 else CaseState.HANDLING,
                    department=("forestry", "urban")[n % 2],
                    shared_with=("urban",) if n % 10 == 0 else (),
                    county=("a", "b")[n % 2],
                )
            )
    return store


@pytest.mark.parametrize("zoom", [0, 5, 9, 12, 14, 16, 17, 20, 24])
@pytest.mark.parametrize(("state", "count"), [("open", 300), ("closed", 100), ("all", 400)])
def test_every_case_is_shown_once_at_every_zoom(
    filled: Store, zoom: int, state: str, count: int
) -> None:
    found = Map(filled).show(LOCAL_OPERATOR, BOX, zoom, state)
    assert found.total == count
    assert sum(c.count for c in found.clusters) + len(found.cases) == count
    for cluster in found.clusters:
        west, south, east, north = cluster.bbox
        assert west - 1e-5 <= cluster.lon <= east + 1e-5
        assert south - 1e-5 <= cluster.lat <= north + 1e-5


def test_few_cases_are_shown_one_by_one_within_the_box(filled: Store) -> None:
    found = Map(filled).show(LOCAL_OPERATOR, (118.2999, 28.2999, 118.3003, 28.3003), 18, "all")
    assert {case.id for case in found.cases} == {"c0", "c1", "c20", "c21"}


def test_everyone_gets_the_cases_of_their_lists(
    filled: Store, member: Callable[[str], Principal]
) -> None:
    for p in (
        member("urban"),
        member("water"),
        Principal(name="d", role=Role.DISPATCHER, counties=frozenset({"b"})),
        replace(member("urban"), counties=frozenset({"a"})),
        Principal(name="x", role=Role.MACHINE),
    ):
        with filled.view() as unit:
            own = unit.cases.count(audience=p.audience())
        for zoom in (9, 18):
            assert Map(filled).show(p, BOX, zoom, "all").total == own
        near = Map(filled).show(p, (118.2999, 28.2999, 118.3003, 28.3003), 18, "all")
        with filled.view() as unit:
            assert all(p.sees(case) for case in near.cases)


def test_a_case_that_moves_or_closes_changes_the_map(filled: Store) -> None:
    with filled.unit() as unit:
        case = unit.cases.get("c1")
        unit.cases.put(replace(case, state=CaseState.CLOSED, position=LonLat(121.0, 30.0)))
    assert Map(filled).show(LOCAL_OPERATOR, BOX, 9, "open").total == 299
    assert Map(filled).show(LOCAL_OPERATOR, (120.9, 29.9, 121.1, 30.1), 9, "all").total == 1


def test_the_whole_world_is_a_bounded_number_of_squares() -> None:
    for zoom in range(25):
        box = level_box((-180, -90, 180, 90), zoom)
        assert (box.east - box.west + 1) * (box.south - box.north + 1) <= 3000


@pytest.mark.parametrize("box", [(1, 0, 0, 1), (0, 0, 0, 1), (-200, 0, 1, 1), (float("nan"),) * 4])
def test_no_box_is_refused(filled: Store, box: tuple[float, float, float, float]) -> None:
    with pytest.raises(InvalidInput):
        Map(filled).show(LOCAL_OPERATOR, box, 9, "open")


def test_a_square_holds_the_place_that_lies_in_it() -> None:
    for lon, lat in ((118.87, 28.97), (-180.0, -89.0), (180.0, 90.0), (0.0, 0.0)):
        for level in (0, 4, 18):
            west, south, east, north = corners(*square_of(lon, lat, level), level)
            assert west <= lon <= east
            assert south - 5 <= lat <= north + 5
