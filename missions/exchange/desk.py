"""The upward exchange: changes since a cursor, and a signed file of what changed in a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from core.errors import InvalidInput, NotAllowed
from core.ids import new_id
from imagery.evidence.bag import Bag
from imagery.evidence.signature import Signer, fingerprint
from missions.access import Principal
from missions.entities import Case
from missions.evidence.custody import software
from missions.exchange.record import CRS, FORMAT, SCHEMA_FILE, VERSION, line, record
from missions.media.desk import Desk
from missions.operations.journal import note
from missions.store.protocol import Between, Unit

SETTLED = timedelta(seconds=5)
"""Younger changes wait for the next page: one that began earlier may be written down later."""
PAGE = 500
_TICK = timedelta(microseconds=1)
_README = """Cases of {city} for the province's platform.

cases.jsonl        one case a line (UTF-8), oldest change first
case.schema.json   JSON Schema of a line
manifest.json      what the file is, of which time, with counts, coordinates and the key

Check it:  flyonce province check FILE.zip --key KEY.pem
The signing key's SHA-256 is {key}; compare it with GET /api/v1/evidence/key.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangePage:
    """Some changes, oldest first; ``next`` is the cursor to go on from, also where nothing is new.

    Attributes:
        more: whether there are more changes already.
    """

    records: tuple[dict[str, Any], ...]
    next: str
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a file holds; ``digest`` is the SHA-256 of its tag manifest."""

    id: str
    upserts: int
    deletes: int
    digest: str
    key: str


class Exchange:
    """What administrators and auditors send to the province."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def since(self, p: Principal, cursor: str | None, *, limit: int = PAGE) -> ExchangePage:
        """Changes after a cursor; from the beginning without one.

        Every case comes once in its present state, at the place of its last change: what changes
        while a reader is under way comes again later. The same cursor gives the same or more.

        Raises:
            NotAllowed: neither an administrator nor an auditor. InvalidInput: the cursor is none.
        """
        _check_reader(p)
        at, last = _parsed(cursor)
        now = self._desk.now()
        with self._desk.view() as unit:
            found = list(_changed(unit, p, at, last, now - SETTLED, limit + 1))
            records = tuple(self._record(unit, case, now) for case in found[:limit])
        shown = found[:limit]
        following = _cursor(shown[-1]) if shown else (cursor or "")
        return ExchangePage(records=records, next=following, more=len(found) > limit)

    def write(self, p: Principal, begin: datetime, end: datetime, out: IO[bytes]) -> Sent:
        """Write a signed file of the cases whose last change lies in a time, in their state now.

        Raises:
            NotAllowed: neither an administrator nor an auditor.
            InvalidInput: the time ends before it begins.
            Unavailable: the key's file is exposed or broken.
        """
        _check_reader(p)
        if end <= begin:
            raise InvalidInput("ends before it begins", where="to", remedy="give a later end")
        signer = Signer.of(self._desk.key_file)
        now = self._desk.now()
        sent_id = new_id("prv", now)
        counts = {"upsert": 0, "delete": 0}
        with self._desk.view() as unit, Bag(out, f"flyonce-province-{sent_id}", now) as bag:
            lines = self._lines(unit, p, begin, min(end, now), counts)
            bag.add("cases.jsonl", lines, packed=True)
            bag.add("case.schema.json", (SCHEMA_FILE.read_bytes(),), packed=True)
            key = fingerprint(signer.public_pem)
            manifest = self._manifest(sent_id, begin, end, counts, key)
            bag.add("manifest.json", (line(manifest),), packed=True)
            bag.tag("README.txt", _README.format(city=self._desk.preset.title, key=key))
            digest = bag.finish(self._info(sent_id, now, key), signer)
        self._note(p, sent_id, begin, end, counts)
        return Sent(
            id=sent_id,
            upserts=counts["upsert"],
            deletes=counts["delete"],
            digest=digest,
            key=key,
        )

    def _lines(
        self, unit: Unit, p: Principal, begin: datetime, end: datetime, counts: dict[str, int]
    ) -> Iterator[bytes]:
        at, last = begin, ""
        while True:
            found = list(_changed(unit, p, at, last, end - _TICK, PAGE))
            for case in found:
                value = self._record(unit, case, self._desk.now())
                counts[value["op"]] += 1
                yield line(value)
            if len(found) < PAGE:
                return
            at, last = found[-1].changed_at, found[-1].id

    def _record(self, unit: Unit, case: Case, now: datetime) -> dict[str, Any]:
        ids = (*case.before, *case.after)
        media = unit.media.find(id=ids) if ids else []
        return record(case, self._desk.preset, media, now)

    def _manifest(
        self, sent_id: str, begin: datetime, end: datetime, counts: dict[str, int], key: str
    ) -> dict[str, Any]:
        preset = self._desk.preset
        return {
            "format": FORMAT,
            "version": VERSION,
            "id": sent_id,
            "city": preset.title_zh,
            "city_code": preset.casework.city_code,
            "made_at": _utc(self._desk.now()),
            "from": _utc(begin),
            "to": _utc(end),
            "lines": sum(counts.values()),
            "upserts": counts["upsert"],
            "deletes": counts["delete"],
            "crs": CRS,
            "personal_data": "none: no names, no notes, photographs by digest only",
            "signing_key_sha256": key,
        }

    def _info(self, sent_id: str, now: datetime, key: str) -> dict[str, str]:
        return {
            "Source-Organization": self._desk.preset.title,
            "Bagging-Date": now.date().isoformat(),
            "Bagging-Software": software(),
            "External-Identifier": sent_id,
            "Signing-Key-SHA256": key,
        }

    def _note(
        self, p: Principal, sent_id: str, begin: datetime, end: datetime, counts: dict[str, int]
    ) -> None:
        total = sum(counts.values())
        with self._desk.unit() as unit:
            text = f"{total} cases of {_utc(begin)} to {_utc(end)} for the province"
            zh = f"向省级平台导出案卷 {total} 件"
            note(unit, self._desk.now(), sent_id, "province.export", text, zh, p.name)


def _changed(
    unit: Unit, p: Principal, at: datetime | None, last: str, until: datetime, limit: int
) -> Iterator[Case]:
    """Cases by their last change, after the one named by time and id."""
    if at is not None:
        same = unit.cases.find(audience=p.audience(), changed_at=at)
        known = next((n for n, c in enumerate(same) if c.id == last), None)
        # where the one before has changed since, those of its moment come again
        for case in same[0 if known is None else known + 1 :]:
            if at <= until and limit > 0:
                yield case
                limit -= 1
    low = None if at is None else at + _TICK
    if limit > 0 and (low is None or low <= until):
        yield from unit.cases.ordered(
            "changed_at",
            audience=p.audience(),
            changed_at=Between(low=low, high=until),
            newest_first=False,
            limit=limit,
        )


def _cursor(case: Case) -> str:
    return f"{_utc(case.changed_at)}|{case.id}"


def _parsed(cursor: str | None) -> tuple[datetime | None, str]:
    if not cursor:
        return None, ""
    text, _, last = cursor.partition("|")
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError("no zone")
        return at.astimezone(UTC), last
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"no cursor: {cursor[:80]}",
            where="since",
            remedy="use `next` of the page before, or a time such as 2026-05-12T00:00:00Z",
        ) from error


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _check_reader(p: Principal) -> None:
    if not (p.may("audit") and p.city_wide):
        raise NotAllowed(
            f"the role {p.role} may not read the upward exchange",
            remedy="ask an administrator or an auditor",
        )
