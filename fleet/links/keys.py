"""The secret keys of vehicles: one of 32 bytes for each, in a file that only its owner may read.

The file is JSON, ``{"main/7": "64 hexadecimal digits", ...}``, with mode 0600. A key that others
could have read is no secret any more, so a file with wider permissions is refused, not mended.
"""

import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from core.errors import InvalidInput, Unavailable
from fleet.address import Address

KEY_BYTES = 32
"""https://mavlink.io/en/guide/message_signing.html#signature: a key is 32 binary bytes."""

_MOST_BYTES = 4 * 1024 * 1024
_EXPOSED = stat.S_IRWXG | stat.S_IRWXO


class Keys:
    """Which vehicle signs with which key; frozen, and silent about the keys themselves.

    Raises:
        InvalidInput: a key is not 32 bytes, is all zeros, or belongs to two vehicles.
    """

    def __init__(self, keys: Mapping[Address, bytes] | None = None) -> None:
        found: dict[bytes, Address] = {}
        for address, key in (keys or {}).items():
            if len(key) != KEY_BYTES or not any(key):
                raise InvalidInput(
                    "its signing key is not 32 bytes with something in them",
                    where=f"vehicle {address}",
                    remedy="enrol the vehicle again",
                )
            other = found.setdefault(bytes(key), address)
            if other != address:
                raise InvalidInput(
                    f"it has the same signing key as {other}",
                    where=f"vehicle {address}",
                    remedy="enrol one of them again: each vehicle has a key of its own",
                )
        self._keys = MappingProxyType({address: bytes(k) for address, k in (keys or {}).items()})

    def __repr__(self) -> str:
        return f"Keys of {len(self._keys)} vehicles"

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, address: Address) -> bool:
        return address in self._keys

    @property
    def vehicles(self) -> frozenset[Address]:
        """Who has a key."""
        return frozenset(self._keys)

    def of_link(self, link: str) -> dict[int, bytes]:
        """The keys of one link by system id."""
        return {a.system_id: key for a, key in self._keys.items() if a.link == link}

    def key(self, address: Address) -> bytes:
        """The key of a vehicle.

        Raises:
            Unavailable: it has none.
        """
        try:
            return self._keys[address]
        except KeyError:
            raise missing([address]) from None

    def with_key(self, address: Address, key: bytes) -> "Keys":
        """These and one more, in the place of what the vehicle had."""
        return Keys({**self._keys, address: key})

    def without(self, address: Address) -> "Keys":
        """These but for one vehicle."""
        return Keys({a: key for a, key in self._keys.items() if a != address})

    def require(self, vehicles: Iterable[Address]) -> None:
        """Check that all these vehicles have a key.

        Raises:
            Unavailable: names those that have none.
        """
        lacking = sorted(set(vehicles) - set(self._keys))
        if lacking:
            raise missing(lacking)

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all, readable by its owner only.

        Raises:
            Unavailable: it cannot be written.
        """
        text = json.dumps({str(a): k.hex() for a, k in sorted(self._keys.items())}, indent=1)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".keys-")  # mode 0600
            try:
                with os.fdopen(handle, "w") as file:
                    file.write(text + "\n")
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, path)
            except OSError:
                os.unlink(name)
                raise
        except OSError as error:
            raise Unavailable(
                f"the signing keys cannot be written: {error.strerror}", where=str(path)
            ) from error

    @classmethod
    def load(cls, path: Path) -> "Keys":
        """The keys of a file; no file means no keys.

        Raises:
            Unavailable: it can be read by others, belongs to somebody else, or cannot be read.
            InvalidInput: it holds something else than keys.
        """
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise _unreadable(path, error) from error
        with os.fdopen(handle, "rb") as file:
            _check_private(path, os.fstat(file.fileno()))
            try:
                return _parsed(path, file.read(_MOST_BYTES))
            except OSError as error:
                raise _unreadable(path, error) from error


def new_key() -> bytes:
    """A random key."""
    return secrets.token_bytes(KEY_BYTES)


def missing(vehicles: Iterable[Address]) -> Unavailable:
    """The refusal to fly without a key."""
    names = ", ".join(str(v) for v in vehicles)
    return Unavailable(
        f"no signing key for {names}",
        where="keys.json",
        remedy="enrol it with './run enrol', or restore the file of keys",
    )


def _check_private(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Unavailable("this is no file of keys", where=str(path), remedy="name a plain file")
    if stat.S_IMODE(status.st_mode) & _EXPOSED:
        raise Unavailable(
            f"others may read the signing keys (mode {stat.S_IMODE(status.st_mode):04o})",
            where=str(path),
            remedy=f"chmod 600 {path}, and enrol the vehicles again if somebody did",
        )
    if status.st_uid not in (os.geteuid(), 0):
        raise Unavailable(
            "the signing keys belong to another user", where=str(path), remedy=f"chown {path}"
        )


def _parsed(path: Path, data: bytes) -> Keys:
    try:
        content = json.loads(data)
        if not isinstance(content, dict):
            raise ValueError("not a mapping of vehicles to keys")
        return Keys({Address.parse(name): bytes.fromhex(key) for name, key in content.items()})
    except (ValueError, TypeError, RecursionError, InvalidInput) as error:
        # the error of a wrong key might quote it
        what = str(error) if isinstance(error, InvalidInput) else type(error).__name__
        raise InvalidInput(
            f"this is no file of signing keys: {what}",
            where=str(path),
            remedy="restore it from a backup, or enrol the vehicles again",
        ) from None


def _unreadable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"the signing keys cannot be read: {error.strerror}",
        where=str(path),
        remedy="mend the file's permissions; without it no vehicle is spoken to",
    )
