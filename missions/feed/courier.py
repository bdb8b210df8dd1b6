"""Delivers webhooks' messages: in order, at least once, patiently, and never for ever.

A webhook's place in the feed and its next message are written in one unit of work before anything
is sent; a process that dies in between sends the same message again, with the same id. A message
that fails holds up those behind it until it arrives or is parked; webhooks do not hold up each
other. One process delivers: the holder of the lease.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import httpx

from core.clock import Clock, SystemClock
from core.errors import InvalidInput
from missions.feed import egress, messages
from missions.feed.outbox import last_number
from missions.feed.reading import Swept, check_place, read
from missions.feed.rules import FeedRules
from missions.feed.webhook import Attempt, Delivery, DeliveryState, Webhook, headers
from missions.operations import journal
from missions.operations.room import ControlRoom
from missions.schedule import outlasting
from missions.store.protocol import Unit

REST_S = 1.0
"""So often it looks for work."""
_REMEMBERED = 20
"""Attempts kept of a message."""
_AHEAD = 1000
"""So many changes that are none of a webhook's business before its place is written down."""
_GONE = 410

logger = logging.getLogger("flyonce.webhooks")
Post = Callable[[egress.Target, bytes, Mapping[str, str], egress.Limits], Awaitable[egress.Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attempt; wait_s: as the receiver asked to be spared."""

    attempt: Attempt
    wait_s: float = 0.0

    @property
    def arrived(self) -> bool:
        return self.attempt.status is not None and 200 <= self.attempt.status < 300


class Courier:
    """Delivers while `run` runs.

    Args:
        held: whether this process is the one that delivers.
        allowed: receivers inside that the setting names.
    """

    def __init__(
        self,
        room: ControlRoom,
        rules: FeedRules,
        *,
        held: Callable[[], bool] = lambda: True,
        allowed: Callable[[], frozenset[str]] = frozenset,
        clock: Clock | None = None,
        post: Post = egress.post,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._room = room
        self._rules = rules
        self.held = held
        self._allowed = allowed
        self._clock = clock or SystemClock()
        self._post = post
        self._chance = chance
        self._seen: dict[str, int] = {}
        """By webhook, up to where the feed holds nothing for it."""
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                with outlasting("webhooks"):
                    if self.held():
                        await self._begin(group)
                await self._clock.sleep(REST_S)

    async def round(self) -> None:
        """Deliver what is due now, and come back when that is done."""
        async with asyncio.TaskGroup() as group:
            await self._begin(group)

    async def _begin(self, group: asyncio.TaskGroup) -> None:
        for webhook_id in await asyncio.to_thread(self._waiting):
            if webhook_id not in self._busy:
                task = group.create_task(self._serve(webhook_id), name=f"webhook {webhook_id}")
                self._busy[webhook_id] = task
                task.add_done_callback(partial(self._done, webhook_id))

    def _done(self, webhook_id: str, _task: asyncio.Task[None]) -> None:
        self._busy.pop(webhook_id, None)

    def _waiting(self) -> list[str]:
        """Webhooks that may have something to send."""
        now = self._clock.now()
        with self._room.view() as unit:
            head = last_number(unit)
            return [w.id for w in unit.webhooks.find() if self._may_send(unit, w, head, now)]

    def _may_send(self, unit: Unit, webhook: Webhook, head: int, now: datetime) -> bool:
        pending = _pending(unit, webhook.id)
        if pending:
            return _due(webhook, pending, now) is not None
        return webhook.active and max(webhook.position, self._seen.get(webhook.id, 0)) < head

    async def _serve(self, webhook_id: str) -> None:
        """Send what there is; a message whose outcome could not be kept is sent again."""
        with outlasting(f"webhook {webhook_id}"):
            await self._send_all(webhook_id)

    async def _send_all(self, webhook_id: str) -> None:
        """Send one message after the other, until one fails or there is none."""
        while True:
            found = await asyncio.to_thread(self._next, webhook_id)
            if found is None:
                return
            webhook, delivery = found
            outcome = await self._send(webhook, delivery)
            await asyncio.to_thread(self._record, webhook_id, delivery.id, outcome)
            if not outcome.arrived:
                return

    def _next(self, webhook_id: str) -> tuple[Webhook, Delivery] | None:
        """The message that is due, kept before it is sent."""
        now = self._clock.now()
        with self._room.unit() as unit:
            if not unit.webhooks.exists(webhook_id):
                return None
            webhook = unit.webhooks.get(webhook_id)
            pending = _pending(unit, webhook_id)
            if pending:
                due = _due(webhook, pending, now)
                return None if due is None else (webhook, due)
            return self._fresh(unit, webhook, now) if webhook.active else None

    def _fresh(
        self, unit: Unit, webhook: Webhook, now: datetime
    ) -> tuple[Webhook, Delivery] | None:
        """A message of what changed since the last one."""
        audience = webhook.reader.audience()
        after = max(webhook.position, self._seen.get(webhook.id, 0))
        try:
            page = read(unit, audience, check_place(unit, after), self._rules.batch, webhook.kinds)
        except Swept as why:
            head = last_number(unit)
            return self._keep(unit, webhook, messages.gap(webhook.id, why.what, head, now), head)
        if page.items:
            made = messages.changes(webhook.id, page, now)
            return self._keep(unit, webhook, made, page.next)
        self._seen[webhook.id] = page.next
        if page.next - webhook.position > _AHEAD:
            unit.webhooks.put(replace(webhook, position=page.next))
        return None

    def _keep(
        self, unit: Unit, webhook: Webhook, delivery: Delivery, position: int
    ) -> tuple[Webhook, Delivery]:
        moved = replace(webhook, position=position)
        self._seen[webhook.id] = position
        unit.webhooks.put(moved)
        unit.deliveries.add(delivery)
        return moved, delivery

    async def _send(self, webhook: Webhook, delivery: Delivery) -> Outcome:
        now, begun = self._clock.now(), time.monotonic()
        status, error, wait_s = None, "", 0.0
        try:
            target = egress.target_of(webhook.url, self._allowed())
            body = delivery.body.encode()
            signed = headers(delivery.id, now, body, webhook.signing(now))
            limits = egress.Limits(
                timeout_s=self._rules.timeout_s, answer_bytes=self._rules.answer_bytes
            )
            answer = await self._post(target, body, signed, limits)
            status, wait_s = answer.status, answer.retry_after_s or 0.0
        except InvalidInput as refusal:
            error = f"refused: {refusal.what}"
        except TimeoutError:
            error = f"no answer within {self._rules.timeout_s:g} s"
        except (OSError, httpx.HTTPError) as trouble:
            error = f"{type(trouble).__name__}: {trouble}"[:200]
        took_ms = round((time.monotonic() - begun) * 1000)
        attempt = Attempt(at=now, status=status, error=error, took_ms=took_ms)
        return Outcome(attempt=attempt, wait_s=wait_s)

    def _record(self, webhook_id: str, delivery_id: str, outcome: Outcome) -> None:
        now = self._clock.now()
        with self._room.unit() as unit:
            if not (unit.deliveries.exists(delivery_id) and unit.webhooks.exists(webhook_id)):
                return  # removed while it was under way
            delivery = self._judged(unit.deliveries.get(delivery_id), outcome, now)
            unit.deliveries.put(delivery)
            webhook = unit.webhooks.get(webhook_id)
            after = self._health(unit, webhook, outcome, now)
            if after != webhook:
                unit.webhooks.put(after)

    def _judged(self, delivery: Delivery, outcome: Outcome, now: datetime) -> Delivery:
        """The message after an attempt: delivered, to be tried again, or parked."""
        tries = delivery.tries + 1
        attempts = (*delivery.attempts, outcome.attempt)[-_REMEMBERED:]
        tried = replace(delivery, tries=tries, attempts=attempts, next_at=None, once=False)
        if outcome.arrived:
            return replace(tried, state=DeliveryState.DELIVERED)
        if delivery.once or now - delivery.made_at >= self._rules.give_up:
            return replace(tried, state=DeliveryState.PARKED)
        wait_s = max(self._rules.wait_s(tries, self._chance()), outcome.wait_s)
        wait_s = min(wait_s, self._rules.retry_longest_s)
        return replace(tried, next_at=now + timedelta(seconds=wait_s))

    def _health(self, unit: Unit, webhook: Webhook, outcome: Outcome, now: datetime) -> Webhook:
        """The webhook after an attempt; switched off where it took nothing for too long."""
        if outcome.arrived:
            return replace(webhook, failing_since=None)
        since = webhook.failing_since or now
        failing = replace(webhook, failing_since=since)
        if outcome.attempt.status == _GONE:
            return self._stopped(unit, failing, "the receiver says that it is gone (410)")
        if webhook.active and now - since >= self._rules.stop:
            hours = self._rules.stop / timedelta(hours=1)
            return self._stopped(unit, failing, f"nothing arrived for {hours:g} hours")
        return failing

    def _stopped(self, unit: Unit, webhook: Webhook, why: str) -> Webhook:
        host = webhook.url.split("/")[2]
        at = self._room.now()
        text, text_zh = f"Webhook to {host} switched off: {why}", f"推送 {host} 已停用"
        journal.note(unit, at, webhook.id, "webhook.stop", text, text_zh)
        journal.alert(unit, at, "webhook", 3, text, text_zh, department=webhook.department)
        logger.warning("%s: %s", webhook.id, text)
        return replace(webhook, active=False, stopped=why)


def _pending(unit: Unit, webhook_id: str) -> list[Delivery]:
    return unit.deliveries.find(webhook_id=webhook_id, state=DeliveryState.PENDING)


def _due(webhook: Webhook, pending: list[Delivery], now: datetime) -> Delivery | None:
    """The message to send now; of a webhook that is switched off, only what a person sends."""
    for delivery in pending:
        due = delivery.next_at is not None and delivery.next_at <= now
        if due and (webhook.active or delivery.once):
            return delivery
    return None
