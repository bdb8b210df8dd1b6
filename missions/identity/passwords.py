"""Passwords: what makes a good one, and how they are kept.

Kept as Argon2id with the second recommended option of RFC 9106 (section 4: t=3, p=4, 64 MiB), which
is what argon2-cffi calls RFC_9106_LOW_MEMORY; a hash of older parameters is made anew at the next
sign-in. Rules follow NIST SP 800-63B-4, section 3.1.1.2: at least 15 characters where a password is
the only factor, at least 64 accepted, all of Unicode, no rules of composition, no expiry, and a
list of what everybody tries first.
"""

import asyncio
import functools
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from core.errors import InvalidInput, Unavailable

T = TypeVar("T")

LEAST, MOST = 15, 256
"""Characters (code points)."""
AT_ONCE = 2
"""Hashes that are computed side by side: 128 MiB at the most, whoever signs in."""
WAITING = 256
"""Callers who may wait for their turn; more are told to come again."""

_COMMON = Path(__file__).parent / "common_passwords.txt"
_FEW = 5
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


def checked(password: str, about: Iterable[str] = ()) -> str:
    """A new password as it is hashed (NFC).

    Args:
        about: words that stand for the account and must not make up the password.

    Raises:
        InvalidInput: too short, too long, or one of the first that anybody would try.
    """
    text = unicodedata.normalize("NFC", password)
    if not LEAST <= len(text) <= MOST:
        raise InvalidInput(
            f"a password of {len(text)} characters",
            where="password",
            remedy=f"use {LEAST} to {MOST}; several words with spaces are easy to remember",
        )
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidInput("half a character", where="password", remedy="send whole characters")
    if _is_guessable(text.casefold(), about):
        raise InvalidInput(
            "this password is one of the first that anybody would try",
            where="password",
            remedy="use several words that do not belong together",
        )
    return text


def suggested() -> str:
    """A random password of 120 bits, in groups that can be read out."""
    letters = "abcdefghijkmnopqrstuvwxyz23456789"  # none that look alike
    return "-".join("".join(secrets.choice(letters) for _ in range(6)) for _ in range(4))


def _is_guessable(text: str, about: Iterable[str]) -> bool:
    if len(set(text)) < _FEW or _runs(text):
        return True
    words = _common() | {w.casefold() for w in about if len(w) >= 3}
    rest = re.sub(r"[\W\d_]+", "", text)
    if text in words or not rest:
        return True
    found = re.compile("(?:" + "|".join(re.escape(w) for w in sorted(words, key=len)[::-1]) + ")+")
    return found.fullmatch(rest) is not None


def _runs(text: str) -> bool:
    """Whether it is one stretch of the alphabet, the digits or a row of keys, or one repeated."""
    for row in _ROWS:
        endless = row * (len(text) // len(row) + 2)
        if text in endless or text in endless[::-1]:
            return True
    return any(
        text == (text[:n] * (len(text) // n + 1))[: len(text)] for n in range(1, len(text) // 3 + 1)
    )


@functools.cache
def _common() -> frozenset[str]:
    lines = _COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


class Hashing:
    """Argon2id off the event loop, never more than `AT_ONCE` at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
        self._waiting = 0

    @functools.cached_property
    def decoy(self) -> str:
        """A hash that no password fits, of the same parameters as every other."""
        return self._hasher.hash(secrets.token_urlsafe(32))

    def hash(self, password: str) -> str:
        """A password's hash, computed here and now."""
        return self._hasher.hash(unicodedata.normalize("NFC", password))

    def fits(self, encoded: str | None, password: str) -> bool:
        """Whether a password is the right one; as slow for an account without a password."""
        try:
            self._hasher.verify(encoded or self.decoy, unicodedata.normalize("NFC", password))
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False
        return encoded is not None

    def is_old(self, encoded: str) -> bool:
        """Whether a hash was made with other parameters than ours."""
        return self._hasher.check_needs_rehash(encoded)

    async def later(self, work: Callable[[], T]) -> T:
        """Run something with hashes when its turn comes.

        Raises:
            Unavailable: too many wait already.
        """
        if self._waiting >= WAITING:
            raise Unavailable("too many people sign in just now", remedy="try again in a minute")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1
