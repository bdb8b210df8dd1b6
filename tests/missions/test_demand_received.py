"""Files that departments send: what is read, what is converted, what is refused and how."""

import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
import shapefile
import shapely
from pyproj import CRS, Transformer
from shapely.geometry import box, mapping, shape

from core.errors import InvalidInput
from core.geo import area_m2
from missions.demand.gcj02 import to_bd09, to_gcj02
from missions.demand.received import receive
from missions.demand.shapes import MAX_VERTICES
from missions.presets import Preset

FIELD = box(118.52, 28.52, 118.53, 28.53)


def geojson(*shapes: Any, **members: Any) -> bytes:
    features = [{"type": "Feature", "properties": {}, "geometry": mapping(s)} for s in shapes]
    return json.dumps({"type": "FeatureCollection", "features": features, **members}).encode()


def kml(name: str, ring: Any) -> bytes:
    places = " ".join(f"{x:.8f},{y:.8f},0" for x, y in ring)
    return (
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>'
        f"<name>{name}</name><Polygon><outerBoundaryIs><LinearRing><coordinates>{places}"
        "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Document></kml>"
    ).encode()


def zipped_shapefile(epsg: int | None, encoding: str = "utf-8", name: str = "田块") -> bytes:
    """The field, projected as a survey office sends it."""
    files = {extension: io.BytesIO() for extension in ("shp", "shx", "dbf")}
    ring = shapely.get_coordinates(FIELD)
    if epsg is not None:
        change = Transformer.from_crs(4326, epsg, always_xy=True)
        ring = np.column_stack(change.transform(ring[:, 0], ring[:, 1]))
    with shapefile.Writer(**files, encoding=encoding) as out:
        out.field("name", "C", 20)
        out.poly([ring[::-1].tolist()])
        out.record(name)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for extension, content in files.items():
            made.writestr(f"f.{extension}", content.getvalue())
        if epsg is not None:
            made.writestr("f.prj", CRS.from_epsg(epsg).to_wkt("WKT1_ESRI"))
    return packed.getvalue()


def off_m(found: Any, wanted: Any) -> float:
    return float(shapely.hausdorff_distance(shape(found), wanted)) * 111_000


def test_geojson_kml_and_kmz_hold_the_same_field(preset: Preset) -> None:
    plain = kml("field", shapely.get_coordinates(FIELD))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("doc.kml", plain)
    for form, content in (
        ("geojson", json.dumps(mapping(FIELD)).encode()),
        ("geojson", geojson(FIELD)),
        ("kml", plain),
        ("kmz", packed.getvalue()),
    ):
        got = receive(preset, content, "field", None)
        assert (got.format, got.crs, got.suspicion, got.notes) == (form, "WGS84", None, ())
        assert off_m(got.geometry, FIELD) < 0.01
        assert got.drawn[0].kind == "area"
        assert got.drawn[0].size == pytest.approx(area_m2(FIELD), rel=1e-6)


@pytest.mark.parametrize("epsg", [4326, 4490, 4549, 32650, 3857])
def test_a_shapefile_is_reprojected_as_its_prj_says(preset: Preset, epsg: int) -> None:
    got = receive(preset, zipped_shapefile(epsg), "field.zip", None)
    assert off_m(got.geometry, FIELD) < 0.1
    assert got.drawn[0].name == "田块"
    assert all("100 m" not in note for note in got.notes)


def test_an_old_datum_is_said_to_be_doubtful(preset: Preset) -> None:
    got = receive(preset, zipped_shapefile(2384), "field.zip", None)  # Xian 1980, 117 E
    assert "100 m off" in got.notes[0]


def test_names_in_gbk_are_read(preset: Preset) -> None:
    got = receive(preset, zipped_shapefile(4490, "gbk"), "field.zip", None)
    assert got.drawn[0].name == "田块"


def test_a_shapefile_without_prj_is_refused_with_the_way_out(preset: Preset) -> None:
    with pytest.raises(InvalidInput, match="nobody knows") as refused:
        receive(preset, zipped_shapefile(None), "field.zip", None)
    assert "EPSG:4326" in str(refused.value.remedy)


def test_geojson_in_metres_names_its_system(preset: Preset) -> None:
    change = Transformer.from_crs(4326, 4549, always_xy=True)
    metres = shapely.transform(FIELD, lambda c: np.column_stack(change.transform(*c.T)))
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}
    got = receive(preset, geojson(metres, crs=named), "f.json", None)
    assert off_m(got.geometry, FIELD) < 0.1
    with pytest.raises(InvalidInput, match="not known"):
        receive(
            preset,
            geojson(metres, crs={"type": "name", "properties": {"name": "EPSG:999999"}}),
            "f.json",
            None,
        )


@pytest.mark.parametrize(
    ("crs", "forward"), [("GCJ02", to_gcj02), ("gcj-02", to_gcj02), ("BD-09", to_bd09)]
)
def test_map_coordinates_that_are_said_are_converted(
    preset: Preset, crs: str, forward: Any
) -> None:
    moved = shapely.transform(FIELD, forward)
    got = receive(preset, geojson(moved), "f.json", crs)
    assert off_m(got.geometry, FIELD) < 0.1
    assert off_m(mapping(moved), FIELD) > 300
    assert any("converted" in note for note in got.notes)


