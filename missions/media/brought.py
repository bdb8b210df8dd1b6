"""Files that people bring: an upload for each file, a batch for each folder."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class UploadState(StrEnum):
    """What became of a file that somebody brings."""

    WAITING = "waiting"
    """Bytes are still to come, or it is about to be examined."""
    TAKEN = "taken"
    KNOWN = "known"
    """The very same bytes were here before."""
    DROPPED = "dropped"
    """Of no use, or refused; `Upload.reason` says why."""
    EXPIRED = "expired"
    """Never finished; what had come was thrown away."""
    WITHDRAWN = "withdrawn"
    """The sender took it back before it was finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file on its way in.

    Attributes:
        sha256: as the sender declared it; empty where it did not.
        size_bytes: of the whole file. How much of it is here is the size of its part on disk.
        vehicle, camera, flight: what the sender says of it; empty where it says nothing.
        pitch_deg: which way a plain camera looked, as the sender declares.
        department: whose it will be; empty for city-wide senders without a flight.
        by: name of the sender.
        expires_at: until when an unfinished upload is kept.
        medium_id: what it became; None while it waits, or when nothing was kept of it.
    """

    id: str
    batch: str = ""
    name: str = ""
    sha256: str = ""
    size_bytes: int
    vehicle: str = ""
    camera: str = ""
    flight: str = ""
    pitch_deg: float | None = None
    department: str = ""
    shared_with: tuple[str, ...] = ()
    by: str
    created_at: datetime
    expires_at: datetime
    state: UploadState = UploadState.WAITING
    reason: str = ""
    medium_id: str | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Files that were brought together, such as a memory card.

    Attributes:
        expected: how many files the sender means to bring; None where it did not say.
        vehicle, camera, flight: hold for every file that does not say otherwise.
    """

    id: str
    name: str
    department: str
    shared_with: tuple[str, ...] = ()
    by: str
    created_at: datetime
    expected: int | None = None
    vehicle: str = ""
    camera: str = ""
    flight: str = ""
