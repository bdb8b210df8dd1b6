"""The Chinese map coordinates GCJ-02 ("Mars") and BD-09 (Baidu), to WGS-84 and back.

The formula was published with leaked code of map devices and is what googollee/eviltransform,
caijun/geoChina and others use: metres east and north as polynomials and sines of the place, laid
off on the Krasovsky 1940 ellipsoid. Published pairs agree with it to about a metre. It has no
closed inverse; fixed-point iteration finds it, for the offset changes by less than 2 % of the way
moved. BD-09 turns and stretches GCJ-02 a little (about 1 km in all).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

AXIS_M = 6_378_245.0
"""Semi-major axis of the Krasovsky 1940 ellipsoid."""
ECCENTRICITY2 = 0.00669342162296594323
"""Square of its first eccentricity."""
CHINA = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north: outside of this box the formula shifts nothing."""
CLOSE_DEG = 1e-11
"""Iteration ends at a step of a thousandth of a millimetre."""
STEPS = 30
_BAIDU = np.pi * 3000.0 / 180.0


def to_gcj02(wgs84: npt.ArrayLike) -> Floats:
    """GCJ-02 places of WGS-84 places, (N, 2) degrees, longitude first.

    >>> [round(float(v), 5) for v in to_gcj02([[116.42079, 39.90105]])[0]]
    [116.42702, 39.90245]
    """
    places = _places(wgs84)
    return places + np.where(in_china(places)[:, None], _offset_deg(places), 0.0)


def from_gcj02(gcj02: npt.ArrayLike) -> Floats:
    """WGS-84 places of GCJ-02 places, (N, 2) degrees: the inverse of `to_gcj02`, to 0.1 mm."""
    return _inverse(to_gcj02, _places(gcj02))


def to_bd09(wgs84: npt.ArrayLike) -> Floats:
    """BD-09 places of WGS-84 places, (N, 2) degrees."""
    x, y = to_gcj02(wgs84).T
    far = np.hypot(x, y) + 0.00002 * np.sin(y * _BAIDU)
    turned = np.arctan2(y, x) + 0.000003 * np.cos(x * _BAIDU)
    return np.column_stack([far * np.cos(turned) + 0.0065, far * np.sin(turned) + 0.006])


def from_bd09(bd09: npt.ArrayLike) -> Floats:
    """WGS-84 places of BD-09 places, (N, 2) degrees: the inverse of `to_bd09`, to 0.1 mm."""
    return _inverse(to_bd09, _places(bd09))


def in_china(places: Floats) -> npt.NDArray[np.bool_]:
    """(N,) whether the formula shifts a place, (N, 2) degrees."""
    west, south, east, north = CHINA
    lon, lat = places.T
    found: npt.NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return found


def _inverse(forward: Callable[[npt.ArrayLike], Floats], there: Floats) -> Floats:
    """What `forward` takes to these places."""
    here = there.copy()
    for _ in range(STEPS):
        step = forward(here) - there
        here -= step
        if not step.size or np.abs(step).max() < CLOSE_DEG:
            break
    return here


def _offset_deg(places: Floats) -> Floats:
    """(N, 2) degrees east and north by which GCJ-02 moves WGS-84 places."""
    x, y = (places - (105.0, 35.0)).T
    east_m, north_m = _offset_m(x, y)
    latitude = np.radians(places[:, 1])
    flat = 1.0 - ECCENTRICITY2 * np.sin(latitude) ** 2
    meridian_m = AXIS_M * (1.0 - ECCENTRICITY2) / flat**1.5
    parallel_m = AXIS_M / np.sqrt(flat) * np.cos(latitude)
    return np.degrees(np.column_stack([east_m / parallel_m, north_m / meridian_m]))


def _offset_m(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Metres east and north, of degrees east of 105 and north of 35."""
    root, product = np.sqrt(np.abs(x)), x * y
    ripple = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * product + 0.1 * root
    east += (ripple + _waves(x, ((20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0)))) / 1.5
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * product + 0.2 * root
    north += (ripple + _waves(y, ((20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0)))) / 1.5
    return east, north


def _waves(along: Floats, waves: tuple[tuple[float, float], ...]) -> Floats:
    total = np.zeros_like(along)
    for metres, length in waves:
        total += metres * np.sin(np.pi * along / length)
    return total


def _places(given: npt.ArrayLike) -> Floats:
    return np.array(given, np.float64).reshape(-1, 2)
