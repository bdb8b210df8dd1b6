"""Files that people bring, piece by piece: created, sent, finished; resumed after any break.

How much of a file is here is the size of its part on disk, so a killed service loses nothing that
it acknowledged. A finished part goes through the same intake as what cameras deliver.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from core.errors import IllegalTransition, InvalidInput, UnreadableMedia
from core.ids import new_id
from imagery.catalog import MediumState
from imagery.parts import Parts, Writer, sha256_of
from missions import schedule
from missions.access import Principal
from missions.media.arrivals import Arrival
from missions.media.brought import Upload, UploadState
from missions.media.senders import checked_batch, checked_sha256, checked_upload, visible_flight
from missions.operations.attribution import time_in
from missions.operations.intake import Intake
from missions.operations.room import ControlRoom, supervised
from missions.store.protocol import Unit

KEPT_FOR = timedelta(days=7)
"""How long an unfinished upload waits for the rest of its bytes."""
MAX_BYTES = 64 << 20
"""Largest file unless the settings say otherwise: three times a 45-megapixel JPEG."""
EVERY_S = 60
MAX_WAITING = 20_000
"""Unfinished uploads of one sender: more than any memory card holds files."""


class TooLarge(InvalidInput):
    """The file is larger than any that is taken in."""


class ChecksumMismatch(InvalidInput):
    """The bytes that arrived are not those whose checksum was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDraft:
    """What a sender says of a file; empty where it says nothing.

    Attributes:
        sha256: hexadecimal; known bytes need not be sent.
        pitch_deg: which way a plain camera looked: -90 straight down.
    """

    size_bytes: int
    name: str = ""
    sha256: str = ""
    vehicle: str = ""
    camera: str = ""
    flight: str = ""
    batch: str = ""
    pitch_deg: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """An upload and how many of its bytes are here."""

    upload: Upload
    offset: int
    resumed: bool = False


