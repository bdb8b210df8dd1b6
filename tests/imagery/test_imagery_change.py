import cv2
import numpy as np
import pytest

from core.equipment import CameraSpec, Sensor
from core.errors import InvalidInput
from core.geo import HeightGrid, LonLat, offset
from core.pose import Attitude, Pose
from imagery.change.compare import Aligned, compare
from imagery.change.picture import before_after, encoded
from imagery.change.poses import guess
from imagery.change.profiles import PROFILES

GSD_M = 0.05


def landscape(seed=9):
    rng = np.random.default_rng(seed)
    size = (640, 480)
    layers = [(30, 40, 25), (120, 160, 12), (240, 320, 4)]
    picture = np.full((480, 640, 3), (95.0, 120.0, 110.0), np.float32)
    for rows, columns, strength in layers:
        noise = rng.normal(0, 1, (rows, columns)).astype(np.float32)
        picture += strength * cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


PLACE = landscape()


def look_again(picture, angle=2.0, shift=(6.5, -4.0), gain=1.15, offset_=-12, noise=2.0, zoom=1.01):
    rng = np.random.default_rng(1)
    move = cv2.getRotationMatrix2D((320, 240), angle, zoom)
    move[:, 2] += shift
    moved = cv2.warpAffine(picture, move, (640, 480), borderMode=cv2.BORDER_REFLECT)
    seen = moved.astype(float) * gain + offset_ + rng.normal(0, noise, moved.shape)
    return np.clip(seen, 0, 255).astype(np.uint8), move


def with_a_hut(picture, colour=(235, 235, 240)):
    built = picture.copy()
    built[200:240, 400:450] = colour
    return built


def test_the_same_place_in_other_light_has_not_changed():
    after, _ = look_again(PLACE)
    result = compare(PLACE, after, gsd_m=GSD_M)
    assert result.regions == ()
    assert result.correlation > 0.9
    assert result.overlap > 0.9
    assert result.matches > 50


@pytest.mark.parametrize("angle", [2.0, 90.0, 180.0])
def test_a_new_building_is_the_only_change_from_whichever_side_it_is_seen(angle):
    after, _ = look_again(with_a_hut(PLACE), angle=angle, zoom=0.95)
    (region, *rest) = compare(PLACE, after, gsd_m=GSD_M).regions
    assert rest == []
    assert region.centre == pytest.approx((425, 220), abs=4)
    assert (region.kind, region.brighter) == ("new", True)
    assert region.score > 0.5
    assert region.area_m2 == pytest.approx(50 * 40 * GSD_M**2, rel=0.3)


def test_what_was_torn_down_is_gone():
    after, _ = look_again(PLACE)
    (region,) = compare(with_a_hut(PLACE), after, gsd_m=GSD_M).regions
    assert (region.kind, region.brighter) == ("gone", False)


def test_a_roof_of_another_colour_and_the_same_brightness_is_seen():
    grey = cv2.cvtColor(np.uint8([[[40, 60, 200]]]), cv2.COLOR_BGR2GRAY)[0, 0]
    before, painted = (with_a_hut(PLACE, c) for c in ((int(grey),) * 3, (40, 60, 200)))
    after, _ = look_again(painted)
    (region,) = compare(before, after, gsd_m=GSD_M).regions
    assert region.centre == pytest.approx((425, 220), abs=5)


def test_a_shadow_that_wandered_over_the_same_ground_is_no_change():
    shaded = PLACE.copy()
    shaded[150:260, 120:240] = (shaded[150:260, 120:240] * 0.55).astype(np.uint8)
    after, _ = look_again(shaded)
    assert compare(PLACE, after, gsd_m=GSD_M).regions == ()


def test_debris_is_small_bright_and_on_dark_smooth_water():
    water = PLACE.copy()
    water[:, 330:] = (70, 75, 60)
    littered = water.copy()
    cv2.ellipse(littered, (480, 300), (16, 10), 0, 0, 360, (205, 210, 210), -1)
    littered[100:140, 100:140] = (235, 235, 235)  # on land: not afloat
    after, _ = look_again(littered)
    (region,) = compare(water, after, gsd_m=GSD_M, profile=PROFILES["debris"]).regions
    assert region.centre == pytest.approx((480, 300), abs=6)


