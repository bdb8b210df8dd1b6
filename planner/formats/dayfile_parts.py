"""What a day file's features may say: properties, their limits and what they are when not given."""

from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.equipment import Sensor
from core.zones import ZoneKind
from planner.problem import LookKind

Share = Annotated[float, Field(ge=0.0, le=0.95)]


class Part(BaseModel):
    """A feature's properties, or a part of them; what is not known is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class CameraPart(Part):
    """A camera of a kind of vehicle."""

    id: str
    sensor: Sensor
    width_px: int
    height_px: int
    hfov_deg: float
    min_interval_s: float = 0.7


class KindPart(Part):
    """A kind of vehicle, by name in the member `kinds`; see core.equipment.VehicleSpec."""

    name: str = ""
    name_zh: str = ""
    vtol: bool = False
    cruise_mps: float
    climb_mps: float
    descent_mps: float
    endurance_s: float
    recharge_s: float
    wind_limit_mps: float
    reserve: float = 0.2
    max_height_m: float = 120.0
    cameras: tuple[CameraPart, ...]


class DayPart(Part):
    """The member `flyonce`: the day itself."""

    version: int
    day: date
    title: str = ""
    zone: str = "UTC"
    opens: time = time(8, 0)
    closes: time = time(18, 0)
    wind: tuple[float, float] = (0.0, 0.0)
    crew_limit: int | None = Field(default=None, ge=1)
    separation: bool = False
    kinds: dict[str, KindPart] = {}


class DockPart(Part):
    """A dock with its drone: a Point."""

    role: Literal["dock"]
    id: str
    kind: str
    available_from: datetime | None = None
    available_until: datetime | None = None
    health: float = 1.0
    standby: bool = False


class LookPart(Part):
    """A wish to have a place seen; see planner.Look."""

    role: Literal["look"]
    id: str
    kind: LookKind | None = None
    sensor: Sensor = Sensor.VISIBLE
    gsd_m: float = Field(gt=0)
    front_overlap: Share = 0.7
    side_overlap: Share = 0.6
    width_m: float = Field(default=0.0, ge=0)
    priority: int = Field(default=3, ge=1, le=5)
    department: str = ""
    earliest: datetime | None = None
    latest: datetime | None = None
    radius_m: float = Field(default=0.0, ge=0)
    base_m: float = Field(default=0.0, ge=0)
    top_m: float = Field(default=0.0, ge=0)
    every_deg: float = Field(default=0.0, ge=0)


class ZonePart(Part):
    """A no-fly zone; see core.zones.Zone."""

    role: Literal["zone"]
    id: str
    name: str = ""
    name_zh: str = ""
    kind: ZoneKind = ZoneKind.RESTRICTED
    floor_m: float = 0.0
    ceiling_m: float = 1000.0
    buffer_m: float = Field(default=50.0, ge=0)
    active_from: datetime | None = None
    active_until: datetime | None = None


class ClosurePart(Part):
    """Weather or an order that keeps drones out; without geometry: everywhere."""

    role: Literal["closure"]
    id: str
    start: datetime
    end: datetime
    reason: str = "closed"
    reason_zh: str = "关闭"
