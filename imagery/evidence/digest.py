"""The digest that a camera declares when it takes a picture, as HTTP carries it.

RFC 9530: ``Content-Digest: sha-256=:BASE64:``, a structured-field dictionary (RFC 8941). Other
algorithms beside it are passed over, as the RFC permits; SHA-256 is the one that is kept.
"""

import base64
import binascii
import re

from core.errors import InvalidInput

HEADER = "Content-Digest"
_MEMBER = re.compile(r"\s*([a-z*][a-z0-9_\-.*]*)\s*=\s*:([A-Za-z0-9+/=]*):\s*")
_REMEDY = "send 'sha-256=:BASE64 OF 32 BYTES:' (RFC 9530), or leave the header out"


def content_digest(sha256: str) -> str:
    """The header's value for a hexadecimal SHA-256.

    >>> content_digest("00" * 32)
    'sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:'
    """
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def declared_sha256(header: str | None) -> str:
    """The hexadecimal SHA-256 that a Content-Digest header declares; "" where there is none.

    Raises:
        InvalidInput: the header is malformed, or its SHA-256 is not of 32 bytes.
    """
    if header is None or not header.strip():
        return ""
    members = dict(_member(part) for part in header.split(","))
    if "sha-256" not in members:
        return ""
    try:
        digest = base64.b64decode(members["sha-256"], validate=True)
    except binascii.Error as error:
        raise _malformed(f"its sha-256 is no base64 ({error})") from error
    if len(digest) != 32:
        raise _malformed(f"its sha-256 has {len(digest)} bytes, not 32")
    return digest.hex()


def check_declared(declared: str, found: str) -> None:
    """Refuse a file that is not what its camera declared.

    Args:
        declared: hexadecimal SHA-256 from the camera; "" when it declared none.
        found: hexadecimal SHA-256 of the file as it arrived.

    Raises:
        InvalidInput: they differ.
    """
    if declared and declared != found:
        raise InvalidInput(
            f"the file does not have the digest that the camera declared: declared {declared}, "
            f"arrived {found}",
            where=HEADER,
            remedy="send the file again as the camera wrote it; if it stays so, the file was "
            "changed or damaged between the camera and here",
        )


def _member(part: str) -> tuple[str, str]:
    match = _MEMBER.fullmatch(part)
    if match is None:
        raise _malformed(f"{part.strip()[:60]!r} is no digest")
    return match[1], match[2]


def _malformed(why: str) -> InvalidInput:
    return InvalidInput(f"the header cannot be read: {why}", where=HEADER, remedy=_REMEDY)
