"""The chain of custody of each photograph: who had it, what was done with it, and when.

Whoever does something with a medium notes it in the same transaction::

    with room.unit() as unit:
        Custody(unit).note(medium.id, Act.EXAMINED, by="service", at=room.now(), detail={...})

Records are only ever added. `missions.evidence.custody_check` finds whatever was changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from importlib.metadata import version

from core.errors import InvalidInput
from core.ids import new_id
from imagery.catalog import Medium
from imagery.evidence.digest import check_declared
from missions.entities import LogEntry
from missions.evidence.chain import ACTION, HEAD, ChainHead, seal
from missions.evidence.records import Act, CustodyRecord
from missions.operations.journal import note
from missions.store import codec
from missions.store.protocol import Store, Unit
from missions.store.seal import GENESIS

NO_DECLARATION = "hash first computed at receipt"
"""What the custody says of a photograph whose camera declared no digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something to be noted; see `CustodyRecord` for the fields."""

    medium_id: str
    what: Act
    by: str
    at: datetime
    detail: Mapping[str, str] = field(default_factory=dict)


class Custody:
    """The custody records within a unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def note(
        self,
        medium_id: str,
        what: Act | str,
        by: str,
        at: datetime,
        detail: Mapping[str, str] | None = None,
    ) -> CustodyRecord:
        """Add a record to a medium's chain.

        Raises:
            ValueError: there is no such act. NotAllowed: the unit only reads.
        """
        one = Note(medium_id=medium_id, what=Act(what), by=by, at=at, detail=detail or {})
        return self.note_all((one,))[0]

    def note_all(self, notes: Iterable[Note]) -> list[CustodyRecord]:
        """Add several records; the audit trail gets one entry for all of them."""
        head = chain_head(self._unit)
        ends: dict[str, tuple[int, str]] = {}
        made: list[CustodyRecord] = []
        for one in notes:
            number, previous = ends.get(one.medium_id) or self._end(one.medium_id)
            record = _linked(one, head, number + 1, previous)
            head = ChainHead(position=record.position, seal=record.seal)
            ends[one.medium_id] = (record.number, record.seal)
            made.append(record)
        if made:
            self._unit.custody.add_all(made)
            self._unit.settings.set(HEAD, codec.encode(head))
            self._unit.log.add(_anchor(made))
        return made

    def of(self, medium_id: str) -> list[CustodyRecord]:
        """A medium's records, oldest first."""
        return self._unit.custody.find(medium_id=medium_id)

    def _end(self, medium_id: str) -> tuple[int, str]:
        last = self._unit.custody.find(medium_id=medium_id, newest_first=True, limit=1)
        return (last[0].number, last[0].seal) if last else (0, GENESIS)


def chain_head(unit: Unit) -> ChainHead:
    """The end of the chain of all records, as the store remembers it."""
    body = unit.settings.get(HEAD)
    return ChainHead() if body is None else codec.decode(ChainHead, body)


def accept(store: Store, declared: str, found: str, *, sender: str, by: str, at: datetime) -> None:
    """Let a delivery in that is what its camera declared; record the attempt otherwise.

    Args:
        declared, found: hexadecimal SHA-256 at capture ("" where none was taken) and as arrived.
        sender: vehicle and camera.
        by: name of the caller.

    Raises:
        InvalidInput: they differ.
    """
    try:
        check_declared(declared, found)
    except InvalidInput as refusal:
        with store.unit() as unit:
            text, zh = f"{sender}: {refusal.what}", f"{sender}：文件与相机声明的摘要不符，已拒收"
            note(unit, at, "media", "refuse-delivery", text, zh, by or "unknown")
        raise


@cache
def software() -> str:
    """The program that examines media, with its version."""
    return f"flyonce {version('flyonce')}"


def taken_in(medium: Medium, *, sent_by: str) -> tuple[Note, ...]:
    """The first records of a medium that was just taken in.

    Args:
        sent_by: name of the caller who delivered it.
    """
    declared = {"sha256": medium.declared_sha256} if medium.declared_sha256 else {}
    said = declared or {"sha256": medium.sha256, "remark": NO_DECLARATION}
    hardware = {"vehicle": medium.vehicle, "camera": medium.camera}
    found = medium.reason or ("temperatures" if medium.radiometric else "picture")
    received = {
        "sha256": medium.sha256,
        "bytes": str(medium.size_bytes),
        "from": sent_by or "unknown",
    }
    at = medium.received_at

    def one(what: Act, by: str, when: datetime, detail: Mapping[str, str]) -> Note:
        return Note(medium_id=medium.id, what=what, by=by, at=when, detail=detail)

    return (
        one(Act.CAPTURED, medium.vehicle, medium.taken_at or at, {**said, **hardware}),
        one(Act.RECEIVED, "service", at, received),
        one(Act.STORED, "service", at, {"sha256": medium.sha256, "key": medium.key}),
        one(Act.EXAMINED, "service", at, {"software": software(), "found": found}),
    )


def _linked(note: Note, head: ChainHead, number: int, previous: str) -> CustodyRecord:
    bare = CustodyRecord(
        id=new_id("cus", note.at),
        position=head.position + 1,
        number=number,
        medium_id=note.medium_id,
        what=note.what,
        at=note.at,
        by=note.by,
        detail={name: str(value) for name, value in note.detail.items()},
        before=head.seal,
        previous=previous,
    )
    return replace(bare, seal=seal(bare))


def _anchor(made: list[CustodyRecord]) -> LogEntry:
    """The audit trail's entry: it holds the chain's end, so that a cut-off tail shows."""
    last = made[-1]
    media = list(dict.fromkeys(record.medium_id for record in made))
    acts = ", ".join(dict.fromkeys(record.what.value for record in made))
    return LogEntry(
        id=new_id("log", last.at),
        at=last.at,
        actor=last.by,
        action=ACTION,
        subject=media[0] if len(media) == 1 else "custody",
        text=f"{last.position}:{last.seal} ({acts}; {len(media)} media)",
        text_zh=f"{last.position}:{last.seal}（保管链，{len(media)} 个影像）",
    )
