"""Files on their way in, piece by piece: how much is here is the size of the part on disk.

Nothing else is remembered, so a killed process loses nothing that was acknowledged. A part is
never whole in memory. One writer has a part at a time, over all processes (flock).
"""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from core.errors import InvalidInput, NotFound, Unavailable

PIECE = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")


class PartBusy(Unavailable):
    """Somebody else is writing this part now."""


class OffsetMismatch(InvalidInput):
    """The bytes offered do not begin where the part ends."""


class Writer:
    """Appends to one part; see `Parts.writing`."""

    def __init__(self, file: IO[bytes], limit: int, digest: str | None) -> None:
        self._file = file
        self._limit = limit
        self.begin = self.offset = file.seek(0, os.SEEK_END)
        self._hash = hashlib.new(digest, usedforsecurity=False) if digest else None

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            InvalidInput: more than the whole file was said to hold.
        """
        if self.offset + len(data) > self._limit:
            raise InvalidInput(
                f"more bytes than the {self._limit} that were announced",
                where="body",
                remedy="create another upload with the right length",
            )
        self._file.write(data)
        self.offset += len(data)
        if self._hash is not None:
            self._hash.update(data)

    @property
    def digest(self) -> bytes:
        """The hash of what this writer appended."""
        return self._hash.digest() if self._hash else b""

    def take_back(self) -> None:
        """Forget what this writer appended."""
        self._file.flush()
        self._file.truncate(self.begin)
        self._file.seek(self.begin)
        self.offset = self.begin

    def settle(self) -> None:
        """Return once the bytes are on the disk and survive a power cut."""
        self._file.flush()
        os.fsync(self._file.fileno())


class Parts:
    """A folder of parts by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, name: str) -> None:
        """Begin a part. Raises Unavailable when the disk does not take it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._path(name).touch(exist_ok=False)
        except OSError as error:
            raise _unavailable(self._folder, error) from error

    def size(self, name: str) -> int:
        """Bytes that are here. Raises NotFound."""
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError as error:
            raise _gone(name) from error

    def path(self, name: str) -> Path:
        """Where the part is, for reading. Raises NotFound."""
        self.size(name)
        return self._path(name)

    @contextmanager
    def writing(
        self, name: str, offset: int, *, limit: int, digest: str | None = None
    ) -> Iterator[Writer]:
        """Append to a part from ``offset`` on, alone.

        What was written stays when the block is left by an error, so that a broken connection
        costs nothing; `Writer.take_back` undoes it.

        Args:
            limit: size of the whole file.
            digest: name of a hash (`hashlib`) to compute over what is appended.

        Raises:
            NotFound: there is no such part. PartBusy: another writer has it.
            OffsetMismatch: the part does not end at ``offset``. Unavailable: the disk is full.
        """
        try:
            with open(self._path(name), "r+b") as file:
                _lock(file, name)
                writer = Writer(file, limit, digest)
                if writer.begin != offset:
                    raise OffsetMismatch(
                        f"the part ends at byte {writer.begin}, not at {offset}",
                        where="Upload-Offset",
                        remedy="ask for the offset with HEAD and go on from there",
                    )
                yield writer
        except FileNotFoundError as error:
            raise _gone(name) from error
        except OSError as error:
            raise _unavailable(self._folder, error) from error

    def remove(self, name: str) -> None:
        """Throw a part away; nothing happens when there is none."""
        self._path(name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """The parts that are here."""
        return sorted(p.name for p in self._folder.glob("*")) if self._folder.is_dir() else []

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name) or name.startswith("."):
            raise _gone(name)
        return self._folder / name


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, read piece by piece."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lock(file: IO[bytes], name: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PartBusy(
            "another connection is sending this file",
            where=name,
            remedy="wait until it ends, ask for the offset with HEAD and go on from there",
        ) from error


def _gone(name: str) -> NotFound:
    return NotFound("no such upload", where=name[:80], remedy="create it again")


def _unavailable(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"the upload folder does not take it ({error.strerror or error})",
        where=str(folder),
        remedy="free space on the disk; the upload can go on from where it is",
    )
