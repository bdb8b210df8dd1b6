"""One simulated dock: door, pad and charger, as docs/docks.md describes them.

Written from the message table alone, as a dock maker would: the service's reading of the table
is not imported. `sim.dock_server` carries the messages.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.dock_weather import Station

VERSION = 1
HEARTBEAT_S = 5.0
MOVING_S = 1.0
"""While the door moves, its state is told so often."""

COMMAND_OLD_S = 60.0
"""A command whose sender had seen nothing newer than this is refused."""

FULL = 0.995


@dataclass(frozen=True, slots=True)
class Visitor:
    """The vehicle at a dock: its name, charge 0..1, and whether it is off the ground."""

    name: str
    charge: float
    aloft: bool


@dataclass
class Dock:
    """One dock.

    Attributes:
        travel_s: seconds that its door takes.
        strikes: how often a vehicle went through a door that was not open.
    """

    id: str
    travel_s: float
    station: Station
    boot: str
    position: float = 0.0
    moving: int = 0
    charging: bool = True
    strikes: int = 0
    troubles: frozenset[str] = frozenset()
    visitor: Visitor | None = None
    command: dict[str, Any] | None = None
    _begun: bool = False
    _seq: int = 0
    _made: tuple[float, dict[str, Any]] | None = None
    _sent: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=400))

    # --- time ------------------------------------------------------------------------------------

    def step(self, now_s: float, dt_s: float, visitor: Visitor | None) -> None:
        """Let time pass."""
        if self.visitor is not None and not self.visitor.aloft:
            self._watch_door(visitor is None or visitor.aloft)
        elif visitor is not None and not visitor.aloft:
            self._watch_door(self._begun)
        if self._standing(visitor) != self._standing(self.visitor):
            self._made = None  # somebody came or went: that is told at once
        self._begun, self.visitor = True, visitor
        self._move(dt_s)
        period_s = MOVING_S if self.moving else HEARTBEAT_S
        if self._made is None or now_s - self._made[0] >= period_s:
            self._tell(now_s)

    def strike(self, now_s: float, troubles: frozenset[str]) -> None:
        """Let faults begin and end."""
        if troubles != self.troubles:
            self.troubles = troubles
            self._tell(now_s)

    @staticmethod
    def _standing(visitor: Visitor | None) -> str | None:
        return None if visitor is None or visitor.aloft else visitor.name

    def _watch_door(self, passed: bool) -> None:
        if passed and self.position < 1.0:
            self.strikes += 1

    def _move(self, dt_s: float) -> None:
        if not self.moving:
            return
        wrong = {"door-stuck", "emergency-stop"} & self.troubles
        if wrong:
            self._end("failed", min(wrong))
            self.moving = 0
            return
        travelled = self.moving * dt_s / self.travel_s
        self.position = min(1.0, max(0.0, self.position + travelled))
        if self.position == (1.0 if self.moving > 0 else 0.0):
            self.moving = 0
            self._end("done")
            self._made = None

    # --- commands --------------------------------------------------------------------------------

    def obey(self, message: Mapping[str, Any], now_s: float) -> dict[str, Any]:
        """Take a command; returns the answer. The same id again changes nothing."""
        number, order = str(message.get("id", "")), str(message.get("command", ""))
        answer: dict[str, Any] = {"v": VERSION, "id": number, "state": "accepted", "reason": None}
        if self.command is not None and self.command["id"] == number:
            return answer
        refusal = self._refusal(order, message.get("seen"), now_s)
        if refusal is not None:
            return {**answer, "state": "refused", "reason": refusal}
        self._end("failed", "busy")
        self.command = {"id": number, "state": "executing", "reason": None}
        self._begin(order)
        self._tell(now_s)
        return {**answer, "state": "accepted" if self.moving else "done"}

    def _begin(self, order: str) -> None:
        if order in ("open", "close"):
            goal = 1.0 if order == "open" else 0.0
            self.moving = 0 if self.position == goal else (1 if goal else -1)
        elif order == "halt":
            self.moving, self.charging = 0, False
        else:
            self.charging = order == "charge-on"
        if not self.moving:
            self._end("done")

    def _refusal(self, order: str, seen: Any, now_s: float) -> str | None:
        if order == "halt":
            return None
        if order not in ("open", "close", "charge-on", "charge-off"):
            return "unknown-command"
        if self._is_old(seen, now_s):
            return "stale-command"
        if "emergency-stop" in self.troubles:
            return "emergency-stop"
        if order in ("open", "close") and "door-stuck" in self.troubles:
            return "door-stuck"
        if order == "close" and self.visitor is not None and self.visitor.aloft:
            return "obstructed"
        if order == "charge-on" and "charger-dead" in self.troubles:
            return "charger-dead"
        if order == "charge-on" and self._pad() == "empty":
            return "no-vehicle"
        return None

    def _is_old(self, seen: Any, now_s: float) -> bool:
        """Whether the sender had not heard of this dock lately: its command waited somewhere."""
        if not isinstance(seen, Mapping) or seen.get("boot") != self.boot:
            return True
        at_s = next((s for n, s in self._sent if n == seen.get("seq")), -math.inf)
        return now_s - at_s > COMMAND_OLD_S

    def _end(self, state: str, reason: str | None = None) -> None:
        if self.command is not None and self.command["state"] == "executing":
            self.command = {**self.command, "state": state, "reason": reason}

    # --- what it says ----------------------------------------------------------------------------

    @property
    def silent(self) -> bool:
        """Whether it has no network."""
        return "dock-silent" in self.troubles

    @property
    def charges(self) -> bool:
        """Whether current flows into what stands on the pad."""
        return self.charging and not {"charger-dead", "emergency-stop"} & self.troubles

    def message(self, now_s: float) -> dict[str, Any]:
        """The newest state message, with its age."""
        if self._made is None:
            self._tell(now_s)
        assert self._made is not None  # noqa: S101 - _tell makes one
        return {**self._made[1], "age_s": round(now_s - self._made[0], 3)}

    def _tell(self, now_s: float) -> None:
        self._seq += 1
        self._sent.append((self._seq, now_s))
        visitor, pad = self.visitor, self._pad()
        known = visitor is not None and pad == "occupied" and not self._foreign
        faults = sorted(self.troubles & {"door-stuck", "charger-dead", "weather-dead"})
        body = {
            "v": VERSION,
            "dock": self.id,
            "boot": self.boot,
            "seq": self._seq,
            "door": self._door(),
            "door_travel_s": round(self.travel_s, 1),
            "pad": pad,
            "occupant": visitor.name if known and visitor is not None else None,
            "charger": self._charger(pad),
            "charge": round(visitor.charge, 4) if known and visitor is not None else None,
            "weather": self.station.read(now_s) if "weather-dead" not in self.troubles else None,
            "emergency_stop": "emergency-stop" in self.troubles,
            "faults": [*faults, *(["door-struck"] if self.strikes else [])],
            "command": self.command,
        }
        self._made = (now_s, body)

    @property
    def _foreign(self) -> bool:
        return "dock-occupied" in self.troubles

    def _pad(self) -> str:
        if self._foreign:
            return "occupied"
        return "occupied" if self.visitor is not None and not self.visitor.aloft else "empty"

    def _door(self) -> str:
        if "door-stuck" in self.troubles:
            return "stuck"
        if self.moving:
            return "opening" if self.moving > 0 else "closing"
        return {0.0: "closed", 1.0: "open"}.get(self.position, "unknown")

    def _charger(self, pad: str) -> str:
        if "charger-dead" in self.troubles:
            return "dead"
        if pad == "empty" or not self.charges or self.visitor is None or self.visitor.aloft:
            return "off"
        return "full" if self.visitor.charge >= FULL else "charging"
