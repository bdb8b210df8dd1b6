"""The use cases of evidence, behind the service's one door: show, trace, export, hold, let go."""

from collections.abc import Sequence
from typing import IO

from core.errors import NotAllowed
from missions.access import Principal
from missions.media.desk import Desk
from missions.media.exports import Exported, ExportOrder, Exports
from missions.media.privacy import owns
from missions.media.records import CustodyRecord
from missions.media.showing import Showing


class Evidence:
    """What callers do with evidence; an attribute of the service."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.showing = Showing(desk)
        self._exports = Exports(desk, self.showing)

    def custody(self, p: Principal, medium_id: str) -> Sequence[CustodyRecord]:
        """A medium's chain of custody, for its owners: it names who looked at it.

        Raises:
            NotFound: no such medium for this caller. NotAllowed: it is only shared with them.
        """
        with self._desk.view() as unit:
            medium = p.checked(unit.media.get(medium_id))
            if not owns(p, medium):
                raise NotAllowed(
                    "the chain of custody is for the owning department",
                    where=medium_id,
                    remedy=f"ask {medium.department or 'an administrator'} for an export",
                )
            return unit.custody.find(medium_id=medium_id)

    def export(self, p: Principal, order: ExportOrder, out: IO[bytes]) -> Exported:
        """Write a signed bundle; see `Exports.write`."""
        return self._exports.write(p, order, out)

    def key(self) -> tuple[str, str]:
        """The public key that bundles are signed with (PEM), and its fingerprint."""
        return self._exports.key()
