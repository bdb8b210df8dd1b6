"""Files that other programs read, and files of theirs that we read."""

import json
import zipfile
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import shapefile
import shapely
from format_rules import qgc_faults, wpml_faults
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planner_city import COPTER, END, START, VTOL, look, station, zone
from pymavlink import mavutil, mavwp
from pyproj import CRS

from core.equipment import Sensor
from core.errors import InvalidInput
from core.geo import LonLat, distance_m
from core.route import Route, Waypoint
from planner import Plan, Problem, prepare, solve
from planner.formats import geojson, kml, litchi, qgc, shapefile_zip, wayline, waypoints, wpml
from planner.formats.files import read_places, read_route, write_route
from planner.formats.site import Site

DOCK = station("A", 0, 0)
SITE = Site(home=DOCK.position, home_amsl_m=80.0, spec=COPTER)
QUICK = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def plan() -> Plan:
    looks = [
        look("park", shapely.box(500, 500, 900, 900)),
        look("spots", shapely.MultiPoint([(300, -500), (600, -800)]), "points"),
        look("far", shapely.box(90_000, 0, 90_100, 100)),
    ]
    prepared = prepare(looks, [DOCK], [])
    problem = Problem(stations=(DOCK,), tasks=prepared.tasks, zones=(), start=START, end=END)
    return solve(problem, seconds=0.05)


@st.composite
def routes(draw: st.DrawFn) -> Route:
    """Short routes with every feature; angles, speeds and spacings go on where they last."""
    count = draw(st.integers(1, 8))
    points = [
        Waypoint(
            position=LonLat(
                round(draw(st.floats(118.8, 118.9)), 7), round(draw(st.floats(28.9, 29)), 7)
            ),
            height_m=draw(st.sampled_from((40.0, 99.5, 120.0))),
            photo_spacing_m=draw(st.sampled_from((0.0, 12.25, 30.0))),
            photo=draw(st.booleans()),
            hold_s=draw(st.sampled_from((0.0, 3.0))),
            gimbal_pitch_deg=draw(st.sampled_from((-90.0, -45.0, 0.0))),
            speed_mps=draw(st.sampled_from((None, 4.5))),
        )
        for _ in range(count)
    ]
    points[-1] = replace(points[-1], photo_spacing_m=0.0)  # no leg begins at the last one
    return Route(tuple(points))


def same(found: Route, wanted: Route, place_m: float = 0.05) -> bool:
    """Whether two routes fly and photograph the same."""
    assert len(found.waypoints) == len(wanted.waypoints)
    for a, b in zip(found.waypoints, wanted.waypoints, strict=True):
        assert distance_m(a.position, b.position) < place_m
        assert a.height_m == pytest.approx(b.height_m, abs=0.01)
        assert replace(a, position=b.position, height_m=b.height_m) == b
    return True


@QUICK
@given(routes())
def test_a_route_survives_every_format_that_can_hold_it(route: Route) -> None:
    cruise = COPTER.cruise_mps
    text = waypoints.write(route, SITE)
    assert same(waypoints.read(text, "x", cruise).route, route)
    assert same(qgc.read(json.dumps(qgc.write(route, SITE)), "x").route, route)
    assert same(wayline.read(wpml.write(route, SITE), "x").route, route)
    [table] = litchi.write(route, SITE).texts
    assert same(litchi.read(table, "x", cruise).route, route)
    ours = json.loads(json.dumps(geojson.collection(route)))
    assert same(geojson.read(ours, "x"), route)


