"""The use cases of evidence, behind the service's one door: show, trace, export, hold, let go."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from typing import IO

from core.errors import NotAllowed
from missions.access import Principal
from missions.evidence import holds
from missions.evidence.exports import Exported, ExportOrder, Exports
from missions.evidence.privacy import owns
from missions.evidence.records import CustodyRecord, Hold
from missions.evidence.retention import Due, Retention
from missions.evidence.showing import Showing
from missions.media.desk import Desk
from missions.queries import Page


class Evidence:
    """What callers do with evidence; an attribute of the service."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.showing = Showing(desk)
        self._exports = Exports(desk, self.showing)
        self.retention = Retention(desk)

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

    # --- holds and retention ---------------------------------------------------------------

    def hold(self, p: Principal, subject: str, reason: str) -> Hold:
        """Forbid the deletion of a photograph, or of a case's evidence; see `holds.place`."""
        with self._desk.unit() as unit:
            return holds.place(unit, p, subject, reason, self._desk.now())

    def lift(self, p: Principal, hold_id: str) -> Hold:
        """Lift a hold; see `holds.lift`."""
        with self._desk.unit() as unit:
            return holds.lift(unit, p, hold_id, self._desk.now())

    def holds(self, p: Principal) -> Sequence[Hold]:
        """Holds of the caller's department (of all for city-wide roles), lifted ones too."""
        with self._desk.view() as unit:
            return [hold for hold in unit.holds.find() if holds.mine(unit, p, hold)]

    def due(
        self, p: Principal, *, days: float, after: str | None = None, limit: int = 100
    ) -> Page[Due]:
        """What of the caller's will be deleted within so many days, and what is held instead."""
        until = self._desk.now() + timedelta(days=days)
        found = self.retention.due(until=until, audience=p.audience(), after=after)
        own = (due for due in found if owns(p, due.medium))
        items = tuple(islice(own, limit + 1))
        return Page(items[:limit], items[limit - 1].medium.id if len(items) > limit else None)
