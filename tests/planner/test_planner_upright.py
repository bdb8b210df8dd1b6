"""Orbits and façades from the day file to the verified plan."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely

import planner
from core.energy import CALM
from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.geo import LocalFrame, LonLat
from core.route import Route, Waypoint
from core.zones import Zone, ZoneKind
from planner.formats import dayfile, dayfile_out
from planner.problem import Look, Problem, Station
from planner.routes.effort import reversed_route, routes_s
from planner.routes.footprints import photographed

HERE = LonLat(100.0, 26.0)
FRAME = LocalFrame(HERE)
DAY = datetime(2026, 5, 12, 0, tzinfo=UTC)
EYE = CameraSpec(id="eye", sensor=Sensor.VISIBLE, width_px=5280, height_px=3956, hfov_deg=71.5)
COPTER = VehicleSpec(
    id="copter", name="copter", name_zh="多旋翼", vtol=False, cruise_mps=15.0, climb_mps=5.0,
    descent_mps=3.0, endurance_s=2400.0, recharge_s=1800.0, wind_limit_mps=12.0, cameras=(EYE,),
)  # fmt: skip
WING = replace(COPTER, id="wing", vtol=True, cruise_mps=20.0)
DOCK = Station(
    id="D1",
    position=HERE,
    spec=COPTER,
    available_from=DAY,
    available_until=DAY + timedelta(hours=10),
)


def at(*metres: tuple[float, float]) -> list[tuple[float, float]]:
    lon, lat = FRAME.lonlat(*(np.array(c, float) for c in zip(*metres, strict=True)))
    return list(zip(lon.tolist(), lat.tolist(), strict=True))


def tower(name: str, east: float = 800.0, **given: object) -> Look:
    place = shapely.Point(at((east, 300.0))[0])
    asked = {"radius_m": 30.0, "top_m": 40.0, "gsd_m": 0.02, **given}
    return look(name, "orbit", place, **asked)


def wall(name: str, *metres: tuple[float, float], **given: object) -> Look:
    asked = {"top_m": 30.0, "gsd_m": 0.006, **given}
    return look(name, "facade", shapely.LineString(at(*metres)), **asked)


def look(name: str, kind: str, place: shapely.Geometry, **given: object) -> Look:
    times = {"earliest": DAY, "latest": DAY + timedelta(hours=10)}
    return Look(id=name, kind=kind, geometry=place, sensor=Sensor.VISIBLE, **{**times, **given})  # type: ignore[arg-type]


def prepared(
    *looks: Look, stations: tuple[Station, ...] = (DOCK,), zones: tuple[Zone, ...] = ()
) -> planner.Prepared:
    return planner.prepare(looks, stations, zones)


def test_a_day_file_with_a_tower_and_a_wall_becomes_a_verified_plan(tmp_path: Path) -> None:
    looks = (tower("mast"), wall("front", (400, -200), (460, -200), (460, -140)))
    dock = {"role": "dock", "id": "D1", "kind": "copter"}
    day = {"version": 1, "day": "2026-05-12", "opens": "00:00", "closes": "10:00"}
    features = [
        {"type": "Feature", "properties": p, "geometry": shapely.geometry.mapping(g)}
        for p, g in (
            (dock, shapely.Point(HERE.lon, HERE.lat)),
            ({"role": "look", "id": "mast", "kind": "orbit", "radius_m": 30, "top_m": 40,
              "gsd_m": 0.02}, looks[0].geometry),
            ({"role": "look", "id": "front", "kind": "facade", "top_m": 30, "gsd_m": 0.006},
             looks[1].geometry),
        )
    ]  # fmt: skip
    path = tmp_path / "day.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "flyonce": day, "features": features}))
    read = dayfile.read(path, {"copter": COPTER})
    assert [replace(k, geometry=None) for k in read.looks] == [
        replace(k, geometry=None, earliest=read.start, latest=read.end) for k in looks
    ]
    path.write_text(json.dumps(dayfile_out.content(read)))
    assert dayfile.read(path, {}).looks == read.looks
    ready = planner.prepare(read.looks, read.stations, read.zones)
    assert not ready.refused
    problem = Problem(
        stations=read.stations, tasks=ready.tasks, zones=(), start=read.start, end=read.end
    )
    plan = planner.solve(problem, seconds=0.5)
    assert not plan.unserved
    assert list(planner.verify(problem, plan)) == []


def test_a_wall_flown_backward_is_seen_from_the_same_side() -> None:
    route = next(iter(prepared(wall("w", (400, 0), (460, 0))).tasks)).routes["copter"]
    back = reversed_route(route)
    for one in (route, back):
        legs = [a for a in one.waypoints if a.photo_spacing_m > 0]
        assert legs
        assert {round(a.heading_deg or 0.0) % 360 for a in legs} == {0}
        assert {a.gimbal_pitch_deg for a in legs} == {0.0}
    assert len(back.shots) == len(route.shots)


def test_an_orbit_flown_backward_still_looks_at_its_middle() -> None:
    route = next(iter(prepared(tower("t")).tasks)).routes["copter"]
    centre = np.array([800.0, 300.0])
    for one in (route, reversed_route(route)):
        assert sum(w.photo for w in one.waypoints) >= 16
        for w in one.waypoints:
            if w.photo:
                x, y = FRAME.point_xy(w.position)
                course = math.degrees(math.atan2(centre[0] - x, centre[1] - y)) % 360
                assert w.heading_deg is not None
                assert abs((w.heading_deg - course + 180) % 360 - 180) < 1.0
                assert math.hypot(x - centre[0], y - centre[1]) == pytest.approx(30, abs=0.5)


def test_a_plan_with_the_camera_turned_away_is_not_accepted() -> None:
    ready = prepared(wall("w", (400, 0), (460, 0)))
    problem = Problem(
        stations=(DOCK,), tasks=ready.tasks, zones=(), start=DAY, end=DAY + timedelta(hours=10)
    )
    plan = planner.solve(problem, seconds=0.2)
    assert list(planner.verify(problem, plan)) == []
    flight = plan.flights[0]
    turned = tuple(
        replace(w, heading_deg=90.0) if w.photo_spacing_m else w for w in flight.route.waypoints
    )
    wrong = replace(plan, flights=(replace(flight, route=Route(turned)),))
    assert {v.rule for v in planner.verify(problem, wrong)} == {"route"}


def test_transfers_stay_high_over_what_is_looked_at() -> None:
    for wish in (tower("t", top_m=80.0), wall("w", (400, 0), (460, 0), top_m=80.0)):
        route = next(iter(prepared(wish).tasks)).routes["copter"]
        ends = route.waypoints[0], route.waypoints[-1]
        assert {w.height_m for w in ends} == {90.0}
        assert route.waypoints[1].position == ends[0].position
        assert route.waypoints[-2].position == ends[1].position


def test_a_climb_on_the_spot_takes_its_time() -> None:
    route = next(iter(prepared(wall("w", (400, 0), (460, 0))).tasks)).routes["copter"]
    steep = [(a, b) for a, b in pairwise(route.waypoints) if a.position == b.position]
    rise = sum(abs(a.height_m - b.height_m) for a, b in steep)
    level = Route(tuple(replace(w, height_m=60.0, hold_s=0.0) for w in route.waypoints))
    _, there, _ = routes_s([route, level], COPTER, CALM)
    assert there[0] - there[1] >= rise / COPTER.climb_mps


def test_alike_looks_of_two_departments_are_flown_once_and_areas_are_not_merged() -> None:
    both = prepared(tower("a", department="x"), tower("b", department="y", base_m=10.0))
    assert [t.looks for t in both.tasks] in ([("a", "b")], [("b", "a")])
    ends = (400.0, 0.0), (520.0, 0.0)
    part = (420.0, 0.5), (500.0, 0.5)
    walls = prepared(wall("a", *ends), wall("b", *part, top_m=36.0))
    assert [set(t.looks) for t in walls.tasks] == [{"a", "b"}]
    top = max(w.height_m for w in walls.tasks[0].routes["copter"].waypoints[1:-1])
    assert top > 24.0  # as high as the higher of both
    other = prepared(wall("a", *ends), wall("b", *part[::-1]))
    assert len(other.tasks) == 2  # the other side of the wall
    ground = shapely.Polygon(at((700, 200), (900, 200), (900, 400), (700, 400)))
    area = look("ground", "area", ground, gsd_m=0.03)
    assert len(prepared(tower("a"), area).tasks) == 2


def test_a_wall_too_long_for_one_flight_is_split_and_its_parts_hold_it_all() -> None:
    wish = wall("long", (200, 0), (6200, 0), top_m=60.0)
    ready = prepared(wish)
    assert not ready.refused
    assert len(ready.tasks) >= 3
    seen = []
    for task in ready.tasks:
        points = task.routes["copter"].waypoints
        assert routes_s([Route(points)], COPTER, CALM)[1][0] <= COPTER.usable_s
        for a, b in pairwise(points):
            if a.photo_spacing_m:
                ends = FRAME.point_xy(a.position), FRAME.point_xy(b.position)
                seen.append(tuple(sorted((ends[0][0], ends[1][0]))))
    covered = shapely.union_all([shapely.box(a, 0, b, 1) for a, b in seen])
    assert covered.buffer(0.5).contains(shapely.box(201, 0.2, 6199, 0.8))


def test_what_cannot_be_looked_at_is_refused_by_name() -> None:
    ready = prepared(
        tower("tall", top_m=115.0),
        tower("fine", gsd_m=0.001),
        wall("small", (400, 0), (460, 0), gsd_m=0.0002),
    )
    codes = {name: r.code for name, r in ready.refused.items()}
    assert codes == {"tall": "geometry", "fine": "resolution", "small": "resolution"}
    winged = prepared(tower("t"), stations=(replace(DOCK, spec=WING),))
    assert winged.refused["t"].code == "no_sensor"
    for wrong in ({"radius_m": 2.0}, {"every_deg": 90.0}, {"base_m": 50.0}):
        with pytest.raises(ValueError, match="look t"):
            tower("t", **wrong)


def test_a_ring_through_a_zone_is_refused_and_a_wall_beside_one_is_flown_in_part() -> None:
    shut = Zone(
        id="z", name="z", name_zh="区", kind=ZoneKind.RESTRICTED, buffer_m=20.0,
        polygon=shapely.Polygon(at((800, 330), (840, 330), (840, 380), (800, 380))),
    )  # fmt: skip
    assert prepared(tower("t"), zones=(shut,)).refused["t"].code == "zone"
    beside = replace(
        shut, polygon=shapely.Polygon(at((700, -60), (760, -60), (760, -30), (700, -30)))
    )
    ready = prepared(wall("w", (300, 0), (800, 0), gsd_m=0.01), zones=(beside,))
    assert ready.tasks
    assert "w" in ready.notes
    shut_to = FRAME.to_metres(beside.polygon).buffer(19.5)
    for task in ready.tasks:
        xy = [FRAME.point_xy(w.position) for w in task.routes["copter"].waypoints]
        assert not shapely.LineString(xy).intersects(shut_to)


def test_a_level_photo_shows_no_ground_and_a_slanted_one_what_lies_before_it() -> None:
    def shown(pitch: float) -> list[shapely.Geometry]:
        point = Waypoint(
            position=HERE, height_m=50.0, photo=True, heading_deg=90.0, gimbal_pitch_deg=pitch
        )
        return photographed(Route((point,)), COPTER, FRAME)

    assert shown(0.0) == []
    slanted, straight = shown(-60.0)[0], shown(-90.0)[0]
    assert slanted.centroid.x > 20.0
    assert slanted.area > straight.area
    assert straight.area == pytest.approx(math.prod(EYE.footprint_m(50.0)))
