"""The camera trigger and the gimbal: when a photo is taken and which way it looks."""

import math
from dataclasses import dataclass

from core.equipment import CameraSpec
from core.pose import Attitude
from sim.body import Body
from sim.earth import between_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photograph to be taken: where the camera really was.

    Attributes:
        camera_index: counted from 1 in the vehicle's list.
        number: of this camera's photos since the vehicle was switched on, from 1.
        at_s: simulated seconds since the start.
    """

    vehicle: int
    camera_index: int
    camera: CameraSpec
    number: int
    at_s: float
    lon: float
    lat: float
    altitude_m: float
    height_m: float
    vehicle_yaw_deg: float
    attitude: Attitude


class Shutter:
    """Camera trigger by distance and single shots; a gimbal that points down unless told."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._before = (body.lon, body.lat, body.altitude_m)
        self._last = (body.lon, body.lat)
        self._last_s: dict[int, float] = {}
        self._counts = [0] * len(body.spec.cameras)
        self._single: list[int] = []
        self.distance_m = 0.0
        self.target = 0
        self.pitch_deg = -90.0
        self.yaw_deg = 0.0
        self.roi: tuple[float, float, float] | None = None

    @property
    def count(self) -> int:
        """Photos of all cameras so far."""
        return sum(self._counts)

    def by_distance(self, distance_m: float, *, once: bool, target: int) -> bool:
        """DO_SET_CAM_TRIGG_DIST; False if there is no such camera."""
        if not 0 <= target <= len(self._counts):
            return False
        self.distance_m, self.target = max(0.0, distance_m), target
        self._last = (self._body.lon, self._body.lat)
        if once:
            self._single.append(target)
        return True

    def once(self, target: int) -> bool:
        """One photograph now; False if there is no such camera."""
        if not 0 <= target <= len(self._counts):
            return False
        self._single.append(target)
        return True

    def point(self, pitch_deg: float, yaw_deg: float) -> None:
        """Aim: pitch -90 is straight down, yaw is relative to the nose."""
        if math.isfinite(pitch_deg):
            self.pitch_deg = min(30.0, max(-90.0, pitch_deg))
        if math.isfinite(yaw_deg):
            self.yaw_deg = yaw_deg
        self.roi = None

    def attitude(self) -> Attitude:
        """Where the cameras look, in the world."""
        body = self._body
        if self.roi is not None:
            lon, lat, altitude = self.roi
            east, north = between_m(body.lon, body.lat, lon, lat)
            reach = math.hypot(east, north)
            pitch = math.degrees(math.atan2(altitude - body.altitude_m, max(reach, 0.01)))
            return Attitude(yaw_deg=math.degrees(math.atan2(east, north)), pitch_deg=pitch)
        return Attitude(yaw_deg=(body.yaw_deg + self.yaw_deg) % 360, pitch_deg=self.pitch_deg)

    def step(self, now_s: float, dt_s: float, *, active: bool) -> list[Photo]:
        """The photos due in the step that ended now."""
        before, body = self._before, self._body
        self._before = (body.lon, body.lat, body.altitude_m)
        photos: list[Photo] = []
        for target in self._single:
            photos += self._take(target, now_s, body.lon, body.lat, body.altitude_m)
        if self._single:
            self._last = (body.lon, body.lat)
            self._single = []
        if self.distance_m <= 0 or not active or not body.flying:
            return photos
        gone = math.hypot(*between_m(*self._last, body.lon, body.lat))
        if gone < self.distance_m:
            return photos
        earlier = math.hypot(*between_m(*self._last, before[0], before[1]))
        f = 1.0
        if gone > earlier:
            f = min(1.0, max(0.0, (self.distance_m - earlier) / (gone - earlier)))
        lon, lat, altitude = (
            a + (b - a) * f
            for a, b in zip(before, (body.lon, body.lat, body.altitude_m), strict=True)
        )
        taken = self._take(self.target, now_s - (1.0 - f) * dt_s, lon, lat, altitude)
        if taken:
            self._last = (lon, lat)
        return photos + taken

    def _take(
        self, target: int, at_s: float, lon: float, lat: float, altitude_m: float
    ) -> list[Photo]:
        body = self._body
        photos = []
        for index, camera in enumerate(body.spec.cameras, start=1):
            if target not in (0, index):
                continue
            if at_s - self._last_s.get(index, -math.inf) < camera.min_interval_s:
                continue
            self._last_s[index] = at_s
            self._counts[index - 1] += 1
            photos.append(
                Photo(
                    vehicle=body.index,
                    camera_index=index,
                    camera=camera,
                    number=self._counts[index - 1],
                    at_s=at_s,
                    lon=lon,
                    lat=lat,
                    altitude_m=altitude_m,
                    height_m=altitude_m - body.ground_m,
                    vehicle_yaw_deg=body.yaw_deg,
                    attitude=self.attitude(),
                )
            )
        return photos
