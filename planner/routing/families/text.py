"""Lines of numbers from the instance files, with errors that name file and line."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput

LARGEST = 64 << 20
"""Bytes: the largest published instance has a thirtieth of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not empty, and where it stands (from 1)."""

    path: Path
    number: int
    text: str

    def wrong(self, what: str, section: str = "") -> InvalidInput:
        """The error of this line."""
        place = f", {section}" if section else ""
        return InvalidInput(
            what,
            where=f"{self.path}{place}, line {self.number}",
            remedy="compare the file with the published one",
        )

    def numbers(
        self, *, at_least: int = 1, section: str = "", by: str | None = None
    ) -> list[float]:
        """The numbers of the line, all of them finite.

        Args:
            by: what separates them; white space if not given.
        """
        try:
            found = [float(word) for word in self.text.split(by) if word.strip()]
        except ValueError:
            raise self.wrong(f"{self.text[:60]!r} should be numbers", section) from None
        if len(found) < at_least:
            raise self.wrong(f"{len(found)} numbers instead of {at_least}", section)
        if not all(math.isfinite(x) for x in found):
            raise self.wrong("a number is not finite", section)
        return found


def lines(path: Path) -> list[Line]:
    """The lines of a file that are not empty."""
    try:
        if path.stat().st_size > LARGEST:
            raise InvalidInput(f"larger than {LARGEST >> 20} MB", where=str(path))
        text = path.read_text(encoding="utf-8")
    except OSError as why:
        raise InvalidInput(f"cannot be read: {why.strerror}", where=str(path)) from why
    except UnicodeDecodeError:
        raise InvalidInput("is not text", where=str(path)) from None
    found = [Line(path, n, t.strip()) for n, t in enumerate(text.splitlines(), 1) if t.strip()]
    if not found:
        raise InvalidInput("is empty", where=str(path))
    return found


def counted(found: Sequence[Line], first: int, count: int, what: str) -> Sequence[Line]:
    """`count` lines from a place on.

    Raises:
        InvalidInput: the file ends before.
    """
    if len(found) < first + count:
        missing = first + count - len(found)
        raise found[-1].wrong(f"ends {missing} lines before the last of {count} {what}")
    return found[first : first + count]


def whole(value: float, line: Line, what: str, *, at_least: int = 0, at_most: int = 10**6) -> int:
    """A count or an index.

    Raises:
        InvalidInput: it is none, or out of range.
    """
    if value != int(value) or not at_least <= value <= at_most:
        raise line.wrong(f"{what} {value:g} is not a whole number from {at_least} to {at_most}")
    return int(value)
