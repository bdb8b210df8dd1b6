"""From a shutter release to a file: what the camera saw, with the metadata as a drone writes it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import numpy as np

from core.equipment import CameraSpec, Sensor
from core.pose import Attitude
from sim.autopilot.shutter import Photo
from sim.camera import Darkroom, View, grey, jpeg
from sim.earth import moved
from sim.ground import Ground
from sim.metadata import Labels, Taken
from sim.radiometric import Path, fff_block, segments
from sim.scene import Scene
from sim.uplink import Shot
from sim.world import World

ATTITUDE_SIGMA_DEG = 0.5
"""Error of each angle in the metadata."""
DISTANCE_STEP_M = 10.0
"""The stated distance follows the height in such steps, as a pilot would set it."""
JFIF_BYTES = 20
"""OpenCV's SOI and JFIF segment; ours begin with EXIF, as cameras do."""


class Homed(Protocol):
    """A vehicle that has a home, metres above mean sea level."""

    @property
    def home_m(self) -> float: ...


class Crew(Protocol):
    """What photographs tell of the vehicles that took them: a `Swarm`, or real ones."""

    @property
    def world(self) -> World: ...

    @property
    def autopilots(self) -> Sequence[Homed]: ...

    def gps_error(self, index: int) -> tuple[float, float, float]:
        """Present error of a vehicle's satellite position: metres east, north, up."""
        ...


class Studio:
    """Makes the files."""

    def __init__(self, swarm: Crew, scene: Scene, ground: Ground) -> None:
        self._swarm, self._scene, self._world = swarm, scene, swarm.world
        quality = int(swarm.world.demo.get("jpeg_quality") or 75)
        self._darkroom = Darkroom(ground, swarm.world.seed, quality)
        self._rng = np.random.default_rng([swarm.world.seed, 71])
        self._labels: dict[tuple[int, str], Labels] = {}

    def develop(self, photo: Photo) -> Shot:
        """The file of a photograph; the scene notes what can be seen in it."""
        sight = self._sight(photo)
        view = View.of(
            photo.camera,
            lon=photo.lon,
            lat=photo.lat,
            altitude_m=photo.altitude_m,
            height_m=sight,
            attitude=photo.attitude,
        )
        patches = self._scene.patches(photo.lon, photo.lat, view.reach_m, photo.at_s)
        self._scene.note(view, patches, photo.at_s)
        vehicle = self._world.docks[photo.vehicle].id
        labels = self._label(photo, view, vehicle).segments(self._taken(photo))
        sunshine = self._world.sunshine(photo.at_s)
        if photo.camera.sensor is Sensor.THERMAL:
            air = self._world.air_celsius(photo.at_s)
            celsius = self._darkroom.thermal(view, patches, air, sunshine)
            path = _path(view.height_m, air, self._world.humidity(photo.at_s))
            block = fff_block(celsius, path, photo.camera.id, vehicle)
            body = segments(block) + jpeg(grey(celsius), 60)[JFIF_BYTES:]
        else:
            light = 0.12 + 0.88 * min(1.0, 2.5 * sunshine)
            body = self._darkroom.visible(view, patches, light)[JFIF_BYTES:]
        return Shot.taken(b"\xff\xd8" + labels + body, vehicle, photo.camera.id)

    def _sight(self, photo: Photo) -> float:
        """Height above the ground that the camera looks at (not only the ground below it)."""
        if photo.attitude.pitch_deg < -80:
            return photo.height_m
        away = photo.height_m / np.tan(np.radians(max(15.0, -photo.attitude.pitch_deg)))
        yaw = np.radians(photo.attitude.yaw_deg)
        lon, lat = moved(photo.lon, photo.lat, away * float(np.sin(yaw)), away * float(np.cos(yaw)))
        return photo.altitude_m - float(self._world.ground.height_m(lon, lat))

    def _label(self, photo: Photo, view: View, vehicle: str) -> Labels:
        key = (photo.vehicle, photo.camera.id)
        if key not in self._labels:
            camera: CameraSpec = photo.camera
            self._labels[key] = Labels(camera, vehicle, view.width_px, view.height_px)
        return self._labels[key]

    def _taken(self, photo: Photo) -> Taken:
        """The pose as the vehicle believes it: errors of the satellites and of the gimbal."""
        east, north, up = self._swarm.gps_error(photo.vehicle)
        lon, lat = moved(photo.lon, photo.lat, east, north)
        yaw, pitch, roll = (self._rng.normal(size=3) * ATTITUDE_SIGMA_DEG).tolist()
        home = self._swarm.autopilots[photo.vehicle].home_m
        return Taken(
            at=self._world.start + timedelta(seconds=photo.at_s),
            lon=lon,
            lat=lat,
            altitude_m=photo.altitude_m + up,
            relative_m=photo.altitude_m + up - home,
            attitude=Attitude(
                yaw_deg=photo.attitude.yaw_deg + yaw,
                pitch_deg=photo.attitude.pitch_deg + pitch,
                roll_deg=photo.attitude.roll_deg + roll,
            ),
            flight_yaw_deg=photo.vehicle_yaw_deg,
        )


def _path(height_m: float, air_c: float, humidity: float) -> Path:
    distance = max(DISTANCE_STEP_M, round(height_m / DISTANCE_STEP_M) * DISTANCE_STEP_M)
    air = float(round(air_c))
    return Path(distance_m=distance, reflected_c=air, air_c=air, humidity=round(humidity, 1))
