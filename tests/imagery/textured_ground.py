"""Photographs of a textured plane, warped as a camera at a pose would see it, with true poses."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np

from core.equipment import CameraSpec, Sensor
from core.geo import LonLat
from core.pose import Attitude, Pose
from imagery.ground.rays import Plane, directions
from imagery.poses.frames import InMemory, MosaicFrame

HERE = LonLat(118.87, 28.97)
GROUND_M, HEIGHT_M = 60.0, 40.0
CELL_M = 0.1
SIDE = 1400
START = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)
CAMERA = CameraSpec(id="c", sensor=Sensor.VISIBLE, width_px=480, height_px=360, hfov_deg=70.0)
THERMAL = replace(CAMERA, id="t", sensor=Sensor.THERMAL)


def texture(seed=4):
    """(SIDE, SIDE) float32 grey levels, 0 to 255: noise of many sizes, so that it is nowhere
    alike. Its middle is HERE, rows go south."""
    rng = np.random.default_rng(seed)
    ground = np.zeros((SIDE, SIDE), np.float32)
    for cells, strength in ((20, 40), (80, 40), (250, 45), (700, 35)):
        coarse = rng.normal(0, strength, (cells, cells)).astype(np.float32)
        ground += cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.clip(ground + 127, 0, 255)


def flight(lines=2, each=4, heading_deg=30.0, spacing_m=11.0, apart_m=20.0):
    """True poses of a survey: lines there and back."""
    plane = Plane.at(HERE)
    along = np.radians(heading_deg)
    poses = []
    for line in range(lines):
        way = range(each) if line % 2 == 0 else reversed(range(each))
        for k in way:
            a, b = (k - (each - 1) / 2) * spacing_m, (line - (lines - 1) / 2) * apart_m
            x, y = a * np.sin(along) + b * np.cos(along), a * np.cos(along) - b * np.sin(along)
            yaw = heading_deg + (180.0 if line % 2 else 0.0)
            poses.append(
                Pose(
                    position=LonLat(float(plane.lon(x)), float(plane.lat(y))),
                    altitude_m=GROUND_M + HEIGHT_M,
                    attitude=Attitude(yaw_deg=(yaw + 180) % 360 - 180, pitch_deg=-89.0),
                )
            )
    return poses


def seen(ground, pose, camera=CAMERA):
    """(H, W) float32: what the camera sees of the plane at GROUND_M."""
    plane = Plane.at(HERE)
    columns, rows = np.meshgrid(np.arange(camera.width_px) + 0.5, np.arange(camera.height_px) + 0.5)
    rays = directions(pose.attitude, camera, np.column_stack([columns.ravel(), rows.ravel()]))
    x0, y0 = plane.xy(pose.position)
    along = (GROUND_M - pose.altitude_m) / rays[:, 2]
    shape = columns.shape
    x = ((x0 + rays[:, 0] * along) / CELL_M + SIDE / 2 - 0.5).reshape(shape).astype(np.float32)
    y = (SIDE / 2 - 0.5 - (y0 + rays[:, 1] * along) / CELL_M).reshape(shape).astype(np.float32)
    return cv2.remap(ground, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def encoded(picture):
    """A grey picture as the bytes of a JPEG."""
    done, data = cv2.imencode(".jpg", picture.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert done
    return data.tobytes()


def raw(picture):
    """A float32 picture as bytes, for `raw_celsius`."""
    return picture.astype(np.float32).tobytes()


def raw_celsius(data):
    """The decoder of `raw`."""
    return np.frombuffer(data, np.float32).reshape(CAMERA.height_px, CAMERA.width_px).copy()


@dataclass(frozen=True)
class Survey:
    """Frames, and the poses they were truly taken at."""

    frames: list
    truth: list

    def but(self, index, **changes):
        """The same survey, where one frame or several say something else."""
        several = [index] if isinstance(index, int) else index
        frames = [replace(f, **changes) if k in several else f for k, f in enumerate(self.frames)]
        return replace(self, frames=frames)

    def stating(self, change):
        """The same survey with each stated pose changed by a function of it."""
        return replace(self, frames=[replace(f, pose=change(f.pose)) for f in self.frames])


def survey(ground, truth=None, noise_m=0.5, seed=1, camera=CAMERA, encode=encoded):
    """A survey whose stated positions are off by ``noise_m`` and yaws by 2 degrees."""
    rng = np.random.default_rng(seed)
    truth = truth or flight()
    frames = []
    for k, pose in enumerate(truth):
        east, north, up = rng.normal(0, noise_m, 3)
        plane = Plane.at(pose.position)
        stated = replace(
            pose,
            position=LonLat(float(plane.lon(east)), float(plane.lat(north))),
            altitude_m=pose.altitude_m + up,
            attitude=replace(
                pose.attitude, yaw_deg=pose.attitude.yaw_deg + float(rng.normal(0, 2.0))
            ),
            horizontal_sigma_m=max(noise_m, 0.02),
            vertical_sigma_m=max(noise_m, 0.02),
        )
        frames.append(
            MosaicFrame(
                id=f"F{k:02d}",
                load=InMemory(encode(seen(ground, pose, camera))),
                pose=stated,
                camera=camera,
                taken_at=START + timedelta(seconds=3 * k),
                height_m=HEIGHT_M + up,
            )
        )
    return Survey(frames, truth)
