"""Versions of stored things: a digest of what is kept, so that any change makes another version.

Nobody loses an update: `Expectation` is looked at as the first step of the very unit that decides
the write (`missions.store.acting`), and units come one after the other over all processes.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from core.errors import FlyOnceError
from missions.store import codec
from missions.store.protocol import Store, Unit


class VersionMismatch(FlyOnceError):
    """What was to be changed is no longer as the caller read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the caller expects of the thing that it is about to change.

    Attributes:
        kind, id: which thing, as in `missions.store.kinds`.
        versions: one of which it must have; None for any, as long as there is such a thing.
    """

    kind: str
    id: str
    versions: frozenset[str] | None

    def entering(self, unit: Unit) -> None:
        """Raise VersionMismatch unless the thing is as expected."""
        now = version_in(unit, self.kind, self.id)
        if now is None or (self.versions is not None and now not in self.versions):
            raise VersionMismatch(
                "it was changed since you read it" if now else "there is no such thing any more",
                where="If-Match",
                remedy="read it again, look whether your change is still right, and send it with "
                "the new ETag",
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
    if not repository.exists(id):
        return None
    text = codec.dumps(repository.get(id))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def known_kinds() -> Collection[str]:
    """The kinds that have versions."""
    from missions.store.kinds import KINDS

    return KINDS.keys()
