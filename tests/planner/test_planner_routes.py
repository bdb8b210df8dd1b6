"""Routes over areas, along lines and to points."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import shapely
from planner_city import COPTER, VTOL, ZOOMER
from shapely.geometry import shape

from core.energy import Wind, route_s
from core.equipment import Sensor
from core.geo import LocalFrame, LonLat
from core.route import Route, Waypoint
from planner.routes.camera import LOWEST_M, Demand, view
from planner.routes.corridor import follow, passes
from planner.routes.coverage import best_angle_deg, sweep
from planner.routes.effort import reversed_route, routes_s
from planner.routes.points import visit
from planner.sorties import split

SHARED = Path(os.environ.get("FLYONCE_SHARED", Path(__file__).parents[3] / "shared"))


def covered(area: shapely.Geometry, legs: list[np.ndarray], spacing_m: float) -> float:
    """Share of an area within half a line spacing of the legs."""
    strips = [shapely.LineString(g).buffer(spacing_m / 2 + 0.01, cap_style="flat") for g in legs]
    return shapely.union_all(strips).intersection(area).area / area.area


def flown_m(legs: list[np.ndarray]) -> float:
    return float(np.hypot(*np.diff(np.concatenate(legs), axis=0).T).sum())


def test_every_shared_area_is_covered_and_the_way_is_short() -> None:
    files = sorted((SHARED / "data" / "coverage").glob("*.geojson"))
    if not files:
        pytest.skip("shared/data/coverage is not here")
    ratios = []
    for file in files:
        for feature in json.loads(file.read_text())["features"]:
            given = feature["properties"]
            if given.get("kind") != "area":
                continue
            degrees = shape(feature["geometry"])
            spot = degrees.representative_point()
            metres = LocalFrame(LonLat(spot.x, spot.y)).to_metres(degrees)
            spacing, photos = given["line_spacing_m"], given["photo_spacing_m"]
            legs = sweep(
                metres,
                line_spacing_m=spacing,
                photo_spacing_m=photos,
                length_m=2 * photos,
                speed_mps=12.0,
            )
            assert covered(metres, legs, spacing) >= 0.995, file.name
            ratios.append(flown_m(legs) / (metres.area / spacing))
    assert np.median(ratios) < 1.2


def test_photo_legs_leave_a_hole_alone() -> None:
    area = shapely.box(0, 0, 1000, 1000).difference(shapely.box(300, 300, 700, 700))
    legs = sweep(area, line_spacing_m=40, photo_spacing_m=20, length_m=60, speed_mps=12)
    inner = shapely.box(330, 330, 670, 670)
    assert not any(shapely.LineString(leg).intersects(inner) for leg in legs)
    assert covered(area, legs, 40) > 0.999


def test_lines_never_enter_what_is_blocked() -> None:
    area = shapely.Polygon([(0, 0), (900, 0), (300, 700)])
    blocked = shapely.Point(450, 100).buffer(150)
    free = area.difference(blocked.buffer(1))
    legs = sweep(
        free, line_spacing_m=60, photo_spacing_m=30, length_m=90, speed_mps=12, blocked=blocked
    )
    assert not any(shapely.LineString(leg).intersects(blocked.buffer(-0.1)) for leg in legs)
    assert covered(free, legs, 60) > 0.9


def test_lines_run_across_a_strong_wind_or_along_the_longer_side() -> None:
    long = shapely.box(0, 0, 2000, 300)
    assert best_angle_deg(long, 50, 12.0) % 180 == pytest.approx(0.0, abs=1)
    square = shapely.box(0, 0, 600, 600)
    north = best_angle_deg(square, 10, 12.0, Wind(9.0, 0.0))
    assert north % 180 == pytest.approx(0.0, abs=1)  # wind from north: lines east and west


def test_lines_follow_the_slope() -> None:
    steep = best_angle_deg(shapely.box(0, 0, 600, 600), 30, 12.0, ground=lambda xy: xy[:, 0] * 0.5)
    assert steep % 180 == pytest.approx(90.0, abs=1)


def test_a_wide_corridor_takes_several_passes() -> None:
    assert [passes(w, 100, 60) for w in (0, 100, 101, 160, 161)] == [1, 1, 2, 2, 3]
    line = shapely.LineString([(0, 0), (1000, 0), (1500, 800)])
    runs = follow(line, width_m=220, swath_m=100, line_spacing_m=60)
    assert len(runs) == 3
    seen = shapely.union_all([shapely.LineString(r).buffer(50) for r in runs])
    corridor = line.buffer(110, cap_style="flat")
    assert seen.intersection(corridor).area / corridor.area > 0.97
    ends = [runs[0][-1], runs[1][0]]
    assert np.hypot(*(ends[0] - ends[1])) < 150  # turns round, does not fly back


def test_points_are_visited_by_a_short_tour() -> None:
    line = shapely.MultiPoint([(x, 0) for x in (500, 100, 900, 300, 700)])
    assert flown_m([visit(line)]) == pytest.approx(800)
    assert len(visit(line, shapely.Point(900, 0).buffer(10))) == 4


def test_the_height_is_the_lowest_that_serves_all_sensors() -> None:
    fine = Demand(gsd_m=0.03, front_overlap=0.7, side_overlap=0.6)
    warm = Demand(gsd_m=0.1, front_overlap=0.8, side_overlap=0.3)
    visible, thermal = view(COPTER, {Sensor.VISIBLE: fine}), view(COPTER, {Sensor.THERMAL: warm})
    both = view(COPTER, {Sensor.VISIBLE: fine, Sensor.THERMAL: warm})
    assert visible is not None
    assert thermal is not None
    assert both is not None
    assert both.height_m == min(visible.height_m, thermal.height_m)
    assert both.sensor is None
    assert visible.sensor is Sensor.VISIBLE
    assert both.speed_mps is not None
    assert both.photo_spacing_m / both.speed_mps >= 0.7 - 1e-9
    assert (
        view(COPTER, {Sensor.VISIBLE: Demand(gsd_m=0.001, front_overlap=0, side_overlap=0)}) is None
    )
    assert LOWEST_M <= both.height_m <= COPTER.max_height_m
    with pytest.raises(KeyError):
        view(COPTER, {Sensor.ZOOM: fine})


@pytest.mark.parametrize("count", [2, 3, 7])
def test_parts_together_are_the_whole(count: int) -> None:
    area = shapely.Polygon([(0, 0), (4000, 300), (3500, 2500), (1500, 1000), (100, 2200)])
    bands = split("area", area, count)
    assert len(bands) == count
    assert shapely.union_all(bands).symmetric_difference(area).area < 1.0
    sizes = [b.area for b in bands]
    assert max(sizes) < 1.1 * min(sizes)
    line = shapely.MultiLineString([[(0, 0), (3000, 0)], [(3500, 0), (3500, 2000)]])
    stretches = split("corridor", line, count)
    assert sum(s.length for s in stretches) == pytest.approx(line.length)
    assert len(stretches) == count
    spots = split("points", shapely.MultiPoint(np.arange(20).reshape(10, 2) * 100.0), count)
    assert sum(len(s.geoms) for s in spots) == 10


def test_efforts_in_arrays_are_those_of_core() -> None:
    rng = np.random.default_rng(5)
    wind = Wind(6.0, 40.0)
    routes = [
        Route(
            tuple(
                Waypoint(
                    position=LonLat(118.8 + float(x) * 0.02, 28.9 + float(y) * 0.02),
                    height_m=60 + 40 * float(z),
                    hold_s=5.0 * (z > 0.5),
                    speed_mps=6.0 if z > 0.7 else None,
                )
                for x, y, z in rng.random((n, 3))
            )
        )
        for n in (1, 2, 9)
    ]
    for spec in (COPTER, VTOL, ZOOMER):
        metres, there, back = routes_s(routes, spec, wind)
        assert metres == pytest.approx([r.length_m for r in routes])
        assert there == pytest.approx([route_s(r, spec, wind) for r in routes])
        assert back == pytest.approx([route_s(reversed_route(r), spec, wind) for r in routes])


def test_a_reversed_route_photographs_the_same_legs() -> None:
    def at(k: int, spacing: float) -> Waypoint:
        return Waypoint(
            position=LonLat(118.8 + k / 100, 28.9), height_m=80, photo_spacing_m=spacing
        )

    route = Route((at(0, 20.0), at(1, 0.0), at(2, 30.0), at(3, 0.0)))
    turned = reversed_route(route)
    assert [w.photo_spacing_m for w in turned.waypoints] == [30.0, 0.0, 20.0, 0.0]
    assert reversed_route(turned) == route
    assert turned.photos == route.photos
