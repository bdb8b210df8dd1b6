"""The audit trail's seals: a hash chain, so that edits, deletions and reordering show.

Each entry's seal is SHA-256 over the seal before it and the entry itself. The head (how many
entries, the last seal) is kept beside the log, so that a cut-off tail shows as well; whoever wants
proof against somebody who rewrites both writes the head down elsewhere.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from core.errors import NotAllowed
from missions.entities import LogEntry
from missions.store import codec
from missions.store.protocol import Repository, Settings

HEAD = "log_head"
"""The setting that holds the head."""

GENESIS = "0" * 64
"""The seal before the first entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How long the log is and how it ends."""

    count: int = 0
    seal: str = GENESIS


def seal(previous: str, entry: LogEntry) -> str:
    """The seal of an entry that follows the entry with the seal ``previous``."""
    e = entry
    at = e.at.astimezone(UTC).isoformat(timespec="microseconds")
    row = [previous, e.id, at, e.actor, e.action, e.subject, e.text, e.text_zh, e.department]
    return hashlib.sha256(codec.to_text(row, where=e.id).encode()).hexdigest()


def head(settings: Settings) -> Head:
    """The head as the store remembers it."""
    body = settings.get(HEAD)
    return Head() if body is None else codec.decode(Head, body)


class SealedLog:
    """A repository that seals what is added and never changes it."""

    def __init__(self, inner: Repository[LogEntry], settings: Settings) -> None:
        self._inner = inner
        self._settings = settings

    def add(self, item: LogEntry) -> None:
        self.add_all((item,))

    def add_all(self, items: Iterable[LogEntry]) -> None:
        last = head(self._settings)
        sealed = []
        for item in items:
            entry = replace(item, seal=seal(last.seal, item))
            last = Head(count=last.count + 1, seal=entry.seal)
            sealed.append(entry)
        self._inner.add_all(sealed)
        self._settings.set(HEAD, codec.encode(last))

    def put(self, item: LogEntry) -> None:
        raise NotAllowed(
            "the audit trail is append-only", where=item.id, remedy="add an entry that corrects it"
        )

    def remove(self, item_id: str) -> None:
        raise NotAllowed("the audit trail is append-only", where=item_id, remedy="keep it")

    def get(self, item_id: str) -> LogEntry:
        return self._inner.get(item_id)

    def exists(self, item_id: str) -> bool:
        return self._inner.exists(item_id)

    def find(self, **conditions: Any) -> list[LogEntry]:
        return self._inner.find(**conditions)

    def count(self, **conditions: Any) -> int:
        return self._inner.count(**conditions)

    def pick(self, names: tuple[str, ...], **conditions: Any) -> list[tuple[Any, ...]]:
        return self._inner.pick(names, **conditions)
