"""The words of the tus 1.0.0 protocol: headers in, headers out, and its errors."""

import base64
import binascii
from collections.abc import Mapping

from core.errors import InvalidInput

VERSION = "1.0.0"
EXTENSIONS = ("creation", "creation-with-upload", "checksum", "expiration", "termination")
HASHES = ("sha1", "sha256")
"""sha1 because the protocol demands it of every server."""

_KEYS = frozenset({"filename", "name", "sha256", "vehicle", "camera", "flight", "batch", "pitch"})
_MAX_HEADER = 8192


class WrongVersion(InvalidInput):
    """The client speaks another version of tus, or none."""


class NotOctets(InvalidInput):
    """The body has a type that is no part of a file."""


def number_of(headers: Mapping[str, str], name: str) -> int:
    """A header that is a count of bytes. Raises InvalidInput."""
    text = headers.get(name.lower(), headers.get(name, ""))
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InvalidInput(
            f"{text[:40]!r} is no count of bytes" if text else "is missing",
            where=name,
            remedy=f"send '{name}: BYTES'",
        )
    return int(text)


def metadata_of(header: str) -> dict[str, str]:
    """The pairs of an Upload-Metadata header: "key base64,key base64".

    Keys that mean nothing here are passed over, as clients send many.

    Raises:
        InvalidInput: it is malformed.
    """
    if len(header) > _MAX_HEADER:
        raise _malformed("it is longer than 8 kB")
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        if key not in _KEYS:
            continue
        try:
            text = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise _malformed(f"{key} is no base64 of UTF-8") from error
        if any(ord(c) < 32 for c in text):
            raise _malformed(f"{key} holds control characters")
        found["filename" if key == "name" else key] = text
    return found


def spoken_metadata(values: Mapping[str, str]) -> str:
    """An Upload-Metadata header of these pairs."""
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in values.items())


def _malformed(what: str) -> InvalidInput:
    return InvalidInput(
        what, where="Upload-Metadata", remedy="send 'filename BASE64,sha256 BASE64' as tus has it"
    )
