"""What is sent: changes, a gap where some are lost, or nothing to see whether it arrives."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from core.ids import new_id
from missions.feed.reading import FeedPage
from missions.feed.webhook import Delivery


def changes(webhook_id: str, page: FeedPage, now: datetime) -> Delivery:
    """A message with the changes of a page."""
    first, last = page.items[0].seq, page.items[-1].seq
    data = {"first": first, "last": last, "changes": [change.told() for change in page.items]}
    return _message(webhook_id, "feed.changes", data, now, first, last)


def gap(webhook_id: str, why: str, last: int, now: datetime) -> Delivery:
    """A message that says that changes before ``last`` are not to be had any more."""
    data = {"detail": why, "remedy": "read the lists anew", "last": last}
    return _message(webhook_id, "feed.gap", data, now, last, last)


def ping(webhook_id: str, now: datetime) -> Delivery:
    """A message to try a receiver with."""
    made = _message(webhook_id, "webhook.test", {"webhook": webhook_id}, now, 0, 0)
    return replace(made, once=True)


def _message(
    webhook_id: str, name: str, data: Mapping[str, Any], now: datetime, first: int, last: int
) -> Delivery:
    at = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = {"type": name, "timestamp": at, "data": data}
    return Delivery(
        id=new_id("msg", now),
        webhook_id=webhook_id,
        first=first,
        last=last,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        made_at=now,
        next_at=now,
    )
