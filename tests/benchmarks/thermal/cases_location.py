"""How far a located pixel is from the truth, and how honest its ellipse is."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.thermal.registry import Row, Setting, Table, best_s, group
from core.equipment import CameraSpec, Sensor
from core.geo import FlatGround, HeightModel, LonLat, distance_m
from core.pose import Attitude, Pose
from imagery.files import metadata
from imagery.ground.georeference import camera_from_focal35, ground_point, pixel_of
from imagery.ground.rays import Plane, axes
from imagery.ground.sources import Laser, laser_of
from imagery.poses.block import attitude_of
from missions.presets import load
from thermal.places.locate import GROUND_SIGMA_M, locate_pixel

CAMERA = CameraSpec(id="t", sensor=Sensor.THERMAL, width_px=640, height_px=512, hfov_deg=49.0)
"""The docked thermal multirotor's, as the preset has it."""
SHAPE = (512, 640)
HEIGHTS_M = (60.0, 80.0, 100.0, 120.0)
"""The city's usual heights above the ground."""
CEP_SIGMA = 2.5 / 1.1774
"""A receiver of "2.5 m" states the radius that holds half of its positions (CEP); of each axis
the standard deviation is then 2.12 m."""
TRIALS = 2000


@group(
    "location", "Ground positions against the truth over the city's relief; the ellipse's honesty"
)
def measure(setting: Setting) -> Iterator[Table]:
    heights = load().heights
    yield _campaign(setting, heights)
    yield _honesty(setting, heights)
    yield _rangefinder(setting)


class Relief:
    """A height model that is wrong by a constant: what the maker of the model got wrong here."""

    def __init__(self, base: HeightModel, error_m: float) -> None:
        self._base, self._error_m = base, error_m

    def height_m(self, lon, lat):
        return self._base.height_m(lon, lat) + self._error_m


def _draw(rng: np.random.Generator, heights: HeightModel, height_m: float, pitch: float) -> Pose:
    place = LonLat(float(rng.uniform(118.3, 119.1)), float(rng.uniform(28.6, 29.2)))
    ground = float(np.ravel(heights.height_m(place.lon, place.lat))[0])
    attitude = Attitude(yaw_deg=float(rng.uniform(-180, 180)), pitch_deg=pitch)
    return Pose(position=place, altitude_m=ground + height_m, attitude=attitude)


def _stated(rng: np.random.Generator, true: Pose, gps_m: float, up_m: float, turn: float) -> Pose:
    """The pose as the aircraft believes it."""
    east, north, up = rng.normal(0, 1, 3) * (gps_m, gps_m, up_m)
    yaw, pitch, roll = rng.normal(0, turn, 3) if turn else (0.0, 0.0, 0.0)
    # turns about the camera's own axes: straight down, yaw and roll would be the same one
    right, down, ahead = axes(true.attitude)
    turned = _turn(right, pitch) @ _turn(down, yaw) @ _turn(ahead, roll)
    return Pose(
        position=moved(true.position, float(east), float(north)),
        altitude_m=true.altitude_m + float(up),
        attitude=attitude_of(np.array([right, down, ahead]) @ turned.T),
        horizontal_sigma_m=max(gps_m, 1e-3),
        vertical_sigma_m=max(up_m, 1e-3),
        attitude_sigma_deg=max(turn, 1e-4),
    )


def moved(place: LonLat, east_m: float, north_m: float) -> LonLat:
    """The place so many metres away (a plane, not a projection: that costs 10 ms a place)."""
    plane = Plane.at(place)
    return LonLat(float(plane.lon(east_m)), float(plane.lat(north_m)))


def _turn(axis: np.ndarray, degrees: float) -> np.ndarray:
    """The rotation matrix about an axis (Rodrigues)."""
    angle = np.radians(degrees)
    k = np.cross(np.eye(3), axis).T
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def _misses(
    setting: Setting,
    heights: HeightModel,
    height_m: float,
    noise: tuple[float, float, float],
    sightings: int,
    trials: int,
) -> np.ndarray:
    """Metres by which a target in the middle 80 % of a frame is missed; of several sightings the
    mean weighted by their ellipses."""
    rng = np.random.default_rng([setting.seed, int(height_m), sightings])
    found = []
    while len(found) < trials:
        first = _draw(rng, heights, height_m, -90.0)
        target = ground_point(first, CAMERA, tuple(rng.uniform(0.1, 0.9, 2) * (640, 512)), heights)
        ground = float(np.ravel(heights.height_m(target.lon, target.lat))[0])
        weights, total = np.zeros((2, 2)), np.zeros(2)
        frame = Plane.at(target)
        for _ in range(sightings):
            true = replace(first, position=moved(first.position, *rng.uniform(-10, 10, 2).tolist()))
            pixel = pixel_of(true, CAMERA, target, ground)
            if pixel is None:
                continue
            place = locate_pixel(pixel, SHAPE, _stated(rng, true, *noise), CAMERA, heights)
            weight = np.linalg.inv(place.error.covariance())
            weights += weight
            total += weight @ np.array(frame.xy(place.position))
        if weights.any():
            found.append(float(np.hypot(*np.linalg.solve(weights, total))))
    return np.array(found)


