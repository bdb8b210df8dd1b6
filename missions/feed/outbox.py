"""The change feed is written along with the things: in the same transaction, or not at all.

What a unit of work does to one thing makes one change, however often it writes it. Numbers follow
one another without gaps in the order of commits, because a store's writers come one at a time: who
has read up to a number has missed nothing before it. A line that is swept away never gives its
number to another, because the newest line always stays (`missions.feed.sweeping`).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from core.clock import SystemClock
from missions.feed.change import KINDS, Change, What
from missions.store.kinds import KINDS as STORED
from missions.store.observed import Observer, Observers
from missions.store.placing import Locate
from missions.store.protocol import Unit

LEAP = 1_000_000
"""Numbers left out after a restore: no reader of the lost time can have had one of them."""

_clock = SystemClock()


def observers() -> Observers:
    """Who watches the kinds of the feed."""
    return {kind: (_watcher(kind),) for kind in KINDS}


def _watcher(kind: str) -> Observer:
    def watch(unit: Unit, before: Any | None, after: Any) -> None:
        unit.gathered(write).append((kind, before, after))

    return watch


def write(unit: Unit, gathered: list[tuple[str, Any | None, Any]]) -> None:
    """Write what a unit changed, one line for each thing."""
    moves: dict[tuple[str, str], tuple[Any | None, Any]] = {}
    for kind, before, after in gathered:
        first = moves.get((kind, after.id), (before, None))[0]
        moves[kind, after.id] = (first, after)
    now = _clock.now().astimezone(UTC)
    number = last_number(unit)
    lines = []
    for (kind, _), (before, after) in moves.items():
        for line in _lines(kind, before, after, now, unit.locate):
            number += 1
            lines.append(line(str(number)))
    unit.changes.add_all(lines)


def last_number(unit: Unit) -> int:
    """The number of the newest change; 0 before the first."""
    newest = unit.changes.find(newest_first=True, limit=1)
    return newest[0].seq if newest else 0


def leap(unit: Unit, at: datetime) -> None:
    """To be called when a backup was restored: readers of what is lost learn it at their next
    question, because no change has the number that they remember."""
    number = last_number(unit) + LEAP
    unit.changes.add(
        Change(id=str(number), at=at, kind="feed", subject="restored", what=What.CHANGED)
    )


def _lines(
    kind: str, before: Any | None, after: Any, at: datetime, locate: Locate
) -> Iterator[Any]:
    """What is told of one thing: first to those who lost sight of it, then to those who see it."""
    sees = STORED[kind].audience(after, locate(after))
    was = frozenset() if before is None else STORED[kind].audience(before, locate(before))
    lost = was - sees
    if lost:

        def withdrawn(number: str) -> Change:
            return Change(
                id=number,
                at=at,
                kind=kind,
                subject=after.id,
                what=What.WITHDRAWN,
                audience=tuple(sorted(lost)),
            )

        yield withdrawn

    def told(number: str) -> Change:
        return Change(
            id=number,
            at=at,
            kind=kind,
            subject=after.id,
            what=What.CREATED if before is None else What.CHANGED,
            state=str(getattr(after, "state", "")),
            department=getattr(after, "department", ""),
            shared_with=tuple(_others(after)),
            county=getattr(after, "county", ""),
            audience=tuple(sorted(sees)),
        )

    yield told


def _others(item: Any) -> Iterable[str]:
    """The departments beside the owner; all of them where nobody owns it alone."""
    found: Iterable[str] | None = getattr(item, "departments", None)
    return getattr(item, "shared_with", ()) if found is None else found
