"""A folder takes another's place in one step; what was there is moved aside, never deleted."""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import InvalidInput

LOCK = "lock"
"""The file that every home has, and that says nothing."""
_EXCHANGE, _AT_FDCWD = 2, -100
_UNKNOWN_HERE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def staging_of(folder: Path) -> Path:
    """Where a folder is laid out before it takes its place: beside it, on the same disk."""
    return folder.with_name(f".{folder.name}.restoring")


def is_occupied(folder: Path) -> bool:
    """Whether there is anything of value in a folder."""
    return folder.is_dir() and any(entry.name != LOCK for entry in folder.iterdir())


class Place:
    """A folder that is laid out beside its place.

    Args:
        aside: where to move what is there; None to refuse it.

    Raises:
        InvalidInput: there is something already.
    """

    def __init__(self, folder: Path, aside: Path | None) -> None:
        self.folder = folder
        self.staging = staging_of(folder)
        self.aside = aside if is_occupied(folder) else None
        self._taken = False
        if self.aside is None and is_occupied(folder):
            raise InvalidInput(
                "there is something already",
                where=str(folder),
                remedy="restore into a new folder, or move this one aside with --force",
            )

    @contextmanager
    def laid_out(self) -> Iterator[Path]:
        """The empty folder to fill; gone again if it has not taken its place."""
        shutil.rmtree(self.staging, ignore_errors=True)  # of a restore that was killed
        self.staging.mkdir(parents=True, mode=0o700)
        try:
            yield self.staging
        finally:
            shutil.rmtree(self.staging, ignore_errors=True)

    def take(self) -> None:
        """Put the folder in its place: whoever is killed before has the old one, after the new."""
        if self.folder.exists():
            exchange(self.staging, self.folder)
        else:
            self.staging.rename(self.folder)
        self._taken = True
        if self.aside is not None:
            self.staging.rename(self.aside)

    def give_back(self) -> None:
        """Undo `take`."""
        if not self._taken:
            return
        if self.aside is not None and self.aside.exists():
            self.aside.rename(self.staging)
        if self.staging.exists():
            exchange(self.staging, self.folder)
        else:
            self.folder.rename(self.staging)
        self._taken = False


def exchange(one: Path, other: Path) -> None:
    """Let two folders change places in one step (Linux 3.15, renameat2), where the disk can; else
    in three, between which the second name is missing for a moment.

    Raises:
        OSError: they are not on one disk, or one is where a disk is mounted.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is not None:
        if not rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE):
            return
        number = ctypes.get_errno()
        if number not in _UNKNOWN_HERE:
            raise OSError(number, os.strerror(number), str(other))
    between = one.with_name(f"{one.name}.former")
    other.rename(between)
    one.rename(other)
    between.rename(one)
