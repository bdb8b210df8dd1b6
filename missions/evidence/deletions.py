"""Deletion that a crash cannot leave half done: ordered, carried out, then recorded.

1. The order (which media, by which rule) is committed.
2. The bytes are removed.
3. The tombstone is committed: the medium is DELETED, its digest stays, custody and audit say so.

Bytes that are missing thus always have an order, and "deleted" is only ever written when the bytes
are gone. `recover` finishes at the start what a killed process had ordered.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from imagery.catalog import MediumState
from imagery.storage import MediaFolder
from missions.evidence.custody import Custody, Note
from missions.evidence.holds import on_hold
from missions.evidence.records import Act
from missions.media.products import withdraw
from missions.operations.journal import note
from missions.store.protocol import Store, Unit

ORDERED = "deletions_ordered"
"""The setting that holds the orders not yet carried out: the rule's words by medium id."""
BATCH = 100


def ordered(unit: Unit) -> Mapping[str, str]:
    """Why each medium is being deleted that is; empty but for moments and after a crash."""
    found: Mapping[str, str] = unit.settings.get(ORDERED, {})
    return found


def delete(
    store: Store, media: MediaFolder, reasons: Mapping[str, str], *, by: str, at: datetime
) -> int:
    """Delete the bytes of media, in batches; returns how many.

    Args:
        reasons: by medium id, the rule that says so.
        by: who asked, or "service" for the daily job.

    Raises:
        Unavailable: the media folder does not answer; what was ordered is finished by `recover`.
    """
    done = recover(store, media, by=by, at=at)
    todo = list(reasons.items())
    for start in range(0, len(todo), BATCH):
        _order(store, dict(todo[start : start + BATCH]), by, at)
        done += recover(store, media, by=by, at=at)
    return done


def recover(store: Store, media: MediaFolder, *, by: str = "service", at: datetime) -> int:
    """Carry out what was ordered and record it; returns how many media were deleted."""
    with store.view() as unit:
        reasons = ordered(unit)
        found = [unit.media.get(medium_id) for medium_id in reasons]
    if not found:
        return 0
    for medium in found:
        media.remove(medium.key)
    with store.unit() as unit:
        _bury(unit, reasons, by, at)
    return len(found)


def _order(store: Store, reasons: Mapping[str, str], by: str, at: datetime) -> None:
    with store.unit() as unit:
        stopped = on_hold(unit)  # a hold that was placed a moment ago still counts
        reasons = {m: why for m, why in reasons.items() if m not in stopped}
        unit.settings.set(ORDERED, {**ordered(unit), **reasons})
        Custody(unit).note_all(
            Note(
                medium_id=medium_id,
                what=Act.DELETION_ORDERED,
                by=by,
                at=at,
                detail={"rule": reason},
            )
            for medium_id, reason in reasons.items()
        )


def _bury(unit: Unit, reasons: Mapping[str, str], by: str, at: datetime) -> None:
    """Write the tombstones."""
    notes: list[Note] = []
    for medium_id, reason in reasons.items():
        medium = unit.media.get(medium_id)
        if medium.state is MediumState.DELETED:
            continue
        unit.media.put(replace(medium, state=MediumState.DELETED, deleted_at=at))
        detail = {"rule": reason, "sha256": medium.sha256, "bytes": str(medium.size_bytes)}
        notes.append(Note(medium_id=medium_id, what=Act.DELETED, by=by, at=at, detail=detail))
        text = f"{medium_id} deleted: {reason}; SHA-256 {medium.sha256}"
        note(unit, at, medium_id, "delete-medium", text, f"影像 {medium_id} 已删除：{reason}", by)
    withdraw(unit, reasons)
    Custody(unit).note_all(notes)
    unit.settings.set(ORDERED, {k: v for k, v in ordered(unit).items() if k not in reasons})
