"""Reading the audit trail: pages and filters, never a way to change it."""

from datetime import datetime
from typing import Any

from missions.access import SERVICE, Principal
from missions.entities import LogEntry
from missions.queries import Page, page_of
from missions.store.protocol import Between, Store


class Trail:
    """The sealed trail, for who may audit the whole city."""

    def __init__(self, records: Store) -> None:
        self._records = records

    def entries(
        self,
        p: Principal,
        *,
        actor: str | None = None,
        action: str | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[LogEntry]:
        """Entries, the latest first.

        Args:
            since, until: both included; the service's time.

        Raises:
            NotAllowed: the caller may not audit, or acts for some counties only.
        """
        p.require("audit")
        p.require_whole_city()
        chosen = {"actor": actor, "action": action, "subject": subject}
        conditions: dict[str, Any] = {n: v for n, v in chosen.items() if v is not None}
        if since is not None or until is not None:
            conditions |= {"at": Between(since, until)}
        with self._records.view() as unit:
            return page_of(unit.log, SERVICE, after, limit, conditions)

    def entry(self, p: Principal, entry_id: str) -> LogEntry:
        """One entry with its seal."""
        p.require("audit")
        p.require_whole_city()
        with self._records.view() as unit:
            return unit.log.get(entry_id)
