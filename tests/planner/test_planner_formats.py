"""Files that other programs read."""

import json
import sys
from pathlib import Path

import pytest
import shapely
from pymavlink import mavutil, mavwp

from planner import Plan, Problem, prepare, solve
from planner.formats import geojson, qgc, waypoints

sys.path.insert(0, str(Path(__file__).parent))
from planner_city import COPTER, END, START, VTOL, look, station, zone

DOCK = station("A", 0, 0)


@pytest.fixture(scope="module")
def plan() -> Plan:
    looks = [
        look("park", shapely.box(500, 500, 900, 900)),
        look("spots", shapely.MultiPoint([(300, -500), (600, -800)]), "points"),
        look("far", shapely.box(90_000, 0, 90_100, 100)),
    ]
    prepared = prepare(looks, [DOCK], [])
    problem = Problem(stations=(DOCK,), tasks=prepared.tasks, zones=(), start=START, end=END)
    return solve(problem, seconds=0)


def test_geojson_holds_the_path_and_every_photo_leg(plan: Plan) -> None:
    found = json.loads(json.dumps(geojson.plan(plan)))
    shapes = [shapely.from_geojson(json.dumps(f["geometry"])) for f in found["features"]]
    assert all(s.is_valid for s in shapes)
    paths = [f for f in found["features"] if f["properties"].get("path")]
    assert len(paths) == len(plan.flights)
    legs = sum(w.photo_spacing_m > 0 or w.photo for f in plan.flights for w in f.route.waypoints)
    assert sum(f["properties"].get("photo", False) for f in found["features"]) == legs
    assert {t for p in paths for t in p["properties"]["tasks"]} == {"park", "spots"}


def test_pymavlink_reads_the_waypoint_file(plan: Plan, tmp_path: Path) -> None:
    route = plan.flights[0].route
    text = waypoints.write(route, dock=DOCK.position, altitude_m=80.0, cruise_mps=15.0)
    file = tmp_path / "flight.waypoints"
    file.write_text(text)
    loader = mavwp.MAVWPLoader()
    count = loader.load(str(file))
    kinds = [loader.wp(k).command for k in range(count)]
    assert kinds[1] == mavutil.mavlink.MAV_CMD_NAV_TAKEOFF
    assert kinds[-1] == mavutil.mavlink.MAV_CMD_NAV_RETURN_TO_LAUNCH
    flown = [
        loader.wp(k) for k in range(1, count) if kinds[k] == mavutil.mavlink.MAV_CMD_NAV_WAYPOINT
    ]
    assert len(flown) == len(route.waypoints)
    for item, point in zip(flown, route.waypoints, strict=True):
        assert item.x == pytest.approx(point.position.lat, abs=1e-5)
        assert item.y == pytest.approx(point.position.lon, abs=1e-5)
        assert item.z == pytest.approx(point.height_m, abs=0.01)


@pytest.mark.parametrize("spec", [COPTER, VTOL])
def test_the_qgroundcontrol_plan_has_what_its_format_asks(plan: Plan, spec: object) -> None:
    route = plan.flights[0].route
    found = qgc.write(
        route,
        dock=DOCK.position,
        altitude_m=80.0,
        spec=spec,
        zones=[zone("Z", 5000, 0, 300)],  # type: ignore[arg-type]
    )
    again = json.loads(json.dumps(found))
    assert again["fileType"] == "Plan"
    assert again["version"] == 1
    mission = again["mission"]
    assert mission["version"] == 2
    assert [i["doJumpId"] for i in mission["items"]] == list(range(1, len(mission["items"]) + 1))
    assert all(len(i["params"]) == 7 for i in mission["items"])
    assert again["geoFence"]["polygons"][0]["inclusion"] is False
    assert again["rallyPoints"]["version"] == 2
