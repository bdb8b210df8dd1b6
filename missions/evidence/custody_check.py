"""Is the chain of custody whole? Every record against its seal, its place and the audit trail.

The trail's own seals are checked by `missions.audit`; here its entries are what the custody must
agree with. Memory is bounded: records are read in pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from missions.evidence.chain import ACTION, ChainHead, seal
from missions.evidence.custody import chain_head
from missions.evidence.records import CustodyRecord
from missions.store.protocol import Unit

PAGE = 1000
_MOST = 200
"""Faults kept of each sort; all are counted."""


class Sort(StrEnum):
    """What is wrong."""

    ALTERED = "altered"
    MISSING = "missing"
    EXTRA = "extra"
    CHAIN = "chain"
    RECORD = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that does not hold.

    Attributes:
        subject: a medium's id, a file's key or a record's position.
    """

    sort: Sort
    subject: str
    text: str


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a check found; the evidence is whole when there are no faults.

    Attributes:
        undocumented: media from before there was a chain of custody.
        declared: media whose camera declared the digest at capture.
    """

    records: int = 0
    media: int = 0
    files: int = 0
    bytes: int = 0
    deleted: int = 0
    undocumented: int = 0
    declared: int = 0
    faults: list[Fault] = field(default_factory=list)
    counts: dict[Sort, int] = field(default_factory=dict)
    head: ChainHead = field(default_factory=ChainHead)

    @property
    def whole(self) -> bool:
        """Whether nothing was changed, removed, moved or added."""
        return not self.counts

    def add(self, sort: Sort, subject: str, text: str) -> None:
        """Count a fault, and keep it unless there are very many."""
        self.counts[sort] = self.counts.get(sort, 0) + 1
        if self.counts[sort] <= _MOST:
            self.faults.append(Fault(sort=sort, subject=subject, text=text))


def check_chain(unit: Unit, found: Findings) -> None:
    """Follow the chain of all records and compare it with every end that the trail holds."""
    anchors = _anchors(unit)
    awaited = next(anchors, None)
    last = ChainHead()
    for record in _records(unit):
        _check_link(record, last, found)
        last = ChainHead(position=record.position, seal=record.seal)
        found.records += 1
        while awaited is not None and awaited.position <= record.position:
            if awaited != last:
                _not_as_noted(awaited, found)
            awaited = next(anchors, None)
    found.head = last
    while awaited is not None:
        _not_as_noted(awaited, found)
        awaited = next(anchors, None)
    _check_end(unit, last, found)


def _check_link(record: CustodyRecord, last: ChainHead, found: Findings) -> None:
    where = f"record {record.position}"
    if seal(record) != record.seal:
        found.add(Sort.CHAIN, where, f"was changed ({record.medium_id}, {record.what})")
    if record.position != last.position + 1 or record.before != last.seal:
        found.add(Sort.CHAIN, where, "what stood before it is missing or moved")


def _not_as_noted(awaited: ChainHead, found: Findings) -> None:
    text = "the audit trail notes another record here, or one that is no longer there"
    found.add(Sort.CHAIN, f"record {awaited.position}", text)


def _check_end(unit: Unit, last: ChainHead, found: Findings) -> None:
    """The chain ends where the store and the trail's last note say: no tail cut, none added."""
    newest = unit.log.find(action=ACTION, newest_first=True, limit=1)
    noted = _head_in(newest[0].text) if newest else ChainHead()
    for head, who in ((chain_head(unit), "the store's head"), (noted, "the audit trail")):
        if head != last:
            text = f"{who} says that the chain ends with record {head.position}"
            found.add(Sort.CHAIN, f"record {last.position + 1}", text)


def _records(unit: Unit) -> Iterator[CustodyRecord]:
    after = None
    while page := unit.custody.find(after=after, limit=PAGE):
        yield from page
        after = page[-1].id


def _anchors(unit: Unit) -> Iterator[ChainHead]:
    after = None
    while page := unit.log.find(action=ACTION, after=after, limit=PAGE):
        yield from (_head_in(entry.text) for entry in page)
        after = page[-1].id


def _head_in(text: str) -> ChainHead:
    """The end that a note in the trail names; an impossible one where the text was changed."""
    count, _, rest = text.partition(":")
    seal_text = rest.partition(" ")[0]
    return ChainHead(position=int(count) if count.isdigit() else 0, seal=seal_text)
