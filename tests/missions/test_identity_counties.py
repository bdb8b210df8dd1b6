"""Counties: lists, objects and live frames show what lies in a caller's, and nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box

from core.errors import NotFound
from core.geo import LonLat
from core.route import Route, Waypoint
from missions.access import Principal, Role
from missions.identity.territory import Territory
from missions.store import MemoryStore, SqlStore, Store
from missions.store.placing import scope_by

WEST, EAST = LonLat(118.5, 28.5), LonLat(119.5, 28.5)


@pytest.fixture
def territory() -> Territory:
    """Two counties that share a border at 119 degrees."""
    return Territory(
        {"west": box(118, 28, 119, 29), "east": box(119, 28, 120, 29)},
        {"TC-01": "west", "TC-02": "east"},
    )


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqlStore(tmp_path / "f.db")
    yield made
    made.close()


def pilot(territory: Territory, *counties: str) -> Principal:
    return Principal(name="p", role=Role.PILOT, counties=frozenset(counties), territory=territory)


def officer(territory: Territory, department: str, *counties: str) -> Principal:
    return Principal(
        name="o",
        role=Role.MEMBER,
        department=department,
        counties=frozenset(counties),
        territory=territory,
    )


def point(at: LonLat) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [at.lon, at.lat]}


def line(*at: LonLat) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [[p.lon, p.lat] for p in at]}


def route(*at: LonLat) -> Route:
    return Route(tuple(Waypoint(position=p, height_m=80.0) for p in at))


def filled(store: Store, make: Any) -> None:
    """One of everything in each county, and some across the border."""
    with store.unit() as unit:
        for name, at in (("w", WEST), ("e", EAST)):
            unit.requests.add(make.request(f"req-{name}", geometry=point(at)))
            unit.media.add(make.medium(f"med-{name}", position=at))
            unit.anomalies.add(make.anomaly(f"ano-{name}", position=at))
            unit.cases.add(make.case(f"cas-{name}", position=at, county=""))
            dock = {"w": "TC-01", "e": "TC-02"}[name]
            unit.flights.add(make.flight(f"flt-{name}", route=route(at), dock=dock, vehicle=dock))
        unit.requests.add(make.request("req-both", geometry=line(WEST, EAST)))
        unit.flights.add(make.flight("flt-both", route=route(WEST, EAST)))
        nowhere = {"type": "Point", "coordinates": [100.0, 10.0]}
        unit.requests.add(make.request("req-out", geometry=nowhere))


EXPECTED = {
    "west": {"requests": {"req-w", "req-both"}, "flights": {"flt-w", "flt-both"},
             "media": {"med-w"}, "anomalies": {"ano-w"}, "cases": {"cas-w"}},
    "east": {"requests": {"req-e", "req-both"}, "flights": {"flt-e", "flt-both"},
             "media": {"med-e"}, "anomalies": {"ano-e"}, "cases": {"cas-e"}},
}  # fmt: skip


@pytest.mark.parametrize("before", [True, False], ids=["stored before", "stored after"])
@pytest.mark.parametrize("county", ["west", "east"])
def test_a_county_limited_pilot_sees_what_lies_there_and_nothing_else(
    store: Store, make: Any, territory: Territory, county: str, before: bool
) -> None:
    if before:
        filled(store, make)
        assert scope_by(store, territory, territory.digest) > 0
    else:
        scope_by(store, territory, territory.digest)
        filled(store, make)
        scope_by(store, territory, territory.digest + "again")  # cases get their county
    p = pilot(territory, county)
    with store.view() as unit:
        for kind, wanted in EXPECTED[county].items():
            repository = getattr(unit, kind)
            listed = {item.id for item in repository.find(audience=p.audience())}
            seen = {item.id for item in repository.find() if p.sees(item)}
            assert listed == seen == wanted, kind
            assert repository.count(audience=p.audience()) == len(wanted)


def test_two_counties_show_what_lies_in_either_once(
    store: Store, make: Any, territory: Territory
) -> None:
    scope_by(store, territory, "a")
    filled(store, make)
    p = pilot(territory, "east", "west")
    with store.view() as unit:
        found = [r.id for r in unit.requests.find(audience=p.audience(), newest_first=True)]
    assert found == ["req-both", "req-e", "req-w"]


def test_department_and_county_both_must_fit(store: Store, make: Any, territory: Territory) -> None:
    scope_by(store, territory, "a")
    filled(store, make)
    with store.view() as unit:
        for department, wanted in (
            ("forestry", {"req-w", "req-both"}),
            ("emergency", {"req-w", "req-both"}),
            ("urban", set()),
        ):
            p = officer(territory, department, "west")
            found = {r.id for r in unit.requests.find(audience=p.audience())}
            assert found == wanted
            assert {r.id for r in unit.requests.find() if p.sees(r)} == wanted


def test_a_thing_that_moves_is_found_where_it_lies_now(
    store: Store, make: Any, territory: Territory
) -> None:
    scope_by(store, territory, "a")
    filled(store, make)
    with store.unit() as unit:
        unit.anomalies.put(replace(unit.anomalies.get("ano-w"), position=EAST))
    with store.view() as unit:
        assert unit.anomalies.find(audience=("@west",)) == []
        assert {a.id for a in unit.anomalies.find(audience=("@east",))} == {"ano-w", "ano-e"}


def test_new_borders_link_everything_anew_once(
    store: Store, make: Any, territory: Territory
) -> None:
    scope_by(store, territory, territory.digest)
    filled(store, make)
    assert scope_by(store, territory, territory.digest) == 0
    other = Territory({"all": box(118, 28, 120, 29)}, {"TC-01": "all", "TC-02": "all"})
    assert other.digest != territory.digest
    assert scope_by(store, other, other.digest) > 0
    with store.view() as unit:
        assert unit.requests.find(audience=("@west",)) == []
        assert {r.id for r in unit.requests.find(audience=("@all",))} == {
            "req-w", "req-e", "req-both"
        }  # fmt: skip
        assert {c.county for c in unit.cases.find()} == {"all"}


def test_a_command_beside_the_service_does_not_forget_where_things_lie(
    make: Any, territory: Territory, tmp_path: Path
) -> None:
    service = SqlStore(tmp_path / "f.db")
    scope_by(service, territory, "a")
    filled(service, make)
    command = SqlStore(tmp_path / "f.db")
    with command.unit() as unit:
        unit.requests.put(replace(unit.requests.get("req-w"), purpose="changed"))
    with service.view() as unit:
        assert "req-w" in {r.id for r in unit.requests.find(audience=("@west",))}
    command.close()
    service.close()


def test_a_county_asked_for_does_not_widen_ones_own(
    store: Store, make: Any, territory: Territory
) -> None:
    with store.unit() as unit:
        unit.cases.add(make.case("cas-w", county="west"))
        unit.cases.add(make.case("cas-e", county="east"))
    p = pilot(territory, "west")
    with store.view() as unit:
        assert unit.cases.find(audience=p.audience(), county="east") == []
        assert [c.id for c in unit.cases.find(audience=p.audience(), county="west")] == ["cas-w"]


def test_without_a_county_one_sees_nothing(store: Store, make: Any, territory: Territory) -> None:
    scope_by(store, territory, "a")
    filled(store, make)
    p = pilot(territory)
    with store.view() as unit:
        assert unit.requests.find(audience=p.audience()) == []
        assert not any(p.sees(r) for r in unit.requests.find())
        with pytest.raises(NotFound):
            p.checked(unit.requests.get("req-w"))


def test_what_belongs_to_a_drone_lies_where_its_dock_stands(territory: Territory) -> None:
    class Pack:
        vehicle = "TC-02"

    assert pilot(territory, "east").reaches(Pack())
    assert not pilot(territory, "west").reaches(Pack())
    assert territory.at(LonLat(119.0, 28.5)) == {"west", "east"}
    assert territory.at(LonLat(10.0, 10.0)) == frozenset()
