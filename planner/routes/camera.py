"""From what must be seen to how high to fly and how far apart to photograph."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.equipment import Sensor, VehicleSpec

LOWEST_M = 40.0
"""Lowest height planned for looks: trees and masts in these hills reach 30 m."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one sensor must deliver."""

    gsd_m: float
    front_overlap: float
    side_overlap: float

    def joined(self, other: "Demand") -> "Demand":
        """The demand that satisfies both."""
        return Demand(
            gsd_m=min(self.gsd_m, other.gsd_m),
            front_overlap=max(self.front_overlap, other.front_overlap),
            side_overlap=max(self.side_overlap, other.side_overlap),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a vehicle of one kind meets the demands.

    Attributes:
        height_m: above ground.
        swath_m: narrowest footprint across the track.
        line_spacing_m, photo_spacing_m: the tightest of all cameras in use.
        length_m: shortest footprint along the track.
        speed_mps: on photo legs; None where the cruise speed is slow enough.
        sensor: the one camera in use, or None for all.
    """

    height_m: float
    swath_m: float
    line_spacing_m: float
    photo_spacing_m: float
    length_m: float
    speed_mps: float | None
    sensor: Sensor | None


def view(spec: VehicleSpec, demands: Mapping[Sensor, Demand]) -> View | None:
    """The highest view that gives every sensor its resolution, or None if that is too low.

    Cameras look straight down with the long side of the picture across the track; the footprint
    on level ground is 2 tan(FOV/2) h.

    Raises:
        KeyError: the vehicle lacks one of the sensors.
    """
    cameras = {sensor: spec.camera(sensor) for sensor in demands}
    found = {s: c for s, c in cameras.items() if c is not None}
    if len(found) < len(demands):
        raise KeyError(f"{spec.id} has no camera for {sorted(set(demands) - set(found))}")
    height = min(
        spec.max_height_m, *(c.height_for_gsd_m(demands[s].gsd_m) for s, c in found.items())
    )
    if height < LOWEST_M:
        return None
    sizes = {s: c.footprint_m(height) for s, c in found.items()}
    photo = min(sizes[s][1] * (1 - d.front_overlap) for s, d in demands.items())
    # several sensors: the trigger fires all cameras, so the slowest of the vehicle counts
    firing = tuple(found.values()) if len(demands) == 1 else spec.cameras
    fastest = photo / max(c.min_interval_s for c in firing)
    return View(
        height_m=height,
        swath_m=min(size[0] for size in sizes.values()),
        line_spacing_m=min(sizes[s][0] * (1 - d.side_overlap) for s, d in demands.items()),
        photo_spacing_m=photo,
        length_m=min(size[1] for size in sizes.values()),
        speed_mps=fastest if fastest < spec.cruise_mps else None,
        sensor=next(iter(demands)) if len(demands) == 1 else None,
    )
