"""What vehicles and ground say to each other, as values in SI units.

Raw MAVLink messages exist in `codec`, `readers` and `writers` of `fleet.links` only; everything
else sees these. Each says which MAVLink message it stands for. None means that the sender does
not know.
"""

from dataclasses import dataclass, field
from datetime import datetime

from core.geo import LonLat
from fleet.vocabulary import BaseMode, MissionType


class Message:
    """Any of the messages below."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Packet:
    """A message with its sender and addressee (system id 0: everybody)."""

    system_id: int
    component_id: int
    target: int
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(Message):
    """HEARTBEAT: who is there, in which mode. Kind and autopilot are MAV_TYPE, MAV_AUTOPILOT."""

    kind: int
    autopilot: int
    base_mode: int
    custom_mode: int
    system_status: int

    @property
    def armed(self) -> bool:
        """Whether the motors may turn."""
        return bool(self.base_mode & BaseMode.ARMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemTime(Message):
    """SYSTEM_TIME: the vehicle's UTC (None before it knows) and its seconds since boot."""

    utc: datetime | None
    boot_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SysStatus(Message):
    """SYS_STATUS: battery as a share 0..1, and the pre-arm health bit (None: not reported).

    Attributes:
        present, enabled, healthy: MAV_SYS_STATUS_SENSOR bits without the pre-arm check's.
    """

    battery: float | None
    voltage_v: float | None
    current_a: float | None
    ready: bool | None
    present: int = 0
    enabled: int = 0
    healthy: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryStatus(Message):
    """BATTERY_STATUS: the share left, 0..1, of one pack, and how it feels.

    Attributes:
        voltages_v: of each cell; one value above 5 V is the whole pack's. Empty: not reported.
        current_a: positive while discharging.
        consumed_mah: since the autopilot started, or since the pack was full.
        faults: MAV_BATTERY_FAULT bits.
    """

    pack: int
    battery: float | None
    voltages_v: tuple[float, ...] = ()
    current_a: float | None = None
    consumed_mah: float | None = None
    temperature_c: float | None = None
    faults: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartBatteryInfo(Message):
    """SMART_BATTERY_INFO: what a pack knows of itself.

    Attributes:
        rated_mah, full_mah: capacity when new, and as it is now by its own gauge.
        made_on: as "20240131"; empty when it does not say.
    """

    pack: int
    serial: str = ""
    name: str = ""
    rated_mah: float | None = None
    full_mah: float | None = None
    cycles: int | None = None
    cells: int | None = None
    made_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopilotVersion(Message):
    """AUTOPILOT_VERSION: who an autopilot is.

    Attributes:
        uid: its hardware's number, hexadecimal; empty when it has none.
        firmware: such as "4.8.0"; git its first characters of the commit.
        capabilities: MAV_PROTOCOL_CAPABILITY bits.
    """

    uid: str
    firmware: str
    git: str
    capabilities: int
    vendor_id: int = 0
    product_id: int = 0
    board: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupSigning(Message):
    """SETUP_SIGNING: sign with this key of 32 bytes from now on; never shown, never read."""

    key: bytes = field(repr=False)
    timestamp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraInformation(Message):
    """CAMERA_INFORMATION: what a camera is; sizes of 0 are not known."""

    vendor: str
    model: str
    firmware: int
    focal_length_mm: float
    sensor_width_mm: float
    sensor_height_mm: float
    width_px: int
    height_px: int
    flags: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalPosition(Message):
    """GLOBAL_POSITION_INT: place, altitude AMSL, height above home, velocity, heading."""

    boot_s: float
    position: LonLat | None
    altitude_m: float
    height_m: float
    north_mps: float
    east_mps: float
    down_mps: float
    heading_deg: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePosition(Message):
    """HOME_POSITION: where the vehicle returns to, altitude AMSL."""

    position: LonLat | None
    altitude_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedSysState(Message):
    """EXTENDED_SYS_STATE: on the ground or not."""

    landed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EkfStatus(Message):
    """EKF_STATUS_REPORT: whether the absolute horizontal position is good (flag 16)."""

    position_ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WindEstimate(Message):
    """WIND: speed, and where it comes from in degrees clockwise from north."""

    speed_mps: float
    from_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusText(Message):
    """STATUSTEXT: a line for the pilot; severity 0 (emergency) to 7 (debug).

    Long texts come in chunks with one non-zero ``text_id``.
    """

    severity: int
    text: str
    text_id: int = 0
    chunk: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFeedback(Message):
    """CAMERA_FEEDBACK or CAMERA_IMAGE_CAPTURED: a photo was taken. Camera counts from 1."""

    taken_at: datetime | None
    index: int
    camera: int
    position: LonLat | None
    altitude_m: float
    height_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceStatus(Message):
    """FENCE_STATUS: whether the vehicle is outside its fence."""

    breached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLong(Message):
    """COMMAND_LONG: a command with seven parameters."""

    command: int
    params: tuple[float, float, float, float, float, float, float]
    confirmation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandInt(Message):
    """COMMAND_INT: a command for a place; x and y in 1e-7 degrees for places."""

    command: int
    frame: int
    params: tuple[float, float, float, float]
    x: int
    y: int
    z: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAck(Message):
    """COMMAND_ACK: the MAV_RESULT; progress in percent while IN_PROGRESS."""

    command: int
    result: int
    progress: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionCount(Message):
    """MISSION_COUNT: how many items follow, or are stored."""

    count: int
    mission_type: int = MissionType.MISSION


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionRequestList(Message):
    """MISSION_REQUEST_LIST: tell how many items you hold."""

    mission_type: int = MissionType.MISSION


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionRequest(Message):
    """MISSION_REQUEST_INT, or the old MISSION_REQUEST (``old``): send me this item."""

    seq: int
    mission_type: int = MissionType.MISSION
    old: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionItem(Message):
    """MISSION_ITEM_INT: one step of a mission, fence or rally plan.

    Attributes:
        x, y: latitude and longitude in 1e-7 degrees, or parameters 5 and 6.
        z: metres in the frame's datum, or parameter 7.
    """

    seq: int
    command: int
    frame: int
    params: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    x: int = 0
    y: int = 0
    z: float = 0.0
    current: bool = False
    mission_type: int = MissionType.MISSION


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionAck(Message):
    """MISSION_ACK: the end of a transfer, as a MAV_MISSION_RESULT."""

    result: int
    mission_type: int = MissionType.MISSION


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionClear(Message):
    """MISSION_CLEAR_ALL: forget the plan of this type."""

    mission_type: int = MissionType.MISSION


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionCurrent(Message):
    """MISSION_CURRENT: the item being flown; total without home; state is MISSION_STATE."""

    seq: int
    total: int | None
    state: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionItemReached(Message):
    """MISSION_ITEM_REACHED: a NAV item is done."""

    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TerrainRequest(Message):
    """TERRAIN_REQUEST: the vehicle lacks ground heights.

    Attributes:
        lat_e7, lon_e7: south-west corner of a block of 28 x 32 heights, degrees times 1e7; the
            answer must repeat it exactly. Anything may be asked, places off the globe included.
        spacing_m: between two heights, northward and eastward.
        wanted: numbers (0..55) of the squares of 4 x 4 heights that it lacks; 8 squares lie in a
            row eastward, 7 rows northward.
    """

    lat_e7: int
    lon_e7: int
    spacing_m: int
    wanted: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TerrainData(Message):
    """TERRAIN_DATA: 16 ground heights, whole metres above mean sea level, row by row northward."""

    lat_e7: int
    lon_e7: int
    spacing_m: int
    square: int
    heights_m: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamRequest(Message):
    """PARAM_REQUEST_READ by name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamRequestList(Message):
    """PARAM_REQUEST_LIST: tell all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamSet(Message):
    """PARAM_SET: change one; raw as it travels, kind is MAV_PARAM_TYPE."""

    name: str
    raw: float
    kind: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamValue(Message):
    """PARAM_VALUE: one parameter; raw as it travels, of ``count``, number ``index``."""

    name: str
    raw: float
    kind: int
    count: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamError(Message):
    """PARAM_ERROR: why a parameter is neither told nor set, as a MAV_PARAM_ERROR."""

    name: str
    error: int