def _campaign(setting: Setting, heights: HeightModel) -> Table:
    rows: list[Row] = []
    trials = TRIALS // 8
    cases = [("exact", 0.0, 0.0, 0.0, 1)]
    cases += [(f"2.5 m GPS (CEP), 1 deg, {n} sighting{'s' * (n > 1)}", CEP_SIGMA, 3.0, 1.0, n)
              for n in (1, 2, 3, 5)]  # fmt: skip
    cases += [("2.5 m each axis, 1 deg, 1 sighting", 2.5, 3.0, 1.0, 1)]
    for name, gps, up, turn, sightings in cases:
        setting.tell(name)
        for height in HEIGHTS_M:
            off = _misses(setting, heights, height, (gps, up, turn), sightings, trials)
            rows.append(
                {
                    "pose": name,
                    "height m": height,
                    "mean m": round(float(off.mean()), 2),
                    "median m": round(float(np.median(off)), 2),
                    "95 % m": round(float(np.percentile(off, 95)), 2),
                }
            )
    return Table(
        title="Located points against the truth, straight down over Quzhou's relief",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            f"{trials} targets a line; positions, heights (3 m) and attitudes drawn for each frame",
            "asked: 0.5 m exact, 3 m with 2.5 m GPS and 1 degree",
        ),
    )


def _honesty(setting: Setting, heights: HeightModel) -> Table:
    rows: list[Row] = []
    for laser in (False, True):
        for pitch in (-90.0, -70.0, -50.0, -35.0):
            held, trials = share_held(setting.seed, heights, pitch, laser, TRIALS // 4)
            rows.append(
                {
                    "pitch": pitch,
                    "rangefinder": "yes" if laser else "no",
                    "trials": trials,
                    "truth in the 95 % ellipse": f"{held:.1%}",
                }
            )
    place = _draw(np.random.default_rng(0), heights, 100.0, -70.0)
    took = best_s(lambda: locate_pixel((300, 200), SHAPE, place, CAMERA, heights), 0.2)
    return Table(
        title="The honesty of the ellipse (asked: 93 to 97 %)",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            "drawn: GPS 2.5 m each axis, height 3 m, attitude 1 degree about each axis, pixel 0.5, "
            f"height model {GROUND_SIGMA_M:g} m",
            f"one location takes {took * 1e3:.2f} ms",
        ),
    )


def share_held(
    seed: int, heights: HeightModel, pitch: float, with_laser: bool, trials: int
) -> tuple[float, int]:
    """The share of truths inside the 95 % ellipse, and of how many."""
    rng = np.random.default_rng([seed, int(-pitch), with_laser])
    held = total = 0
    while total < trials:
        true = _draw(rng, heights, float(rng.choice(HEIGHTS_M)), pitch)
        pixel = tuple(rng.uniform(0.2, 0.8, 2) * (640, 512))
        real = Relief(heights, float(rng.normal(0, GROUND_SIGMA_M)))
        try:
            truth = ground_point(true, CAMERA, pixel, real)
            centre = ground_point(true, CAMERA, (320, 256), real)
            laser = _shot(rng, true, centre, real) if with_laser else None
            stated = _stated(rng, true, 2.5, 3.0, 1.0)
            seen = np.add(pixel, rng.normal(0, 0.5, 2))
            place = locate_pixel(tuple(seen), SHAPE, stated, CAMERA, heights, laser=laser)
        except ValueError:
            continue
        shift = np.array(Plane.at(place.position).xy(truth))
        held += float(shift @ np.linalg.solve(place.error.covariance(), shift)) <= 5.991
        total += 1
    return held / total, total


def _shot(rng: np.random.Generator, true: Pose, centre: LonLat, real: Relief) -> Laser:
    down = true.altitude_m - float(np.ravel(real.height_m(centre.lon, centre.lat))[0])
    away = distance_m(true.position, centre)
    return Laser(range_m=float(np.hypot(down, away) + rng.normal(0, 0.16)), sigma_m=0.16)


def _rangefinder(setting: Setting) -> Table:
    path = setting.folder("dji") / "H20N_DJI_0006_R.JPG"
    meta = metadata.read(path.read_bytes())
    camera = camera_from_focal35("H20N", Sensor.THERMAL, 640, 512, meta.focal35_mm or 29.0)
    laser = laser_of(meta)
    target = LonLat(float(meta.tags["LRFTargetLon"]), float(meta.tags["LRFTargetLat"]))
    target_m = float(meta.tags["LRFTargetAbsAlt"])
    rows: list[Row] = []
    for name, ground_m, shot in (
        ("level of the target", target_m, None),
        ("its range alone (model 10 m off)", target_m + 10.0, laser),
        ("model 10 m off, no range", target_m + 10.0, None),
    ):
        place = locate_pixel((320, 256), SHAPE, meta.pose, camera, FlatGround(ground_m), laser=shot)
        rows.append(
            {
                "ground": name,
                "horizontal m": round(distance_m(place.position, target), 2),
                "vertical m": round(abs(place.altitude_m - target_m), 2),
                "ellipse m": f"{place.error.semi_major_m:.1f} x {place.error.semi_minor_m:.1f}",
            }
        )
    return Table(
        title="The laser rangefinder's target in H20N_DJI_0006_R (asked: 0.3 m)",
        columns=tuple(rows[0]),
        rows=rows,
        notes=("79.6 m ahead at pitch -32.9 degrees",),
    )
