"""What differs between autopilots: the small interface behind which ArduCopter and PX4 stand."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.homeward import Haven
from sim.autopilot.modes import Mode
from sim.autopilot.parameters import Table
from sim.autopilot.runner import Habits
from sim.autopilot.shutter import Photo
from sim.autopilot.transfer import Transfers

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

Answer = Callable[[wire.MAVLink_message, tuple[float, ...]], int]
"""Carries a command out: the message and its seven parameters; the MAV_RESULT."""


class Watch(Protocol):
    """The failsafes of one vehicle."""

    breached: int
    """The parts of the fence that it is outside of, as bits."""
    breaches: int
    breach_ms: int
    lost_ground: bool

    @property
    def active(self) -> bool:
        """Whether any failsafe is on."""
        ...

    def step(self, now_s: float) -> None:
        """Look after it in flight, and act."""
        ...

    def reset(self) -> None:
        """It was disarmed."""
        ...


class Fence(Protocol):
    """The fence of one vehicle."""

    @property
    def types(self) -> int:
        """The parts in force, 0 for none (bits of ArduPilot's FENCE_TYPE)."""
        ...

    def permits(self, lon: float, lat: float, altitude_m: float) -> bool:
        """Whether a place is inside."""
        ...


class Firmware(Protocol):
    """One make of autopilot."""

    name: str
    make: int
    """MAV_AUTOPILOT."""
    version: int
    """AUTOPILOT_VERSION.flight_sw_version."""
    capabilities: int
    table: Table
    habits: Habits
    boot_mode: Mode
    refused: int
    """MAV_RESULT of a mode or an arming that is refused."""
    int_only: frozenset[int]
    """Commands that are taken in COMMAND_INT alone."""
    follows: frozenset[Mode]
    """Modes in which SET_POSITION_TARGET_* is heard."""
    messages: Mapping[int, Callable[["Autopilot"], wire.MAVLink_message]]
    """What can be streamed and asked for."""
    streams: Mapping[int, float]
    """Message ids that are sent without being asked, and their interval in seconds."""

    @property
    def transfers(self) -> type[Transfers]:
        """How it transfers missions."""
        ...

    def vehicle_type(self, vtol: bool) -> int:
        """MAV_TYPE of the heartbeat."""
        ...

    def base_mode(self, a: "Autopilot") -> int:
        """HEARTBEAT.base_mode."""
        ...

    def custom_mode(self, mode: Mode) -> int:
        """HEARTBEAT.custom_mode."""
        ...

    def mode_of(self, main: float, sub: float) -> Mode | None:
        """The mode that parameters 2 and 3 of DO_SET_MODE mean."""
        ...

    def mode_of_custom(self, custom: int) -> Mode | None:
        """The mode of a SET_MODE."""
        ...

    def arming_faults(self, a: "Autopilot") -> list[str]:
        """Why it would not arm now."""
        ...

    def mode_fault(self, a: "Autopilot", mode: Mode) -> str | None:
        """Why a mode cannot be entered now."""
        ...

    def mode_refusal(self, mode: Mode, fault: str) -> str:
        """What it says then."""
        ...

    def haven(self, a: "Autopilot") -> Haven:
        """Where a return would go now."""
        ...

    def lifts_when_armed(self, a: "Autopilot") -> bool:
        """Whether arming in the mission mode starts the mission."""
        ...

    def watch(self, a: "Autopilot") -> Watch:
        """The failsafes of a vehicle."""
        ...

    def fence(self, a: "Autopilot") -> Fence:
        """The fence of a vehicle."""
        ...

    def checked(self, a: "Autopilot") -> list[str]:
        """What is wrong with the stored mission, told after an upload."""
        ...

    def photographed(self, a: "Autopilot", photos: Sequence[Photo]) -> None:
        """Tell of photographs."""
        ...

    def heeds(self, a: "Autopilot", system_id: int) -> bool:
        """Whether a ground station's heartbeat counts for the failsafe."""
        ...

    def commands(self, a: "Autopilot") -> Mapping[int, Answer]:
        """Commands that this firmware answers in its own way; they go before the common ones."""
        ...
