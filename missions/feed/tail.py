"""The end of the feed in memory, read once for everybody who follows it.

While somebody follows, one task looks for new changes a few times a second and wakes the followers;
each takes from memory what it may know. A follower that fell behind what is in memory, or came
with an old number, reads pages from the store until it has caught up: nobody makes the service
remember more for its sake, and nobody misses anything.
"""

import asyncio
import json
import logging
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.clock import Clock, SystemClock
from core.errors import Unavailable
from missions.access import Audience
from missions.entities import Alert
from missions.feed.change import Change, What
from missions.feed.outbox import last_number
from missions.feed.reading import check_kinds, check_place, may_know, read
from missions.store.protocol import Store, Unit

KEPT = 5000
"""Changes in memory: a few minutes of a busy city."""
PAGE = 500
"""Changes that a follower gets at once."""

logger = logging.getLogger("flyonce.feed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A change ready to be sent: its text once for all; the alert, where it is a new one."""

    change: Change
    text: str
    audience: frozenset[str]
    alert: Alert | None

    @property
    def seq(self) -> int:
        return self.change.seq


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a follower gets; it goes on behind ``next``."""

    lines: tuple[Line, ...]
    next: int


class Tail:
    """Follows the feed for many.

    Args:
        interval_s: how often it looks for new changes.
    """

    def __init__(
        self, records: Store, *, interval_s: float = 0.1, clock: Clock | None = None
    ) -> None:
        self._records = records
        self._interval_s = interval_s
        self._clock = clock or SystemClock()
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self._before = 0
        """Everything behind this number, up to the head, is in memory."""
        self._head = 0
        self._followers: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None
        self._broken: BaseException | None = None

    @asynccontextmanager
    async def following(self) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever there is something new, for the length of the block."""
        fresh = asyncio.Event()
        self._followers.add(fresh)
        try:
            if self._task is None:
                self._begin()
            yield fresh
        finally:
            self._followers.discard(fresh)
            if not self._followers and self._task is not None:
                self._task.cancel()
                self._task = None

    async def start(self, after: int | None, kinds: Sequence[str] = ()) -> int:
        """The number that a follower goes on behind: as given, or the newest without one.

        Raises:
            Swept: what comes behind it is not kept any more.
            InvalidInput: an unknown kind.
        """
        check_kinds(kinds)
        return await asyncio.to_thread(self._place, after)

    async def news(self, after: int, audience: Audience, kinds: Sequence[str] = ()) -> News:
        """What a reader of such rights may know of what came behind a number, in order.

        Raises:
            Swept: the reader is so far behind that something is not kept any more.
            Unavailable: the feed cannot be followed at the moment.
        """
        if self._broken is not None:
            raise Unavailable(f"the feed cannot be followed: {self._broken}", remedy="try again")
        if after >= self._before:
            return self._recent(after, audience, kinds)
        return await asyncio.to_thread(self._older, after, audience, kinds)

    def _recent(self, after: int, audience: Audience, kinds: Sequence[str]) -> News:
        found: list[Line] = []
        for line in reversed(self._lines):
            if line.seq <= after:
                break
            found.append(line)
        found.reverse()
        page = found[:PAGE]
        chosen = (
            line
            for line in page
            if may_know(line.audience, audience) and (not kinds or line.change.kind in kinds)
        )
        return News(lines=tuple(chosen), next=page[-1].seq if page else after)

    def _older(self, after: int, audience: Audience, kinds: Sequence[str]) -> News:
        with self._records.view() as unit:
            page = read(unit, audience, check_place(unit, after), PAGE, kinds)
            return News(lines=tuple(_lines(unit, page.items)), next=page.next)

    def _place(self, after: int | None) -> int:
        with self._records.view() as unit:
            if after is None:
                return last_number(unit)
            check_place(unit, after)
            return after

    def _begin(self) -> None:
        self._broken = None
        self._lines.clear()
        self._before = sys.maxsize  # until it is known, everybody reads from the store
        self._task = asyncio.create_task(self._follow(), name="feed")
        self._task.add_done_callback(self._ended)

    async def _follow(self) -> None:
        self._before = self._head = await asyncio.to_thread(self._place, None)
        self._wake()
        while True:
            await self._clock.sleep(self._interval_s)
            if await asyncio.to_thread(self._place, None) > self._head:
                await self._take()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Tell the followers of a failure: they come again and so begin anew."""
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        logger.error("the feed cannot be followed", exc_info=error)
        self._broken = error
        if self._task is task:
            self._task = None
        self._wake()

    async def _take(self) -> None:
        """Bring what is new into memory, and wake the followers."""
        lines = await asyncio.to_thread(self._behind, self._head)
        for line in lines:
            if len(self._lines) == KEPT:
                self._before = self._lines[0].seq
            self._lines.append(line)
            self._head = line.seq
        self._wake()

    def _behind(self, head: int) -> list[Line]:
        with self._records.view() as unit:
            after = str(head) if head else None
            return _lines(unit, unit.changes.find(after=after, limit=KEPT))

    def _wake(self) -> None:
        for fresh in self._followers:
            fresh.set()


def _lines(unit: Unit, changes: Iterable[Change]) -> list[Line]:
    changes = tuple(changes)
    fresh = tuple(c.subject for c in changes if c.kind == "alerts" and c.what is What.CREATED)
    alerts = {a.id: a for a in unit.alerts.find(id=fresh)} if fresh else {}
    return [
        Line(
            change=change,
            text=json.dumps(change.told(), ensure_ascii=False, separators=(",", ":")),
            audience=frozenset(change.audience),
            alert=alerts.get(change.subject) if change.what is What.CREATED else None,
        )
        for change in changes
    ]
