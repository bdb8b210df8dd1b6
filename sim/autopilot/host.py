"""What the parts of an autopilot may use of it, so that none of them imports the whole.

Telemetry only reads (`Readings`); the commands and the failsafe also act (`Host`). `Autopilot`
is the one implementation.
"""

from typing import Protocol

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.modes import Mode
from sim.autopilot.parameters import Parameters
from sim.autopilot.runner import Runner
from sim.autopilot.shutter import Shutter
from sim.autopilot.streams import Streams
from sim.autopilot.transfer import Transfers
from sim.body import Body, Spot


class Senses(Protocol):
    """What the vehicle measures that is not its own motion."""

    def now_s(self) -> float:
        """Simulated seconds since the start."""
        ...

    def wind(self, index: int) -> tuple[float, float]:
        """Wind at the vehicle: m/s and the direction it comes from."""
        ...

    def gps_error(self, index: int) -> tuple[float, float, float]:
        """Present error of the satellite position: metres east, north, up."""
        ...


class Breaches(Protocol):
    """What the failsafe remembers of fence breaches."""

    breached: bool
    breaches: int
    breach_ms: int


class Readings(Protocol):
    """The state that telemetry reports."""

    system_id: int
    body: Body
    senses: Senses
    mode: Mode
    armed: bool
    home_lon: float
    home_lat: float
    home_m: float
    parameters: Parameters
    shutter: Shutter
    runner: Runner
    transfers: Transfers

    @property
    def failsafe(self) -> Breaches:
        """The fence breaches so far."""
        ...

    def boot_ms(self) -> int:
        """Milliseconds since it was switched on."""
        ...

    def unix_us(self) -> int:
        """Simulated time of day in microseconds since 1970."""
        ...

    def measured(self) -> tuple[float, float, float]:
        """Longitude, latitude, altitude AMSL as the vehicle believes them."""
        ...

    def has_fix(self) -> bool:
        """Whether satellites give a position."""
        ...

    def has_estimate(self) -> bool:
        """Whether the filter has a position."""
        ...

    def ready(self) -> bool:
        """The pre-arm bit."""
        ...

    def system_status(self) -> int:
        """MAV_STATE."""
        ...

    def landed_state(self) -> int:
        """MAV_LANDED_STATE."""
        ...

    def charge_state(self) -> int:
        """MAV_BATTERY_CHARGE_STATE."""
        ...


class Host(Readings, Protocol):
    """What the commands and the failsafe can have done; False means refused."""

    streams: Streams

    def send(self, message: wire.MAVLink_message) -> None:
        """Put a message on the link."""
        ...

    def say(self, severity: int, text: str) -> None:
        """A STATUSTEXT."""
        ...

    def set_mode(self, mode: Mode) -> bool:
        """Change mode."""
        ...

    def arm(self) -> bool:
        """Arm."""
        ...

    def disarm(self, *, force: bool = False) -> bool:
        """Disarm; in the air only if forced."""
        ...

    def arming_faults(self) -> list[str]:
        """Why it would not arm now."""
        ...

    def fenced(self) -> bool:
        """Whether a polygon fence is in force."""
        ...

    def permitted(self, lon: float, lat: float) -> bool:
        """Whether the fence, if it is on, permits a place."""
        ...

    def take_off(self, height_m: float) -> bool:
        """GUIDED take-off to a height above home."""
        ...

    def go_to(self, spot: Spot, speed_mps: float | None = None) -> bool:
        """GUIDED: fly to a place."""
        ...

    def try_auto_takeoff(self) -> bool:
        """Lift off if the mission begins with a TAKEOFF."""
        ...
