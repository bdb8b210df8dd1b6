"""The upload gate: a flight plan is on board exactly as sent, or the vehicle holds none. No I/O.

What makes a mix impossible:

- the old mission is cleared first, so that nothing old is left to fly while the rest changes;
- fence and rally points go first, the mission last;
- when all are up, all are downloaded again and compared item by item (uploads are not atomic: a
  refused item, a lost packet or a power cut leaves a truncated plan that looks like a whole one);
- after any failure all three are cleared, and the vehicle is asked whether nothing is left. Where
  that cannot be confirmed, ``cleared`` is False and whoever drives the gate must not arm.

Driven as the machines of `transfer` are: send what `begin`, `receive` and `overdue` return,
until ``finished``.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from core.errors import InvalidInput
from fleet.messages import Message, MissionAck, MissionItem, MissionRequest
from fleet.plans.flightplan import FlightPlan, different
from fleet.uploads.transfer import MOST_ITEMS, Clear, Download, Recount, Upload
from fleet.vocabulary import Command, MissionType, command_name

ROUNDS = 5
"""How often upload and read-back of one kind are tried together before everything is cleared."""

ORDER = (MissionType.FENCE, MissionType.RALLY, MissionType.MISSION)

Items = tuple[MissionItem, ...]
Kinds = tuple[MissionType, ...]


_KNOWN = frozenset(int(c) for c in Command)


def check_sendable(plan: FlightPlan) -> None:
    """Refuse what no vehicle could store, before anything is sent.

    Raises:
        InvalidInput: no items, too many, a command we do not know, or a height that is no number.
    """
    if len(plan.mission.items) < 2:
        raise InvalidInput("a mission of no items", where="mission", remedy="give it a route")
    for kind, items in plan.items.items():
        if len(items) > MOST_ITEMS:
            raise InvalidInput(
                f"a plan of {len(items)} items cannot be uploaded",
                where=kind.name.lower(),
                remedy=f"give it at most {MOST_ITEMS}",
            )
        for item in items:
            if item.command not in _KNOWN:  # the gateway would let it fall without a word
                raise InvalidInput(
                    f"item {item.seq} is command {item.command}, which no mission of ours holds",
                    where=kind.name.lower(),
                    remedy="correct the route",
                )
            if not math.isfinite(item.z):
                raise InvalidInput(
                    f"item {item.seq} ({command_name(item.command)}): its height is no number",
                    where=kind.name.lower(),
                    remedy="correct the route",
                )


class _Runs(Protocol):
    """A transfer, or a sequence of them."""

    finished: bool

    @property
    def wait_s(self) -> float: ...
    def begin(self) -> list[Message]: ...
    def receive(self, message: Message) -> list[Message]: ...
    def overdue(self) -> list[Message]: ...
    def give_up(self, why: str) -> None: ...


Steps = Iterator[_Runs]


class _Sequence(ABC):
    """Runs transfers one after another as if they were one."""

    def __init__(self) -> None:
        self.finished = False
        self._steps = self._plan()
        self._now: _Runs | None = None

    @property
    def wait_s(self) -> float:
        """How long to wait for the next message before calling `overdue`."""
        return self._now.wait_s if self._now else 0.0

    def begin(self) -> list[Message]:
        """The first messages to send."""
        return self._next()

    def receive(self, message: Message) -> list[Message]:
        """What to send upon a received message."""
        return self._on(lambda machine: machine.receive(message))

    def overdue(self) -> list[Message]:
        """What to send when nothing useful came within ``wait_s``."""
        return self._on(lambda machine: machine.overdue())

    def give_up(self, why: str) -> None:
        """End it from outside: waiting on makes no sense."""
        while self._now is not None and not self.finished:
            self._now.give_up(why)
            self._next()

    def _on(self, act: Callable[[_Runs], list[Message]]) -> list[Message]:
        if self._now is None or self.finished:
            return []
        replies = act(self._now)
        return [*replies, *self._next()] if self._now.finished else replies

    def _next(self) -> list[Message]:
        self._now = next(self._steps, None)
        self.finished = self._now is None
        return self._now.begin() if self._now else []

    @abstractmethod
    def _plan(self) -> Steps:
        """The transfers one after another."""


class Inventory(_Sequence):
    """Reads all three kinds of plan from a vehicle.

    While it reads, the vehicle has no reason to ask for items or to acknowledge anything: when it
    does, something late or somebody else changes the store, and it is read again. So it is when in
    the end one of the three is denied or counts otherwise: somebody began to change it meanwhile.

    Attributes:
        stored: by kind; complete after success.
        problem: why it failed, as a sentence; None after success.
    """

    def __init__(self, *, window: int = 1, home_item: bool = True) -> None:
        super().__init__()
        self.stored: dict[MissionType, Items] = {}
        self.problem: str | None = None
        self.refused = False
        self._window = window
        self._home_item = home_item
        self._disturbed = False

    def receive(self, message: Message) -> list[Message]:
        """What to send upon a received message."""
        self._disturbed |= isinstance(message, MissionAck | MissionRequest)
        return super().receive(message)

    def _plan(self) -> Steps:
        for _ in range(ROUNDS):
            self._disturbed = False
            counts: dict[MissionType, int] = {}
            for kind in ORDER:
                back = Download(kind, self._window)
                yield back
                if back.problem:
                    self.problem = f"{kind.name.lower()}: {back.problem}"
                    return
                self.stored[kind] = off_wire(tuple(back.items), kind, self._home_item)
                counts[kind] = len(back.items)
            for kind in ORDER:
                still = Recount(counts[kind], kind)
                yield still
                self._disturbed |= not still.holds
            if not self._disturbed:
                return
        self.problem = "somebody else keeps changing it"


class Gate(_Sequence):
    """Brings a flight plan on board, whole and compared, or leaves the vehicle without any.

    Args:
        window: as in `Download`.
        home_item: whether item 0 of a mission is home on the wire (ArduPilot), or the mission
            begins at once (PX4).

    Attributes:
        stored: what was read back, by kind; complete after success.
        problem: why it failed, as a sentence; None after success.
        mismatched: the vehicle stored something else than what was sent.
        cleared: after a failure, whether it is certain that nothing is left on board.
    """

    def __init__(self, plan: FlightPlan, *, window: int = 1, home_item: bool = True) -> None:
        super().__init__()
        self.stored: dict[MissionType, Items] = {}
        self.problem: str | None = None
        self.mismatched = False
        self.cleared = False
        self._items = plan.items
        self._window = window
        self._home_item = home_item

    def _plan(self) -> Steps:
        yield Clear(MissionType.MISSION)  # refused or lost: the comparison decides
        pending: Kinds = ORDER
        for _ in range(ROUNDS):
            for kind in pending:
                wanted = on_wire(self._items[kind], kind, self._home_item)
                going = Upload(wanted, kind) if wanted else Clear(kind)
                yield going
                if going.problem:
                    self._failed(kind, going.problem)
                    break
            if going.problem and going.refused:
                break
            if going.problem:
                pending = pending[pending.index(kind) :]
                continue
            reading = Inventory(window=self._window, home_item=self._home_item)
            yield reading
            pending = self._compare(reading)
            if not pending:
                self.problem, self.mismatched = None, False
                return
        yield from self._leave_nothing()

    def _compare(self, reading: Inventory) -> Kinds:
        """The kinds that are to be uploaded again."""
        if reading.problem is not None:
            self.problem, self.mismatched = f"reading back: {reading.problem}", False
            return ORDER
        found = {k: different(k, self._items[k], reading.stored[k]) for k in ORDER}
        wrong = tuple(k for k in ORDER if found[k])
        if wrong:
            self.problem, self.mismatched = "; ".join(sum(found.values(), ())[:3]), True
        else:
            self.stored = reading.stored
        return wrong

    def _leave_nothing(self) -> Steps:
        """Clear all three, the mission first; what is cleared is known only from the answers."""
        self.stored = {}
        self.cleared = True
        for kind in reversed(ORDER):
            going = Clear(kind)
            yield going
            self.cleared = self.cleared and going.problem is None

    def _failed(self, kind: MissionType, problem: str) -> None:
        self.problem, self.mismatched = f"{kind.name.lower()}: {problem}", False


class Emptying(_Sequence):
    """Clears all three kinds, the mission first.

    Attributes:
        problems: what could not be cleared for certain, as sentences.
    """

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    def _plan(self) -> Steps:
        for kind in reversed(ORDER):
            going = Clear(kind)
            yield going
            if going.problem:
                self.problems.append(f"{kind.name.lower()}: {going.problem}")


def on_wire(items: Items, kind: MissionType, home_item: bool) -> Items:
    """The items as the autopilot numbers them: PX4's missions do not begin with home."""
    if kind is not MissionType.MISSION or home_item:
        return items if kind is not MissionType.MISSION or len(items) > 1 else ()
    return tuple(replace(item, seq=n) for n, item in enumerate(items[1:]))


def off_wire(items: Items, kind: MissionType, home_item: bool) -> Items:
    """The items as we number them, home first."""
    if kind is not MissionType.MISSION or home_item or not items:
        return items
    home = replace(items[0], command=16, frame=0, params=(0.0,) * 4, x=0, y=0, z=0.0)
    return tuple(replace(item, seq=n) for n, item in enumerate((home, *items)))
