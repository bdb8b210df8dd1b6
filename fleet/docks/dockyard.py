"""All docks of a fleet: which may be landed on, and what happens to them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from core.clock import Clock
from core.errors import InvalidInput, NotFound
from fleet.docks.dock import Dock, DockState, Door, Pad
from fleet.docks.dock_http import HttpSite
from fleet.docks.dock_mqtt import MqttSite

LOST_S = 120.0
"""A dock that is silent for so long is given up as a place to land. Until then what it said last
counts for choosing where to fly to: its door is seen open, freshly, before anything lands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DockEvent:
    """A dock became usable for a landing, or ceased to be, or something on it broke.

    Attributes:
        text: what happened, in a sentence.
        usable: whether its own vehicle may land there now.
    """

    dock: str
    at: datetime
    text: str
    usable: bool


Told = Callable[[DockEvent], None]


class Dockyard(Mapping[str, Dock]):
    """The docks by id. A dock that is not in it is not controlled: nobody knows its state.

    Args:
        on_event: called with every change that somebody may want to act on.
    """

    CHECK_S = 10.0
    """How often it is looked whether a dock has fallen silent."""

    def __init__(
        self, docks: Sequence[Dock], clock: Clock, on_event: Told = lambda event: None
    ) -> None:
        self._docks = {dock.id: dock for dock in docks}
        self._clock = clock
        self._on_event = on_event
        self._heard: dict[str, bool] = dict.fromkeys(self._docks, False)
        self._barred: dict[str, str] = {}
        self._watch: asyncio.Task[None] | None = None
        for dock in docks:
            dock.listen(self._changed)

    def __getitem__(self, dock_id: str) -> Dock:
        return self._docks[dock_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._docks)

    def __len__(self) -> int:
        return len(self._docks)

    async def __aenter__(self) -> Self:
        for dock in self._docks.values():
            await dock.start()
        self._watch = asyncio.create_task(self._watch_silence(), name="dockyard: silence")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        for dock in self._docks.values():
            await dock.stop()

    def state(self, dock_id: str) -> DockState:
        """What is known of a dock.

        Raises:
            NotFound: it is not controlled.
        """
        try:
            return self._docks[dock_id].state()
        except KeyError:
            raise NotFound("this dock is not controlled", where=dock_id) from None

    def free(self, dock_id: str, vehicle: str | None = None) -> bool:
        """Whether a vehicle may be sent to land there; its door may still be closed.

        Args:
            vehicle: id of the vehicle that wants to land: if it stands there already, the pad is
                not taken. By default the dock's own.

        A dock that is not controlled is free as far as anybody knows.
        """
        return dock_id not in self._docks or not self.refusal(dock_id, vehicle)

    def refusal(self, dock_id: str, vehicle: str | None = None) -> str:
        """Why a vehicle must not land there, as a sentence; empty when it may.

        Raises:
            NotFound: the dock is not controlled.
        """
        state, now = self.state(dock_id), self._clock.now()
        return landing_refusal(state, vehicle or dock_id, now) or self._barred.get(dock_id, "")

    def bar(self, dock_id: str, why: str) -> None:
        """Send nobody there until its door is seen open: it did not open when it was asked."""
        self._barred[dock_id] = why

    def _changed(self, before: DockState, after: DockState) -> None:
        now = self._clock.now()
        if after.door is Door.OPEN:
            self._barred.pop(after.dock, None)
        was_heard = self._heard[after.dock]
        heard = after.fresh(now) or (was_heard and not _lost(after, now))
        self._tell(before, after, was_heard=was_heard, heard=heard)

    def _tell(self, before: DockState, after: DockState, *, was_heard: bool, heard: bool) -> None:
        now = self._clock.now()
        self._heard[after.dock] = heard
        usable = not landing_refusal(after, after.dock, now)
        for text in _differences(before, after, was_heard=was_heard, heard=heard, now=now):
            self._on_event(DockEvent(dock=after.dock, at=now, text=text, usable=usable))

    async def _watch_silence(self) -> None:
        while True:
            await self._clock.sleep(self.CHECK_S)
            now = self._clock.now()
            for dock in self._docks.values():
                state = dock.state()
                if self._heard[dock.id] and _lost(state, now):
                    self._tell(state, state, was_heard=True, heard=False)


def _lost(state: DockState, now: datetime) -> bool:
    age_s = state.age_s(now)
    return age_s is None or age_s > LOST_S


def landing_refusal(state: DockState, vehicle: str, now: datetime) -> str:
    """Why a vehicle must not land on a dock in this state; empty when it may."""
    if _lost(state, now):
        return f"{state.dock} {state.silence(now)}"
    if state.emergency_stop:
        return f"the emergency stop of {state.dock} is pressed"
    if state.door in (Door.STUCK, Door.UNKNOWN):
        return f"the door of {state.dock} is {state.door.value}"
    if state.pad is Pad.UNKNOWN:
        return f"{state.dock} cannot see whether its pad is free"
    if state.pad is Pad.OCCUPIED and state.occupant != vehicle:
        return f"{state.dock} is occupied by {state.occupant or 'something that it does not know'}"
    return ""


def _differences(
    before: DockState, after: DockState, *, was_heard: bool, heard: bool, now: datetime
) -> list[str]:
    name = after.dock
    if was_heard and not heard:
        return [f"{name} {after.silence(now)}"]
    again = heard and not was_heard and before.heard_at is not None
    texts = [f"{name} is heard again"] if again else []
    texts += [f"{name}: {fault}" for fault in after.faults if fault not in before.faults]
    texts += [f"{name}: repaired: {fault}" for fault in before.faults if fault not in after.faults]
    if after.emergency_stop and not before.emergency_stop:
        texts.append(f"the emergency stop of {name} is pressed")
    if after.door is Door.STUCK and before.door is not Door.STUCK:
        texts.append(f"the door of {name} is stuck")
    stranger = after.pad is Pad.OCCUPIED and after.occupant != name
    if stranger and (before.pad, before.occupant) != (after.pad, after.occupant):
        texts.append(f"{name} is occupied by {after.occupant or 'something that it does not know'}")
    elif before.pad is Pad.OCCUPIED and before.occupant != name and after.pad is Pad.EMPTY:
        texts.append(f"{name} is free again")
    return texts


def connect(
    url: str, dock_ids: Sequence[str], clock: Clock, *, token: str | None = None
) -> list[Dock]:
    """The docks behind an address: ``http(s)://...`` or ``mqtt(s)://...``.

    Raises:
        InvalidInput: the address is neither, or would send a secret in clear.
    """
    if url.startswith(("mqtt:", "mqtts:")):
        broker = MqttSite(url, clock)
        return [broker.dock(dock_id) for dock_id in dock_ids]
    if url.startswith(("http:", "https:")):
        site = HttpSite(url, clock, token=token)
        return [site.dock(dock_id) for dock_id in dock_ids]
    raise InvalidInput(
        "no address of docks", where=url[:200], remedy="write https://HOST or mqtts://HOST"
    )
