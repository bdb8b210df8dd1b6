"""Opens what is called a photograph, and only if it is a file: never a pipe, a device or a folder.

A folder that somebody hands in may hold a pipe named ``x.jpg`` (opening it waits for ever), a link
to ``/dev/zero`` (reading it never ends) or a link to itself. Each is refused with a reason.
"""

import os
import stat
from io import BufferedReader
from pathlib import Path

from core.errors import NotFound, UnreadableMedia

MAX_FILE_BYTES = 256 * 1024 * 1024
"""Larger files are refused unread: the largest thermal frame has 10 MB, a P1 photo 30 MB."""

_SORTS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def read_whole(path: Path, *, most: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a regular file, at most ``most`` of them in memory.

    Raises:
        NotFound: nothing is there. UnreadableMedia: it is no file, too large, or not to be opened.
    """
    with open_file(path) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            data = b"" if size > most else file.read(most + 1)
        except OSError as error:
            raise _closed(path, error) from error
    if max(size, len(data)) > most:
        raise UnreadableMedia(
            f"it has {max(size, len(data)) / 1e6:.0f} MB",
            where=str(path),
            remedy=f"at most {most // 2**20} MB are read",
        )
    return data


def open_file(path: Path) -> BufferedReader:
    """A regular file, open for reading. The caller closes it.

    Raises:
        NotFound: nothing is there. UnreadableMedia: it is no file or cannot be opened.
    """
    try:
        _refuse_special(path, path.stat().st_mode)  # before: to open some devices does something
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        what = "a link that leads nowhere" if path.is_symlink() else "there is no such file"
        raise NotFound(what, where=str(path), remedy="check the path") from error
    except OSError as error:
        raise _closed(path, error) from error
    try:
        _refuse_special(path, os.fstat(handle).st_mode)  # again: it may have been exchanged
    except UnreadableMedia:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


def _refuse_special(path: Path, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    sort = next((name for test, name in _SORTS if test(mode)), "something else")
    raise UnreadableMedia(
        f"it is {sort}, no file", where=str(path), remedy="name a photograph, or leave it out"
    )


def _closed(path: Path, error: OSError) -> UnreadableMedia:
    return UnreadableMedia(
        f"it cannot be opened ({error.strerror})",
        where=str(path),
        remedy="check its permissions and the card",
    )
