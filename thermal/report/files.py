"""Files of a batch: found, read, written whole."""

import os
from collections.abc import Iterable
from pathlib import Path

from imagery.files.reading import read_whole

SUFFIXES = (".jpg", ".jpeg", ".tif", ".tiff")
"""What is looked for in a folder."""


MOST_NAME_BYTES = 180
"""Of a name of 255 bytes, the most that file systems take; the rest is for number and suffix."""


def find_files(paths: Iterable[str | Path], *, skip: Path | None = None) -> list[Path]:
    """The files that the paths name, folders searched in the order of names, each file once.

    Args:
        skip: a folder that is not searched: an earlier report's.
    """
    found: dict[Path, None] = {}
    hidden = os.path.realpath(skip) if skip else None

    def closed(error: OSError) -> None:  # a folder that cannot be listed gets its reason as a file
        found.setdefault(Path(error.filename))

    for entry in map(Path, paths):
        if not os.path.isdir(entry):
            found.setdefault(entry)
            continue
        for folder, folders, names in os.walk(entry, onerror=closed):
            if hidden is not None and os.path.realpath(folder) == hidden:
                folders.clear()
                continue
            folders.sort()
            for name in sorted(names):
                if name.lower().endswith(SUFFIXES):
                    found.setdefault(Path(folder) / name)
    return list(found)


def read_file(path: Path) -> bytes:
    """The file's bytes; see `imagery.files.reading`. Raises NotFound or UnreadableMedia."""
    return read_whole(path)


def told(path: Path) -> str:
    """The path as text; bytes in it that are no UTF-8 as escapes, so that it can be written."""
    return os.fsencode(path).decode(errors="backslashreplace")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; through a link, into a pipe or device, as it comes.

    (To rename a part onto ``/dev/stdout`` would put a file in the place of the device.)
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.write_bytes(data)
        return
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except BaseException:  # also on Ctrl-C: nothing half-done stays behind
        part.unlink(missing_ok=True)
        raise


def free_name(stem: str, taken: set[str]) -> str:
    """The stem, or with a number when a file of the batch has that name already; without what
    cannot be shown or is no UTF-8, and short enough to get a suffix."""
    plain = "".join(c if c.isprintable() else "_" for c in stem)
    stem = plain.encode()[:MOST_NAME_BYTES].decode(errors="ignore")
    number, name = 1, stem
    while name.lower() in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name.lower())
    return name
