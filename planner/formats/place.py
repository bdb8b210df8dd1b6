"""A named geometry from a file, checked as far as every format needs it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from core.errors import InvalidInput


@dataclass(frozen=True)
class Place:
    """What a file says of one place; geometry: shapely, WGS-84 degrees, without heights.

    Attributes:
        note: what was done to its coordinates.
    """

    name: str
    geometry: Any
    properties: dict[str, Any] = field(default_factory=dict)
    note: str = ""


def checked(place: Place, where: str) -> Place:
    """The place, if its coordinates are places on the Earth and it does not span the antimeridian.

    Raises:
        InvalidInput: empty, not numbers, out of range, or across the antimeridian.
    """
    xy = shapely.get_coordinates(place.geometry)
    if len(xy) == 0:
        raise InvalidInput("its geometry is empty", where=where, remedy="draw it again")
    if not np.isfinite(xy).all():
        raise InvalidInput("a coordinate is not a number", where=where, remedy="mend it")
    lon, lat = np.abs(xy).max(axis=0)
    if lat > 90 and lon <= 90:
        raise InvalidInput(
            "latitude and longitude are swapped", where=where, remedy="write longitude first"
        )
    if lon > 180 or lat > 90:
        raise InvalidInput(
            f"{lon:.1f}, {lat:.1f} is outside of longitude 180, latitude 90",
            where=where,
            remedy="give WGS-84 degrees; a shapefile needs its .prj",
        )
    if np.ptp(xy[:, 0]) > 180:
        raise InvalidInput(
            "it crosses the antimeridian", where=where, remedy="cut it there into two parts"
        )
    return place
