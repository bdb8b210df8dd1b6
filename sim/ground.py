"""What the ground looks like where nothing happens: land cover, its warmth, its colour, its grain.

Land cover is a raster made once from the places; grain is one seeded tile that repeats every 256 m
and is sampled by place, so that two photographs of one spot agree.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import shapely

from sim.world import World

Bytes = npt.NDArray[np.uint8]
Pixels = npt.NDArray[np.float32]

CELL_DEG = 0.0003
"""About 30 m."""
GRAIN_PX, GRAIN_M = 512, 0.5
"""The grain tile: its size and the metres that one of its pixels covers."""


@dataclass(frozen=True, slots=True)
class Cover:
    """One land cover.

    Attributes:
        sun_k: how much warmer than the air in full sun.
        night_k: the same at night.
        grain_k: standard deviation of the pattern.
        bgr: colour.
    """

    sun_k: float
    night_k: float
    grain_k: float
    bgr: tuple[int, int, int]


GRASS = Cover(4.0, -2.0, 0.8, (92, 128, 106))
COVERS: dict[str, Cover] = {
    "forest": Cover(1.0, 0.0, 0.6, (52, 88, 58)),
    "river": Cover(-4.0, -3.0, 0.12, (128, 104, 70)),
    "road": Cover(13.0, 2.0, 0.9, (120, 118, 116)),
    "construction": Cover(9.0, 0.0, 1.6, (126, 152, 172)),
    "farmland": Cover(5.0, -1.0, 1.0, (80, 142, 130)),
    "village": Cover(7.0, 1.0, 2.0, (120, 124, 134)),
    "town": Cover(8.0, 2.0, 2.2, (128, 128, 132)),
    "industrial": Cover(10.0, 2.0, 2.4, (150, 148, 146)),
    "solar": Cover(16.0, -3.0, 0.9, (96, 62, 44)),
    "quarry": Cover(10.0, 0.0, 1.6, (150, 168, 178)),
    "landfill": Cover(8.0, 2.0, 1.8, (104, 120, 132)),
}
LIKE: dict[str, str] = {
    "forest_watch": "forest",
    "scenic": "forest",
    "hazard_slope": "forest",
    "reservoir": "river",
    "lake": "river",
    "substation": "industrial",
    "school": "town",
    "heritage": "village",
}
"""Kinds of places that look like another one; what is in neither table looks like grass."""


class Ground:
    """Land cover of a world, sampled by place."""

    def __init__(self, world: World) -> None:
        rng = np.random.default_rng([world.seed, 51])
        self._covers = [GRASS, *COVERS.values()]
        numbers = {name: k + 1 for k, name in enumerate(COVERS)}
        grid = world.ground
        rows, columns = grid.heights_m.shape
        self._west, self._south = grid.west, grid.south
        width = max(1, int((columns - 1) * grid.step / CELL_DEG))
        height = max(1, int((rows - 1) * grid.step / CELL_DEG))
        self._raster = np.zeros((height, width), np.uint8)
        for place in sorted(world.places, key=lambda p: -_area(p.geometry)):
            number = numbers.get(LIKE.get(place.kind, place.kind), 0)
            if number:
                self._draw(place.geometry, place.width_m, number)
        self._sun = np.array([c.sun_k for c in self._covers])
        self._night = np.array([c.night_k for c in self._covers])
        self._grain_k = np.array([c.grain_k for c in self._covers])
        self._bgr = np.array([c.bgr for c in self._covers], np.uint8)
        self.grain = _grain(rng)

    def covers(
        self, lon: npt.NDArray[np.floating], lat: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.uint8]:
        """Numbers of the land cover at places; the other methods take them."""
        rows, columns = self._raster.shape
        i = np.clip(((lat - self._south) / CELL_DEG).astype(np.int64), 0, rows - 1)
        j = np.clip(((lon - self._west) / CELL_DEG).astype(np.int64), 0, columns - 1)
        return self._raster[i, j]

    def celsius(self, covers: Bytes, air_c: float, sunshine: float) -> Pixels:
        """Temperature of the plain ground."""
        excess = self._night + (self._sun - self._night) * sunshine
        return (air_c + excess[covers]).astype(np.float32)

    def grain_k(self, covers: Bytes) -> float:
        """Amplitude of the pattern in a frame."""
        return float(self._grain_k[covers].mean())

    def colours(self, covers: Bytes) -> Bytes:
        """Blue, green, red of the plain ground, 0 to 255."""
        return self._bgr[covers]

    def _draw(self, geometry: object, width_m: float, number: int) -> None:
        thickness = max(1, round(width_m / 111_320.0 / CELL_DEG))
        for part in shapely.get_parts(geometry):
            if part.geom_type == "Polygon":
                cv2.fillPoly(self._raster, [self._cells(part.exterior)], number)
            elif part.geom_type == "LineString":
                cv2.polylines(self._raster, [self._cells(part)], False, number, thickness)
            elif part.geom_type == "Point":
                x, y = self._cells(part)[0].tolist()
                cv2.circle(self._raster, (x, y), 1, number, -1)

    def _cells(self, line: object) -> npt.NDArray[np.int32]:
        xy = shapely.get_coordinates(line)
        return np.asarray(np.floor((xy - (self._west, self._south)) / CELL_DEG), dtype=np.int32)


def _area(geometry: object) -> float:
    return float(shapely.area(geometry))


def _grain(rng: np.random.Generator) -> Pixels:
    """A pattern that repeats without a seam: noise of several sizes, standard deviation 1."""
    total = np.zeros((GRAIN_PX, GRAIN_PX))
    fx = np.fft.fftfreq(GRAIN_PX)[:, None]
    fy = np.fft.rfftfreq(GRAIN_PX)[None, :]
    radius = np.hypot(fx, fy)
    for size_px, weight in ((40.0, 0.7), (10.0, 0.5), (2.0, 0.5)):
        spectrum = np.fft.rfft2(rng.normal(size=(GRAIN_PX, GRAIN_PX)))
        layer = np.fft.irfft2(spectrum * np.exp(-((radius * size_px) ** 2)), s=total.shape)
        total += weight * layer / layer.std()
    return (total / total.std()).astype(np.float32)