@pytest.mark.parametrize(
    ("content", "name", "seems"),
    [
        (kml("高德地图 图层", shapely.get_coordinates(FIELD)), "f.kml", "GCJ02"),
        (geojson(FIELD, crs={"type": "name", "properties": {"name": "GCJ-02"}}), "f", "GCJ02"),
        (geojson(FIELD), "baidu-export.json", "BD09"),
    ],
)
def test_what_a_file_says_of_its_maker_is_asked_about(
    preset: Preset, content: bytes, name: str, seems: str
) -> None:
    got = receive(preset, content, name, None)
    assert got.suspicion is not None
    assert got.suspicion.crs == seems
    assert off_m(got.geometry, FIELD) < 0.01  # nothing is moved silently
    assert receive(preset, geojson(FIELD), name, "WGS84").suspicion is None


@pytest.mark.parametrize("place", ["F1", "F3", "P1"])
@pytest.mark.parametrize(("crs", "forward"), [("GCJ02", to_gcj02), ("BD09", to_bd09)])
def test_known_places_betray_map_coordinates(
    preset: Preset, place: str, crs: str, forward: Any
) -> None:
    drawn = next(p.geometry for p in preset.places if p.id == place)
    got = receive(preset, geojson(shapely.transform(drawn, forward)), "f.json", None)
    assert got.suspicion is not None
    assert got.suspicion.crs == crs
    assert receive(preset, geojson(drawn), "f.json", None).suspicion is None


def test_places_of_no_fame_are_not_suspected(preset: Preset) -> None:
    """600 random fields and spots: a wrong suspicion would stop an honest request."""
    rng = np.random.default_rng(7)
    for x, y in rng.uniform((118.42, 28.42), (118.87, 28.87), (300, 2)):
        field = box(x, y, x + 0.004, y + 0.003)
        assert receive(preset, geojson(field), "f.json", None).suspicion is None
        assert receive(preset, geojson(shapely.Point(x, y)), "f", None).suspicion is None


def test_a_hundred_thousand_vertices_are_simplified_and_said(preset: Preset) -> None:
    turn = np.linspace(0, 2 * np.pi, 99_999)
    wavy = 0.01 + 0.000002 * np.sin(turn * 9_000)
    outline = shapely.Polygon(
        np.column_stack([118.6 + wavy * np.cos(turn), 28.6 + wavy * np.sin(turn)])
    )
    got = receive(preset, geojson(outline), "cadastre.json", None)
    assert shapely.get_num_coordinates(got.drawn[0].place) <= MAX_VERTICES
    assert "simplified" in got.notes[0]
    assert off_m(got.geometry, outline) < 5.5
    many = shapely.MultiPoint(np.column_stack([118.6 + turn / 100, 28.6 + turn / 100]))
    with pytest.raises(InvalidInput, match="points"):
        receive(preset, geojson(many), "f.json", None)


def test_several_places_are_one_look_or_said_to_be_several(preset: Preset) -> None:
    other = box(118.56, 28.56, 118.57, 28.57)
    both = receive(preset, geojson(FIELD, other), "f.json", None)
    assert both.geometry is not None
    assert both.geometry["type"] == "MultiPolygon"
    mixed = receive(preset, geojson(FIELD, shapely.Point(118.6, 28.6)), "f.json", None)
    assert mixed.geometry is None
    assert [one.kind for one in mixed.drawn] == ["area", "points"]
    lines = [shapely.LineString([(118.5, y), (118.51, y)]) for y in (28.5, 28.6)]
    got = receive(preset, geojson(*lines), "f.json", None)
    assert got.geometry is not None
    assert got.geometry["type"] == "MultiLineString"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\x00\x01", "neither"),
        (b"PK\x05\x06" + b"\x00" * 18, "no .shp"),
        (b"{", "no JSON"),
        (b"[" * 5000, "no JSON"),
        (b"[1]", "no GeoJSON"),
        (b"<html/>", "not kml"),
        (b'{"type": "FeatureCollection", "features": []}', "no feature"),
        (b'{"type": "FeatureCollection", "features": 7}', "no feature"),
        (b'{"type": "Polygon", "coordinates": []}', "empty"),
        (b'{"type": "Polygon", "coordinates": [[[[[1]]]]]}', "no GeoJSON"),
        (b'{"type": "Topology"}', "no GeoJSON"),
        (geojson(shapely.Polygon([(118.5, 28.5), (118.6, 28.6), (118.6, 28.5), (118.5, 28.6)])),
         "crosses itself"),
        (geojson(box(-180, -90, 180, 90)), "antimeridian"),
        (geojson(box(100, 20, 120, 40)), "beyond"),
        (geojson(shapely.Point(28.5, 118.5)), "swapped"),
        (geojson(shapely.Point(121.5, 31.2)), "outside"),
        (geojson(shapely.Point(500_000, 3_150_000)), "outside of longitude"),
        (geojson(*[shapely.Point(118.5, 28.5)] * 501), "501 features"),
        (geojson(shapely.LineString(np.linspace((118.5, 28.5), (118.6, 28.6), 100_001))),
         "100,001 vertices"),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_at_is_refused_with_the_way_out(
    preset: Preset, content: bytes, says: str
) -> None:
    with pytest.raises(InvalidInput, match=says) as refused:
        receive(preset, content, "f", None)
    assert refused.value.remedy
    assert refused.value.where


def test_unknown_coordinates_are_named(preset: Preset) -> None:
    with pytest.raises(InvalidInput, match="no such coordinates") as refused:
        receive(preset, geojson(FIELD), "f", "mars")
    assert refused.value.where == "crs"
    with pytest.raises(InvalidInput, match="China only"):
        receive(preset, geojson(shapely.Point(2.3, 48.8)), "f", "GCJ02")
