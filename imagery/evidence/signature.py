"""The service's key and its signatures: Ed25519 (RFC 8032), keys as PEM, signatures raw.

A signature is 64 bytes; ``openssl pkeyutl -verify -rawin`` checks it with the public key alone.
"""

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from core.errors import InvalidInput, Unavailable

PRIVATE_MODE = 0o600


class Signer:
    """Signs with a key from a file that only its owner may read."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def of(cls, path: Path) -> "Signer":
        """The key in a file, made there first if there is none.

        Raises:
            Unavailable: the file can be read by others, is broken, or cannot be written.
        """
        try:
            if not path.exists():
                _write_new(path)
            if path.stat().st_mode & 0o077:
                raise Unavailable(
                    "the evidence key can be read by others",
                    where=str(path),
                    remedy=f"chmod 600 it; if somebody may have copied it, make a new one and "
                    f"publish it (docs/evidence.md): {path.name}",
                )
            key = load_pem_private_key(path.read_bytes(), None)
        except OSError as error:
            raise Unavailable(
                f"the evidence key cannot be read or made ({error.strerror})",
                where=str(path),
                remedy="let the service's user own its home folder",
            ) from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _broken(path) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise _broken(path)
        return cls(key)

    def sign(self, data: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._key.sign(data)

    @property
    def public_pem(self) -> str:
        """The public key as PEM (SubjectPublicKeyInfo)."""
        pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem.decode()


def fingerprint(public_pem: str) -> str:
    """SHA-256 of a public key's DER form, in hexadecimal: short enough to be read aloud.

    Raises:
        InvalidInput: this is no Ed25519 public key.
    """
    der = _public(public_pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def is_signed(data: bytes, signature: bytes, public_pem: str) -> bool:
    """Whether the signature is of these data by this key.

    Raises:
        InvalidInput: this is no Ed25519 public key.
    """
    try:
        _public(public_pem).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _public(pem: str) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key() from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key()
    return key


def _no_key() -> InvalidInput:
    return InvalidInput(
        "this is no Ed25519 public key",
        where="key",
        remedy="use the PEM file of GET /api/v1/evidence/key",
    )


def _write_new(path: Path) -> None:
    """Make a key; of two processes that do so at once, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    part = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_MODE)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)  # fails where there is one: nothing signed before is orphaned
    except FileExistsError:
        pass
    finally:
        part.unlink()


def _broken(path: Path) -> Unavailable:
    return Unavailable(
        "the evidence key is no Ed25519 private key",
        where=str(path),
        remedy="restore it from a backup; a new key must be published anew",
    )
