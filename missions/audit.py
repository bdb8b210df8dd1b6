"""Is the audit trail whole? Finds edits, deletions and reordering.

The chain itself shows every change within it. A cut-off tail shows against the head that the store
keeps; whoever does not trust the store keeps a head of their own (`flyonce audit verify` prints it)
and gives it back as ``anchor``.
"""

from dataclasses import dataclass

from missions.entities import LogEntry
from missions.store.protocol import Store, Unit
from missions.store.seal import GENESIS, Head, head, seal

_PAGE = 2000
_MOST = 100
"""Problems reported at most: after a bad edit everything may look wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Where the trail does not hold.

    Attributes:
        position: counted from 1; one past the end for what is missing there.
    """

    position: int
    entry_id: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What a check of the trail found; it is whole when there are no problems."""

    entries: int
    head: Head
    problems: tuple[Problem, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing was changed, removed or moved."""
        return not self.problems


def verify(store: Store, anchor: Head | None = None) -> AuditReport:
    """Check every seal, and the end against the store's head and an ``anchor`` kept elsewhere."""
    with store.view() as unit:
        return _check(unit, anchor)


def _check(unit: Unit, anchor: Head | None) -> AuditReport:
    problems: list[Problem] = []
    previous, count, after, anchored = GENESIS, 0, None, anchor is None or anchor.count == 0
    while page := unit.log.find(after=after, limit=_PAGE):
        for entry in page:
            count += 1
            problems.extend(_wrong(previous, entry, count))
            previous = entry.seal
            if anchor is not None and count == anchor.count:
                anchored = entry.seal == anchor.seal
        after = page[-1].id
    kept = head(unit.settings)
    if kept != Head(count=count, seal=previous):
        text = f"the trail should end after {kept.count} entries, and does after {count}"
        problems.append(Problem(position=count + 1, entry_id=None, text=text))
    if anchor is not None and not anchored:
        text = f"the trail does not hold the head that was kept elsewhere ({anchor.count} entries)"
        problems.append(Problem(position=min(anchor.count, count + 1), entry_id=None, text=text))
    found = Head(count=count, seal=previous)
    return AuditReport(entries=count, head=found, problems=tuple(problems[:_MOST]))


def _wrong(previous: str, entry: LogEntry, position: int) -> list[Problem]:
    if seal(previous, entry) == entry.seal:
        return []
    text = "this entry was changed, or what stood before it is missing or moved"
    return [Problem(position=position, entry_id=entry.id, text=text)]
