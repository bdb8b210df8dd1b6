"""Photographs through a rectilinear lens: thermal as temperatures, visible as colours."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from core.equipment import CameraSpec
from core.pose import Attitude
from sim.earth import per_degree_m
from sim.ground import GRAIN_M, GRAIN_PX, Ground
from sim.things import Patch, Shape

Pixels = npt.NDArray[np.float32]

NETD_K = 0.05
"""Noise of an uncooled core, one standard deviation."""
LOWEST_PITCH_DEG = -12.0
"""Rays nearer the horizon than this are drawn as if they met the ground here."""
COLOUR_GRAIN, GREY = 11.0, 11.5
"""Grey levels of one standard deviation of the pattern, and what keeps it positive in 8 bits."""
FINE_GRAIN_M, FINE_SHARE = (0.125, 0.03125, 0.0078125), 1.0
"""Finer copies of the pattern that close pictures show, metres a pixel of the tile, and their share
of the pattern's standard deviation."""
COARSE = 16
"""Land cover is looked up for every so many pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A camera that looks at the ground from somewhere.

    Attributes:
        height_m: above the ground that it looks at.
        ground_m: altitude AMSL of that ground.
        width_px, height_px: of the stored picture.
    """

    camera: CameraSpec
    lon: float
    lat: float
    altitude_m: float
    height_m: float
    attitude: Attitude
    width_px: int
    height_px: int

    @classmethod
    def of(
        cls,
        camera: CameraSpec,
        *,
        lon: float,
        lat: float,
        altitude_m: float,
        height_m: float,
        attitude: Attitude,
    ) -> "View":
        """The view of a camera at its stored size."""
        return cls(
            camera=camera,
            lon=lon,
            lat=lat,
            altitude_m=altitude_m,
            height_m=max(2.0, height_m),
            attitude=attitude,
            width_px=max(8, round(camera.width_px * camera.stored_scale)),
            height_px=max(8, round(camera.height_px * camera.stored_scale)),
        )

    @property
    def focal_px(self) -> float:
        """Focal length in stored pixels."""
        return self.camera.focal_px * self.width_px / self.camera.width_px

    @property
    def reach_m(self) -> float:
        """No ground farther from the camera's foot is in the picture."""
        half = math.atan(math.hypot(self.width_px, self.height_px) / 2 / self.focal_px)
        lowest = math.radians(90 + self.attitude.pitch_deg) + half
        return self.height_m * math.tan(min(lowest, math.radians(90 + LOWEST_PITCH_DEG)))

    def axes(self) -> npt.NDArray[np.float64]:
        """Rows: picture right, picture down, line of sight; columns: east, north, up.

        Yaw clockwise from north, pitch -90 straight down, roll clockwise about the line of sight.
        """
        return _axes(self.attitude)

    def project(self, lon: float, lat: float, altitude_m: float) -> tuple[float, float, float]:
        """Column, row and distance along the line of sight of a point; behind is negative."""
        per_east, per_north = per_degree_m(self.lat)
        away = (
            (lon - self.lon) * per_east,
            (lat - self.lat) * per_north,
            altitude_m - self.altitude_m,
        )
        x, y, z = (self.axes() @ away).tolist()
        if z <= 0.1:
            return -1e6, -1e6, z
        f = self.focal_px
        return self.width_px / 2 + f * x / z, self.height_px / 2 + f * y / z, z

    def ground_xy(self) -> tuple[Pixels, Pixels]:
        """Metres east and north of the camera's foot at which each pixel meets level ground."""
        x, y = _lens(self.width_px, self.height_px, self.focal_px)
        right, down, forward = self.axes().astype(np.float32)
        if self.attitude.pitch_deg < -89.9:
            h = np.float32(self.height_m)
            return h * (x * right[0] + y * down[0]), h * (x * right[1] + y * down[1])
        east = x * right[0] + y * down[0] + forward[0]
        north = x * right[1] + y * down[1] + forward[1]
        up = x * right[2] + y * down[2] + forward[2]
        least = np.float32(math.sin(math.radians(LOWEST_PITCH_DEG)))
        scale = np.float32(-self.height_m) / np.minimum(up, least)
        return east * scale, north * scale


