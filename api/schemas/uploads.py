"""Files that people bring, and batches of them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import Body, Model
from missions.media.batches import BatchDraft, BatchReport, FileReport
from missions.media.brought import Batch, Upload

Name = Annotated[str, Field(max_length=200)]
Short = Annotated[str, Field(max_length=80)]


class BatchIn(Body):
    """A batch to begin."""

    name: Name = ""
    expected: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    vehicle: Short = ""
    camera: Short = ""
    flight_id: Short = ""
    department: Short | None = None

    def draft(self) -> BatchDraft:
        """As the service takes it."""
        return BatchDraft(
            name=self.name,
            expected=self.expected,
            vehicle=self.vehicle,
            camera=self.camera,
            flight=self.flight_id,
            department=self.department,
        )


class BatchOut(Model):
    """A batch."""

    id: str
    name: str
    department: str | None
    by: str
    created_at: datetime
    expected: int | None
    vehicle: str | None
    camera: str | None
    flight_id: str | None

    @classmethod
    def from_entity(cls, b: Batch) -> "BatchOut":
        return cls(
            id=b.id,
            name=b.name,
            department=b.department or None,
            by=b.by,
            created_at=b.created_at,
            expected=b.expected,
            vehicle=b.vehicle or None,
            camera=b.camera or None,
            flight_id=b.flight or None,
        )


class FileOut(Model):
    """One file of a batch: what became of it, and why."""

    upload_id: str
    name: str
    size_bytes: int
    sha256: str | None
    state: str
    reason: str | None
    medium_id: str | None
    camera: str | None
    taken_at: datetime | None
    notes: list[str]
    finished_at: datetime | None

    @classmethod
    def from_entity(cls, f: FileReport) -> "FileOut":
        u, m = f.upload, f.medium
        return cls(
            upload_id=u.id,
            name=u.name,
            size_bytes=u.size_bytes,
            sha256=u.sha256 or None,
            state=u.state,
            reason=u.reason or None,
            medium_id=u.medium_id,
            camera=m.camera if m else None,
            taken_at=m.taken_at if m else None,
            notes=list(m.notes) if m else [],
            finished_at=u.finished_at,
        )


class BatchReportOut(Model):
    """What became of every file of a batch."""

    batch: BatchOut
    counts: dict[str, int]
    reasons: dict[str, int]
    cameras: dict[str, int]
    remarks: list[str]
    files: list[FileOut]

    @classmethod
    def from_entity(cls, r: BatchReport) -> "BatchReportOut":
        return cls(
            batch=BatchOut.from_entity(r.batch),
            counts=dict(r.counts),
            reasons=dict(r.reasons),
            cameras=dict(r.cameras),
            remarks=list(r.remarks),
            files=[FileOut.from_entity(f) for f in r.files],
        )


class UploadOut(Model):
    """One upload: how far it is and what became of it."""

    id: str
    name: str
    size_bytes: int
    offset: int
    state: str
    reason: str | None
    medium_id: str | None
    expires_at: datetime

    @classmethod
    def from_entity(cls, u: Upload, offset: int) -> "UploadOut":
        return cls(
            id=u.id,
            name=u.name,
            size_bytes=u.size_bytes,
            offset=offset,
            state=u.state,
            reason=u.reason or None,
            medium_id=u.medium_id,
            expires_at=u.expires_at,
        )
