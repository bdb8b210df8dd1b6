"""Routes of one feature: its reading, orbits, façades, corridors, zones."""

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from shapely.geometry import mapping

from core.clearance import conflicts
from core.equipment import CameraSpec, Sensor
from core.errors import InvalidInput
from core.geo import LocalFrame, LonLat
from core.zones import Zone, ZoneKind
from planner.routes.airspace import Airspace
from planner.routes.corridor import follow, sharpened
from planner.routes.facade import facade, rows_m
from planner.routes.features import features
from planner.routes.one import Answer, Ask, answer
from planner.routes.orbit import levels, orbit
from planner.routes.outline import frame_of, outline

HERE = LonLat(118.87, 28.94)
FRAME = LocalFrame(HERE)
WIDE = CameraSpec(id="wide", sensor=Sensor.VISIBLE, width_px=4000, height_px=3000, hfov_deg=73.7)


def asked(
    metres: shapely.Geometry, kind: str, zones: tuple[Zone, ...] = (), **more: object
) -> Answer:
    ask = Ask(name="test", kind=kind, geometry=FRAME.to_degrees(metres), **more)  # type: ignore[arg-type]
    return answer(ask, Airspace(FRAME, zones))


def shut(metres: shapely.Geometry, name: str = "zone") -> Zone:
    return Zone(
        id=name, name=name, name_zh=name, kind=ZoneKind.RESTRICTED,
        polygon=FRAME.to_degrees(metres), buffer_m=30.0,
    )  # fmt: skip


def test_a_bow_tie_keeps_both_wings_and_says_that_it_was_repaired() -> None:
    tie = shapely.Polygon([(0, 0), (400, 400), (400, 0), (0, 400)])
    kind, geometry, notes = outline(mapping(FRAME.to_degrees(tie)), "tie")
    assert kind == "area"
    assert FRAME.to_metres(geometry).area == pytest.approx(80_000, rel=1e-3)
    assert "repaired" in notes[0]


