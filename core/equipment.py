"""What flies and what it carries: cameras and vehicles as their data sheets describe them."""

import math
from dataclasses import dataclass
from enum import StrEnum


class Sensor(StrEnum):
    """What a camera sees."""

    VISIBLE = "visible"
    ZOOM = "zoom"
    THERMAL = "thermal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """How a real lens departs from a pinhole: Brown-Conrady, in OpenCV's convention, which DJI's
    ``DewarpData`` shares.

    With x, y the tangents of a ray right of and below the axis and r2 = x2 + y2, the picture
    shows it at x (1 + k1 r2 + k2 r4 + k3 r6) + 2 p1 x y + p2 (r2 + 2 x2), and the like in y
    (Brown, Photogrammetric Engineering 32(3), 1966). `imagery.ground.lens` computes with it.

    Attributes:
        k1, k2, k3: radial coefficients, without unit; barrel distortion has a negative k1.
        p1, p2: tangential coefficients, without unit.
        cx_px, cy_px: the optical axis right of and below the picture's centre, native pixels.
    """

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0
    cx_px: float = 0.0
    cy_px: float = 0.0

    def __post_init__(self) -> None:
        values = (self.k1, self.k2, self.p1, self.p2, self.k3, self.cx_px, self.cy_px)
        if not all(math.isfinite(value) for value in values):
            raise ValueError(f"a lens needs finite coefficients: {values}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSpec:
    """A camera: a pinhole, with a lens that may distort.

    Attributes:
        width_px, height_px: the native picture.
        hfov_deg: full horizontal field of view; pixels are square.
        min_interval_s: shortest time between two photos.
        stored_scale: share of the native width at which simulated frames are stored (1.0 for a
            real camera); ground resolution is always judged at the native picture.
        lens: its distortion where known; None for a rectilinear lens.
    """

    id: str
    sensor: Sensor
    width_px: int
    height_px: int
    hfov_deg: float
    min_interval_s: float = 0.7
    stored_scale: float = 1.0
    lens: Lens | None = None

    def __post_init__(self) -> None:
        if self.width_px <= 0 or self.height_px <= 0:
            raise ValueError(f"camera {self.id}: a picture needs a width and a height")
        if not 1.0 <= self.hfov_deg < 170.0:
            raise ValueError(f"camera {self.id}: field of view {self.hfov_deg} degrees")
        if not 0.0 < self.stored_scale <= 1.0:
            raise ValueError(f"camera {self.id}: stored_scale must be above 0 and at most 1")

    @property
    def focal_px(self) -> float:
        """Focal length in native pixels."""
        return self.width_px / (2 * math.tan(math.radians(self.hfov_deg) / 2))

    def footprint_m(self, height_m: float) -> tuple[float, float]:
        """Width and length on level ground of a photo straight down: 2 tan(FOV/2) h."""
        scale = height_m / self.focal_px
        return self.width_px * scale, self.height_px * scale

    def gsd_m(self, height_m: float) -> float:
        """Ground sampling distance straight below, metres a pixel."""
        return height_m / self.focal_px

    def height_for_gsd_m(self, gsd_m: float) -> float:
        """The height above ground at which a pixel covers ``gsd_m``."""
        return gsd_m * self.focal_px


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleSpec:
    """A kind of drone.

    Attributes:
        endurance_s: flying time from full to empty in still air at cruise speed.
        reserve: share of the endurance that must be left at landing.
        recharge_s: time in the dock after a flight before the next one.
        wind_limit_mps: strongest mean wind in which it takes off.
        max_height_m: highest it may fly above ground.
        mass_kg: at take-off, as the endurance is stated; None where the data sheet does not say.
    """

    id: str
    name: str
    name_zh: str
    vtol: bool
    cruise_mps: float
    climb_mps: float
    descent_mps: float
    endurance_s: float
    recharge_s: float
    wind_limit_mps: float
    cameras: tuple[CameraSpec, ...]
    reserve: float = 0.2
    max_height_m: float = 120.0
    mass_kg: float | None = None

    def __post_init__(self) -> None:
        for name in ("cruise_mps", "climb_mps", "descent_mps", "endurance_s", "recharge_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"vehicle {self.id}: {name} must be above zero")
        if self.mass_kg is not None and not self.mass_kg > 0:
            raise ValueError(f"vehicle {self.id}: mass_kg must be above zero")
        if not 0.0 <= self.reserve < 0.9:
            raise ValueError(f"vehicle {self.id}: reserve {self.reserve} is no share")

    @property
    def usable_s(self) -> float:
        """Flying time that a plan may use: endurance less the reserve."""
        return self.endurance_s * (1 - self.reserve)

    @property
    def sensors(self) -> frozenset[Sensor]:
        """What it can see with."""
        return frozenset(camera.sensor for camera in self.cameras)

    def camera(self, sensor: Sensor) -> CameraSpec | None:
        """The first camera that sees with this sensor, if any."""
        return next((c for c in self.cameras if c.sensor is sensor), None)
