"""The docks' message table, version 1: JSON to values and back. docs/docks.md explains it.

What a dock sends is checked field by field; a message with a wrong field is refused as a whole,
because half a state is no state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from core.errors import InvalidInput
from fleet.docks.dock import Charger, DockState, Door, Pad, Weather

VERSION = 1

Word = TypeVar("Word", bound=StrEnum)

OLDEST = timedelta(days=366)
"""An age beyond this says no more than that."""


class Order(StrEnum):
    """What a dock can be told to do."""

    OPEN = "open"
    CLOSE = "close"
    CHARGE_ON = "charge-on"
    CHARGE_OFF = "charge-off"
    HALT = "halt"


SENTENCES: Mapping[str, str] = {
    "door-stuck": "its door is stuck",
    "obstructed": "something is in the way of its door",
    "charger-dead": "its charger does not work",
    "weather-dead": "its weather station does not work",
    "pad-sensor-dead": "it cannot see what stands on its pad",
    "power-lost": "it runs on its battery: mains power is lost",
    "too-hot": "it is too hot inside",
    "emergency-stop": "its emergency stop is pressed",
    "door-struck": "something has struck its door",
    "no-vehicle": "no vehicle stands on its pad",
    "stale-command": "the command was too old when it came",
    "busy": "it is busy with another command",
    "unknown-command": "it does not know this command",
}
"""Faults and reasons of refusals."""


def sentence(code: str) -> str:
    """What a fault or a reason means; a code that is not in the table is named.

    >>> sentence("door-stuck")
    'its door is stuck'
    >>> sentence("gremlins")
    'it reports the fault "gremlins"'
    """
    return SENTENCES.get(code) or f'it reports the fault "{code[:60]}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One state message.

    Attributes:
        boot, seq: which run of the dock, and the number of the message within it.
        command: id of the last command, its state ("executing", "done", "failed") and, if it
            failed, why; None before the first.
    """

    boot: str
    seq: int
    state: DockState
    command: tuple[str, str, str | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A dock's answer to a command: "accepted", "done" or "refused" with a reason."""

    id: str
    state: str
    reason: str | None = None


def command(id: str, order: Order, seen: tuple[str, int] | None) -> dict[str, Any]:
    """The message of a command.

    Args:
        seen: boot and number of the newest state seen, by which the dock tells an old command.
    """
    told = None if seen is None else {"boot": seen[0], "seq": seen[1]}
    return {"v": VERSION, "id": id, "command": order.value, "seen": told}


def read_report(body: Any, received_at: datetime) -> Report:
    """A state message.

    Raises:
        InvalidInput: which field is wrong, and what would be right.
    """
    f = _Fields(body)
    f.version()
    heard_at = received_at - f.age(default=0.0)
    state = DockState(
        dock=f.text("dock"),
        heard_at=heard_at,
        door=f.word("door", Door),
        charger=f.word("charger", Charger),
        pad=f.word("pad", Pad),
        occupant=f.text("occupant", optional=True) or None,
        charge=f.number("charge", low=0.0, high=1.0) if f.has("charge") else None,
        weather=_weather(f.part("weather"), heard_at) if f.has("weather") else None,
        door_travel_s=f.number("door_travel_s", low=0.0, high=600.0, default=60.0),
        emergency_stop=f.flag("emergency_stop"),
        faults=tuple(sentence(code) for code in f.texts("faults")),
    )
    return Report(boot=f.text("boot"), seq=f.whole("seq"), state=state, command=_last(f))


def read_answer(body: Any) -> Answer:
    """An answer to a command.

    Raises:
        InvalidInput: which field is wrong.
    """
    f = _Fields(body)
    f.version()
    state = f.text("state")
    if state not in ("accepted", "done", "refused"):
        raise f.wrong("state", "say accepted, done or refused")
    return Answer(id=f.text("id"), state=state, reason=f.text("reason", optional=True) or None)


def _last(f: "_Fields") -> tuple[str, str, str | None] | None:
    if not f.has("command"):
        return None
    told = f.part("command")
    return told.text("id"), told.text("state"), told.text("reason", optional=True) or None


def _weather(f: "_Fields", heard_at: datetime) -> Weather:
    wind_mps = f.number("wind_mps", low=0.0, high=120.0)
    return Weather(
        measured_at=heard_at - f.age(),
        wind_mps=wind_mps,
        gust_mps=max(wind_mps, f.number("gust_mps", low=0.0, high=150.0)),
        wind_from_deg=f.number("wind_from_deg", low=0.0, high=360.0),
        rain_mmph=f.number("rain_mmph", low=0.0, high=2000.0),
        temperature_c=f.number("temperature_c", low=-90.0, high=70.0),
    )


class _Fields:
    """Reads fields of a JSON object, each with its own complaint."""

    def __init__(self, body: Any, name: str = "") -> None:
        self._name = name
        if not isinstance(body, Mapping):
            raise InvalidInput(
                "a dock's message is no JSON object", where=name or None, remedy="see docs/docks.md"
            )
        self._body = body

    def wrong(self, name: str, remedy: str) -> InvalidInput:
        given = repr(self._body.get(name))[:60]
        return InvalidInput(
            f"{given} is wrong for {name}", where=f"{self._name}{name}", remedy=remedy
        )

    def version(self) -> None:
        if self._body.get("v") != VERSION:
            raise self.wrong("v", f"this is version {VERSION} of the message table")

    def has(self, name: str) -> bool:
        return self._body.get(name) is not None

    def part(self, name: str) -> "_Fields":
        return _Fields(self._body[name], f"{self._name}{name}.")

    def text(self, name: str, *, optional: bool = False) -> str:
        value = self._body.get(name)
        if optional and value is None:
            return ""
        if not isinstance(value, str) or not 0 < len(value) <= 200:
            raise self.wrong(name, "give a text of at most 200 characters")
        return value

    def texts(self, name: str) -> list[str]:
        value = self._body.get(name, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.wrong(name, "give a list of texts")
        return value[:50]

    def flag(self, name: str) -> bool:
        value = self._body.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong(name, "say true or false")
        return value

    def word(self, name: str, kind: type[Word]) -> Word:
        value = self._body.get(name)
        if not isinstance(value, str) or value not in list(kind):
            raise self.wrong(name, f"say {', '.join(kind)}")
        return kind(value)

    def whole(self, name: str) -> int:
        value = self._body.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.wrong(name, "give a whole number from 0 on")
        return value

    def number(self, name: str, *, low: float, high: float, default: float | None = None) -> float:
        value = self._body.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(name, "give a number")
        if not low <= value <= high:  # NaN is neither; a huge whole number is no float
            raise self.wrong(name, f"give a number from {low:g} to {high:g}")
        return float(value)

    def age(self, *, default: float | None = None) -> timedelta:
        """How old something is; what is older than `OLDEST` is just that old."""
        seconds = self.number("age_s", low=0.0, high=1e18, default=default)
        return timedelta(seconds=min(seconds, OLDEST.total_seconds()))
