"""Which coordinates a department gave: said, hinted at, or betrayed by known places.

Map coordinates of Chinese providers (GCJ-02, BD-09) look like any others and are 300 to 1200 m off.
What is said is converted; what only looks like it is asked about, never shifted silently.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.errors import InvalidInput
from core.geo import LonLat
from missions.demand import gcj02
from missions.presets import Preset

WGS84, GCJ02, BD09 = "WGS84", "GCJ02", "BD09"
_CONVERTERS: Mapping[str, Callable[[npt.ArrayLike], npt.NDArray[np.float64]]] = {
    WGS84: lambda places: np.array(places, np.float64),
    GCJ02: gcj02.from_gcj02,
    BD09: gcj02.from_bd09,
}
CRS = tuple(_CONVERTERS)
_NAMED: Mapping[str, tuple[str, ...]] = {
    GCJ02: ("gcj02", "gcj-02", "gcj_02", "火星坐标", "国测局", "高德", "amap", "腾讯地图"),
    BD09: ("bd09", "bd-09", "bd_09", "bd09ll", "百度地图", "baidu"),
}
"""Words in names and properties that speak for a provider's coordinates."""
FITS_M = 15.0
"""So near to the outline of a known place is on it: hand-drawn copies of a map keep within this."""
OFF_M = 100.0
"""So far from it as given is beside it."""
LEAST_DEG = 0.001
"""What is smaller than 100 m is a spot, which can only be known from another spot."""
METRES_A_DEGREE = 111_200.0
_SAMPLES = 48
_MOST_WORDS = 20_000
"""Characters of names and properties that are looked through."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What coordinates seem to be, and why."""

    crs: str
    why: str


def said(crs: str | None) -> str | None:
    """A coordinate system by the name that a caller gave it.

    Raises:
        InvalidInput: none that is known here.
    """
    if crs is None:
        return None
    plain = crs.upper().replace("-", "").replace("_", "").replace(" ", "")
    known = {"EPSG:4326": WGS84, "CGCS2000": WGS84, "EPSG:4490": WGS84, "BD09LL": BD09}
    name = known.get(plain, plain)
    if name not in _CONVERTERS:
        raise InvalidInput(
            f"no such coordinates: {crs[:40]}",
            where="crs",
            remedy=f"use {', '.join(CRS)}; for any other send a shapefile with its .prj",
        )
    return name


def to_wgs84(place: Any, crs: str) -> Any:
    """A shapely geometry of the named coordinates in WGS-84 degrees, heights left out.

    Raises:
        InvalidInput: it lies where these coordinates are not used.
    """
    if crs != WGS84 and not gcj02.in_china(shapely.get_coordinates(place)).all():
        raise InvalidInput(
            f"{crs} is used in China only, and a part of this lies elsewhere",
            where="crs",
            remedy="say WGS84 if that is what it is",
        )
    return shapely.transform(shapely.force_2d(place), _CONVERTERS[crs])


def hinted(*texts: str) -> Suspicion | None:
    """What names, properties or a coordinate system's name in a file speak for."""
    words = "\n".join(texts)[:_MOST_WORDS].lower()
    for crs, names in _NAMED.items():
        for name in names:
            if name in words:
                return Suspicion(crs, f"it says {name!r}")
    return None


def betrayed(preset: Preset, place: Any) -> Suspicion | None:
    """Whether a place lies beside a known place of the city as it is given, and on it when it is
    taken for a provider's coordinates."""
    spots = _along(place)
    for crs in (GCJ02, BD09):
        moved = _CONVERTERS[crs](spots)
        for name, outline in _near(preset, moved):
            if _away_m(outline, moved) <= FITS_M and _away_m(outline, spots) > OFF_M:
                return Suspicion(crs, f"taken for {crs} it lies on {name}, as given beside it")
    return None


def _along(place: Any) -> npt.NDArray[np.float64]:
    """Places along a geometry's outlines, (N, 2) degrees."""
    west, south, east, north = place.bounds
    step = max(east - west, north - south) / _SAMPLES
    every = shapely.get_coordinates(shapely.segmentize(place, step) if step > 0 else place)
    found: npt.NDArray[np.float64] = every[:: max(1, len(every) // _SAMPLES)]
    return found


def _away_m(outline: Any, spots: npt.NDArray[np.float64]) -> float:
    """Metres from an outline to the 90th percentile of places; to a percent, near by."""
    scale = METRES_A_DEGREE * np.array([np.cos(np.radians(spots[0, 1])), 1.0])
    metres = shapely.transform(outline, lambda c: (c - spots[0]) * scale)
    points = shapely.points((spots - spots[0]) * scale)
    return float(np.percentile(shapely.distance(points, metres), 90))


def _near(preset: Preset, spots: npt.NDArray[np.float64]) -> Iterator[tuple[str, Any]]:
    """Known places whose outline may hold all of these spots."""
    known = _known(tuple(preset.places), tuple((d.id, d.position) for d in preset.docks))
    (west, south), (east, north) = spots.min(axis=0), spots.max(axis=0)
    is_spot = max(east - west, north - south) < LEAST_DEG
    for k in known.tree.query(shapely.box(west, south, east, north).buffer(LEAST_DEG)):
        outline = known.outlines[int(k)]
        if is_spot == (outline.geom_type == "Point"):  # on a long line any spot lies by chance
            yield known.names[int(k)], outline


@dataclass(frozen=True, slots=True)
class _Known:
    names: Sequence[str]
    outlines: Sequence[Any]
    tree: shapely.STRtree


@lru_cache(maxsize=4)
def _known(places: tuple[Any, ...], docks: tuple[tuple[str, LonLat], ...]) -> _Known:
    """Outlines of places, and docks, in a tree."""
    named = [(p.name, outline) for p in places for outline in _outlines(p.geometry)]
    named += [(f"dock {name}", shapely.Point(at.lon, at.lat)) for name, at in docks]
    outlines = [outline for _, outline in named]
    return _Known([name for name, _ in named], outlines, shapely.STRtree(outlines))


def _outlines(geometry: Any) -> Iterable[Any]:
    parts = shapely.get_parts(geometry)
    return [p.exterior if p.geom_type == "Polygon" else p for p in parts]
