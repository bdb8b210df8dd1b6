"""A dock in memory: the same behaviour as a real one, with faults, for tests and for dry runs."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.clock import Clock
from fleet.docks.dock import HEARTBEAT_S
from fleet.docks.dock_messages import VERSION, Answer, Order
from fleet.docks.dock_remote import RemoteDock


@dataclass
class Box:
    """The dock's own parts, as a state machine on its own time in seconds.

    Attributes:
        travel_s: seconds that the door takes.
        occupant: id of the vehicle on the pad; "?" for one that it does not know, "" for nobody.
        stuck, charger_dead, obstructed, stopped: what is wrong.
        weather: the fields of the message table, or None for a dead station.
    """

    travel_s: float = 20.0
    occupant: str = ""
    charging: bool = False
    charge: float = 0.5
    stuck: bool = False
    charger_dead: bool = False
    obstructed: bool = False
    stopped: bool = False
    weather: dict[str, float] | None = field(
        default_factory=lambda: {
            "age_s": 0.0,
            "wind_mps": 2.0,
            "gust_mps": 3.0,
            "wind_from_deg": 180.0,
            "rain_mmph": 0.0,
            "temperature_c": 20.0,
        }
    )
    position: float = 0.0
    """0 closed to 1 open."""
    moving: int = 0
    """1 opening, -1 closing."""
    command: tuple[str, str, str | None] | None = None

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        if self.moving and not self.stuck and not self.stopped:
            travelled = self.moving * seconds / self.travel_s
            self.position = min(1.0, max(0.0, self.position + travelled))
            if self.position == (1.0 if self.moving > 0 else 0.0):
                self.moving = 0
                self._end("done")
        elif self.moving:
            self.moving = 0
            self._end("failed", "door-stuck" if self.stuck else "emergency-stop")
        if self.charging and not self.charger_dead:
            self.charge = min(1.0, self.charge + seconds / 3600)

    def obey(self, number: str, order: str, fresh: bool) -> Answer:
        """Take a command; the same number again gets the same answer."""
        if self.command is not None and self.command[0] == number:
            return Answer(id=number, state="accepted")
        refusal = self._refusal(order, fresh)
        if refusal is not None:
            return Answer(id=number, state="refused", reason=refusal)
        self.command = (number, "executing", None)
        match order:
            case Order.OPEN | Order.CLOSE:
                goal = 1.0 if order == Order.OPEN else 0.0
                self.moving = 0 if self.position == goal else (1 if goal else -1)
                if not self.moving:
                    self._end("done")
            case Order.HALT:
                self.moving, self.charging = 0, False
                self._end("done")
            case _:
                self.charging = order == Order.CHARGE_ON
                self._end("done")
        state = "accepted" if self.moving else "done"
        return Answer(id=number, state=state)

    def _refusal(self, order: str, fresh: bool) -> str | None:
        if order not in list(Order):
            return "unknown-command"
        if order == Order.HALT:
            return None
        if not fresh:
            return "stale-command"
        if self.stopped:
            return "emergency-stop"
        if order == Order.CLOSE and self.obstructed:
            return "obstructed"
        if order == Order.CHARGE_ON and not self.occupant:
            return "no-vehicle"
        if order == Order.CHARGE_ON and self.charger_dead:
            return "charger-dead"
        return None

    def _end(self, state: str, reason: str | None = None) -> None:
        if self.command is not None and self.command[1] == "executing":
            self.command = (self.command[0], state, reason)

    def report(self, dock: str, boot: str, seq: int) -> dict[str, Any]:
        """The state message."""
        faults = {
            "door-stuck": self.stuck,
            "charger-dead": self.charger_dead,
            "weather-dead": self.weather is None,
        }
        told = None if self.command is None else dict(zip(_TOLD, self.command, strict=True))
        return {
            "v": VERSION,
            "dock": dock,
            "boot": boot,
            "seq": seq,
            "door": self._door(),
            "door_travel_s": self.travel_s,
            "pad": "occupied" if self.occupant else "empty",
            "occupant": self.occupant if self.occupant not in ("", "?") else None,
            "charger": self._charger(),
            "charge": self.charge if self.occupant else None,
            "weather": self.weather,
            "emergency_stop": self.stopped,
            "faults": [code for code, wrong in faults.items() if wrong],
            "command": told,
        }

    def _door(self) -> str:
        if self.stuck:
            return "stuck"
        if self.moving:
            return "opening" if self.moving > 0 else "closing"
        return {0.0: "closed", 1.0: "open"}.get(self.position, "unknown")

    def _charger(self) -> str:
        if self.charger_dead:
            return "dead"
        if not (self.charging and self.occupant):
            return "off"
        return "full" if self.charge >= 1.0 else "charging"


_TOLD = ("id", "state", "reason")


class MemoryDock(RemoteDock):
    """A dock without a wire.

    Attributes:
        box: its parts; change them to make something go wrong.
        silent: it says and hears nothing.
    """

    TICK_S = 1.0

    def __init__(self, dock_id: str, clock: Clock, box: Box | None = None) -> None:
        super().__init__(dock_id, clock)
        self.box = box or Box(occupant=dock_id)
        self.silent = False
        self._seq = 0
        self._run: asyncio.Task[None] | None = None
        self._at: datetime = clock.now()

    async def start(self) -> None:
        self._tell()
        self._run = asyncio.create_task(self._live(), name=f"memory dock {self.id}")

    async def stop(self) -> None:
        if self._run is not None:
            self._run.cancel()
            with suppress(asyncio.CancelledError):
                await self._run
            self._run = None

    async def send(self, message: dict[str, Any]) -> Answer:
        if self.silent:
            raise ConnectionError("it is silent")
        self._advance()
        return self.box.obey(message["id"], message["command"], message["seen"] is not None)

    async def ask(self) -> None:
        self._tell()

    def change(self, how: Callable[[Box], None]) -> None:
        """Change a part, and say so."""
        self._advance()
        how(self.box)
        self._tell()

    def _advance(self) -> None:
        now = self.clock.now()
        self.box.advance((now - self._at).total_seconds())
        self._at = now

    def _tell(self) -> None:
        self._advance()
        if not self.silent:
            self._seq += 1
            self.received(self.box.report(self.id, "memory", self._seq))

    async def _live(self) -> None:
        quiet_s = 0.0
        while True:
            await self.clock.sleep(self.TICK_S)
            quiet_s += self.TICK_S
            if self.box.moving or quiet_s >= HEARTBEAT_S:
                quiet_s = 0.0
                self._tell()