class Uploads:
    """What may be done with uploads; `Service.uploads`.

    Args:
        max_bytes: largest file that is taken in.
    """

    def __init__(self, room: ControlRoom, intake: Intake, max_bytes: int = MAX_BYTES) -> None:
        self._room = room
        self._intake = intake
        self._parts = Parts(room.media.scratch("uploads"))
        self.max_bytes = max_bytes
        self._finishing: dict[str, asyncio.Task[Upload]] = {}

    # --- create ----------------------------------------------------------------------------

    def create(self, p: Principal, draft: FileDraft) -> Progress:
        """Begin an upload, go on with one of the same file, or answer that its bytes are known.

        Raises:
            NotAllowed: the role may not bring files. NotFound: no such flight or batch for it.
            TooLarge: the file is larger than any photograph; its batch's report says so too.
            InvalidInput: a field is wrong.
        """
        p.require("upload")
        now = self._room.now()
        with self._room.unit() as unit:
            upload = self._drafted(unit, p, draft)
            refused = self._refusal(upload)
            if refused is not None:
                reason = refused.what
                unit.uploads.add(replace(upload, state=UploadState.DROPPED, reason=reason))
            else:
                again = self._resumable(unit, p, upload)
                if again is not None:
                    return Progress(again, self._parts.size(again.id), resumed=True)
                upload = self._known(unit, p, upload) or upload
                unit.uploads.add(upload)
        if refused is not None:
            raise refused
        if upload.state is UploadState.WAITING:
            self._parts.create(upload.id)
            return Progress(upload, 0)
        return Progress(replace(upload, finished_at=now), upload.size_bytes)

    def _drafted(self, unit: Unit, p: Principal, draft: FileDraft) -> Upload:
        now = self._room.now()
        batch = checked_batch(unit, p, draft.batch) if draft.batch else None
        flight = draft.flight or (batch.flight if batch else "")
        if flight:
            visible_flight(unit, p, flight)
        if unit.uploads.count(by=p.name, state=UploadState.WAITING) >= MAX_WAITING:
            raise InvalidInput(
                f"{MAX_WAITING} files of {p.name} wait for their bytes",
                where="uploads",
                remedy="finish or delete some of them first",
            )
        return Upload(
            id=new_id("upl", now),
            batch=draft.batch,
            name=draft.name,
            sha256=checked_sha256(draft.sha256),
            size_bytes=draft.size_bytes,
            vehicle=draft.vehicle or (batch.vehicle if batch else ""),
            camera=draft.camera or (batch.camera if batch else ""),
            flight=flight,
            pitch_deg=draft.pitch_deg,
            department=(batch.department if batch else "") or p.department or "",
            by=p.name,
            created_at=now,
            expires_at=now + KEPT_FOR,
        )

    def _refusal(self, upload: Upload) -> InvalidInput | None:
        """Why not a single byte of a file is wanted."""
        if upload.size_bytes > self.max_bytes:
            return TooLarge(
                f"{upload.size_bytes} bytes are more than the {self.max_bytes} of the largest "
                "photograph that is taken in",
                where=upload.name or "Upload-Length",
                remedy="bring the camera's own photographs, not archives or videos",
            )
        if upload.size_bytes == 0:
            return UnreadableMedia(
                "the file is empty", where=upload.name, remedy="copy it again from the card"
            )
        return None

    def _resumable(self, unit: Unit, p: Principal, upload: Upload) -> Upload | None:
        """The same sender's unfinished upload of the same file, for the same batch."""
        if not upload.sha256:
            return None
        waiting = unit.uploads.find(
            sha256=upload.sha256, by=p.name, batch=upload.batch, state=UploadState.WAITING
        )
        names = set(self._parts.names()) if waiting else set()
        same = (upload.size_bytes, upload.flight, upload.vehicle, upload.camera)
        return next(
            (
                w
                for w in waiting
                if (w.size_bytes, w.flight, w.vehicle, w.camera) == same and w.id in names
            ),
            None,
        )

    def _known(self, unit: Unit, p: Principal, upload: Upload) -> Upload | None:
        """The answer to bytes that are here already and that the sender may see.

        Who may not see them learns nothing: it sends the file like any other.
        """
        found = unit.media.find(sha256=upload.sha256, limit=1) if upload.sha256 else []
        if not found or found[0].state is MediumState.DELETED or not p.sees(found[0]):
            return None
        return replace(
            upload,
            state=UploadState.KNOWN,
            reason=found[0].reason,
            medium_id=found[0].id,
            finished_at=self._room.now(),
        )

    # --- send ------------------------------------------------------------------------------

    def progress(self, p: Principal, upload_id: str) -> Progress:
        """How far an upload is. Raises NotFound, also for somebody else's."""
        with self._room.view() as unit:
            upload = checked_upload(unit, p, upload_id)
        if upload.state is not UploadState.WAITING:
            return Progress(upload, upload.size_bytes)
        return Progress(upload, self._parts.size(upload.id))

    async def append(
        self,
        p: Principal,
        upload_id: str,
        offset: int,
        pieces: AsyncIterator[bytes],
        checksum: tuple[str, bytes] | None = None,
    ) -> Progress:
        """Append bytes from ``offset`` on; the last ones finish the upload, and it is examined.

        Args:
            checksum: name of a hash and its value over these bytes; where they differ, none stays.

        Raises:
            NotFound: no such upload of this sender. OffsetMismatch, PartBusy: `imagery.parts`.
            ChecksumMismatch: the bytes are not what was sent. InvalidInput: too many bytes.
        """
        upload = self.progress(p, upload_id).upload
        if upload.state is UploadState.KNOWN:
            return Progress(upload, min(upload.size_bytes, offset + await _drained(pieces)))
        if upload.state is not UploadState.WAITING:
            raise finished(upload)
        name = checksum[0] if checksum else None
        with self._parts.writing(upload.id, offset, limit=upload.size_bytes, digest=name) as writer:
            await _receive(writer, pieces, checksum)
        if writer.offset == upload.size_bytes:
            upload = await asyncio.shield(self._finish(upload))
        return Progress(upload, writer.offset)

    def _finish(self, upload: Upload) -> "asyncio.Task[Upload]":
        """Examine a whole file; goes on when its sender has hung up. Twice is once."""
        task = self._finishing.get(upload.id)
        if task is None:
            task = asyncio.create_task(self._examined(upload), name=f"upload {upload.id}")
            self._finishing[upload.id] = task
            task.add_done_callback(lambda _: self._finishing.pop(upload.id, None))
        return task

    async def _examined(self, upload: Upload) -> Upload:
        path = str(self._parts.path(upload.id))
        digest = await asyncio.to_thread(sha256_of, self._parts.path(upload.id))
        if upload.sha256 and not hmac.compare_digest(upload.sha256, digest):
            reason = (
                f"the bytes that arrived have the SHA-256 {digest}, not the declared "
                f"{upload.sha256}: the file changed on the way or on the card"
            )
            return self._ended(upload, UploadState.DROPPED, reason)
        alone = bool(upload.vehicle) and not upload.flight
        taken_at = await asyncio.to_thread(time_in, path) if alone else None
        await self._intake.take(
            Arrival(
                sha256=digest,
                vehicle=upload.vehicle,
                camera=upload.camera,
                sent_by=upload.by,
                path=path,
                declared=upload.sha256,
                upload=upload,
                pitch_deg=upload.pitch_deg,
                taken_at=taken_at,
            )
        )
        self._parts.remove(upload.id)
        with self._room.view() as unit:
            return unit.uploads.get(upload.id)

    # --- end -------------------------------------------------------------------------------

    def withdraw(self, p: Principal, upload_id: str) -> None:
        """Throw an unfinished upload away. Raises NotFound, InvalidInput when it is finished."""
        upload = self.progress(p, upload_id).upload
        if upload.state is not UploadState.WAITING or upload_id in self._finishing:
            raise finished(upload)
        self._ended(upload, UploadState.WITHDRAWN, "taken back by its sender")

    def _ended(self, upload: Upload, state: UploadState, reason: str) -> Upload:
        ended = replace(upload, state=state, reason=reason, finished_at=self._room.now())
        with self._room.unit() as unit:
            unit.uploads.put(ended)
        self._parts.remove(upload.id)
        return ended

    async def run(self) -> None:
        """Tend the uploads by the clock, for ever."""
        room = self._room
        await schedule.run(self.jobs, room.clock, room.records, room.lease)

    @cached_property
    def jobs(self) -> tuple[schedule.Job, ...]:
        """What runs by the clock."""

        async def guarded() -> bool:
            return await supervised(self.tend(), "uploads")

        return (schedule.every("uploads", EVERY_S, guarded, self._room.preset.zone_info),)

    async def tend(self) -> None:
        """Finish what was whole when the service was killed, and throw away what expired."""
        now = self._room.now()
        with self._room.view() as unit:
            waiting = unit.uploads.find(state=UploadState.WAITING)
        names = set(self._parts.names())
        for upload in waiting:
            if upload.id in names and self._parts.size(upload.id) == upload.size_bytes:
                await self._finish(upload)
            elif now > upload.expires_at:
                days = KEPT_FOR.days
                self._ended(upload, UploadState.EXPIRED, f"not finished within {days} days")
        self._drop_strays(names - {upload.id for upload in waiting})

    def _drop_strays(self, names: set[str]) -> None:
        """Parts that no waiting upload has: left by a kill between commit and clean-up."""
        with self._room.view() as unit:
            strays = [
                name
                for name in names
                if not unit.uploads.exists(name)
                or unit.uploads.get(name).state is not UploadState.WAITING
            ]
        for name in strays:
            self._parts.remove(name)


async def _receive(
    writer: Writer, pieces: AsyncIterator[bytes], checksum: tuple[str, bytes] | None
) -> None:
    """Write what comes; what came before a break stays, unless a checksum covers the whole."""
    whole = False
    try:
        async for piece in pieces:
            writer.write(piece)
        whole = True
    finally:
        if checksum is not None and (not whole or writer.digest != checksum[1]):
            writer.take_back()
        await asyncio.to_thread(writer.settle)
    if checksum is not None and writer.offset == writer.begin and checksum[1] != writer.digest:
        raise ChecksumMismatch(
            f"the bytes do not have the {checksum[0]} that was given",
            where="Upload-Checksum",
            remedy="send them again from the same offset",
        )


async def _drained(pieces: AsyncIterator[bytes]) -> int:
    """Bytes that a client sends although they are known: generic tus clients begin at 0 without
    reading the offset of the answer."""
    count = 0
    async for piece in pieces:
        count += len(piece)
    return count


def finished(upload: Upload) -> IllegalTransition:
    """The refusal to change an upload that has ended."""
    return IllegalTransition(
        f"this upload has ended: {upload.state}",
        where=upload.id,
        remedy="ask for it with HEAD; nothing more needs to be sent",
    )