def test_heights_above_the_sea_sensors_and_headings_survive_where_a_format_has_them() -> None:
    points = [
        Waypoint(position=LonLat(118.87, 28.94), height_m=70, amsl_m=150.0, heading_deg=90.0),
        Waypoint(
            position=LonLat(118.88, 28.94), height_m=75, amsl_m=155.0, heading_deg=270.0,
            sensor=Sensor.THERMAL, photo=True,
        ),
    ]  # fmt: skip
    route = Route(tuple(points))
    assert same(geojson.read(json.loads(json.dumps(geojson.collection(route))), "x"), route)
    found = qgc.read(json.dumps(qgc.write(route, SITE)), "x").route.waypoints
    assert [w.amsl_m for w in found] == [150.0, 155.0]
    assert [w.heading_deg for w in found] == [90.0, 270.0]
    dji = wayline.read(wpml.write(route, SITE), "x").route.waypoints
    assert [w.height_m for w in dji] == [70.0, 75.0]  # 150 and 155 above the sea, home at 80
    assert [w.heading_deg for w in dji] == [90.0, 270.0]
    assert dji[1].sensor is Sensor.THERMAL


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
    file = tmp_path / "flight.waypoints"
    write_route(file, route, SITE)
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
def test_the_qgroundcontrol_plan_has_what_its_format_asks(plan: Plan, spec: Any) -> None:
    site = replace(SITE, spec=spec)
    found = qgc.write(plan.flights[0].route, site, zones=[zone("Z", 5000, 0, 300)])
    again = json.loads(json.dumps(found))
    assert list(qgc_faults(again)) == []
    assert again["geoFence"]["polygons"][0]["inclusion"] is False


def test_dji_wayline_files_have_every_element_that_dji_requires(plan: Plan) -> None:
    for flight in plan.flights:
        with zipfile.ZipFile(BytesIO(wpml.write(flight.route, SITE))) as packed:
            assert packed.namelist() == ["wpmz/template.kml", "wpmz/waylines.wpml"]
            for name in packed.namelist():
                faults = list(wpml_faults(ET.fromstring(packed.read(name)), "template" in name))  # noqa: S314
                assert faults == [], name


def test_a_survey_of_qgroundcontrol_is_read_by_what_it_was_laid_out_to() -> None:
    items = [
        {"type": "SimpleItem", "autoContinue": True, "command": 16, "doJumpId": k, "frame": 3,
         "params": [0, 0, 0, None, 28.94 + k / 1000, 118.87, 50]}
        for k in (2, 3)
    ]  # fmt: skip
    survey = {
        "type": "ComplexItem", "complexItemType": "survey", "version": 5,
        "TransectStyleComplexItem": {"Items": items}, "polygon": [],
    }  # fmt: skip
    file = {
        "fileType": "Plan", "version": 1, "groundStation": "QGroundControl",
        "geoFence": {"circles": [{"radius": 5}], "polygons": [], "version": 2},
        "rallyPoints": {"points": [], "version": 2},
        "mission": {"version": 2, "vehicleType": 2, "hoverSpeed": 5, "cruiseSpeed": 15,
                    "plannedHomePosition": [28.94, 118.87, 60], "items": [survey]},
    }  # fmt: skip
    found = qgc.read(json.dumps(file), "survey.plan")
    assert [w.height_m for w in found.route.waypoints] == [50, 50]
    assert any("fence" in note for note in found.notes)


def test_a_long_route_becomes_several_litchi_missions_that_join(tmp_path: Path) -> None:
    points = [
        Waypoint(position=LonLat(round(118.8 + k / 10_000, 6), 28.9), height_m=60.0)
        for k in range(250)
    ]
    notes = write_route(tmp_path / "long.csv", Route(tuple(points)), SITE)
    files = sorted(tmp_path.glob("*.csv"), key=lambda p: int(p.stem.rsplit("-", 1)[-1]))
    parts = [read_route(f).route.waypoints for f in files]
    assert any("3 files" in n for n in notes)
    assert all(len(p) <= litchi.MOST for p in parts)
    joined = [*parts[0], *(w for p in parts[1:] for w in p[1:])]
    assert [w.position for w in joined] == [w.position for w in points]
    assert all(a[-1].position == b[0].position for a, b in pairwise(parts))


AREA = shapely.Polygon(
    [(118.87, 28.94), (118.88, 28.94), (118.88, 28.95), (118.87, 28.95)],
    [[(118.873, 28.943), (118.875, 28.943), (118.875, 28.945), (118.873, 28.945)]],
)


