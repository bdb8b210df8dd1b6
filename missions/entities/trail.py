"""A line of the audit trail."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A line of the audit trail: append-only, each entry sealed by the hash of the one before.

    Attributes:
        subject: the id of the entity concerned.
        seal: SHA-256 over the previous seal and this entry; filled in by the store.
    """

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    text: str
    text_zh: str
    department: str = ""
    seal: str = ""
