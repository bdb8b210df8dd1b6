"""Versions of stored things: a digest of what is kept, so that any change makes another version.

Nobody loses an update: `Expectation` is looked at as the first step of the very unit that decides
the write (`missions.store.acting`), and units come one after the other over all processes.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from core.errors import FlyOnceError
from missions.access import Principal
from missions.store import codec
from missions.store.kinds import KINDS
from missions.store.protocol import Store, Unit


class VersionMismatch(FlyOnceError):
    """What was to be changed is no longer as the caller read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the caller expects of the thing that it is about to change.

    Attributes:
        kind, id: which thing, as in `missions.store.kinds`.
        versions: one of which it must have; None for any, as long as there is such a thing.
        principal: who expects it; of what it may not see nothing is said here.
    """

    kind: str
    id: str
    versions: frozenset[str] | None
    principal: Principal

    def entering(self, unit: Unit) -> None:
        """Raise VersionMismatch unless the thing is as expected."""
        if self.kind not in KINDS:
            raise VersionMismatch(
                "this address has no version", where="If-Match", remedy="leave If-Match out"
            )
        item = _visible(unit, self.kind, self.id, self.principal)
        if item is None or self.versions is None or _version(item) in self.versions:
            return  # whether there is such a thing is the use case's to say
        raise VersionMismatch(
            "it was changed since you read it",
            where="If-Match",
            remedy="read it again, look whether your change is still right, and send it with the "
            "new ETag",
        )

    def leaving(self, unit: Unit) -> None:
        """Nothing more to say."""


class Versions:
    """The versions of what is stored."""

    def __init__(self, records: Store) -> None:
        self._records = records

    def of(self, kind: str, id: str) -> str | None:
        """The version of a thing; None where there is none."""
        with self._records.view() as unit:
            return version_in(unit, kind, id)

    def check(self, expected: Expectation) -> None:
        """Look at once, to spare the work; what counts is the look inside the unit."""
        with self._records.view() as unit:
            expected.entering(unit)


def version_in(unit: Unit, kind: str, id: str) -> str | None:
    """The version of a thing within a unit: 16 hexadecimal digits; None where there is none."""
    repository = getattr(unit, kind)
    return _version(repository.get(id)) if repository.exists(id) else None


def _version(item: Any) -> str:
    return hashlib.sha256(codec.dumps(item).encode()).hexdigest()[:16]


def _visible(unit: Unit, kind: str, id: str, p: Principal) -> Any | None:
    """The thing, if there is one that the principal may see."""
    repository = getattr(unit, kind)
    item = repository.get(id) if repository.exists(id) else None
    if item is None:
        return None
    owned = KINDS[kind].seen_by is not None
    return item if (p.sees(item) if owned else p.city_wide) else None
