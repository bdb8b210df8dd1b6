"""The flight's diary and the alert feed: what happened, in both languages."""

from datetime import datetime

from core.geo import LonLat
from core.ids import new_id
from missions.entities import Alert, LogEntry
from missions.store.protocol import Unit


def note(
    unit: Unit,
    at: datetime,
    subject: str,
    action: str,
    text: str,
    text_zh: str,
    actor: str = "service",
) -> None:
    """Add a line to the sealed log."""
    unit.log.add(
        LogEntry(
            id=new_id("log", at),
            at=at,
            actor=actor,
            action=action,
            subject=subject,
            text=text,
            text_zh=text_zh,
        )
    )


def alert(
    unit: Unit,
    at: datetime,
    kind: str,
    severity: int,
    text: str,
    text_zh: str,
    *,
    department: str,
    shared_with: tuple[str, ...] = (),
    event_type: str | None = None,
    position: LonLat | None = None,
    case_id: str | None = None,
    county: str = "",
) -> Alert:
    """Add a line to the alert feed of a department and those it shares with.

    Args:
        county: id of the county it is about; "" where it is about no place.
    """
    line = Alert(
        id=new_id("alt", at),
        at=at,
        kind=kind,
        severity=severity,
        text=text,
        text_zh=text_zh,
        department=department,
        shared_with=shared_with,
        event_type=event_type,
        position=position,
        case_id=case_id,
        county=county,
    )
    unit.alerts.add(line)
    return line
