"""Places, distances and local frames."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from core.geo import (
    FlatGround,
    HeightGrid,
    LocalFrame,
    LonLat,
    area_m2,
    bearing_deg,
    distance_m,
    offset,
    path_length_m,
    wrap_degrees,
)

CITY = LonLat(118.87, 28.95)
near = st.builds(LonLat, st.floats(118.0, 119.6), st.floats(28.2, 29.6))


@pytest.mark.parametrize(("lon", "lat"), [(180.1, 0), (0, 90.1), (math.nan, 0), (0, -91)])
def test_impossible_places_are_refused(lon: float, lat: float) -> None:
    with pytest.raises(ValueError, match="no such place"):
        LonLat(lon, lat)


def test_a_degree_on_the_equator_and_on_a_meridian() -> None:
    # WGS-84: a = 6378137 m; the meridian arc from 0 to 1 degree is 110574.4 m (Snyder 1987)
    assert distance_m(LonLat(0, 0), LonLat(1, 0)) == pytest.approx(math.pi / 180 * 6378137)
    assert distance_m(LonLat(0, 0), LonLat(0, 1)) == pytest.approx(110574.4, abs=0.1)


@settings(deadline=None, max_examples=40)
@given(near, st.floats(0, 359.9), st.floats(1, 20_000))
def test_offset_goes_as_far_and_in_the_direction_it_says(
    start: LonLat, bearing: float, metres: float
) -> None:
    end = offset(start, bearing, metres)
    assert distance_m(start, end) == pytest.approx(metres, abs=1e-3)
    assert abs(wrap_degrees(bearing_deg(start, end) - bearing)) < 1e-2


def test_the_length_of_a_path_is_the_sum_of_its_legs() -> None:
    points = [CITY, offset(CITY, 0, 1000), offset(CITY, 90, 1000)]
    legs = distance_m(points[0], points[1]) + distance_m(points[1], points[2])
    assert path_length_m(points) == pytest.approx(legs)
    assert path_length_m([]) == path_length_m([CITY]) == 0.0


@settings(deadline=None, max_examples=40)
@given(near, near)
def test_a_local_frame_there_and_back(origin: LonLat, point: LonLat) -> None:
    frame = LocalFrame(origin)
    x, y = frame.point_xy(point)
    back = frame.point(x, y)
    assert (back.lon, back.lat) == pytest.approx((point.lon, point.lat), abs=1e-9)
    assert math.hypot(x, y) == pytest.approx(distance_m(origin, point), rel=1e-6, abs=1e-3)


def test_a_local_frame_moves_geometries() -> None:
    frame = LocalFrame(CITY)
    square = frame.to_degrees(box(-500, -500, 500, 500))
    assert area_m2(square) == pytest.approx(1e6, rel=1e-4)
    assert frame.to_metres(square).equals_exact(box(-500, -500, 500, 500), 1e-6)


def test_area_counts_holes_out_and_parts_together() -> None:
    frame = LocalFrame(CITY)
    holed = Polygon(
        [(0, 0), (1000, 0), (1000, 1000), (0, 1000)],
        [[(250, 250), (750, 250), (750, 750), (250, 750)]],
    )
    assert area_m2(frame.to_degrees(holed)) == pytest.approx(0.75e6, rel=1e-4)
    parts = frame.to_degrees(box(0, 0, 100, 100).union(box(200, 0, 300, 100)))
    assert area_m2(parts) == pytest.approx(2e4, rel=1e-4)
    assert area_m2(frame.to_degrees(Polygon())) == 0.0


def test_a_height_grid_interpolates_and_holds_beyond_its_edge() -> None:
    grid = HeightGrid(
        west=118.0, south=28.0, step=1.0, heights_m=np.array([[0.0, 10.0], [20.0, 30.0]])
    )
    assert grid.height_m(118.5, 28.5) == pytest.approx(15.0)
    assert grid.height_m([118.0, 119.0], [28.0, 29.0]) == pytest.approx([0.0, 30.0], abs=1e-4)
    assert grid.height_m(100.0, 50.0) == pytest.approx(20.0, abs=1e-4)


def test_flat_ground_is_flat_in_any_shape() -> None:
    assert FlatGround(7.0).height_m(np.zeros((2, 1)), np.zeros(3)).tolist() == [[7.0] * 3] * 2


@settings(deadline=None, max_examples=40)
@given(st.floats(-1e4, 1e4))
def test_wrapped_angles_point_the_same_way(angle: float) -> None:
    wrapped = wrap_degrees(angle)
    assert -180 <= wrapped <= 180
    assert math.isclose(
        math.cos(math.radians(wrapped)), math.cos(math.radians(angle)), abs_tol=1e-9
    )
