"""What can go wrong, when, and to whom: `Fault`; a run is given a tuple of them.

`sim.faultfile` reads them from JSON, `sim.troubles` carries them out; docs/simulation.md has the
table of what each one does to a vehicle.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """Every fault there is; the words are those of the file."""

    LOSS = "loss"
    DELAY = "delay"
    DUPLICATION = "duplication"
    REORDERING = "reordering"
    LINK_DOWN = "link-down"
    GPS_DRIFT = "gps-drift"
    GPS_JUMP = "gps-jump"
    GPS_LOST = "gps-lost"
    COMPASS = "compass"
    MOTOR = "motor"
    CELL = "cell"
    GIMBAL = "gimbal"
    STORAGE = "storage"
    CLOCK = "clock"
    ICING = "icing"
    OBSTACLE = "obstacle"
    UPLOAD_LOSS = "upload-loss"
    WIND = "wind"
    RAIN = "rain"
    DOOR_STUCK = "door-stuck"
    CHARGER_DEAD = "charger-dead"
    DOCK_OCCUPIED = "dock-occupied"
    WEATHER_DEAD = "weather-dead"
    DOCK_SILENT = "dock-silent"
    EMERGENCY_STOP = "emergency-stop"


class Phase(StrEnum):
    """Where a vehicle is in its flight."""

    DOCKED = "docked"
    TAKE_OFF = "take-off"
    TRANSIT = "transit"
    SURVEY = "survey"
    RETURN = "return"
    LANDING = "landing"


PACKETS = frozenset({Kind.LOSS, Kind.DELAY, Kind.DUPLICATION, Kind.REORDERING, Kind.LINK_DOWN})
WORLD = frozenset({Kind.WIND, Kind.RAIN})
DOCKS = frozenset(
    {
        Kind.DOOR_STUCK,
        Kind.CHARGER_DEAD,
        Kind.DOCK_OCCUPIED,
        Kind.WEATHER_DEAD,
        Kind.DOCK_SILENT,
        Kind.EMERGENCY_STOP,
    }
)
BODIES = frozenset(Kind) - PACKETS - WORLD - DOCKS


@dataclass(frozen=True, slots=True)
class Scale:
    """What the amount of a kind means: its unit, what it is if nobody says, what it may be."""

    unit: str
    usual: float
    least: float
    most: float


_SWITCH = Scale("on", 1.0, 1.0, 1.0)
SCALES: MappingProxyType[Kind, Scale] = MappingProxyType(
    {
        **dict.fromkeys(Kind, _SWITCH),
        Kind.LOSS: Scale("share of packets", 0.3, 0.0, 1.0),
        Kind.DELAY: Scale("simulated seconds", 1.0, 0.0, 60.0),
        Kind.DUPLICATION: Scale("share of packets", 0.3, 0.0, 1.0),
        Kind.REORDERING: Scale("share of packets", 0.3, 0.0, 1.0),
        Kind.GPS_DRIFT: Scale("m/s", 0.5, 0.0, 20.0),
        Kind.GPS_JUMP: Scale("m", 50.0, 0.0, 10_000.0),
        Kind.COMPASS: Scale("degrees", 60.0, -180.0, 180.0),
        Kind.MOTOR: Scale("share of the thrust lost", 0.25, 0.0, 1.0),
        Kind.CELL: Scale("times the resistance of a sound cell", 4.0, 1.0, 100.0),
        Kind.CLOCK: Scale("seconds ahead", 3600.0, -1e9, 1e9),
        Kind.ICING: Scale("share of the power a minute", 0.1, 0.0, 2.0),
        Kind.UPLOAD_LOSS: Scale("share of photographs", 0.1, 0.0, 1.0),
        Kind.WIND: Scale("m/s on top of the mean", 8.0, 0.0, 60.0),
        Kind.RAIN: Scale("mm/h", 10.0, 0.0, 300.0),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong for a while.

    Attributes:
        vehicle: whom it strikes: its name ("QZ-01"), its system id ("7", on the first link) or
            link and system id ("link2/7"); None for all.
        dock: the same for faults of docks, by the dock's name.
        from_s, to_s: simulated seconds; with a `phase`, seconds after the vehicle entered it (a
            dock's: after its own vehicle did). A phase strikes once, the first time.
        amount: in the unit of its kind (`SCALES`); None for the usual one.

    Raises:
        ValueError: a field cannot be so; the message names it.
    """

    kind: Kind
    vehicle: str | None = None
    dock: str | None = None
    from_s: float = 0.0
    to_s: float = math.inf
    amount: float | None = None
    phase: Phase | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))
        if self.phase is not None:
            object.__setattr__(self, "phase", Phase(self.phase))
        scale = SCALES[self.kind]
        if self.amount is None:
            object.__setattr__(self, "amount", scale.usual)
        self._check(scale)

    def _check(self, scale: Scale) -> None:
        if not (math.isfinite(self.from_s) and self.from_s >= 0):
            raise ValueError(f"from_s: {self.from_s} is no second from 0 on")
        if not self.to_s > self.from_s:
            raise ValueError(f"to_s: {self.to_s:g} does not come after from_s {self.from_s:g}")
        if not scale.least <= self.size <= scale.most:
            raise ValueError(
                f"amount: {self.size:g} is not between {scale.least:g} and {scale.most:g}"
                f" ({scale.unit})"
            )
        if self.dock is not None and self.kind not in DOCKS:
            raise ValueError(f"dock: {self.kind} strikes a vehicle, not a dock")
        if self.vehicle is not None and self.kind not in PACKETS | BODIES:
            raise ValueError(f"vehicle: {self.kind} does not strike a vehicle")
        if self.phase is not None and self.kind in WORLD:
            raise ValueError(f"phase: {self.kind} strikes everybody; say from_s and to_s")

    @property
    def size(self) -> float:
        """The amount, the usual one if none was given."""
        return SCALES[self.kind].usual if self.amount is None else self.amount

    def __str__(self) -> str:
        whom = self.vehicle or self.dock or "all"
        start = f"{self.from_s:g} s" + (f" after {self.phase}" if self.phase else "")
        end = "on" if math.isinf(self.to_s) else f"to {self.to_s:g} s"
        unit = SCALES[self.kind].unit
        much = "" if unit == "on" else f" of {self.size:g} {unit}"
        return f"{self.kind}{much} at {whom}, from {start} {end}"
