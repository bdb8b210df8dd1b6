"""Old changes and deliveries are let go of; the newest change always stays, so that its number is
never given again."""

from datetime import datetime
from typing import Any

from missions.feed.rules import FeedRules
from missions.feed.webhook import DeliveryState
from missions.store.protocol import Store

_AT_ONCE = 500
"""Removed within one unit of work: others write in between."""


def sweep(records: Store, rules: FeedRules, now: datetime) -> tuple[int, int]:
    """Let go of what is older than the rules say; how many changes and deliveries went.

    Args:
        now: by the clock that changes are dated by, the computer's own.
    """
    changes = deliveries = 0
    while gone := _changes(records, now - rules.keep_changes):
        changes += gone
    while gone := _deliveries(records, now - rules.keep_deliveries):
        deliveries += gone
    return changes, deliveries


def _changes(records: Store, before: datetime) -> int:
    """Only from the front: what is left has no holes."""
    with records.unit() as unit:
        oldest = unit.changes.find(limit=_AT_ONCE + 1)
        gone = []
        for change in oldest[:-1]:
            if change.at >= before:
                break
            gone.append(change)
        return _remove(unit.changes, gone)


def _deliveries(records: Store, before: datetime) -> int:
    with records.unit() as unit:
        found = unit.deliveries.find(limit=_AT_ONCE)
        old = [d for d in found if d.made_at < before and d.state is not DeliveryState.PENDING]
        return _remove(unit.deliveries, old)


def _remove(repository: Any, things: list[Any]) -> int:
    for thing in things:
        repository.remove(thing.id)
    return len(things)
