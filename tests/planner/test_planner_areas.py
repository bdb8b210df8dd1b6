"""Paths over areas: covered, short, round holes, whatever the outline."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from core.energy import Wind
from core.geo import LocalFrame, LonLat
from planner.routes.area import AreaPath
from planner.routes.layouts import area_path
from planner.routes.ways import Ways

SHARED = Path(os.environ.get("FLYONCE_SHARED", Path(__file__).parents[3] / "shared"))


def covered(area: shapely.Geometry, path: AreaPath, spacing_m: float) -> float:
    """Share of an area within half a line spacing beside the photo legs, counted anew."""
    strips = [
        shapely.LineString(pair).buffer(spacing_m / 2, cap_style="flat")
        for part in path.stretches
        if part.photo
        for pair in zip(part.xy[:-1], part.xy[1:], strict=True)
    ]
    return float(shapely.union_all(strips).intersection(area).area / area.area)


def line(path: AreaPath) -> shapely.LineString:
    return shapely.LineString(np.concatenate([part.xy for part in path.stretches]))


def shared_areas() -> list[tuple[str, shapely.Geometry, float]]:
    found = []
    for file in sorted((SHARED / "data" / "coverage").glob("*.geojson")):
        feature = json.loads(file.read_text())["features"][0]
        if feature["properties"]["kind"] == "area":
            degrees = shape(feature["geometry"])
            spot = degrees.representative_point()
            metres = LocalFrame(LonLat(spot.x, spot.y)).to_metres(degrees)
            found.append((file.stem, metres, feature["properties"]["line_spacing_m"]))
    return found


def test_every_shared_area_is_covered_by_a_short_path_that_crosses_no_hole() -> None:
    areas = shared_areas()
    if not areas:
        pytest.skip("shared/data/coverage is not here")
    ratios = []
    for name, area, spacing in areas:
        path = area_path(area, line_spacing_m=spacing, speed_mps=10.0)
        assert covered(area, path, spacing) >= 0.995, name
        holes = [shapely.Polygon(r) for p in shapely.get_parts(area) for r in p.interiors]
        inside = shapely.union_all(holes).buffer(-0.05)
        assert line(path).intersection(inside).length < 0.01, name
        assert path.length_m == pytest.approx(line(path).length, rel=1e-6)
        ratios.append(path.length_m / path.ideal_m)
    assert np.median(ratios) < 1.12
    assert np.exp(np.log(ratios).mean()) < 1.2


def test_a_square_needs_no_more_lines_than_its_width() -> None:
    path = area_path(shapely.box(0, 0, 1000, 1000), line_spacing_m=50, speed_mps=10.0)
    legs = [part for part in path.stretches if part.photo]
    assert len(legs) == 20
    assert path.length_m < 1.05 * path.ideal_m


def test_lines_run_across_a_strong_wind() -> None:
    square = shapely.box(0, 0, 600, 600)
    path = area_path(square, line_spacing_m=20, speed_mps=12.0, wind=Wind(9.0, 0.0))
    leg = next(part.xy for part in path.stretches if part.photo)
    assert abs(leg[-1] - leg[0])[1] < 30.0  # wind from north: lines east and west


def test_what_a_zone_leaves_is_photographed_without_entering_it() -> None:
    blocked = shapely.box(400, -50, 600, 500)
    area = shapely.box(0, 0, 1000, 800).difference(blocked.buffer(2))
    path = area_path(area, line_spacing_m=60, speed_mps=10.0, blocked=blocked)
    assert line(path).intersection(blocked.buffer(-0.05)).length < 0.01
    assert covered(area, path, 60) >= 0.995


def test_a_thin_and_a_tiny_area_are_covered_too() -> None:
    for area in (shapely.box(0, 0, 3000, 2), shapely.box(0, 0, 3, 3)):
        path = area_path(area, line_spacing_m=50, speed_mps=10.0)
        assert covered(area, path, 50) >= 0.995


def test_an_outline_of_very_many_corners_is_simplified_and_still_covered() -> None:
    angle = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    radius = 900 + 3 * np.sin(900 * angle)
    area = shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    path = area_path(area, line_spacing_m=100, speed_mps=10.0)
    assert path.covered >= 0.995
    assert path.length_m < 1.2 * path.ideal_m


def test_ways_round_blocks_are_the_shortest() -> None:
    blocks = [shapely.box(100, -50, 200, 80), shapely.box(300, -90, 400, 40)]
    ways = Ways(shapely.union_all(blocks))
    length, corners = ways.way(np.array([0.0, 0.0]), np.array([500.0, 0.0])) or (0.0, np.empty(0))
    assert not ways.crosses(np.array([[0.0, 0.0]]), np.array([[50.0, 0.0]]))[0]
    spots = [(100, -50), (200, -50), (100, 80), (200, 80)]
    spots += [(300, -90), (400, -90), (300, 40), (400, 40)]
    assert length == pytest.approx(brute(blocks, (0, 0), (500, 0), spots), abs=0.5)
    assert len(corners) >= 2


def brute(blocks: list[shapely.Geometry], a: tuple, b: tuple, spots: list[tuple]) -> float:
    """The shortest way by trying all chains of corners, improved until nothing changes."""
    shut = shapely.union_all(blocks).buffer(-1e-6)
    nodes = [a, *spots, b]
    gap = np.full((len(nodes), len(nodes)), np.inf)
    for i, p in enumerate(nodes):
        for j, q in enumerate(nodes):
            if i != j and not shapely.LineString([p, q]).intersects(shut):
                gap[i, j] = np.hypot(p[0] - q[0], p[1] - q[1])
    best = gap[0].copy()
    for _ in nodes:
        best = np.minimum(best, (best[:, None] + gap).min(axis=0))
    return float(best[-1])


def test_a_comb_of_thousands_of_teeth_is_covered_though_its_outline_is_simplified() -> None:
    count, spacing = 3000, 40.0
    course = np.linspace(0, 2 * np.pi, count, endpoint=False)
    reach = 600.0 + 12.0 * (np.arange(count) % 2)
    ring = np.column_stack([reach * np.cos(course), reach * np.sin(course)])
    path = area_path(shapely.Polygon(ring), line_spacing_m=spacing, speed_mps=10.0)
    assert path.covered >= 0.995
    assert path.length_m < 1.5 * path.ideal_m


def test_an_outline_of_a_hundred_thousand_corners_is_measured_as_it_is() -> None:
    course = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    reach = 1500.0 * (1 + 0.15 * np.sin(3 * course) + 0.004 * np.sin(997 * course))
    ring = np.column_stack([reach * np.cos(course), reach * np.sin(course)])
    area = shapely.Polygon(ring)
    path = area_path(area, line_spacing_m=60.0, speed_mps=10.0)
    assert path.covered >= 0.995
    legs = [
        shapely.LineString(s.xy).buffer(30.0, cap_style="flat") for s in path.stretches if s.photo
    ]
    # without a grid GEOS 3.14 drops a whole strip from this union
    seen = shapely.union_all(legs, grid_size=0.001)
    assert area.difference(seen).area <= 0.005 * area.area
