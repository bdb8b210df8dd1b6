"""Signing keys in a backup: sealed with a passphrase, so that the file alone gives none away.

scrypt (RFC 7914) makes the key, AES-256-GCM seals it. N = 2**17, r = 8, p = 1 is OWASP's first
choice (Password Storage Cheat Sheet): 128 MiB and some tenths of a second for each guess.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from core.errors import InvalidInput

MEMBER = "keys.sealed"
FILES = ("keys.json", "evidence-key.pem")
"""The key files of a home: the vehicles' MAVLink keys, and the key that signs evidence."""
FORMAT = "flyonce-keys-1"
SHORTEST = 12
"""Characters of a passphrase."""
_N, _R, _P = 2**17, 8, 1
_MOST_N = 2**20


def key_files(home: Path) -> dict[str, bytes]:
    """The key files that a home has, by name."""
    return {name: (home / name).read_bytes() for name in FILES if (home / name).is_file()}


def sealed(files: Mapping[str, bytes], passphrase: str) -> bytes:
    """Files sealed with a passphrase.

    Raises:
        InvalidInput: the passphrase is too short.
    """
    if len(passphrase) < SHORTEST:
        raise InvalidInput(
            f"a passphrase of {len(passphrase)} characters can be guessed",
            where="passphrase",
            remedy=f"take {SHORTEST} characters or more, such as five words",
        )
    salt, nonce = os.urandom(16), os.urandom(12)
    plain = json.dumps({name: b64encode(data).decode() for name, data in files.items()}).encode()
    content = AESGCM(_key(passphrase, salt, _N)).encrypt(nonce, plain, FORMAT.encode())
    document = {
        "format": FORMAT,
        "n": _N,
        "salt": b64encode(salt).decode(),
        "nonce": b64encode(nonce).decode(),
        "content": b64encode(content).decode(),
    }
    return json.dumps(document).encode()


def opened(document: bytes, passphrase: str) -> dict[str, bytes]:
    """The files again.

    Raises:
        InvalidInput: the passphrase is another, or they were changed.
    """
    try:
        found = json.loads(document)
        if found["format"] != FORMAT or not 2 <= found["n"] <= _MOST_N:
            raise ValueError(found["format"])
        key = _key(passphrase, b64decode(found["salt"]), found["n"])
        nonce, content = b64decode(found["nonce"]), b64decode(found["content"])
        plain = json.loads(AESGCM(key).decrypt(nonce, content, FORMAT.encode()))
    except (InvalidTag, ValueError, KeyError, TypeError) as why:
        raise InvalidInput(
            "the keys cannot be opened: the passphrase is another, or they were changed",
            where=MEMBER,
            remedy="give the passphrase of that backup, or restore without --keys",
        ) from why
    return {name: b64decode(plain[name]) for name in FILES if name in plain}


def _key(passphrase: str, salt: bytes, n: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=_R, p=_P).derive(passphrase.encode())
