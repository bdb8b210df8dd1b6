"""The live view: one frame a tick for all who see the same, latest wins for each socket.

A frame's common part is serialised once for each group of equal rights; only the list of alerts
differs between sockets, because each gets what is new since its own last frame. A socket that
cannot keep up misses frames and never holds up another.

A socket that resumes (`Resumed`) gets its alerts and changes from the feed instead, each exactly
once and in order, whatever it missed: frames are the present state, the feed is what happened.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from api.schemas.findings import AlertOut
from core.clock import Clock, SystemClock
from missions.access import Audience, Principal
from missions.feed.tail import News, Tail
from missions.service import Service

REPLAYED = 50
"""Alerts that a socket gets with its first frame."""
_REMEMBERED = 500
"""Alerts kept for sockets that fell behind."""

logger = logging.getLogger("flyonce.live")


class Group:
    """Everybody who sees the same things."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self.feeds: set[Feed] = set()
        self.number = 0
        """Number of alerts so far."""
        self._since: str | None = None
        self._alerts: deque[str] = deque(maxlen=_REMEMBERED)
        self._head = ""
        self._texts: dict[int, str] = {}

    def refresh(self, service: Service) -> None:
        """Ask for the present state and wake whoever waits for it."""
        frame = service.live(self._since, self.principal)
        for alert in frame.alerts:
            self._alerts.append(AlertOut.from_entity(alert).model_dump_json())
            self._since = alert.id
        self.number += len(frame.alerts)
        head = {
            "t": _text(frame.t),
            "speed": frame.speed,
            "drones": [tuple(row) for row in frame.drones],
            "counts": dict(frame.counts),
        }
        self._head = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
        self._texts.clear()
        for feed in self.feeds:
            feed.fresh.set()

    def text_with(self, news: News) -> str:
        """The frame for a socket that resumes, with what it gets of the feed."""
        alerts = (AlertOut.from_entity(line.alert) for line in news.lines if line.alert)
        return (
            f'{self._head[:-1]},"alerts":[{",".join(a.model_dump_json() for a in alerts)}],'
            f'"changes":[{",".join(line.text for line in news.lines)}],"seq":{news.next}}}'
        )

    def text(self, seen: int) -> str:
        """The frame for a socket that has seen so many alerts."""
        missing = min(self.number - seen, len(self._alerts))
        if missing not in self._texts:
            recent = list(self._alerts)[len(self._alerts) - missing :]
            self._texts[missing] = f'{self._head[:-1]},"alerts":[{",".join(recent)}]}}'
        return self._texts[missing]


class Feed:
    """What one socket reads."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.fresh = asyncio.Event()
        self.seen = max(0, group.number - REPLAYED)
        self.broken = False

    async def next(self) -> str | None:
        """The newest frame not read yet, or None when the live view broke down."""
        await self.fresh.wait()
        self.fresh.clear()
        if self.broken:
            return None
        text = self.group.text(self.seen)
        self.seen = self.group.number
        return text


class Resumed:
    """What one socket reads that goes on behind a number of the feed."""

    def __init__(self, feed: Feed, tail: Tail, after: int) -> None:
        self._feed = feed
        self._tail = tail
        self._after = after
        self._audience = feed.group.principal.audience()

    async def next(self) -> str | None:
        """The newest frame with what is new of the feed, or None when the live view broke down.

        Raises:
            Swept: it fell so far behind that changes are not kept any more.
        """
        if await self._feed.next() is None:
            return None
        news = await self._tail.news(self._after, self._audience)
        self._after = news.next
        return self._feed.group.text_with(news)


class Hub:
    """Ticks while somebody watches."""

    def __init__(
        self, service: Service, *, interval_s: float = 0.2, clock: Clock | None = None
    ) -> None:
        self._service = service
        self._interval_s = interval_s
        self._clock = clock or SystemClock()
        self._groups: dict[Audience, Group] = {}
        self._ticker: asyncio.Task[None] | None = None

    @contextmanager
    def watch(self, principal: Principal) -> Iterator[Feed]:
        """A feed of frames as this principal may see them."""
        key = principal.audience()
        group = self._groups.setdefault(key, Group(principal))
        feed = Feed(group)
        group.feeds.add(feed)
        if self._ticker is None or self._ticker.done():
            self._ticker = asyncio.get_running_loop().create_task(self._tick())
            self._ticker.add_done_callback(self._ended)
        try:
            yield feed
        finally:
            group.feeds.discard(feed)
            if not group.feeds and self._groups.get(key) is group:
                del self._groups[key]
            if not self._groups and self._ticker is not None:
                self._ticker.cancel()
                self._ticker = None

    async def _tick(self) -> None:
        while True:
            for group in list(self._groups.values()):
                group.refresh(self._service)
                await asyncio.sleep(0)
            await self._clock.sleep(self._interval_s)

    def _ended(self, ticker: asyncio.Task[None]) -> None:
        """Tell the sockets when the ticker failed: they reconnect and so start it again."""
        error = None if ticker.cancelled() else ticker.exception()
        if error is None:
            return
        logger.error("the live view broke down", exc_info=error)
        groups, self._groups = self._groups, {}
        for group in groups.values():
            for feed in group.feeds:
                feed.broken = True
                feed.fresh.set()


def _text(t: datetime) -> str:
    return t.astimezone(UTC).isoformat().replace("+00:00", "Z")
