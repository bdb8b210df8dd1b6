"""Names to sign in with, and opaque tokens."""

import hashlib
import re
import secrets
import unicodedata

from core.errors import InvalidInput

_NAME = re.compile(r"[\w][\w.@+-]{0,63}")

KEY, ACCESS, REFRESH = "fo_", "fa_", "fr_"
"""What keys, access tokens and refresh tokens begin with, so that people and scanners know them."""


def normalised(name: str) -> str:
    """A name as it is compared: NFKC, lower case, no space around; it may be no name at all."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()[:200]


def checked(name: str) -> str:
    """A new account's name, normalised.

    Raises:
        InvalidInput: it is none.
    """
    clean = normalised(name)
    if not _NAME.fullmatch(clean):
        raise InvalidInput(
            "no name to sign in with",
            where="name",
            remedy="use 1 to 64 letters, digits and . @ + - _, beginning with a letter or digit",
        )
    return clean


def opaque(prefix: str) -> str:
    """A new token of 256 random bits: so many need no slow hash to be kept safely."""
    return prefix + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """SHA-256 of a token, hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
