"""Ways round zones: never inside, never longer than needed."""

import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

from core.clearance import conflicts
from core.geo import LonLat
from core.zones import Zone, ZoneKind
from planner.airspace import airspace, middle

sys.path.insert(0, str(Path(__file__).parent))
from planner_city import FRAME, zone

ORIGIN = FRAME.origin


def test_without_zones_the_way_is_straight() -> None:
    length, corners = airspace((), ORIGIN).way(np.array([0.0, 0.0]), np.array([3000.0, 4000.0]))  # type: ignore[misc]
    assert length == pytest.approx(5000.0)
    assert len(corners) == 0


def test_the_way_round_a_disc_is_nearly_the_tangent_way() -> None:
    sky = airspace((zone("Z", 0, 0, 1000),), ORIGIN)
    found = sky.way(np.array([-3000.0, 0.0]), np.array([3000.0, 0.0]))
    assert found is not None
    radius = 1050.0
    exact = 2 * np.sqrt(3000**2 - radius**2) + radius * (np.pi - 2 * np.arccos(radius / 3000))
    assert exact <= found[0] < 1.02 * exact


def test_ways_are_clear_and_the_same_back() -> None:
    zones = tuple(
        zone(str(k), *xy, r)
        for k, (xy, r) in enumerate([((0, 0), 900), ((1200, 300), 700), ((-500, 2500), 400)])
    )
    sky = airspace(zones, ORIGIN)
    rng = np.random.default_rng(3)
    points = rng.uniform(-4000, 4000, (24, 2))
    points = points[~sky.inside(points)]
    for a, b in zip(points[::2], points[1::2], strict=False):
        found = sky.way(a, b)
        assert found is not None
        path = [sky.frame.point(*p) for p in [a, *found[1], b]]
        assert conflicts(path, zones, height_m=100) == []
        back = sky.way(b, a)
        assert back is not None
        assert back[0] == pytest.approx(found[0])


def test_a_point_inside_or_walled_in_has_no_way() -> None:
    ring = shapely.Point(0, 0).buffer(2000).difference(shapely.Point(0, 0).buffer(1000))
    wall = Zone(
        id="w", name="w", name_zh="w", kind=ZoneKind.PROHIBITED, polygon=FRAME.to_degrees(ring)
    )
    sky = airspace((wall,), ORIGIN)
    outside, within, centre = (np.array([x, 0.0]) for x in (5000.0, 1500.0, 0.0))
    assert sky.way(outside, within) is None
    assert sky.way(outside, centre) is None


def test_high_zones_do_not_count_and_the_city_is_prepared_once() -> None:
    high = Zone(
        id="h", name="h", name_zh="h", kind=ZoneKind.CONTROL, floor_m=300.0,
        polygon=FRAME.to_degrees(shapely.Point(0, 0).buffer(500)),
    )  # fmt: skip
    assert airspace((high,), ORIGIN).blocked.is_empty
    assert airspace((high,), ORIGIN) is airspace((high,), ORIGIN)
    assert middle([LonLat(118.0, 28.0), LonLat(119.0, 29.0)]) == LonLat(118.5, 28.5)
