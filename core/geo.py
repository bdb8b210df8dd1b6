"""Places on the Earth (WGS-84), heights with their datum, and local frames in metres."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod, Transformer

Floats = npt.NDArray[np.float64]

_GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class LonLat:
    """A point in WGS-84 degrees."""

    lon: float
    lat: float

    def __post_init__(self) -> None:
        if not (-180 <= self.lon <= 180 and -90 <= self.lat <= 90):
            raise ValueError(f"no such place: longitude {self.lon}, latitude {self.lat}")


class Datum(StrEnum):
    """What a height is measured from."""

    AMSL = "amsl"
    """Above mean sea level (EGM96, as autopilots and EXIF mean it)."""
    GROUND = "ground"
    """Above the ground straight below."""
    HOME = "home"
    """Above the take-off point."""


@dataclass(frozen=True, slots=True)
class Altitude:
    """A height and what it is measured from."""

    value_m: float
    datum: Datum


class HeightModel(Protocol):
    """The height of the ground above mean sea level."""

    def height_m(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> Floats:
        """Ground height in metres AMSL for arrays of degrees, in their broadcast shape."""
        ...


@dataclass(frozen=True, slots=True)
class FlatGround:
    """Ground of one height everywhere."""

    level_m: float = 0.0

    def height_m(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> Floats:
        return np.full(np.broadcast(np.asarray(lon), np.asarray(lat)).shape, self.level_m)


@dataclass(frozen=True, eq=False)
class HeightGrid:
    """Ground heights on a regular grid of degrees, interpolated bilinearly.

    Attributes:
        west, south: degrees of the node ``heights_m[0, 0]``.
        step: degrees between nodes, the same both ways.
        heights_m: (rows, columns) metres AMSL; rows go north, columns go east. Outside the grid
            the nearest edge holds.
    """

    west: float
    south: float
    step: float
    heights_m: Floats

    def height_m(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> Floats:
        rows, columns = self.heights_m.shape
        x = np.clip((np.asarray(lon, float) - self.west) / self.step, 0, columns - 1.000001)
        y = np.clip((np.asarray(lat, float) - self.south) / self.step, 0, rows - 1.000001)
        i, j = np.floor(y).astype(int), np.floor(x).astype(int)
        v, u = y - i, x - j
        h = self.heights_m
        south = h[i, j] * (1 - u) + h[i, j + 1] * u
        north = h[i + 1, j] * (1 - u) + h[i + 1, j + 1] * u
        return np.asarray(south * (1 - v) + north * v)


def distance_m(a: LonLat, b: LonLat) -> float:
    """Length of the geodesic between two points, in metres."""
    return float(_GEOD.inv(a.lon, a.lat, b.lon, b.lat)[2])


def path_length_m(points: Iterable[LonLat]) -> float:
    """Length of the path through the points, in metres."""
    places = list(points)
    if len(places) < 2:
        return 0.0
    return float(_GEOD.line_length([p.lon for p in places], [p.lat for p in places]))


def bearing_deg(a: LonLat, b: LonLat) -> float:
    """Direction from a to b, degrees clockwise from north, 0 to 360."""
    return float(_GEOD.inv(a.lon, a.lat, b.lon, b.lat)[0] % 360)


def offset(point: LonLat, bearing: float, metres: float) -> LonLat:
    """The point so many metres away in a direction (degrees clockwise from north)."""
    lon, lat, _ = _GEOD.fwd(point.lon, point.lat, bearing, metres)
    return LonLat(float(lon), float(lat))


def offsets(
    point: LonLat, bearing: float, metres: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Longitudes and latitudes of the points so far away in one direction."""
    n = len(metres)
    lon, lat, _ = _GEOD.fwd([point.lon] * n, [point.lat] * n, [bearing] * n, list(metres))
    return list(lon), list(lat)


def area_m2(geometry: Any) -> float:
    """Area of a shapely geometry in degrees, on the ellipsoid, in square metres.

    `Geod.geometry_area_perimeter` adds holes unless rings are oriented first.
    """
    polygons = [g for g in shapely.get_parts(geometry) if g.geom_type == "Polygon"]
    return float(
        sum(
            abs(_GEOD.geometry_area_perimeter(shapely.geometry.polygon.orient(p))[0])
            for p in polygons
        )
    )


class LocalFrame:
    """Metres east and north of an origin (azimuthal equidistant on WGS-84).

    Within 100 km of the origin lengths are true to 5e-5.
    """

    def __init__(self, origin: LonLat) -> None:
        self.origin = origin
        self._forward, self._backward = _transformers(origin.lon, origin.lat)

    def xy(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Metres (east, north) for arrays of degrees."""
        x, y = self._forward.transform(np.asarray(lon, float), np.asarray(lat, float))
        return np.asarray(x), np.asarray(y)

    def lonlat(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Degrees for arrays of metres (east, north)."""
        lon, lat = self._backward.transform(np.asarray(x, float), np.asarray(y, float))
        return np.asarray(lon), np.asarray(lat)

    def point_xy(self, point: LonLat) -> tuple[float, float]:
        """Metres (east, north) of one point."""
        x, y = self._forward.transform(point.lon, point.lat)
        return float(x), float(y)

    def point(self, x: float, y: float) -> LonLat:
        """The point so many metres east and north of the origin."""
        lon, lat = self._backward.transform(x, y)
        return LonLat(float(lon), float(lat))

    def to_metres(self, geometry: Any) -> Any:
        """A shapely geometry in degrees, moved into this frame."""
        return shapely.transform(geometry, lambda c: np.column_stack(self.xy(c[:, 0], c[:, 1])))

    def to_degrees(self, geometry: Any) -> Any:
        """A shapely geometry in metres of this frame, in degrees."""
        return shapely.transform(geometry, lambda c: np.column_stack(self.lonlat(c[:, 0], c[:, 1])))


@lru_cache(maxsize=256)
def _transformers(lon: float, lat: float) -> tuple[Transformer, Transformer]:
    crs = f"+proj=aeqd +lon_0={lon!r} +lat_0={lat!r} +datum=WGS84 +units=m"
    return (
        Transformer.from_crs("EPSG:4326", crs, always_xy=True),
        Transformer.from_crs(crs, "EPSG:4326", always_xy=True),
    )


def wrap_degrees(angle: float) -> float:
    """An angle between -180 and 180 degrees.

    >>> wrap_degrees(350.0)
    -10.0
    """
    return math.remainder(angle, 360.0)
