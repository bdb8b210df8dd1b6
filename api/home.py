"""The home folder: one service at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Unavailable


@contextmanager
def opened_home(home: Path) -> Iterator[Path]:
    """The folder, made where missing and locked while it is used.

    The lock belongs to the process: one that was killed leaves none behind.

    Raises:
        Unavailable: another service runs on it, or it cannot be written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as why:
        raise Unavailable(
            f"the home folder cannot be written: {why.strerror}",
            where=str(home),
            remedy="choose another with --home or FLYONCE_HOME",
        ) from why
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as why:
        os.close(lock)
        raise Unavailable(
            "another FlyOnce service runs on this folder",
            where=str(home),
            remedy="stop it, or choose another folder with --home",
        ) from why
    try:
        yield home
    finally:
        os.close(lock)


def emptied(home: Path) -> None:
    """Delete what an earlier run left in a home folder; only what we made."""
    for pattern in ("flyonce.sqlite*", "world.json", "truth.json*", "sim.log", "sim.pid"):
        for path in home.glob(pattern):
            path.unlink()
    shutil.rmtree(home / "media", ignore_errors=True)
