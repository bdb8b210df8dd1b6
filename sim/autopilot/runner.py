"""Runs a stored mission: which item is current, when it is done, and the DO items between.

DO items between two NAV items run when the first of the two is reached, as in ArduPilot; a
CONDITION item among them holds back the ones after it, not the flight.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.items import LIFTING, NAV, Item
from sim.autopilot.legs import Legs


class Progress(IntEnum):
    """MISSION_STATE of MAVLink's MISSION_CURRENT."""

    NO_MISSION = wire.MISSION_STATE_NO_MISSION
    NOT_STARTED = wire.MISSION_STATE_NOT_STARTED
    ACTIVE = wire.MISSION_STATE_ACTIVE
    PAUSED = wire.MISSION_STATE_PAUSED
    COMPLETE = wire.MISSION_STATE_COMPLETE


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How a firmware runs missions.

    Attributes:
        first: index of the first item that is flown (ArduPilot keeps home at 0).
        tells_do: whether MISSION_ITEM_REACHED is sent for DO items, too.
    """

    first: int = 1
    tells_do: bool = False


class Runner:
    """The mission of one vehicle in progress.

    Args:
        mission: the stored items.
        legs: flies the NAV items.
        perform: carries a DO item out.
        reached: told the seq of every NAV item that is done.
    """

    def __init__(
        self,
        legs: Legs,
        mission: Callable[[], list[Item]],
        perform: Callable[[Item], None],
        reached: Callable[[int], None],
        habits: Habits | None = None,
    ) -> None:
        self.legs, self._mission = legs, mission
        self._perform, self._reached = perform, reached
        self._habits = habits or Habits()
        self._body = legs._body
        self.seq = 0
        self.running = False
        self.complete = False
        self.paused = False
        self.returning = False
        self._jumps: dict[int, int] = {}
        self._waiting: deque[Item] = deque()
        self._condition_s: float | None = None

    @property
    def progress(self) -> Progress:
        """What MISSION_CURRENT says."""
        if len(self._mission()) <= self._habits.first:
            return Progress.NO_MISSION
        if self.complete:
            return Progress.COMPLETE
        if self.running:
            return Progress.PAUSED if self.paused else Progress.ACTIVE
        return Progress.NOT_STARTED

    @property
    def lifting(self) -> bool:
        """Whether a TAKEOFF is in progress."""
        return self.legs.lifting

    @lifting.setter
    def lifting(self, on: bool) -> None:
        self.legs.lifting = on

    @property
    def speed_mps(self) -> float:
        """The speed that the mission flies at."""
        return self.legs.speed_mps

    @property
    def has_takeoff(self) -> bool:
        """Whether the first NAV item to come lifts the vehicle off."""
        for item in self._mission()[max(self._habits.first, self.seq) :]:
            if item.command in NAV:
                return item.command in LIFTING
        return False

    def enter(self) -> None:
        """The mission mode was entered: resume at the same item, or begin again after the end."""
        if self.complete:
            self.rewind()
        self.paused = False
        self.running = True
        self.seq = max(self.seq, self._habits.first)
        self._run_to_nav()

    def leave(self) -> None:
        """The mission mode was left; the current item stays."""
        self.running = False
        self.returning = False
        self.legs.reset()
        self._waiting.clear()

    def rewind(self, seq: int = 0) -> None:
        """Set the current item (0 is the start)."""
        first = self._habits.first
        self.seq = seq
        self.complete = False
        self.returning = False
        self.legs.reset()
        self._jumps = {}
        if seq <= first:
            self.legs.speed_mps = self._body.spec.cruise_mps
        if self.running:
            self.seq = max(first, seq)
            self._run_to_nav()

    def changed(self) -> None:
        """A new mission was stored: restart the current command, or hang on to the old legs."""
        mission, first = self._mission(), self._habits.first
        if self.running and not self.complete:
            self.legs.reset()
            if not self._body.flying:
                self.seq = first
            if self.seq < len(mission):
                self._run_to_nav()
        elif not self._body.flying:
            self.seq, self.complete = (first if self.running else 0), False
            self._jumps = {}
            self.legs.speed_mps = self._body.spec.cruise_mps
        if len(mission) <= first:
            self.seq, self.complete = 0, False

    def pause(self, on: bool) -> None:
        """Hang where it is, or go on along the leg."""
        if on and not self.paused:
            self.paused = True
            self._body.stay()
        elif not on and self.paused:
            self.paused = False
            self._run_to_nav(resume=True)

    def step(self, now_s: float) -> None:
        """Look whether the current item is done, and go on."""
        if not self.running or self.complete or self.paused or self.returning:
            return
        mission = self._mission()
        if self.seq >= len(mission):
            self._finish()
            return
        self._drain(now_s)
        if self.legs.done(mission[self.seq], now_s):
            self._reached(self.seq)
            self.seq += 1
            self.legs.reset()
            self._waiting.clear()
            self._run_to_nav()

    def _run_to_nav(self, *, resume: bool = False) -> None:
        """Take up the DO items from the current one on and start the NAV item after them."""
        mission = self._mission()
        found: list[Item] = []
        for _ in range(4 * len(mission) + 4):
            if self.seq >= len(mission):
                break
            item = mission[self.seq]
            if item.command in NAV:
                self._start(item, resume=resume)
                self._line_up(found)
                return
            found.append(item)
            if self._habits.tells_do:
                self._reached(self.seq)
            self.seq = self._after(item)
        self._line_up(found)
        self._finish()

    def _start(self, item: Item, *, resume: bool) -> None:
        if item.command == wire.MAV_CMD_NAV_RETURN_TO_LAUNCH:
            self.returning = True
        self.legs.start(item, self._mission()[self.seq + 1 :], resume=resume)

    def _line_up(self, items: list[Item]) -> None:
        """Carry out DO items up to the first CONDITION; the rest waits for it."""
        self._condition_s = None
        self._waiting = deque(items)
        self._drain(None)

    def _drain(self, now_s: float | None) -> None:
        while self._waiting:
            item = self._waiting[0]
            if not self._met(item, now_s):
                return
            self._condition_s = None
            self._waiting.popleft()
            self._perform(item)

    def _met(self, item: Item, now_s: float | None) -> bool:
        """Whether a CONDITION is fulfilled; other items are none."""
        if item.command == wire.MAV_CMD_CONDITION_DELAY:
            if now_s is None:
                return False
            if self._condition_s is None:
                self._condition_s = now_s + item.param1
            return now_s >= self._condition_s
        if item.command == wire.MAV_CMD_CONDITION_DISTANCE:
            return now_s is not None and self._body.to_goal_m()[1] <= item.param1
        return True

    def _finish(self) -> None:
        self.complete = True
        self._body.stay()

    def _after(self, item: Item) -> int:
        """The index of the item after a DO item."""
        if item.command == wire.MAV_CMD_DO_JUMP:
            return self._jump(item, int(item.param1))
        if item.command == wire.MAV_CMD_DO_JUMP_TAG:
            target = self.tagged(int(item.param1))
            return self.seq + 1 if target is None else self._jump(item, target)
        return self.seq + 1

    def tagged(self, tag: int) -> int | None:
        """The index of a JUMP_TAG item, None if there is none."""
        for k, item in enumerate(self._mission()):
            if item.command == wire.MAV_CMD_JUMP_TAG and int(item.param1) == tag:
                return k
        return None

    def _jump(self, item: Item, target: int) -> int:
        used = self._jumps.get(self.seq, 0)
        if item.param2 >= 0 and used >= item.param2:
            return self.seq + 1
        self._jumps[self.seq] = used + 1
        return max(self._habits.first, target)
