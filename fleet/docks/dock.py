"""Docks: what one says of itself, and what may be asked of it.

A dock is a box with a door, a pad, a charger and a weather station. Whatever carries its messages
(`dock_http`, `dock_mqtt`, or nothing at all: `dock_memory`), it is the same
`Dock`. The messages themselves are in docs/docks.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from core.energy import Wind

HEARTBEAT_S = 5.0
"""A dock tells its state at least so often (docs/docks.md)."""

STALE_S = 30.0
"""A state that is older than this is not trusted: six heartbeats were missed."""

WEATHER_STALE_S = 120.0
"""A measurement of the weather older than this is none. Automatic stations report every minute
(WMO-No. 8, Guide to Instruments, I.1); one may be missed."""

GUST_FACTOR = 1.66
"""Usual ratio of a 3 s gust to the 10 min mean over land (Harper, Kepert, Ginger 2010,
WMO/TD-No. 1555, table 1.1). A stronger gust counts as the mean wind that it usually comes with."""


class Door(StrEnum):
    """Where the door is."""

    OPEN = "open"
    CLOSED = "closed"
    OPENING = "opening"
    CLOSING = "closing"
    STUCK = "stuck"
    UNKNOWN = "unknown"


class Charger(StrEnum):
    """What the charger does."""

    OFF = "off"
    CHARGING = "charging"
    FULL = "full"
    DEAD = "dead"
    UNKNOWN = "unknown"


class Pad(StrEnum):
    """Whether something stands on the pad."""

    EMPTY = "empty"
    OCCUPIED = "occupied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What the dock's weather station measured.

    Attributes:
        measured_at: on the service's clock.
        wind_mps, wind_from_deg: 10 min mean, and where it comes from clockwise from north.
        gust_mps: strongest 3 s mean of the last 10 min.
        rain_mmph: millimetres an hour.
        temperature_c: of the air.
    """

    measured_at: datetime
    wind_mps: float
    gust_mps: float
    wind_from_deg: float
    rain_mmph: float
    temperature_c: float

    @property
    def wind(self) -> Wind:
        """The wind to decide by: the mean, or more where the gusts are unusually strong."""
        return Wind(max(self.wind_mps, self.gust_mps / GUST_FACTOR), self.wind_from_deg)


@dataclass(frozen=True, slots=True, kw_only=True)
class DockState:
    """A dock as its last message describes it.

    Attributes:
        heard_at: the service's time of the last live message; None when it was never heard, or
            has said good-bye.
        occupant: id of the vehicle that the dock recognises on its pad; None for nobody, or for
            one that it does not know.
        charge: charge of the vehicle on the pad as the charger sees it, 0..1.
        door_travel_s: the longest that the door normally takes from closed to open.
        emergency_stop: somebody has pressed the red button; nothing may move.
        faults: what is broken, in sentences.
    """

    dock: str
    heard_at: datetime | None = None
    door: Door = Door.UNKNOWN
    charger: Charger = Charger.UNKNOWN
    pad: Pad = Pad.UNKNOWN
    occupant: str | None = None
    charge: float | None = None
    weather: Weather | None = None
    door_travel_s: float = 60.0
    emergency_stop: bool = False
    faults: tuple[str, ...] = ()

    def age_s(self, now: datetime) -> float | None:
        """Seconds since it was heard; None for never."""
        return None if self.heard_at is None else (now - self.heard_at).total_seconds()

    def fresh(self, now: datetime) -> bool:
        """Whether this may be trusted."""
        age_s = self.age_s(now)
        return age_s is not None and age_s <= STALE_S

    def silence(self, now: datetime) -> str:
        """How long it has been silent, as the end of a sentence about the dock."""
        age_s = self.age_s(now)
        return "is not heard" if age_s is None else f"has not been heard for {age_s:.0f} s"

    def fresh_weather(self, now: datetime) -> Weather | None:
        """The weather, if the dock is heard and its station has measured lately."""
        if self.weather is None or not self.fresh(now):
            return None
        age_s = (now - self.weather.measured_at).total_seconds()
        return self.weather if age_s <= WEATHER_STALE_S else None


Listener = Callable[[DockState, DockState], None]
"""Called with the state before and after each message."""


class Dock(Protocol):
    """One dock. Commands return when the dock's own sensors show that they are done.

    Every command may raise

    - DockSilent: the dock is not heard, or did not confirm in time;
    - DockRefused: it said no, or its door is stuck, with the reason as a sentence.

    The same command given twice does nothing the second time.
    """

    @property
    def id(self) -> str:
        """Its name in the preset."""
        ...

    async def start(self) -> None:
        """Begin to listen; returns at once, also when the dock is not there yet."""
        ...

    async def stop(self) -> None:
        """Let go of connections. The dock stays as it is."""
        ...

    def state(self) -> DockState:
        """The latest known; look at `DockState.fresh` before trusting it."""
        ...

    def listen(self, listener: Listener) -> None:
        """Call this with every new state."""
        ...

    async def ask(self) -> None:
        """Ask for a state now, where the carrier can; otherwise one comes by itself."""
        ...

    async def open(self) -> None:
        """Open the door; returns when it is open."""
        ...

    async def close(self) -> None:
        """Close the door; returns when it is closed."""
        ...

    async def charge(self, on: bool) -> None:
        """Charge what stands on the pad, or stop; returns when the charger shows it."""
        ...

    async def halt(self) -> None:
        """Stop the door and the charger wherever they are: the emergency stop."""
        ...
