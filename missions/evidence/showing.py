"""Pictures leave the store: the original to its owners, protected copies to everybody else, and
both noted in the chain of custody."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from core.equipment import CameraSpec
from core.errors import NotFound
from imagery.catalog import Medium, MediumState
from imagery.evidence.blur import MOST_PX_PER_M
from missions.access import Principal
from missions.evidence.custody import Custody
from missions.evidence.privacy import CopyJob, Warm, job_for, owns, pose_of, warm_of
from missions.evidence.records import Act
from missions.evidence.workers import copied
from missions.media.desk import Desk
from missions.operations.preview import preview_of

METHOD = f"blocks averaged to {MOST_PX_PER_M:g} px/m at most (EN 62676-4), found people filled"
AGAIN = timedelta(hours=1)
"""Somebody who looks at one original again and again is noted once in this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A protected copy as JPEG, and in how many places somebody was found and filled."""

    data: bytes
    filled: int
    method: str = METHOD


class Showing:
    """What callers get to see of a medium's bytes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._cameras: Mapping[str, CameraSpec] = {
            camera.id: camera for kind in desk.preset.kinds.values() for camera in kind.cameras
        }

    def file(self, p: Principal, medium: Medium) -> tuple[bytes, str]:
        """The original, byte for byte, for its owners; a protected copy for others.

        Raises:
            NotFound: it was deleted. NotAllowed: of unknown scale, and not the caller's own.
        """
        check_kept(medium)
        if not owns(p, medium):
            return self.copy(p, medium), "image/jpeg"
        data = self._desk.media.open(medium.key)
        self._note_shown(p, medium)
        return data, medium.media_type

    def preview(self, p: Principal, medium: Medium) -> bytes:
        """A picture to look at; not noted for owners: lists show hundreds."""
        check_kept(medium)
        if not owns(p, medium):
            return self.copy(p, medium)
        return preview_of(self._desk.media.open(medium.key), radiometric=medium.radiometric)

    def copy(self, p: Principal, medium: Medium) -> bytes:
        """A protected copy as JPEG; that it was made is noted, once for each department.

        Raises:
            NotAllowed: the medium's scale is not known. InvalidInput: it cannot be decoded.
        """
        copy = self.made(medium)
        self._note_copy(p, medium, copy.filled)
        return copy.data

    def made(self, medium: Medium) -> Copy:
        """A protected copy, made by a worker; not noted. Raises as `copy` does."""
        data, filled = self._desk.pool.submit(copied, self.job(medium), self._desk.shelf).result()
        return Copy(data=data, filled=filled)

    def job(self, medium: Medium) -> CopyJob:
        """All that a worker needs to make a protected copy.

        Raises:
            NotAllowed: the medium's scale is not known.
        """
        job = job_for(medium, self._desk.media.open(medium.key), self._cameras)
        with self._desk.view() as unit:
            warm = warm_of(unit, medium)
        return job if warm is None else replace(job, warm=self._warm(warm))

    def _warm(self, medium: Medium) -> Warm | None:
        pose, camera = pose_of(medium), self._cameras.get(medium.camera)
        if pose is None or camera is None:
            return None
        return Warm(data=self._desk.media.open(medium.key), pose=pose, camera=camera)

    def _note_shown(self, p: Principal, medium: Medium) -> None:
        now = self._desk.now()
        with self._desk.view() as unit:
            shown = unit.custody.find(medium_id=medium.id, what=Act.SHOWN)
            if any(r.by == p.name and r.at > now - AGAIN for r in shown):
                return
        with self._desk.unit() as unit:
            Custody(unit).note(medium.id, Act.SHOWN, p.name, now, {"department": _of(p)})

    def _note_copy(self, p: Principal, medium: Medium, filled: int) -> None:
        with self._desk.view() as unit:
            made = unit.custody.find(medium_id=medium.id, what=Act.COPY_MADE)
            if any(record.detail.get("department") == _of(p) for record in made):
                return
        detail = {"department": _of(p), "filled": str(filled), "method": METHOD}
        with self._desk.unit() as unit:
            Custody(unit).note(medium.id, Act.COPY_MADE, p.name, self._desk.now(), detail)


def check_kept(medium: Medium) -> None:
    """Say so where the bytes were deleted.

    Raises:
        NotFound: they were.
    """
    if medium.state is MediumState.DELETED:
        raise NotFound(
            f"this file was deleted on {medium.deleted_at:%Y-%m-%d}; its record, digest and "
            "chain of custody stay",
            where=medium.id,
            remedy="see GET /api/v1/media/ID/custody for the rule",
        )


def _of(p: Principal) -> str:
    return p.department or p.role