@pytest.mark.parametrize(
    ("geometry", "word"),
    [
        (None, "no geometry"),
        ({"type": "Polygon", "coordinates": []}, "no geometry"),
        ({"type": "LineString", "coordinates": [[28.9, 118.8], [28.9, 118.9]]}, "swap"),
        ({"type": "Point", "coordinates": [1e9, 3e9]}, "WGS-84"),
        ({"type": "Nonsense", "coordinates": []}, "GeoJSON"),
        ({"type": "Polygon", "coordinates": [[["a", "b"], [1, 2], [2, 3], [1, 1]]]}, "GeoJSON"),
        ({"type": "LineString", "coordinates": [[118, 28], [128, 28]]}, "too large"),
        ({"type": "Polygon", "coordinates": [[[8, 8], [8, 8], [8, 8], [8, 8]]]}, "extent"),
        ({"type": "GeometryCollection", "geometries": []}, "no geometry"),
    ],
)  # fmt: skip
def test_bad_geometry_is_refused_by_name(geometry: dict | None, word: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        outline(geometry, "feature 1")
    assert word in str(caught.value)
    assert caught.value.where == "feature 1"
    assert caught.value.remedy


def test_an_area_across_the_antimeridian_is_one_small_area() -> None:
    given = {
        "type": "Polygon",
        "coordinates": [
            [[179.99, 60], [-179.99, 60], [-179.99, 60.01], [179.99, 60.01], [179.99, 60]]
        ],
    }
    _, geometry, notes = outline(given, "far")
    assert "antimeridian" in notes[0]
    frame = frame_of(geometry)
    ask = Ask(name="far", kind="area", geometry=geometry, line_spacing_m=100, photo_spacing_m=50)
    found = answer(ask, Airspace(frame, ()))
    assert found.covered is not None
    assert found.covered >= 0.995
    assert found.length_m < 1.3 * (found.ideal_m or 0)


def test_the_answer_holds_one_path_and_its_photo_legs() -> None:
    found = asked(shapely.box(0, 0, 500, 400), "area", line_spacing_m=50, photo_spacing_m=25)
    path, *legs = features(found, 1)
    assert path["properties"]["path"] is True
    assert all(leg["properties"]["photo"] is True for leg in legs)
    assert {f["geometry"]["type"] for f in (path, *legs)} == {"LineString"}
    places = [tuple(c) for c in path["geometry"]["coordinates"]]
    assert all(tuple(c) in places for leg in legs for c in leg["geometry"]["coordinates"])
    assert path["properties"]["length_m"] == pytest.approx(found.route.length_m, rel=1e-3)


@pytest.mark.parametrize("seed", range(12))
def test_no_metre_of_a_route_is_in_a_zone_or_its_buffer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    spots = rng.uniform(-600, 600, (4, 2))
    zones = tuple(
        shut(shapely.Point(spot).buffer(rng.uniform(20, 120)), f"z{k}")
        for k, spot in enumerate(spots)
    )
    area = shapely.box(-500, -400, 500, 400)
    try:
        found = asked(area, "area", zones, line_spacing_m=60, photo_spacing_m=30)
    except InvalidInput as error:
        assert "zone" in error.what  # noqa: PT017
        return
    path = [w.position for w in found.route.waypoints]
    assert not conflicts(path, zones, height_m=100.0)
    free = area.difference(
        shapely.union_all([FRAME.to_metres(z.polygon).buffer(50) for z in zones])
    )
    assert found.covered is not None
    assert found.covered >= 0.97 * free.area / area.area


def test_an_orbit_looks_at_its_middle_from_every_side() -> None:
    shots = orbit(np.zeros(2), radius_m=40, heights_m=[20, 60], top_m=30, every_deg=30)
    assert len(shots) == 24
    for east, north, height, heading, pitch in shots:
        assert math.hypot(east, north) == pytest.approx(40)
        back = math.degrees(math.atan2(-east, -north)) % 360
        assert abs((heading - back + 180) % 360 - 180) < 1e-6
        assert pitch == pytest.approx(0 if height <= 30 else -math.degrees(math.atan2(30, 40)))


def test_rows_hold_a_wall_from_base_to_top() -> None:
    for size in (5, 20, 33, 90):
        rows = levels(0, size, 20, 0.5)
        seen = shapely.union_all([shapely.box(0, h - 10, 1, h + 10) for h in rows])
        assert seen.contains(shapely.box(0, 0, 1, size))


def test_a_facade_is_photographed_square_and_from_its_standoff() -> None:
    wall = shapely.LineString([(0, 0), (60, 0)])  # drone on the right-hand side: south of it
    heights = rows_m(0, 40, WIDE.footprint_m(20)[1], 0.6)
    for leg, height, heading in facade(wall, heights_m=heights, away_m=20):
        assert leg[:, 1] == pytest.approx([-20, -20])
        assert heading == pytest.approx(0)
        assert 0 < height < 40
    found = asked(wall, "facade", camera=WIDE, top_m=40.0, radius_m=20.0)
    assert {w.gimbal_pitch_deg for w in found.route.waypoints if w.photo} == {0.0}
    assert all(w.heading_deg is not None for w in found.route.waypoints if w.photo)


def test_rows_keep_their_distance_from_every_wall_at_a_corner() -> None:
    """A courtyard's corners point to the drone: a leg as long as its wall would hit the next."""
    for corner in ([(0, 0), (0, 60), (60, 60)], [(0, 60), (0, 0), (60, 0), (60, 60), (0, 60)]):
        wall = shapely.LineString(corner)
        found = asked(wall, "facade", camera=WIDE, top_m=30.0, radius_m=12.0)
        for part in found.parts:
            assert shapely.LineString(part.xyz[:, :2]).distance(wall) > 0.85 * 12


def test_what_needs_a_camera_or_a_height_says_so() -> None:
    with pytest.raises(InvalidInput, match="camera"):
        asked(shapely.Point(0, 0), "orbit")
    with pytest.raises(InvalidInput, match="height"):
        asked(shapely.LineString([(0, 0), (60, 0)]), "facade", camera=WIDE)


def test_a_sharp_bend_leaves_no_gap_outside_it() -> None:
    line = shapely.LineString([(0, 0), (500, 0), (200, 300)])
    runs = follow(line, width_m=60, swath_m=60, line_spacing_m=60)
    pieces = [piece for run in runs for piece in sharpened(run, 30)]
    strips = [
        shapely.LineString(pair).buffer(30, cap_style="flat")
        for piece in pieces
        for pair in pairwise(piece)
    ]
    ground = line.buffer(29.9, cap_style="flat", join_style="round")
    assert shapely.union_all(strips).intersection(ground).area > 0.995 * ground.area
