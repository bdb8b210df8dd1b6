"""Nobody waits for ever: what is asked is answered as soon as its days are planned, or has expired.

A request is answered while its caller waits. It stays asked where a day of its window has no plan
yet, where the service was stopped in between, or where the plan changed at every try.
"""

import asyncio
import logging
from concurrent.futures import Executor
from datetime import date, datetime

from core.errors import Unavailable
from core.ids import new_id
from missions.demand.considering import days_of
from missions.demand.inserting import insert
from missions.entities import Answer, LogEntry, Request, RequestState
from missions.lifecycle import move
from missions.presets import Preset
from missions.store.protocol import Store, Unit

logger = logging.getLogger("flyonce.demand")
AT_ONCE = 8
"""Requests a round: the round after takes the others."""


class Answering:
    """Answers what still waits; remembers with which planned days each was tried."""

    def __init__(self, store: Store, preset: Preset, answering: Executor | None = None) -> None:
        self._store = store
        self._worker = answering
        self._preset = preset
        self._tried: dict[str, frozenset[date]] = {}

    async def tick(self, now: datetime) -> list[Request]:
        """One round; returns what was answered or has expired."""
        with self._store.unit() as unit:
            done = [_expire(unit, request, now) for request in _over(unit, now)]
        for request in self._due(now):
            try:
                kept = await asyncio.to_thread(
                    insert, self._store, self._preset, request, now, self._worker
                )
            except Unavailable as why:  # the next round tries again
                logger.info("%s", why)
                self._tried.pop(request.id, None)
                continue
            done.append(kept)
        return done

    def _due(self, now: datetime) -> list[Request]:
        """Requests for which a day was planned since they were tried last."""
        found: list[Request] = []
        with self._store.view() as unit:
            asked = unit.requests.find(state=RequestState.ASKED)
            days = {r.id: days_of(self._preset, r, now) for r in asked}
            wanted = tuple({day for own in days.values() for day in own})
            planned = {p.day for p in unit.plans.find(day=wanted)} if wanted else set()
        self._tried = {name: seen for name, seen in self._tried.items() if name in days}
        for request in sorted(asked, key=lambda r: (-r.priority, r.latest)):
            own = frozenset(days[request.id]) & planned
            if own and self._tried.get(request.id) != own and len(found) < AT_ONCE:
                self._tried[request.id] = own
                found.append(request)
        return found


def _over(unit: Unit, now: datetime) -> list[Request]:
    return [r for r in unit.requests.find(state=RequestState.ASKED) if r.latest <= now]


def _expire(unit: Unit, request: Request, now: datetime) -> Request:
    """Its window has passed and no day was planned for it."""
    answer = Answer(
        code="expired",
        text="its window passed before a day's plan could take it in",
        text_zh="时间窗已过，未能排入飞行计划",
    )
    gone = move(request, RequestState.EXPIRED, answer=answer)
    unit.requests.put(gone)
    unit.log.add(
        LogEntry(
            id=new_id("log", now),
            at=now,
            actor="service",
            action="request.expire",
            subject=request.id,
            text=answer.text,
            text_zh=answer.text_zh,
            department=request.department,
        )
    )
    return gone