class Darkroom:
    """Makes pictures of a ground and of things on it; `quality` is the JPEG's, 1 to 100."""

    def __init__(self, ground: Ground, seed: int, quality: int = 75) -> None:
        self._ground, self._quality = ground, quality
        self._rng = np.random.default_rng([seed, 61])
        bank = np.random.default_rng([seed, 62])
        self._noise = (bank.normal(size=(700, 800)) * NETD_K).astype(np.float32)

    def thermal(
        self, view: View, patches: Iterable[Patch], air_c: float, sunshine: float
    ) -> Pixels:
        """Temperatures (H, W) float32 in degrees Celsius."""
        east, north = view.ground_xy()
        covers, shape = self._covers(view, east, north)
        plain = self._ground.celsius(covers, air_c, sunshine)
        frame = cv2.resize(plain, shape, interpolation=cv2.INTER_LINEAR)
        frame += self._grain(view, east, north) * np.float32(self._ground.grain_k(covers))
        for patch in patches:
            if patch.celsius is not None:
                self._warm(frame, view, patch)
        frame += self._netd(view)
        return frame

    def visible(self, view: View, patches: Iterable[Patch], light: float) -> bytes:
        """A JPEG without metadata."""
        east, north = view.ground_xy()
        covers, shape = self._covers(view, east, north)
        plain = cv2.resize(self._ground.colours(covers), shape, interpolation=cv2.INTER_LINEAR)
        pattern = self._grain(view, east, north) + self._fine_grain(view, east, north)
        grain = cv2.convertScaleAbs(pattern + np.float32(GREY), alpha=COLOUR_GRAIN)
        frame = cv2.addWeighted(
            plain, light, cv2.merge((grain, grain, grain)), light, -light * GREY * COLOUR_GRAIN
        )
        for patch in patches:
            if patch.bgr is not None:
                self._paint(frame, view, patch, light)
        return jpeg(frame, self._quality)

    def _covers(
        self, view: View, east: Pixels, north: Pixels
    ) -> tuple[npt.NDArray[np.uint8], tuple[int, int]]:
        per_east, per_north = per_degree_m(view.lat)
        half = COARSE // 2
        lon = view.lon + east[half::COARSE, half::COARSE] / per_east
        lat = view.lat + north[half::COARSE, half::COARSE] / per_north
        return self._ground.covers(lon, lat), (view.width_px, view.height_px)

    def _fine_grain(self, view: View, east: Pixels, north: Pixels) -> Pixels:
        """Ground is as rough at any scale: without this a close picture would look blurred.

        Each finer copy of the pattern fades in as pixels get small enough to show it, so that two
        pictures from nearly one height show the same.
        """
        pixel_m = view.height_m / view.focal_px
        total = np.zeros(east.shape, np.float32)
        for metres in FINE_GRAIN_M:
            share = min(1.0, 4.0 * metres / pixel_m - 1.0)
            if share > 0.0:
                total += self._grain(view, east, north, metres) * np.float32(FINE_SHARE * share)
        return total

    def _grain(self, view: View, east: Pixels, north: Pixels, grain_m: float = GRAIN_M) -> Pixels:
        """The pattern under each pixel, where a pixel of the tile covers ``grain_m``."""
        per_east, per_north = per_degree_m(view.lat)
        tile = GRAIN_PX * grain_m
        x0 = view.lon * per_east % tile
        y0 = view.lat * per_north % tile
        return cv2.remap(
            self._ground.grain,
            (east + np.float32(x0)) * np.float32(1 / grain_m),
            (north + np.float32(y0)) * np.float32(1 / grain_m),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )

    def _netd(self, view: View) -> Pixels:
        rows, columns = self._noise.shape
        i = int(self._rng.integers(0, max(1, rows - view.height_px)))
        j = int(self._rng.integers(0, max(1, columns - view.width_px)))
        piece = self._noise[i : i + view.height_px, j : j + view.width_px]
        if piece.shape != (view.height_px, view.width_px):
            piece = np.resize(self._noise, (view.height_px, view.width_px))
        return piece

    @staticmethod
    def _warm(frame: Pixels, view: View, patch: Patch) -> None:
        """Draw a disc with a soft edge; below a pixel it is weakened by its share of the area."""
        u, v, z = view.project(patch.lon, patch.lat, patch.altitude_m)
        radius = view.focal_px * patch.radius_m / max(z, 0.1)
        reach = radius + 1.0
        height, width = frame.shape
        if not (-reach < u < width + reach and -reach < v < height + reach) or z <= 0.1:
            return
        left, right = max(0, math.floor(u - reach)), min(width, math.ceil(u + reach) + 1)
        top, bottom = max(0, math.floor(v - reach)), min(height, math.ceil(v + reach) + 1)
        if left >= right or top >= bottom:
            return
        dx = np.arange(left, right, dtype=np.float32) + np.float32(0.5 - u)
        dy = np.arange(top, bottom, dtype=np.float32) + np.float32(0.5 - v)
        if radius < 0.7:
            share = np.float32(min(1.0, math.pi * radius**2))
            weight = (
                np.maximum(0, 1 - np.abs(dy))[:, None]
                * np.maximum(0, 1 - np.abs(dx))[None, :]
                * share
            )
        else:
            distance = np.sqrt(dx[None, :] ** 2 + dy[:, None] ** 2)
            weight = np.clip(np.float32(radius + 0.5) - distance, 0.0, 1.0)
        window = frame[top:bottom, left:right]
        window += weight * (np.float32(patch.celsius or 0.0) - window)

    @staticmethod
    def _paint(frame: npt.NDArray[np.uint8], view: View, patch: Patch, light: float) -> None:
        u, v, z = view.project(patch.lon, patch.lat, patch.altitude_m)
        if z <= 0.1:
            return
        radius = view.focal_px * patch.radius_m / z
        height, width = frame.shape[:2]
        if not (-radius < u < width + radius and -radius < v < height + radius) or radius < 0.3:
            return
        colour = tuple(int(c * light) for c in patch.bgr or (0, 0, 0))
        x, y, r = round(u), round(v), max(1, round(radius))
        if patch.shape is Shape.BOX:
            cv2.rectangle(frame, (x - r, y - r), (x + r, y + r), colour, -1)
        elif patch.shape is Shape.CROSS:
            cv2.line(frame, (x - r, y - r), (x + r, y + r), colour, max(1, r // 3))
            cv2.line(frame, (x - r, y + r), (x + r, y - r), colour, max(1, r // 3))
        elif patch.shape is Shape.SMOKE:
            over = frame.copy()
            cv2.ellipse(over, (x + r, y - r), (2 * r, r), -35, 0, 360, (205, 205, 205), -1)
            cv2.addWeighted(over, 0.55, frame, 0.45, 0, dst=frame)
            cv2.circle(frame, (x, y), r, colour, -1)
        else:
            cv2.circle(frame, (x, y), r, colour, -1)


def jpeg(frame: npt.NDArray[np.uint8], quality: int) -> bytes:
    """A JPEG of a picture.

    Raises:
        ValueError: OpenCV could not write it.
    """
    done, data = cv2.imencode(".jpg", frame, (cv2.IMWRITE_JPEG_QUALITY, quality))
    if not done:
        raise ValueError(f"OpenCV could not write a JPEG of shape {frame.shape}")
    return data.tobytes()


def grey(celsius: Pixels) -> npt.NDArray[np.uint8]:
    """The picture that a thermal camera shows: temperatures stretched to 0 to 255."""
    low, high, _, _ = cv2.minMaxLoc(celsius)
    span = max(8.0, high - low)
    return cv2.convertScaleAbs(celsius - np.float32(low), alpha=255.0 / span)


@lru_cache(maxsize=256)
def _axes(attitude: Attitude) -> npt.NDArray[np.float64]:
    yaw, pitch, roll = (
        math.radians(a) for a in (attitude.yaw_deg, attitude.pitch_deg, attitude.roll_deg)
    )
    forward = np.array(
        [math.cos(pitch) * math.sin(yaw), math.cos(pitch) * math.cos(yaw), math.sin(pitch)]
    )
    right = np.array([math.cos(yaw), -math.sin(yaw), 0.0])
    down = np.cross(forward, right)
    c, s = math.cos(roll), math.sin(roll)
    return np.stack([c * right + s * down, c * down - s * right, forward])


@lru_cache(maxsize=64)
def _lens(width_px: int, height_px: int, focal_px: float) -> tuple[Pixels, Pixels]:
    """Direction of each pixel's centre: x to the right and y downward over the focal length."""
    x = (np.arange(width_px, dtype=np.float32) + 0.5 - width_px / 2) / np.float32(focal_px)
    y = (np.arange(height_px, dtype=np.float32) + 0.5 - height_px / 2) / np.float32(focal_px)
    columns, rows = np.meshgrid(x, y)
    return columns.astype(np.float32), rows.astype(np.float32)