def test_a_field_dug_up_is_seen_as_a_whole():
    dug = PLACE.copy()
    shift = np.array([-30, 10, 55])
    dug[40:440, 60:330] = np.clip(dug[40:440, 60:330].astype(int) + shift, 0, 255)
    after, _ = look_again(dug)
    found = compare(PLACE, after, gsd_m=0.3, profile=PROFILES["land"]).regions
    assert found
    assert found[0].area_m2 == pytest.approx(400 * 270 * 0.3**2, rel=0.3)


def test_the_transform_takes_the_later_picture_onto_the_earlier():
    after, move = look_again(PLACE)
    transform = compare(PLACE, after).transform
    seen = move @ [300.0, 200.0, 1.0]
    back = transform @ [*seen, 1.0]
    assert back[:2] / back[2] == pytest.approx((300, 200), abs=1.0)


def test_large_pictures_give_pixels_of_the_original():
    after, _ = look_again(with_a_hut(PLACE, (15, 15, 15)))
    large = [cv2.resize(p, (1920, 1440), interpolation=cv2.INTER_CUBIC) for p in (PLACE, after)]
    (region, *_) = compare(*large, gsd_m=GSD_M / 3).regions
    assert region.centre == pytest.approx((1275, 660), abs=12)
    assert not region.brighter


def test_grey_pictures_can_be_compared_too():
    after, _ = look_again(with_a_hut(PLACE))
    grey = [cv2.cvtColor(p, cv2.COLOR_BGR2GRAY) for p in (PLACE, after)]
    assert len(compare(*grey, gsd_m=GSD_M).regions) == 1


def test_two_different_places_are_refused():
    with pytest.raises(InvalidInput, match="same place"):
        compare(PLACE, landscape(5))


def test_pictures_without_anything_are_refused():
    with pytest.raises(InvalidInput):
        compare(np.full((100, 100), 7, np.uint8), np.full((100, 100), 7, np.uint8))


def test_before_and_after_lie_on_each_other_and_are_marked():
    after, _ = look_again(with_a_hut(PLACE), gain=1.0, offset_=0, angle=30)
    result = Aligned(PLACE, after).compare(PROFILES["structure"])
    (region,) = result.regions
    shown = before_after(PLACE, after, result.transform, [region.bbox])
    assert shown.before.shape == shown.after.shape
    middle = np.s_[150:330, 200:380]
    apart = np.abs(shown.before[middle].astype(int) - shown.after[middle]).mean()
    assert apart < 8
    x, y, _, _ = shown.boxes[0]
    assert (shown.marked(shown.after)[y - 4, x + 10] == (40, 40, 235)).all()
    close = before_after(PLACE, after, result.transform, [region.bbox], close=True)
    assert close.before.shape[1] < PLACE.shape[1]
    assert encoded(close.side_by_side(), "png").startswith(b"\x89PNG")
    with pytest.raises(InvalidInput, match="gif"):
        encoded(shown.before, "gif")


def test_poses_say_how_two_pictures_lie_on_each_other():
    flat = HeightGrid(west=118.0, south=28.0, step=1.0, heights_m=np.zeros((3, 3)))
    camera = CameraSpec(id="c", sensor=Sensor.VISIBLE, width_px=640, height_px=480, hfov_deg=60.0)
    here = LonLat(118.5, 28.5)
    one = Pose(position=here, altitude_m=50.0, attitude=Attitude(yaw_deg=10.0, pitch_deg=-90.0))
    two = Pose(
        position=offset(here, 90.0, 5.0),
        altitude_m=50.0,
        attitude=Attitude(yaw_deg=190.0, pitch_deg=-90.0),
    )
    size = (640, 480)
    move = guess((one, camera, size), (two, camera, size), flat)
    assert move is not None
    corner = move @ [0.0, 0.0, 1.0]
    apart = np.hypot(*(corner[:2] / corner[2] - (640, 480)))
    assert apart == pytest.approx(5.0 / camera.gsd_m(50.0), rel=0.02)
