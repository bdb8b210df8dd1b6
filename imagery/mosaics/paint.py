"""What a tile of a mosaic looks like: frames projected onto the ground, and blended."""

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import shapely

from core.errors import InvalidInput
from core.geo import HeightModel
from core.pose import Pose
from imagery.ground.georeference import look
from imagery.ground.lens import Floats, pixels
from imagery.ground.rays import Plane, axes
from imagery.mosaics.canvas import Canvas, Tile
from imagery.poses.frames import Decode, MosaicFrame, Picture
from imagery.poses.ties import picture_of

CACHE_BYTES = 256 * 2**20
"""Of decoded pictures kept while tiles are made; at least one is."""
SHARPNESS = 8.0
"""Power of the weight that falls from the picture's middle to its edge: a soft seam some 5 % of a
frame wide, where a plain mean (1) shows twice whatever stands off the ground."""
WIDEST_TANGENT = 1.5
"""56 degrees off the vertical: beyond, a spot of ground is smeared over many pixels of the map."""

_STEP = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A frame with the pose that the mosaic uses.

    Attributes:
        focal_scale, radial_k1: corrections of its camera, see `adjust.Adjusted`.
        tone: factor of the grey levels, or degrees Celsius added.
    """

    frame: MosaicFrame
    pose: Pose
    focal_scale: float
    radial_k1: float
    tone: float

    def seen(self, lon: Floats, lat: Floats, height_m: Floats) -> tuple[Floats, Floats]:
        """(N, 2) native pixels of places (degrees, metres AMSL), NaN where the camera does not
        look; and the (N,) tangents of their angles off the vertical."""
        plane = Plane.at(self.pose.position)
        away = np.column_stack(
            [
                (lon - self.pose.position.lon) * plane.east_m_per_deg,
                (lat - self.pose.position.lat) * plane.north_m_per_deg,
                height_m - self.pose.altitude_m,
            ]
        )
        turned = away @ axes(self.pose.attitude).T
        ahead = np.where(turned[:, 2] > 0.05, turned[:, 2], np.nan)
        rays = turned[:, :2] / ahead[:, None]
        tilt = np.hypot(away[:, 0], away[:, 1]) / np.maximum(-away[:, 2], 1e-3)
        return pixels(self.frame.camera, self._as_stated(rays)), tilt

    def _as_stated(self, rays: Floats) -> Floats:
        """Tangents as the stated camera would show them: the inverse of the block's correction."""
        scaled = rays * self.focal_scale
        stated = scaled
        for _ in range(6):
            r2 = np.einsum("ij,ij->i", stated, stated)[:, None]
            stated = scaled / (1 + self.radial_k1 * np.minimum(r2, 2.0))
        return stated


