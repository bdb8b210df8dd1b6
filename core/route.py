"""Routes: where to fly and where to photograph, independent of any autopilot."""

from dataclasses import dataclass
from functools import cached_property

from core.equipment import Sensor
from core.geo import LonLat, path_length_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Waypoint:
    """A point to fly through.

    Attributes:
        height_m: above the ground straight below.
        photo_spacing_m: photograph every so many metres on the leg that starts here; 0 for none.
        photo: photograph once, here.
        sensor: which camera photographs from here on; None for all of them.
        hold_s: stay here so long.
        gimbal_pitch_deg: where the cameras look from here on; -90 is straight down.
        speed_mps: ground speed on the leg that starts here; None for the vehicle's cruise speed.
        heading_deg: where the nose points on the leg that starts here and while holding, degrees
            clockwise from north; None to look along the path.
        amsl_m: height above mean sea level (EGM96), legs straight in it; None where the autopilot
            follows the ground by itself at ``height_m`` (ADR 0005).
    """

    position: LonLat
    height_m: float
    photo_spacing_m: float = 0.0
    photo: bool = False
    sensor: Sensor | None = None
    hold_s: float = 0.0
    gimbal_pitch_deg: float = -90.0
    speed_mps: float | None = None
    heading_deg: float | None = None
    amsl_m: float | None = None


@dataclass(frozen=True)
class Route:
    """A path with its photographs; never empty.

    A route of a task covers that task only; a mission's route also holds the transfers.
    """

    waypoints: tuple[Waypoint, ...]

    def __post_init__(self) -> None:
        if not self.waypoints:
            raise ValueError("a route needs at least one waypoint")

    @property
    def entry(self) -> LonLat:
        """Where it begins."""
        return self.waypoints[0].position

    @property
    def exit(self) -> LonLat:
        """Where it ends."""
        return self.waypoints[-1].position

    @cached_property
    def length_m(self) -> float:
        """Length over ground in metres."""
        return path_length_m(w.position for w in self.waypoints)

    @cached_property
    def photos(self) -> int:
        """How many photographs it asks for of each camera in use."""
        count = sum(w.photo for w in self.waypoints)
        for a, b in zip(self.waypoints, self.waypoints[1:], strict=False):
            if a.photo_spacing_m > 0:
                count += int(path_length_m((a.position, b.position)) / a.photo_spacing_m) + 1
        return count
