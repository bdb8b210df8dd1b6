import time

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.geo import LocalFrame, LonLat
from imagery.ground.coverage import Coverage

FRAME = LocalFrame(LonLat(118.87, 28.97))
TERRITORY = FRAME.to_degrees(shapely.box(-3000, -2000, 3000, 2000))


def square(x, y, size):
    return FRAME.to_degrees(shapely.box(x - size / 2, y - size / 2, x + size / 2, y + size / 2))


def test_the_raster_has_the_territorys_area():
    coverage = Coverage(TERRITORY)
    coverage.add(square(0, 0, 20_000))

    assert coverage.share() == 1.0
    assert coverage.area_m2() == pytest.approx(6000 * 4000, rel=0.02)


def test_overlapping_photos_count_once():
    coverage = Coverage(TERRITORY, cell_m=10)
    assert coverage.add(square(0, 0, 500)) == 2500
    assert coverage.add(square(0, 0, 500)) == 0
    coverage.add(square(250, 0, 500))

    assert coverage.area_m2() == pytest.approx(500 * 750, rel=0.01)


def test_finer_photos_count_for_all_coarser_wishes():
    coverage = Coverage(TERRITORY, cell_m=10)
    coverage.add(square(0, 0, 500), 0.30)
    coverage.add(square(0, 0, 250), 0.04)
    coverage.add(square(0, 0, 500), 0.30)

    assert coverage.area_m2(0.05) == pytest.approx(250**2, rel=0.02)
    assert coverage.area_m2(0.5) == pytest.approx(500**2, rel=0.02)
    assert coverage.area_m2(0.02) == 0
    assert sum(coverage.by_class().values()) == pytest.approx(coverage.share())


def test_what_lies_outside_does_not_count():
    coverage = Coverage(TERRITORY)

    assert coverage.add(square(50_000, 0, 500)) == 0
    assert coverage.add(shapely.Polygon()) == 0
    assert coverage.share() == 0


def test_the_share_of_one_area():
    coverage = Coverage(TERRITORY, cell_m=10)
    coverage.add(square(0, 0, 400), 0.05)

    assert coverage.share_of(square(0, 0, 200)) == 1.0
    assert coverage.share_of(square(200, 0, 200)) == pytest.approx(0.5, abs=0.06)
    assert coverage.share_of(square(0, 0, 200), gsd_m=0.02) == 0.0
    assert coverage.share_of(square(0, 0, 3)) == 1.0


def test_two_coverages_merge():
    one, two = Coverage(TERRITORY, cell_m=10), Coverage(TERRITORY, cell_m=10)
    one.add(square(-500, 0, 300), 0.05)
    two.add(square(500, 0, 300), 0.05)

    one.merge(two)

    assert one.area_m2() == pytest.approx(2 * 300**2, rel=0.02)


@settings(max_examples=30, deadline=None)
@given(
    photos=st.lists(
        st.tuples(st.floats(-2500, 2500), st.floats(-1500, 1500), st.floats(150, 600)),
        min_size=1,
        max_size=12,
    )
)
def test_the_union_is_shapelys_union(photos):
    coverage = Coverage(TERRITORY, cell_m=10)
    squares = [square(*photo) for photo in photos]
    for photo in squares:
        coverage.add(photo)

    union = shapely.union_all([FRAME.to_metres(s) for s in squares])
    inside = shapely.intersection(union, FRAME.to_metres(TERRITORY))
    border = 10 / 2 * sum(4 * size for _, _, size in photos)  # half a cell along every edge
    assert coverage.area_m2() == pytest.approx(inside.area, abs=border + 1000)


def test_adding_is_fast():
    coverage = Coverage(TERRITORY)
    photos = [square(*p) for p in np.random.default_rng(1).uniform(-1500, 1500, (300, 3))]
    photos = [p for p in photos if not p.is_empty]

    start = time.process_time()
    for photo in photos:
        coverage.add(photo, 0.05)

    assert (time.process_time() - start) / len(photos) < 0.002  # 0.1 ms on an idle core


def test_nothing_to_cover_is_refused():
    with pytest.raises(InvalidInput):
        Coverage(shapely.Polygon())


def test_a_territory_whose_top_row_of_cells_lies_outside_is_no_error() -> None:
    box = shapely.box(118.4, 28.4, 118.9, 28.9)
    coverage = Coverage(box)
    coverage.add(box)
    assert coverage.share() == pytest.approx(1.0, abs=1e-3)
