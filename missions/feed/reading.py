"""Reading the feed: pages behind a number, each reader with its own rights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput, NotFound
from missions.access import Audience, Principal
from missions.feed.change import KINDS, Change
from missions.feed.outbox import last_number
from missions.store.protocol import Store, Unit

MOST = 1000


class Swept(NotFound):
    """Changes behind this number are no longer kept, or it is none of this feed's numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """A part of the feed.

    Attributes:
        next: the number to go on behind; nothing before it is missing.
        more: whether there is more behind it already.
    """

    items: tuple[Change, ...]
    next: int
    more: bool


class Reader:
    """Reads the feed from the store."""

    def __init__(self, records: Store) -> None:
        self._records = records

    def head(self) -> int:
        """The number of the newest change."""
        with self._records.view() as unit:
            return last_number(unit)

    def page(
        self, p: Principal, *, after: int = 0, limit: int = 100, kinds: Sequence[str] = ()
    ) -> FeedPage:
        """What the caller may know of what changed behind a number; from the oldest kept behind 0.

        Raises:
            Swept: what came next is not kept any more, or the number is not one of the feed's.
            InvalidInput: an unknown kind, or more than `MOST` at once.
        """
        check_kinds(kinds)
        if not 1 <= limit <= MOST:
            raise InvalidInput(f"a page of {limit}", where="limit", remedy=f"ask for 1 to {MOST}")
        with self._records.view() as unit:
            start = check_place(unit, after)
            return read(unit, p.audience(), start, limit, kinds)


def read(
    unit: Unit, audience: Audience, start: str | None, limit: int, kinds: Sequence[str] = ()
) -> FeedPage:
    """A page behind the change of an id."""
    chosen: dict[str, Any] = {"kind": tuple(kinds)} if kinds else {}
    found = unit.changes.find(audience=audience, after=start, limit=limit + 1, **chosen)
    items = tuple(found[:limit])
    more = len(found) > limit
    return FeedPage(items=items, next=items[-1].seq if more else last_number(unit), more=more)


def check_place(unit: Unit, after: int) -> str | None:
    """The id of the change that a reader goes on behind; None for the whole feed.

    Raises:
        Swept: there is none.
    """
    if after == 0:
        return None
    if unit.changes.exists(str(after)):
        return str(after)
    oldest = unit.changes.find(limit=1)
    if oldest and oldest[0].seq == after + 1:
        return None
    if not oldest:
        what = "the feed is empty, so no change has this number"
    elif after < oldest[0].seq:
        what = f"changes before {oldest[0].seq} are no longer kept"
    else:
        what = f"no change has the number {after}: the records may come from a backup"
    raise swept(what)


def swept(what: str) -> Swept:
    """The refusal of a place, with the way out."""
    return Swept(
        what,
        where="after",
        remedy="GET /api/v1/feed?after=latest for a new place, then read the lists anew",
    )


def check_kinds(kinds: Sequence[str]) -> None:
    """Raise InvalidInput for a kind of which the feed does not tell."""
    for kind in kinds:
        if kind not in KINDS:
            raise InvalidInput(
                f"the feed does not tell of {kind[:80]!r}",
                where="kinds",
                remedy=f"use some of {', '.join(KINDS)}",
            )


def may_know(change_audience: frozenset[str], audience: Audience) -> bool:
    """Whether a reader of such rights is told of a change, as the store would decide."""
    if audience is None:
        return True
    if isinstance(audience, str):
        return audience in change_audience
    return not change_audience.isdisjoint(audience)
