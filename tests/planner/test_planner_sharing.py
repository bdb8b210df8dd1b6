"""Fly once: what joins, what does not, and what it saves."""

from dataclasses import replace
from datetime import timedelta

import pytest
import shapely
from planner_city import END, FRAME, START, VTOL, look, station, zone

from core.energy import route_s
from core.equipment import Sensor
from core.geo import LocalFrame, LonLat
from planner import Look, Prepared, photographed, prepare, seen, separate

DOCKS = [station("A", 0, 0), station("B", 4000, 0, VTOL)]
PARK = shapely.box(1000, 1000, 1800, 1700)


def planned(*looks: Look) -> Prepared:
    return prepare(looks, DOCKS, [])


def test_two_departments_at_one_place_share_one_flight() -> None:
    fire = look("fire", PARK, sensor=Sensor.THERMAL, gsd_m=0.15, priority=5)
    site = look("site", PARK, gsd_m=0.04, priority=2, latest=END - timedelta(hours=2))
    found = planned(fire, site)
    (task,) = found.tasks
    assert set(task.looks) == {"fire", "site"}
    assert task.sensors == {Sensor.THERMAL, Sensor.VISIBLE}
    assert task.priority == 5
    assert (task.earliest, task.latest) == (START, END - timedelta(hours=2))
    assert found.served_by == {"fire": (task.id,), "site": (task.id,)}
    cost = separate([fire, site], found, DOCKS)
    assert cost.flights == 2
    assert cost.km > 0


def test_a_small_place_within_a_large_one_is_flown_with_it() -> None:
    inner = look("inner", shapely.box(1100, 1100, 1300, 1300), gsd_m=0.06)
    road = look("road", shapely.LineString([(1050, 1350), (1700, 1350)]), "corridor", width_m=40)
    spot = look("spot", shapely.Point(1400, 1400), "points")
    found = planned(look("park", PARK), inner, road, spot)
    assert len(found.tasks) == 1
    assert set(found.tasks[0].looks) == {"park", "inner", "road", "spot"}


def test_other_times_and_far_places_stay_apart() -> None:
    early = look("early", PARK, latest=START + timedelta(hours=3))
    late = look("late", PARK, earliest=START + timedelta(hours=4))
    far = look("far", shapely.box(-3000, -3000, -2500, -2500))
    assert len(planned(early, late, far).tasks) == 3


def test_a_fine_look_does_not_drag_a_large_coarse_one_down() -> None:
    coarse = look("coarse", shapely.box(0, 0, 3000, 3000), gsd_m=0.045)
    fine = look("fine", shapely.box(100, 100, 200, 200), gsd_m=0.02)
    found = planned(coarse, fine)
    assert all(len(t.looks) == 1 for t in found.tasks)


def test_long_work_is_split_and_every_part_fits() -> None:
    found = planned(look("wide", shapely.box(-3000, -3000, 3000, 3000), gsd_m=0.03))
    assert len(found.tasks) > 2
    assert found.served_by["wide"] == tuple(t.id for t in found.tasks)
    for task in found.tasks:
        for dock in DOCKS:
            route = task.routes.get(dock.spec.id)
            assert route is None or route_s(route, dock.spec) < dock.spec.usable_s


def test_what_a_zone_cuts_off_is_said_and_the_rest_is_photographed() -> None:
    closed = zone("Z", 1000, 1350, 200)
    found = prepare([look("park", PARK)], DOCKS, [closed])
    assert "no-fly" in found.notes["park"][0]
    route = found.tasks[0].routes["copter"]
    frame = LocalFrame(FRAME.origin)
    ground = photographed(route, DOCKS[0].spec, frame, gsd_m=0.05)
    free = PARK.difference(FRAME.to_metres(closed.polygon).buffer(60))
    assert seen(ground, free) > 0.97


def test_footprints_count_only_at_the_asked_resolution() -> None:
    frame = LocalFrame(LonLat(118.87, 28.95))
    (task,) = planned(look("park", PARK, gsd_m=0.05)).tasks
    route = task.routes["copter"]
    spec = DOCKS[0].spec
    assert seen(photographed(route, spec, frame, gsd_m=0.05), PARK) > 0.995
    assert photographed(route, spec, frame, gsd_m=0.01) == []
    assert photographed(route, spec, frame, sensors=frozenset({Sensor.THERMAL})) == []
    (spot,) = planned(look("spot", shapely.Point(500, 500), "points")).tasks
    polygons = photographed(spot.routes["copter"], spec, frame)
    assert shapely.union_all(polygons).contains(shapely.Point(500, 500))


def test_separate_flights_of_nothing_cost_nothing() -> None:
    one = look("one", PARK)
    found = planned(one)
    alone = separate([one], found, DOCKS)
    assert alone.flights == 1
    assert alone.km == pytest.approx(
        min(
            separate([one], replace(found), [d]).km
            for d in DOCKS
            if d.spec.id in found.tasks[0].routes
        )
    )
    assert separate([], found, DOCKS).km == 0
    assert separate([one], found, []).flights == 0