def kml_file(coordinates: str) -> str:
    return (
        '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>'
        "<name>Park</name><ExtendedData><Data name='scenario'><value>W1</value></Data>"
        f"</ExtendedData><Polygon><outerBoundaryIs><LinearRing><coordinates>{coordinates}"
        "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Document></kml>"
    )


def shapes(system: str, shape: Any, drop: str = "") -> bytes:
    files = {e: BytesIO() for e in (".shp", ".shx", ".dbf")}
    with shapefile.Writer(shp=files[".shp"], shx=files[".shx"], dbf=files[".dbf"]) as out:
        out.field("name", "C", 20)
        out.shape(shapely.geometry.mapping(shape))
        out.record("Park")
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for extension, file in files.items():
            packed.writestr(f"layer{extension}", file.getvalue())
        if drop != ".prj":
            packed.writestr("layer.prj", CRS.from_string(system).to_wkt("WKT1_ESRI"))
    return made.getvalue()


def test_areas_are_read_from_geojson_kml_kmz_and_shapefiles(tmp_path: Path) -> None:
    ring = " ".join(f"{x},{y},12" for x, y in AREA.exterior.coords)
    solid = shapely.Polygon(AREA.exterior)
    feature = {"type": "Feature", "properties": {"name": "Park"},
               "geometry": shapely.geometry.mapping(AREA)}  # fmt: skip
    (tmp_path / "a.geojson").write_text(json.dumps(feature))
    (tmp_path / "a.kml").write_text(kml_file(ring))
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as packed:
        packed.writestr("doc.kml", kml_file(ring))
    (tmp_path / "a.zip").write_bytes(shapes("EPSG:4326", AREA))
    for name, wanted in (("a.geojson", AREA), ("a.kml", solid), ("a.kmz", solid), ("a.zip", AREA)):
        [place] = read_places(tmp_path / name)
        assert place.name == "Park"
        assert shapely.equals_exact(place.geometry.normalize(), wanted.normalize(), 1e-9), name
    assert read_places(tmp_path / "a.kml")[0].properties == {"scenario": "W1"}


def test_a_shapefile_in_metres_is_moved_to_degrees(tmp_path: Path) -> None:
    metres = shapely.box(
        500_000, 3_200_000, 501_000, 3_201_000
    )  # UTM zone 50 N: 117 E in its middle
    (tmp_path / "m.zip").write_bytes(shapes("EPSG:32650", metres))
    [place] = read_places(tmp_path / "m.zip")
    west, south, east, north = place.geometry.bounds
    assert west == pytest.approx(117.0, abs=1e-6)
    assert south == pytest.approx(28.92792, abs=1e-4)
    assert 0.01 < east - west < 0.0104
    assert 0.0089 < north - south < 0.0091


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.kml", kml_file("118.87,28.94 118.88;28.94 118.88,28.95"), "is no place"),
        ("a.kml", kml_file("118.87, 28.94 118.88, 28.94"), "is no place"),
        ("a.kml", kml_file("abc,def 1,2 3,4"), "is no place"),
        ("a.kml", "<kml><Document>", "no KML"),
        ("a.kml", "<!DOCTYPE k [<!ENTITY x 'y'>]><kml>&x;</kml>", "no KML"),
        ("a.kml", "<kml xmlns='http://www.opengis.net/kml/2.2'><Document/></kml>", "no placemark"),
        ("a.kmz", "not a zip", "no KML"),
        ("a.zip", "not a zip", "no zip"),
        ("a.zip", shapes("EPSG:4326", AREA, ".prj"), "layer.prj is missing"),
        ("a.geojson", "{", "no JSON"),
        ("a.geojson", "[1]", "no GeoJSON object"),
        ("a.geojson", '{"type":"FeatureCollection","features":[]}', "no feature"),
        ("a.geojson", '{"type":"Polygon","coordinates":[[[1]]]}', "no GeoJSON geometry"),
        ("a.geojson", '{"type":"Point","coordinates":[28.9,118.8]}', "swapped"),
        ("a.geojson", '{"type":"Point","coordinates":[500000,3200000]}', "outside"),
        ("a.geojson", '{"type":"LineString","coordinates":[[179.9,1],[-179.9,1]]}', "antimeridian"),
        ("a.geojson", '{"type":"Polygon","coordinates":[]}', "empty"),
        ("a.dwg", "x", "no known format"),
    ],
)
def test_what_is_no_area_is_refused_by_name(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InvalidInput) as caught:
        read_places(file)
    assert said in str(caught.value)
    assert name in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("r.waypoints", "hello", "QGC WPL 110"),
        ("r.waypoints", "QGC WPL 110\n0\t1\t0\t16\t0", "line 2"),
        ("r.waypoints", "QGC WPL 110\n", "no waypoint"),
        ("r.plan", "{}", "fileType"),
        ("r.plan", '{"fileType":"Plan","version":9,"mission":{}}', "version 9"),
        ("r.csv", "a,b\n1,2\n", "latitude"),
        ("r.csv", "latitude,longitude,altitude(m)\n28.9,x,50\n", "line 2"),
        ("r.kmz", "no", "no zip"),
        ("r.geojson", '{"type":"FeatureCollection","features":[]}', "path: true"),
        ("r.gpx", "<gpx/>", "no known format"),
    ],
)
def test_what_is_no_route_is_refused_by_name(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InvalidInput) as caught:
        read_route(tmp_path / name)
    assert said in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"gone\.kml"):
        read_places(tmp_path / "gone.kml")