class Painter:
    """Paints tiles; keeps a bounded number of decoded pictures.

    Attributes:
        placed: the frames that show ground, with their ``footprints`` in degrees.
        blind: (id, why) of those that do not.
        usual_gsd_m: the median of the frames' own resolutions.
        thermal: whether tiles are degrees Celsius.
        failed: (id, why) of frames whose picture could not be read while painting.
    """

    def __init__(
        self,
        placed: Sequence[Placed],
        ground: HeightModel,
        decode: Decode | None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self.placed: list[Placed] = []
        self.footprints: list[shapely.Polygon] = []
        self.blind: list[tuple[str, str]] = []
        self.failed: dict[str, str] = {}
        self.thermal = decode is not None
        self._ground, self._decode, self._room = ground, decode, cache_bytes
        self._kept: OrderedDict[int, Picture] = OrderedDict()
        own_gsd = []
        for one in placed:
            try:
                outline, sight_m = look(one.pose, one.frame.camera, ground)
            except InvalidInput as error:
                self.blind.append((one.frame.id, error.what))
                continue
            if sight_m is None:
                self.blind.append((one.frame.id, "its middle shows no ground"))
                continue
            self.placed.append(one)
            self.footprints.append(outline)
            stored = one.frame.camera.stored_scale
            own_gsd.append(sight_m / one.frame.camera.focal_px / one.focal_scale / stored)
        self.usual_gsd_m = float(np.median(own_gsd)) if own_gsd else math.nan
        self._own_gsd = own_gsd
        self._boxes = shapely.STRtree(self.footprints)

    def paint(self, canvas: Canvas, tile: Tile) -> npt.NDArray[np.float32]:
        """(H, W, B + 1) float32: the mean of what frames show, and the sum of their weights (0
        where none does). B is 3 (red, green, blue) or 1 (Celsius)."""
        bands = 1 if self.thermal else 3
        total = np.zeros((tile.height, tile.width, bands), np.float32)
        weight = np.zeros((tile.height, tile.width), np.float32)
        lon, lat = canvas.lonlat(tile, _STEP)
        box = shapely.box(lon.min(), lat.min(), lon.max(), lat.max())
        height = self._ground.height_m(lon, lat)
        for k in sorted(int(k) for k in self._boxes.query(box, predicate="intersects")):
            self._add(k, tile, (lon, lat, height), canvas.gsd_m, total, weight)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / weight[..., None]
        return np.dstack([mean, weight])

    def _add(
        self,
        k: int,
        tile: Tile,
        grid: tuple[Floats, Floats, Floats],
        gsd_m: float,
        total: npt.NDArray[np.float32],
        weight: npt.NDArray[np.float32],
    ) -> None:
        """Add what one frame shows of the tile."""
        one = self.placed[k]
        native, tilt = one.seen(*(part.ravel() for part in grid))
        trust = _trust(native, tilt, one.frame.camera.width_px, one.frame.camera.height_px)
        if not (trust > 0).any():
            return
        picture = self._picture(k, gsd_m)
        if picture is None:
            return
        scale = picture.shape[1] / one.frame.camera.width_px
        column = native[:, 0] * scale - 0.5
        row = (native[:, 1] - one.frame.camera.height_px / 2) * scale + picture.shape[0] / 2 - 0.5
        shape = grid[0].shape
        maps = [_fine(part.reshape(shape), tile) for part in (column, row, trust)]
        inside = (
            (maps[0] > -0.5)
            & (maps[1] > -0.5)
            & (maps[0] < picture.shape[1] - 0.5)
            & (maps[1] < picture.shape[0] - 0.5)
        )
        here = np.where(inside, np.maximum(maps[2], 0.0) ** SHARPNESS + 1e-20, 0.0)
        here = np.where(maps[2] > 0, here, 0.0).astype(np.float32)
        shown = cv2.remap(
            picture, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ).astype(np.float32)
        shown = shown[..., None] + one.tone if self.thermal else shown[..., ::-1] * one.tone
        here = np.where(np.isfinite(shown).all(axis=2), here, 0.0).astype(np.float32)
        total += np.nan_to_num(shown) * here[..., None]
        weight += here

    def _picture(self, k: int, gsd_m: float) -> Picture | None:
        """A frame's picture, reduced where the map is coarser; None when it cannot be read."""
        if k in self._kept:
            self._kept.move_to_end(k)
            return self._kept[k]
        frame = self.placed[k].frame
        if frame.id in self.failed:
            return None
        try:
            picture = picture_of(frame, self._decode)
        except (InvalidInput, OSError) as error:
            self.failed[frame.id] = getattr(error, "what", str(error))
            return None
        picture = _reduced(picture, gsd_m / self._own_gsd[k])
        used = sum(kept.nbytes for kept in self._kept.values())
        while self._kept and used + picture.nbytes > self._room:
            used -= self._kept.popitem(last=False)[1].nbytes
        self._kept[k] = picture
        return picture


def _trust(native: Floats, tilt: Floats, width: int, height: int) -> Floats:
    """(N,) from 1 in the middle of a picture seen from above to 0 at its edge; below 0 outside."""
    u, v = native[:, 0] / width * 2 - 1, native[:, 1] / height * 2 - 1
    steep = 1 / (1 + tilt**2)
    inner = np.minimum(1 - u * u, 1 - v * v)
    spot = np.where(inner > 0, (1 - u * u) * (1 - v * v), inner) * steep
    return np.nan_to_num(np.where(tilt <= WIDEST_TANGENT, spot, -1.0), nan=-1.0)


def _fine(coarse: Floats, tile: Tile) -> npt.NDArray[np.float32]:
    """Values at all pixels from those at every `_STEP`-th; exact, for OpenCV's weights are
    multiples of 1/32."""
    shrink = np.array([[1 / _STEP, 0, 0], [0, 1 / _STEP, 0]])
    filled = np.nan_to_num(coarse, nan=-1e6).astype(np.float32)
    return cv2.warpAffine(
        filled,
        shrink,
        (tile.width, tile.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _reduced(picture: Picture, coarser: float) -> Picture:
    """The picture without detail that the map cannot show."""
    share = 1 / max(1.0, coarser)
    if share > 0.7:
        return picture
    size = (max(1, round(picture.shape[1] * share)), max(1, round(picture.shape[0] * share)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
