"""What a file needs beside the route: where the vehicle starts and what it is."""

from dataclasses import dataclass

from core.equipment import VehicleSpec
from core.geo import LonLat
from core.route import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a route is flown from, and by what.

    Attributes:
        home: the take-off place.
        home_amsl_m: its height above mean sea level.
    """

    home: LonLat
    home_amsl_m: float
    spec: VehicleSpec


@dataclass(frozen=True)
class Imported:
    """A route read from a file, and what of the file it could not keep."""

    route: Route
    notes: tuple[str, ...] = ()