def test_every_format_is_written_and_none_is_left_half(plan: Plan, tmp_path: Path) -> None:
    route = plan.flights[0].route
    for kind in (".geojson", ".plan", ".waypoints", ".kml", ".kmz", ".csv", ".zip"):
        write_route(tmp_path / f"r{kind}", route, SITE)
    assert not list(tmp_path.glob("*.part"))
    lines = read_places(tmp_path / "r.kml")
    places = [(w.position.lon, w.position.lat, w.height_m) for w in route.waypoints]
    moved = sum(a != b for a, b in pairwise(places)) + 1  # a point repeated is one point of a line
    assert len(lines[0].geometry.coords) == moved
    kinds = {p.properties.get("kind") for p in read_places(tmp_path / "r.zip")}
    assert kinds >= {"path"}
    with pytest.raises(InvalidInput, match=r"\.gpx"):
        write_route(tmp_path / "r.gpx", route, SITE)


def test_kml_says_which_heights_it_means() -> None:
    ground = Route((Waypoint(position=LonLat(1, 2), height_m=50),) * 2)
    sea = Route((Waypoint(position=LonLat(1, 2), height_m=50, amsl_m=99.0),) * 2)
    assert "relativeToGround" in kml.write(ground)
    assert "absolute" in kml.write(sea)
    assert "<coordinates>1,2,99.0</coordinates>" in kml.write(sea)


def test_a_shapefile_of_a_route_keeps_the_photo_spacing(plan: Plan) -> None:
    [flight] = [f for f in plan.flights if any(s.task == "park" for s in f.stops)]
    found = shapefile_zip.read(shapefile_zip.write(flight.route), "x")
    legs = [p for p in found if p.properties["kind"] == "photo" and p.geometry.geom_type != "Point"]
    spacings = {w.photo_spacing_m for w in flight.route.waypoints if w.photo_spacing_m > 0}
    assert {round(p.properties["spacing_m"], 2) for p in legs} == {round(s, 2) for s in spacings}


_DECLARED = """<?xml version="1.0" encoding="{encoding}"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>院子</name><Point>
<coordinates>118.8,28.9</coordinates></Point></Placemark></kml>"""


@pytest.mark.parametrize("encoding", ["UTF-8", "utf-16"])
def test_a_kml_that_declares_its_encoding_is_read(encoding: str) -> None:
    [place] = kml.read(_DECLARED.format(encoding=encoding).encode(encoding), "yard.kml")
    assert place.name == "院子"


@pytest.mark.parametrize("encoding", ["GBK", "nonsense"])
def test_a_kml_in_an_encoding_that_nobody_reads_is_refused(encoding: str) -> None:
    with pytest.raises(InvalidInput, match="no KML"):
        kml.read(_DECLARED.format(encoding=encoding).encode("utf-8"), "yard.kml")
