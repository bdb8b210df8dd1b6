"""Files that were brought together, and the report of every one: taken, known, dropped and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from core.ids import new_id
from imagery.catalog import Medium
from missions.access import Principal
from missions.media.brought import Batch, Upload, UploadState
from missions.media.senders import checked_batch, visible_flight
from missions.operations.room import ControlRoom
from missions.queries import Page
from missions.store.protocol import Unit

_CHUNK = 500
_MAX_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDraft:
    """What a sender says of a batch; see `Batch`."""

    name: str = ""
    expected: int | None = None
    vehicle: str = ""
    camera: str = ""
    flight: str = ""
    department: str | None = None


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file of a batch, and the medium that it became, if any."""

    upload: Upload
    medium: Medium | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What became of a batch.

    Attributes:
        counts: by state, and "missing" of those that the sender meant to bring.
        reasons: why files were dropped, and how many for each reason.
        cameras: by camera and picture size, how many files.
        remarks: what is odd about the batch as a whole.
    """

    batch: Batch
    files: tuple[FileReport, ...]
    counts: Mapping[str, int]
    reasons: Mapping[str, int]
    cameras: Mapping[str, int]
    remarks: tuple[str, ...]


class Batches:
    """What may be done with batches; `Service.batches`."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def create(self, p: Principal, draft: BatchDraft) -> Batch:
        """Begin a batch.

        Raises:
            NotAllowed: the role may not bring files, or not for another department.
            NotFound: no such flight for the sender. InvalidInput: a field is wrong.
        """
        p.require("upload")
        now = self._room.now()
        with self._room.unit() as unit:
            if draft.flight:
                visible_flight(unit, p, draft.flight)
            batch = Batch(
                id=new_id("bat", now),
                name=draft.name.strip()[:_MAX_NAME],
                department=self._department(p, draft.department),
                by=p.name,
                created_at=now,
                expected=draft.expected,
                vehicle=draft.vehicle,
                camera=draft.camera,
                flight=draft.flight,
            )
            unit.batches.add(batch)
        return batch

    def list(self, p: Principal, *, after: str | None = None, limit: int = 100) -> Page[Batch]:
        """Batches that the caller may see, the latest first."""
        with self._room.view() as unit:
            found = unit.batches.find(
                audience=p.audience(), after=after, limit=limit + 1, newest_first=True
            )
        return Page(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)

    def report(self, p: Principal, batch_id: str) -> BatchReport:
        """Every file of a batch. Raises NotFound, also for another department's."""
        with self._room.view() as unit:
            batch = checked_batch(unit, p, batch_id)
            uploads = unit.uploads.find(batch=batch_id)
            media = _media(unit, [u.medium_id for u in uploads if u.medium_id])
        files = tuple(FileReport(u, media.get(u.medium_id or "")) for u in uploads)
        cameras = _cameras(files)
        return BatchReport(
            batch=batch,
            files=files,
            counts=_counts(batch, uploads),
            reasons=dict(
                Counter(u.reason for u in uploads if u.state is UploadState.DROPPED).most_common()
            ),
            cameras=cameras,
            remarks=_remarks(batch, cameras, files),
        )

    def _department(self, p: Principal, wanted: str | None) -> str:
        """The token decides; a city-wide role may name a department."""
        if not p.city_wide:
            if wanted not in (None, p.department):
                raise InvalidInput(
                    "a member brings files for its own department",
                    where="department",
                    remedy="leave the department out",
                )
            return p.department or ""
        if wanted is not None and wanted not in self._room.preset.departments:
            raise InvalidInput(
                f"no such department: {wanted[:80]}",
                where="department",
                remedy=f"use one of {', '.join(self._room.preset.departments)}",
            )
        return wanted or ""


def _media(unit: Unit, ids: Sequence[str]) -> dict[str, Medium]:
    found: dict[str, Medium] = {}
    for start in range(0, len(ids), _CHUNK):
        chosen = tuple(ids[start : start + _CHUNK])
        found.update((m.id, m) for m in unit.media.find(id=chosen))
    return found


def _counts(batch: Batch, uploads: Sequence[Upload]) -> dict[str, int]:
    counts = {state.value: 0 for state in UploadState}
    for upload in uploads:
        counts[upload.state] += 1
    counts["files"] = len(uploads)
    counts["missing"] = max(0, (batch.expected or 0) - len(uploads))
    return counts


def _cameras(files: Sequence[FileReport]) -> dict[str, int]:
    """How many files of each camera and picture size."""
    return dict(
        Counter(
            f"{f.medium.camera or 'unknown'} {f.medium.width_px} x {f.medium.height_px}"
            for f in files
            if f.medium is not None and f.medium.width_px
        ).most_common()
    )


def _remarks(
    batch: Batch, cameras: Mapping[str, int], files: Sequence[FileReport]
) -> tuple[str, ...]:
    remarks = []
    if len(cameras) > 1:
        shares = ", ".join(f"{count} of {name}" for name, count in cameras.items())
        remarks.append(f"several cameras or picture sizes in one batch: {shares}")
    corrected = sum(
        "clock" in note for f in files if f.medium is not None for note in f.medium.notes
    )
    if corrected:
        remarks.append(f"{corrected} files with a clock that was wrong")
    return tuple(remarks)
