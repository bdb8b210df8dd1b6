"""One line of the change feed: which thing changed, and who may know it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

KINDS = (
    "requests",
    "flights",
    "anomalies",
    "events",
    "cases",
    "alerts",
    "orders",
    "filings",
    "reviews",
    "products",
    "signals",
    "inspections",
)
"""The kinds of things whose changes are told."""

_PATHS = {kind: kind for kind in KINDS} | {"orders": "commands"}
_LISTED = frozenset({"events", "alerts", "filings"})
"""Kinds without an address for each thing."""


class What(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    """It may no longer be seen by those who are told so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one thing.

    It holds nothing that whoever may see the thing could not read there; a withdrawal holds only
    the thing's kind and id, which its readers knew.

    Attributes:
        id: the change's number as text; numbers rise in the order in which changes were kept.
        at: when it was kept, by the computer's own clock (also where the service follows another).
        subject: id of the thing.
        state: of the thing after the change; "" where its kind has none.
        department: the owner; "" where several own it (a flight) or nobody does.
        audience: who may know of it, as the links of the store have it (`missions.access`).
    """

    id: str
    at: datetime
    kind: str
    subject: str
    what: What
    state: str = ""
    department: str = ""
    shared_with: tuple[str, ...] = ()
    county: str = ""
    audience: tuple[str, ...] = ()

    @property
    def seq(self) -> int:
        """The change's number."""
        return int(self.id)

    @property
    def path(self) -> str | None:
        """Where the thing can be read, below the API's root; None where only in a list."""
        if self.what is What.WITHDRAWN or self.kind in _LISTED or self.kind not in _PATHS:
            return None
        return f"/api/v1/{_PATHS[self.kind]}/{self.subject}"

    def told(self) -> Mapping[str, Any]:
        """The change as JSON-able values, the same in every channel."""
        return {
            "seq": self.seq,
            "at": self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "kind": self.kind,
            "id": self.subject,
            "what": self.what.value,
            "state": self.state or None,
            "department": self.department or None,
            "shared_with": list(self.shared_with),
            "county": self.county or None,
            "path": self.path,
        }
