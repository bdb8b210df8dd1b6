"""What a raster's heights are measured from, and what must be added to make them heights above
mean sea level (EGM96), as autopilots and photographs mean them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from core.errors import InvalidInput

Floats = npt.NDArray[np.float64]

EGM96 = 5773
"""EPSG code of EGM96 height."""


@dataclass(frozen=True)
class Datum:
    """How stored heights become heights above mean sea level.

    Attributes:
        scale: metres in a stored unit.
        offset_m: added after scaling.
        lift: from ellipsoidal heights by PROJ's geoid grid, where it is installed and needed.
        note: what was assumed or converted, for the reader; empty when nothing was.
    """

    scale: float = 1.0
    offset_m: float = 0.0
    lift: Transformer | None = None
    note: str = ""

    def amsl_m(self, lon: Floats, lat: Floats, stored: Floats) -> Floats:
        """Heights above mean sea level of stored heights at places in degrees."""
        metres = stored * self.scale + self.offset_m
        if self.lift is None:
            return metres
        return np.asarray(self.lift.transform(lon, lat, metres)[2], float)


def read_datum(crs: CRS, unit: str | None, path: Path, geoid_m: float | None) -> Datum:
    """The datum that a raster's reference system and band unit state.

    Args:
        unit: of the band, as the file says; None when it does not.
        geoid_m: height of the geoid above the ellipsoid there, for files in ellipsoidal heights.

    Raises:
        InvalidInput: depths, an unknown unit, or ellipsoidal heights without a way to convert.
    """
    vertical = _vertical(crs)
    scale = _scale(vertical, unit, path)
    if geoid_m is not None:
        note = f"heights are ellipsoidal; the given geoid height of {geoid_m:g} m was taken off"
        return Datum(scale, -geoid_m, None, note)
    if vertical is None:
        return Datum(scale, note="no vertical datum is stated; taken as above mean sea level")
    axis = vertical.axis_info[-1]
    if axis.direction.lower() == "down":
        raise _refused(f"its heights are depths ({vertical.name})", path)
    if "ellipsoid" in axis.name.lower():
        return _ellipsoidal(crs, scale, path)
    if vertical.to_epsg() == EGM96 or "EGM96" in vertical.name:
        return Datum(scale)
    # levelled heights and geoids differ by decimetres, not by the tens of metres of an ellipsoid
    note = f"heights are {vertical.name}; taken as EGM96, which differs by decimetres as a rule"
    return Datum(scale, note=note)


def _vertical(crs: CRS) -> CRS | None:
    """The part of a reference system that says what heights mean."""
    if crs.is_compound:
        return next((part for part in crs.sub_crs_list if part.is_vertical), None)
    return crs if len(crs.axis_info) == 3 else None


_UNITS = {
    "m": 1.0,
    "metre": 1.0,
    "meter": 1.0,
    "metres": 1.0,
    "meters": 1.0,
    "ft": 0.3048,
    "foot": 0.3048,
    "feet": 0.3048,
    "us-ft": 1200 / 3937,
    "us survey foot": 1200 / 3937,
    "cm": 0.01,
    "centimetre": 0.01,
    "dm": 0.1,
}


def _scale(vertical: CRS | None, unit: str | None, path: Path) -> float:
    if unit:
        if unit.strip().lower() not in _UNITS:
            raise _refused(f"its heights are in an unknown unit ({unit})", path)
        return _UNITS[unit.strip().lower()]
    return float(vertical.axis_info[-1].unit_conversion_factor) if vertical is not None else 1.0


def _ellipsoidal(crs: CRS, scale: float, path: Path) -> Datum:
    """By PROJ's geoid grid, never by its "ballpark" that leaves the height as it is."""
    try:
        lift = Transformer.from_crs(
            "EPSG:4979", "EPSG:4326+5773", always_xy=True, allow_ballpark=False
        )
        lift.transform(0.0, 0.0, 0.0, errcheck=True)
    except ProjError:
        raise _refused(f"its heights are ellipsoidal ({crs.name})", path) from None
    return Datum(scale, 0.0, lift, "heights are ellipsoidal; converted by PROJ's EGM96 grid")


def _refused(what: str, path: Path) -> InvalidInput:
    remedy = (
        "give a raster of heights above mean sea level in metres, the geoid height of the place, "
        "or install PROJ's grid us_nga_egm96_15.tif (projsync)"
    )
    return InvalidInput(what, where=str(path), remedy=remedy)
