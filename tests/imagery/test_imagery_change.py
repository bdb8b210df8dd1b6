import cv2
import numpy as np
import pytest

from core.errors import InvalidInput
from imagery.change import compare

RNG = np.random.default_rng(9)


def landscape():
    coarse = RNG.normal(0, 1, (30, 40)).astype(np.float32)
    fine = RNG.normal(0, 1, (120, 160)).astype(np.float32)
    size = (640, 480)
    picture = 25 * cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    picture += 12 * cv2.resize(fine, size, interpolation=cv2.INTER_CUBIC)
    return np.clip(picture + 120, 0, 255).astype(np.uint8)


PLACE = landscape()


def look_again(picture, angle=2.0, shift=(6.5, -4.0), gain=1.15, offset=-12, noise=2.0):
    move = cv2.getRotationMatrix2D((320, 240), angle, 1.01)
    move[:, 2] += shift
    moved = cv2.warpAffine(picture, move, (640, 480), borderMode=cv2.BORDER_REFLECT)
    seen = moved.astype(float) * gain + offset + RNG.normal(0, noise, moved.shape)
    return np.clip(seen, 0, 255).astype(np.uint8), move


def test_the_same_place_in_other_light_has_not_changed():
    after, _ = look_again(PLACE)

    result = compare(PLACE, after)

    assert result.regions == ()
    assert result.correlation > 0.9
    assert result.overlap > 0.9


def test_a_new_building_is_the_only_change_and_is_where_it_stands():
    built = PLACE.copy()
    built[200:240, 400:450] = 250
    after, _ = look_again(built)

    (region, *rest) = compare(PLACE, after).regions

    assert rest == []
    assert region.centre == pytest.approx((425, 220), abs=4)
    assert region.brighter
    _, _, width, height = region.bbox
    assert width == pytest.approx(50, abs=10)
    assert height == pytest.approx(40, abs=10)


def test_the_transform_takes_the_later_picture_onto_the_earlier():
    after, move = look_again(PLACE)

    transform = compare(PLACE, after).transform

    seen = move @ [300.0, 200.0, 1.0]
    back = transform @ [*seen, 1.0]
    assert back[:2] / back[2] == pytest.approx((300, 200), abs=1.0)


def test_large_pictures_give_pixels_of_the_original():
    built = PLACE.copy()
    built[100:140, 100:150] = 10
    after, _ = look_again(built)
    large = [cv2.resize(p, (1920, 1440), interpolation=cv2.INTER_CUBIC) for p in (PLACE, after)]

    (region, *_) = compare(*large).regions

    assert region.centre == pytest.approx((375, 360), abs=12)
    assert not region.brighter


def test_two_different_places_are_refused():
    with pytest.raises(InvalidInput, match="same place"):
        compare(PLACE, landscape())


def test_pictures_without_anything_are_refused():
    with pytest.raises(InvalidInput):
        compare(np.full((100, 100), 7, np.uint8), np.full((100, 100), 7, np.uint8))
