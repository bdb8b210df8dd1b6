"""Files that are written whole or not at all."""

from pathlib import Path

from core.errors import Unavailable


def store(path: Path, content: str | bytes) -> None:
    """Write a file, whole or not at all.

    Raises:
        Unavailable: it cannot be written.
    """
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
        draft.replace(path)
    except OSError as why:
        draft.unlink(missing_ok=True)
        raise Unavailable(
            f"cannot be written: {why.strerror}", where=str(path), remedy="choose another file"
        ) from why
