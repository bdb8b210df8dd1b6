"""What was really photographed, and what a lost photograph leaves open."""

import numpy as np
import pytest
import shapely
from shapely.geometry import box

from core.errors import InvalidInput
from core.geo import LocalFrame, LonLat
from imagery.ground.overlap import Shot, overlap_of

CENTRE = LonLat(118.87, 28.97)
FRAME = LocalFrame(CENTRE)
WIDTH_M, HEIGHT_M = 80.0, 60.0
FRONT, SIDE = 0.7, 0.6
AREA = FRAME.to_degrees(box(-150, -120, 150, 120))


def survey(sigma_m=0.0, skip=(), seed=1):
    """Photographs of a lawn-mower flight to the north, at exactly the asked overlap."""
    rng = np.random.default_rng(seed)
    shots = []
    for i, x in enumerate(np.arange(-150, 151, WIDTH_M * (1 - SIDE))):
        for j, y in enumerate(np.arange(-120, 121, HEIGHT_M * (1 - FRONT))):
            if (i, j) in skip:
                continue
            e, n = x + rng.normal(0, sigma_m), y + rng.normal(0, sigma_m)
            corners = [
                (e - WIDTH_M / 2, n + HEIGHT_M / 2),
                (e + WIDTH_M / 2, n + HEIGHT_M / 2),
                (e + WIDTH_M / 2, n - HEIGHT_M / 2),
                (e - WIDTH_M / 2, n - HEIGHT_M / 2),
            ]
            shown = FRAME.to_degrees(shapely.Polygon(corners))
            shots.append(Shot(footprint=shown, position=FRAME.point(e, n), height_m=70.0))
    return shots


def test_a_whole_survey_has_no_gaps():
    found = overlap_of(AREA, survey(), front=FRONT, side=SIDE)

    assert found.share == 1.0
    assert found.seen == 1.0
    assert found.gaps.is_empty
    assert found.depth[1] == pytest.approx(1 / ((1 - FRONT) * (1 - SIDE)), rel=0.25)
    assert found.angle_deg > 40.0


@pytest.mark.parametrize("seed", range(4))
def test_satellite_noise_alone_orders_no_second_flight(seed):
    found = overlap_of(AREA, survey(sigma_m=1.0, seed=seed), front=FRONT, side=SIDE)

    assert found.share > 0.99


def test_a_lost_photograph_is_a_gap_where_it_was():
    lost = {(4, 6), (4, 7)}
    found = overlap_of(AREA, survey(skip=lost), front=FRONT, side=SIDE)

    assert 0.9 < found.share < 1.0
    assert found.seen == 1.0  # its neighbours still show it, at a smaller overlap
    gap = FRAME.to_metres(found.gaps)
    place = shapely.Point(-150 + 4 * WIDTH_M * (1 - SIDE), -120 + 6.5 * HEIGHT_M * (1 - FRONT))
    assert gap.covers(place)
    assert gap.area == pytest.approx(2 * WIDTH_M * (1 - SIDE) * HEIGHT_M * (1 - FRONT), rel=0.3)


def test_a_lost_line_is_seen_by_nobody():
    lost = {(i, j) for i in (3, 4, 5, 6) for j in range(20)}
    found = overlap_of(AREA, survey(skip=lost), front=FRONT, side=SIDE, mapped=True)

    assert found.seen < 0.95
    assert not found.unseen.is_empty
    assert found.gaps.area > found.unseen.area
    assert 0 in found.by_count
    whole = sum(FRAME.to_metres(part).area for part in found.by_count.values())
    assert whole == pytest.approx(FRAME.to_metres(AREA).area, rel=0.02)


def test_no_photographs_leave_everything_open():
    found = overlap_of(AREA, [], front=FRONT, side=SIDE)

    assert found.share == pytest.approx(0.0, abs=1e-9)
    assert (found.seen, found.photos) == (0.0, 0)
    assert FRAME.to_metres(found.gaps).area == pytest.approx(300 * 240, rel=0.01)


def test_an_overlap_of_one_is_refused():
    with pytest.raises(InvalidInput):
        overlap_of(AREA, [], front=1.0, side=0.5)
