"""The camera trigger: when a photo is taken. Which way it looks is the gimbal's affair."""

import math
from dataclasses import dataclass

from core.equipment import CameraSpec
from core.pose import Attitude
from sim.autopilot.gimbal import Gimbal
from sim.autopilot.health import Health
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


@dataclass(slots=True, kw_only=True)
class Series:
    """Photographs by time: `left` of them, None for ever."""

    target: int
    interval_s: float
    left: int | None
    next_s: float


class Shutter:
    """Camera trigger by distance, by time, and single shots.

    Triggering by distance goes on through pauses, other modes and a cleared mission, as on
    ArduPilot, until it is told a distance of 0 or stands on the ground.
    """

    def __init__(self, body: Body, health: Health) -> None:
        self._body, self._health = body, health
        self.gimbal = Gimbal(body, health)
        self._before = (body.lon, body.lat, body.altitude_m)
        self._last = (body.lon, body.lat)
        self._last_s: dict[int, float] = {}
        self.counts = [0] * len(body.spec.cameras)
        self._single: list[int] = []
        self.series: Series | None = None
        self.distance_m = 0.0
        self.target = 0

    @property
    def count(self) -> int:
        """Photos of all cameras so far."""
        return sum(self.counts)

    @property
    def pending(self) -> bool:
        """Whether it has something to do even on the ground."""
        return bool(self._single) or self.series is not None

    def attitude(self) -> Attitude:
        """Where the cameras look, in the world."""
        return self.gimbal.attitude()

    def has(self, target: int) -> bool:
        """Whether there is such a camera; 0 means all of them."""
        return 0 <= target <= len(self.counts) and bool(self.counts)

    def by_distance(self, distance_m: float, *, once: bool, target: int) -> bool:
        """DO_SET_CAM_TRIGG_DIST; False if there is no such camera."""
        if not self.has(target):
            return False
        self.distance_m, self.target = max(0.0, distance_m), target
        self._last = (self._body.lon, self._body.lat)
        if once:
            self._single.append(target)
        return True

    def once(self, target: int) -> bool:
        """One photograph now; False if there is no such camera or no room to store it."""
        if not self.has(target) or self._health.storage_full:
            return False
        self._single.append(target)
        return True

    def by_time(self, target: int, interval_s: float, count: int | None, now_s: float) -> bool:
        """IMAGE_START_CAPTURE of more than one; False as in `once`."""
        if not self.has(target) or self._health.storage_full:
            return False
        self.series = Series(target=target, interval_s=interval_s, left=count, next_s=now_s)
        return True

    def stop(self) -> None:
        """IMAGE_STOP_CAPTURE."""
        self.series = None

    def step(self, now_s: float, dt_s: float, *, active: bool) -> list[Photo]:
        """The photos due in the step that ended now."""
        before, body = self._before, self._body
        self._before = (body.lon, body.lat, body.altitude_m)
        photos: list[Photo] = []
        self._by_time(now_s)
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

    def _by_time(self, now_s: float) -> None:
        series = self.series
        if series is None or now_s < series.next_s:
            return
        self._single.append(series.target)
        series.next_s += max(series.interval_s, 0.1)
        if series.left is not None:
            series.left -= 1
            if series.left <= 0:
                self.series = None

    def _take(
        self, target: int, at_s: float, lon: float, lat: float, altitude_m: float
    ) -> list[Photo]:
        body = self._body
        photos: list[Photo] = []
        if self._health.storage_full:
            return photos
        for index, camera in enumerate(body.spec.cameras, start=1):
            if target not in (0, index):
                continue
            if at_s - self._last_s.get(index, -math.inf) < camera.min_interval_s:
                continue
            self._last_s[index] = at_s
            self.counts[index - 1] += 1
            photos.append(
                Photo(
                    vehicle=body.index,
                    camera_index=index,
                    camera=camera,
                    number=self.counts[index - 1],
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
