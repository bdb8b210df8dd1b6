"""Squares of the web map: where a place lies on web Mercator, divided again and again by two.

At level n the world is 2**n squares wide and high, counted from the north-west; a tile of zoom z is
a square of level z (OGC 17-083r4, annex D: WebMercatorQuad). Beyond 85.05 degrees lies the edge.
"""

import math

MAX_LAT_DEG = math.degrees(math.atan(math.sinh(math.pi)))
"""85.0511 degrees: web Mercator's map is a square up to here."""


def square_of(lon: float, lat: float, level: int) -> tuple[int, int]:
    """The (x, y) of the square that a place lies in.

    >>> square_of(0.0, 0.0, 1)
    (1, 1)
    >>> square_of(118.87, 28.97, 11)
    (1700, 851)
    """
    side = 1 << level
    bounded = math.radians(max(-MAX_LAT_DEG, min(MAX_LAT_DEG, lat)))
    x = (lon + 180.0) / 360.0
    y = (1.0 - math.asinh(math.tan(bounded)) / math.pi) / 2.0
    return min(side - 1, max(0, int(x * side))), min(side - 1, max(0, int(y * side)))


def corners(x: int, y: int, level: int) -> tuple[float, float, float, float]:
    """West, south, east, north of a square, degrees."""
    side = 1 << level

    def lat(row: int) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / side))))

    return x / side * 360 - 180, lat(y + 1), (x + 1) / side * 360 - 180, lat(y)
