"""Coordinates of any system that PROJ knows, as WGS-84 degrees; how well that is done is said."""

from collections.abc import Callable
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from core.errors import InvalidInput

_SAME = (("wgs", "1984"), ("world geodetic", "1984"), ("china", "2000"), ("etrs",), ("itrf",))
"""Words of datums that are WGS-84 within a metre."""
_WGS84 = CRS.from_epsg(4326)

Change = Callable[[Any], Any]
"""Turns a shapely geometry into degrees."""


def to_degrees(system: str, where: str) -> tuple[Change, str]:
    """How to turn a system's coordinates into WGS-84 degrees, and what there is to say of it.

    Args:
        system: WKT of a .prj, or a name such as EPSG:4549 or urn:ogc:def:crs:OGC:1.3:CRS84.

    Raises:
        InvalidInput: PROJ does not know it, or knows no way from it to WGS-84.
    """
    try:
        given = CRS.from_user_input(system)
        if given.is_geographic and given.equals(_WGS84, ignore_axis_order=True):
            return (lambda shape: shape), ""
        ways = TransformerGroup(given, _WGS84, always_xy=True, allow_ballpark=True).transformers
    except (CRSError, ProjError) as error:
        raise _unknown(system, where) from error
    if not ways:
        raise _unknown(system, where)
    change = ways[0]

    def moved(xy: Any) -> Any:
        try:
            return np.column_stack(change.transform(xy[:, 0], xy[:, 1], errcheck=True))
        except ProjError as error:
            raise InvalidInput(
                f"its coordinates are none of {given.name}", where=where, remedy="check its .prj"
            ) from error

    return (lambda shape: shapely.transform(shape, moved)), _said(given)


def _said(given: CRS) -> str:
    """What there is to say: datums of before satellites fit differently in each region, by
    parameters that are not public in every country."""
    datum = given.geodetic_crs.datum.name.replace("_", " ").lower() if given.geodetic_crs else ""
    if any(all(word in datum for word in words) for words in _SAME):
        return f"reprojected from {given.name}"
    return (
        f"reprojected from {given.name}; how well its datum fits WGS-84 here is not known, it may "
        "be 100 m off: better send it in CGCS2000 or WGS-84"
    )


def _unknown(system: str, where: str) -> InvalidInput:
    return InvalidInput(
        f"its coordinate system is not known: {' '.join(system.split())[:80]}",
        where=where,
        remedy="save it in WGS-84 (EPSG:4326) or CGCS2000 (EPSG:4490) and send it again",
    )
