"""Files of a batch: found, read, written whole."""

import os
from collections.abc import Iterable
from pathlib import Path

from core.errors import NotFound, UnreadableMedia

SUFFIXES = (".jpg", ".jpeg", ".tif", ".tiff")
"""What is looked for in a folder."""

MAX_FILE_BYTES = 256 * 1024 * 1024
"""Larger files are refused unread: the largest thermal frame has 10 MB, a P1 photo 30 MB."""


def find_files(paths: Iterable[str | Path], *, skip: Path | None = None) -> list[Path]:
    """The files that the paths name, folders searched in the order of names, each file once.

    Args:
        skip: a folder that is not searched: an earlier report's.
    """
    found: dict[Path, None] = {}
    hidden = skip.resolve() if skip else None
    for entry in map(Path, paths):
        if not entry.is_dir():
            found.setdefault(entry)
            continue
        for folder, folders, names in os.walk(entry):
            if hidden is not None and Path(folder).resolve() == hidden:
                folders.clear()
                continue
            folders.sort()
            for name in sorted(names):
                if name.lower().endswith(SUFFIXES):
                    found.setdefault(Path(folder) / name)
    return list(found)


def read_file(path: Path) -> bytes:
    """The file's bytes. Raises NotFound or UnreadableMedia."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UnreadableMedia(
                f"it has {path.stat().st_size / 1e6:.0f} MB",
                where=str(path),
                remedy=f"at most {MAX_FILE_BYTES // 2**20} MB are read",
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound("there is no such file", where=str(path), remedy="check the path") from error
    except OSError as error:
        raise UnreadableMedia(
            f"it cannot be opened ({error.strerror})",
            where=str(path),
            remedy="check its permissions and the card",
        ) from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except BaseException:  # also on Ctrl-C: nothing half-done stays behind
        part.unlink(missing_ok=True)
        raise


def free_name(stem: str, taken: set[str]) -> str:
    """The stem, or with a number when a file of the batch has that name already."""
    number, name = 1, stem
    while name.lower() in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name.lower())
    return name
