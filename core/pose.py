"""Where a camera is and which way it looks."""

from dataclasses import dataclass

from core.geo import LonLat


@dataclass(frozen=True, slots=True, kw_only=True)
class Attitude:
    """A direction of view in degrees: yaw clockwise from true north, pitch 0 at the horizon and
    -90 straight down, roll clockwise about the line of sight."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float = 0.0

    def __post_init__(self) -> None:
        if not -180.0 <= self.pitch_deg <= 180.0:
            raise ValueError(f"impossible pitch: {self.pitch_deg} degrees")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """A camera's place and attitude.

    Attributes:
        altitude_m: height of the camera above mean sea level.
        horizontal_sigma_m, vertical_sigma_m: standard deviation of the place.
        attitude_sigma_deg: standard deviation of each angle.
    """

    position: LonLat
    altitude_m: float
    attitude: Attitude
    horizontal_sigma_m: float = 2.5
    vertical_sigma_m: float = 3.0
    attitude_sigma_deg: float = 1.0
