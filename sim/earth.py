"""Metres and degrees near a latitude, for arrays, without a projection.

Vehicles keep their place in degrees and their speed in m/s; one degree is so many metres at the
latitude where the vehicle is. Within the few kilometres of a leg that is exact enough, and there
is no frame to choose for a territory of 150 km.
"""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SEMI_MAJOR_M = 6378137.0
"""WGS-84 equatorial radius, by definition (NGA.STND.0036)."""
ECCENTRICITY_2 = 6.69437999014e-3
"""WGS-84 first eccentricity squared, derived (NGA.STND.0036)."""


def metres_per_degree(lat: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Length of one degree of longitude and of latitude, in metres, at latitudes in degrees.

    Radii of curvature of the ellipsoid in the prime vertical and in the meridian.

    >>> east, north = metres_per_degree(0.0)
    >>> round(float(east)), round(float(north))
    (111319, 110574)
    """
    phi = np.radians(np.asarray(lat, float))
    w = 1.0 - ECCENTRICITY_2 * np.sin(phi) ** 2
    east = np.radians(1.0) * SEMI_MAJOR_M * np.cos(phi) / np.sqrt(w)
    north = np.radians(1.0) * SEMI_MAJOR_M * (1.0 - ECCENTRICITY_2) / w**1.5
    return np.asarray(east), np.asarray(north)


def per_degree_m(lat: float) -> tuple[float, float]:
    """The same as `metres_per_degree` for one latitude, several times faster."""
    phi = math.radians(lat)
    w = 1.0 - ECCENTRICITY_2 * math.sin(phi) ** 2
    unit = math.radians(1.0) * SEMI_MAJOR_M
    return unit * math.cos(phi) / math.sqrt(w), unit * (1.0 - ECCENTRICITY_2) / w**1.5


def between_m(lon: float, lat: float, to_lon: float, to_lat: float) -> tuple[float, float]:
    """Metres east and north from one place to another nearby (below some 20 km)."""
    east, north = per_degree_m((lat + to_lat) / 2)
    return (to_lon - lon) * east, (to_lat - lat) * north


def moved(lon: float, lat: float, east_m: float, north_m: float) -> tuple[float, float]:
    """The place so many metres east and north of another nearby one."""
    east, north = per_degree_m(lat)
    return lon + east_m / east, lat + north_m / north
