"""What differs between autopilots: mode numbers and names, and a few habits.

Sources: ArduPilot ArduCopter/mode.h (Mode::Number), PX4 px4_custom_mode.h and its user guide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from fleet.messages import Heartbeat
from fleet.vocabulary import BaseMode, Frame

_AUTOPILOT_ARDUPILOT = 3
_AUTOPILOT_PX4 = 12


class Autopilot(Protocol):
    """One make of autopilot; modes are named as its own pilots name them."""

    @property
    def name(self) -> str: ...

    @property
    def mission_mode(self) -> str:
        """Flies the uploaded mission."""
        ...

    @property
    def guided_mode(self) -> str:
        """Goes where it is told and otherwise stays."""
        ...

    @property
    def return_mode(self) -> str: ...

    @property
    def land_mode(self) -> str: ...

    @property
    def reposition_frame(self) -> Frame:
        """The frame in which DO_REPOSITION takes heights."""
        ...

    @property
    def arms_in(self) -> str:
        """The mode in which it is armed before MISSION_START."""
        ...

    @property
    def home_item(self) -> bool:
        """Whether item 0 of a stored mission is home; else the mission begins there at once."""
        ...

    @property
    def download_window(self) -> int:
        """How many items may be asked for at a time."""
        ...

    @property
    def terrain_frames(self) -> bool:
        """Whether it flies heights above the ground by itself."""
        ...

    @property
    def bytewise_parameters(self) -> bool:
        """Whether whole-number parameters travel as their bytes, not as their value."""
        ...

    def mode_name(self, heartbeat: Heartbeat) -> str:
        """The mode that a heartbeat reports; "mode 99" for an unknown one."""
        ...

    def mode_params(self, name: str) -> tuple[float, float, float]:
        """Parameters 1 to 3 of DO_SET_MODE.

        Raises:
            KeyError: no mode of this name.
        """
        ...


_COPTER_MODES: Mapping[int, str] = {
    0: "STABILIZE",
    1: "ACRO",
    2: "ALT_HOLD",
    3: "AUTO",
    4: "GUIDED",
    5: "LOITER",
    6: "RTL",
    7: "CIRCLE",
    9: "LAND",
    11: "DRIFT",
    13: "SPORT",
    14: "FLIP",
    15: "AUTOTUNE",
    16: "POSHOLD",
    17: "BRAKE",
    18: "THROW",
    19: "AVOID_ADSB",
    20: "GUIDED_NOGPS",
    21: "SMART_RTL",
    22: "FLOWHOLD",
    23: "FOLLOW",
    24: "ZIGZAG",
    25: "SYSTEMID",
    26: "AUTOROTATE",
    27: "AUTO_RTL",
}


@dataclass(frozen=True, slots=True)
class _ArduPilot:
    """What every ArduPilot shares: one mode number, heights above ground in the terrain frame."""

    modes: ClassVar[Mapping[int, str]]

    name: str
    land_mode: str
    arms_in: str
    mission_mode: str = "AUTO"
    guided_mode: str = "GUIDED"
    return_mode: str = "RTL"
    reposition_frame: Frame = Frame.TERRAIN_INT
    home_item: bool = True
    download_window: int = 8
    terrain_frames: bool = True
    bytewise_parameters: bool = False

    def mode_name(self, heartbeat: Heartbeat) -> str:
        return self.modes.get(heartbeat.custom_mode, f"mode {heartbeat.custom_mode}")

    def mode_params(self, name: str) -> tuple[float, float, float]:
        numbers = {known: number for number, known in self.modes.items()}
        return float(BaseMode.CUSTOM), float(numbers[name]), 0.0


@dataclass(frozen=True, slots=True)
class ArduCopter(_ArduPilot):
    """ArduPilot on a multirotor."""

    modes: ClassVar[Mapping[int, str]] = _COPTER_MODES

    name: str = "ArduCopter"
    land_mode: str = "LAND"
    arms_in: str = "GUIDED"


_PLANE_MODES: Mapping[int, str] = {
    0: "MANUAL",
    1: "CIRCLE",
    2: "STABILIZE",
    3: "TRAINING",
    4: "ACRO",
    5: "FBWA",
    6: "FBWB",
    7: "CRUISE",
    8: "AUTOTUNE",
    10: "AUTO",
    11: "RTL",
    12: "LOITER",
    13: "TAKEOFF",
    14: "AVOID_ADSB",
    15: "GUIDED",
    17: "QSTABILIZE",
    18: "QHOVER",
    19: "QLOITER",
    20: "QLAND",
    21: "QRTL",
}
_WINGED = frozenset({1, *range(19, 26)})
"""MAV_TYPE_FIXED_WING and the kinds of MAV_TYPE_VTOL."""


@dataclass(frozen=True, slots=True)
class ArduPlane(_ArduPilot):
    """ArduPilot on a QuadPlane: it returns as a plane and lands as a copter (ArduPlane/mode.h).

    Its modes and parameters are known here; no mission of ours takes off or lands vertically by
    its own commands (NAV_VTOL_TAKEOFF, NAV_VTOL_LAND) yet.
    """

    modes: ClassVar[Mapping[int, str]] = _PLANE_MODES

    name: str = "ArduPlane"
    land_mode: str = "QLAND"
    arms_in: str = "QLOITER"


_PX4_MODES: Mapping[tuple[int, int], str] = {
    (1, 0): "MANUAL",
    (2, 0): "ALTCTL",
    (3, 0): "POSCTL",
    (4, 1): "READY",
    (4, 2): "TAKEOFF",
    (4, 3): "HOLD",
    (4, 4): "MISSION",
    (4, 5): "RETURN",
    (4, 6): "LAND",
    (5, 0): "ACRO",
    (6, 0): "OFFBOARD",
    (7, 0): "STABILIZED",
}
_PX4_NUMBERS = {name: number for number, name in _PX4_MODES.items()}


@dataclass(frozen=True, slots=True)
class Px4:
    """PX4: main and sub mode share the custom mode (bits 16-23 and 24-31). It holds where it is
    told to go, and takes no heights above terrain in DO_REPOSITION: relative to home instead."""

    name: str = "PX4"
    mission_mode: str = "MISSION"
    guided_mode: str = "HOLD"
    return_mode: str = "RETURN"
    land_mode: str = "LAND"
    arms_in: str = "HOLD"
    reposition_frame: Frame = Frame.RELATIVE_INT
    home_item: bool = False
    download_window: int = 1
    terrain_frames: bool = False
    bytewise_parameters: bool = True

    def mode_name(self, heartbeat: Heartbeat) -> str:
        main, sub = heartbeat.custom_mode >> 16 & 0xFF, heartbeat.custom_mode >> 24 & 0xFF
        known = _PX4_MODES.get((main, sub)) or _PX4_MODES.get((main, 0))
        return known or f"mode {main}.{sub}"

    def mode_params(self, name: str) -> tuple[float, float, float]:
        main, sub = _PX4_NUMBERS[name]
        return float(BaseMode.CUSTOM), float(main), float(sub)


def wire_seq(autopilot: Autopilot, seq: int) -> int:
    """The number of a mission's item as the autopilot counts it: without home where it has none."""
    return seq if autopilot.home_item else seq - 1


def our_seq(autopilot: Autopilot, seq: int) -> int:
    """Our number of a mission's item (item 0 is home) from the autopilot's own."""
    return seq if autopilot.home_item else seq + 1


def recognise(heartbeat: Heartbeat) -> Autopilot | None:
    """Who speaks; None for ground stations, gimbals and makes that we do not fly."""
    if heartbeat.autopilot == _AUTOPILOT_ARDUPILOT:
        return ArduPlane() if heartbeat.kind in _WINGED else ArduCopter()
    if heartbeat.autopilot == _AUTOPILOT_PX4:
        return Px4()
    return None
