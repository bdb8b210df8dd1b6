"""Entries of the audit trail on the wire."""

from datetime import datetime

from api.schemas.base import Model
from missions.entities import LogEntry


class EntryOut(Model):
    """Something that was done. `seal` chains it to the entry before (missions/store/seal.py)."""

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    text: str
    text_zh: str
    department: str
    seal: str

    @classmethod
    def of(cls, entry: LogEntry) -> "EntryOut":
        return cls(
            id=entry.id,
            at=entry.at,
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            text=entry.text,
            text_zh=entry.text_zh,
            department=entry.department,
            seal=entry.seal,
        )
