"""Reading data files strictly: every mistake is refused by file, field and remedy."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml

from core.errors import InvalidInput

T = TypeVar("T")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in its fast form where the wheel has it."""


def read_yaml(path: Path) -> "Fields":
    """The mapping that a YAML file holds.

    Raises:
        InvalidInput: the file is missing, no YAML, or holds no mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = yaml.load(text, Loader=LOADER)  # noqa: S506 (both loaders are the safe one)
    except OSError as error:
        raise InvalidInput(
            f"cannot be read: {error.strerror}", where=str(path), remedy="check path and rights"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"is no YAML: {error}", where=str(path), remedy="mend the line named"
        ) from error
    return Fields(path.name, "", data)


class Fields:
    """A mapping from a file, read field by field; ``finish`` refuses what nobody asked for."""

    def __init__(self, file: str, path: str, data: Any) -> None:
        self.file = file
        self.path = path
        if not isinstance(data, Mapping):
            self.fail("", f"expected a mapping, found {_kind(data)}", "write `key: value` lines")
        self._data = data
        self._asked: set[str] = set()

    def fail(self, key: str, what: str, remedy: str) -> NoReturn:
        """Refuse the field; without a key, the whole mapping."""
        place = ".".join(p for p in (self.path, key) if p)
        raise InvalidInput(
            what, where=f"{self.file}: {place}" if place else self.file, remedy=remedy
        )

    def has(self, key: str) -> bool:
        """Whether an optional field is there."""
        self._asked.add(key)
        return self._data.get(key) is not None

    def raw(self, key: str) -> Any:
        """A field that must be there, as it stands."""
        if not self.has(key):
            self.fail(key, "is missing", f"add `{key}:`")
        return self._data[key]

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self.raw(key)
        if not isinstance(value, str) or not value.strip():
            self.fail(key, f"expected text, found {_kind(value)}", "write it in quotes")
        return value.strip()

    def number(self, key: str, low: float, high: float) -> float:
        """A number between low and high, both allowed."""
        value = self.raw(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(key, f"expected a number, found {_kind(value)}", "write a plain number")
        if not low <= value <= high:
            self.fail(key, f"{value} is out of range", f"use {low:g} to {high:g}")
        return float(value)

    def whole(self, key: str, low: int, high: int) -> int:
        """A whole number between low and high, both allowed."""
        value = self.number(key, low, high)
        if value != int(value):
            self.fail(key, f"{value} is no whole number", f"use {low} to {high}")
        return int(value)

    def choice(self, key: str, choices: Iterable[str], what: str) -> str:
        """One of the words that exist."""
        return self.known(key, self.text(key), choices, what)

    def known(self, key: str, value: str, choices: Iterable[str], what: str) -> str:
        """Refuse a word that does not exist, and name those that do."""
        words = sorted(choices)
        if value not in words:
            shown = ", ".join(words) if len(words) < 45 else f"{len(words)} are defined"
            self.fail(key, f"unknown {what} {value!r}", f"use one of: {shown}")
        return value

    def items(self, key: str) -> Sequence[Any]:
        """A list that is not empty."""
        value = self.raw(key)
        if not isinstance(value, list) or not value:
            self.fail(key, f"expected a list, found {_kind(value)}", "write `[a, b]`")
        return value

    def words(self, key: str, choices: Iterable[str], what: str) -> tuple[str, ...]:
        """A list of words that exist, none of them twice."""
        known = set(choices)
        found = []
        for i, value in enumerate(self.items(key)):
            word = self.known(f"{key}[{i}]", str(value), known, what)
            if word in found:
                self.fail(f"{key}[{i}]", f"{word!r} stands there twice", "remove one")
            found.append(word)
        return tuple(found)

    def mapping(self, key: str) -> "Fields":
        """A mapping inside this one."""
        return Fields(self.file, ".".join(p for p in (self.path, key) if p), self.raw(key))

    def mappings(self, key: str) -> "list[Fields]":
        """A list of mappings."""
        start = ".".join(p for p in (self.path, key) if p)
        return [Fields(self.file, f"{start}[{i}]", v) for i, v in enumerate(self.items(key))]

    def yes_or_no(self, key: str) -> bool:
        """True or false."""
        value = self.raw(key)
        if not isinstance(value, bool):
            self.fail(key, f"expected true or false, found {_kind(value)}", "write true or false")
        return value

    def clock_time(self, key: str) -> time:
        """A time of day such as "08:30"."""
        return self._parsed(key, self.raw(key), time.fromisoformat, 'write "HH:MM" in quotes')

    def times(self, key: str) -> tuple[time, time]:
        """From and to, two times of one day in order."""
        return self._span(key, self.items(key))

    def spans(self, key: str) -> tuple[tuple[time, time], ...]:
        """Several spans of a day, in order and apart."""
        found: list[tuple[time, time]] = []
        for i, values in enumerate(self.items(key)):
            span = self._span(f"{key}[{i}]", values)
            if found and span[0] < found[-1][1]:
                self.fail(f"{key}[{i}]", "begins before the one before ends", "put them in order")
            found.append(span)
        return tuple(found)

    def instant(self, key: str) -> datetime:
        """A moment with its offset from UTC."""
        value = self.raw(key)
        remedy = "write 2026-05-12T08:00:00+08:00 in quotes"
        moment = self._parsed(key, value, datetime.fromisoformat, remedy)
        if moment.tzinfo is None:
            self.fail(key, "has no offset from UTC", remedy)
        return moment

    def dates(self, key: str) -> frozenset[date]:
        """A list of days such as 2026-05-01."""
        remedy = 'write "2026-05-01" in quotes'
        return frozenset(
            self._parsed(f"{key}[{i}]", str(v), date.fromisoformat, remedy)
            for i, v in enumerate(self.items(key))
        )

    def finish(self) -> None:
        """Refuse keys that no one asked for: a slip of the pen must not pass unseen."""
        for key in self._data:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                self.fail(str(key), "unknown key", f"remove it or use one of: {known}")

    def _span(self, key: str, values: Any) -> tuple[time, time]:
        remedy = 'write ["08:00", "18:00"] with quotes'
        if not isinstance(values, list) or len(values) != 2:
            self.fail(key, f"expected two times, found {_kind(values)}", remedy)
        a, b = (self._parsed(key, value, time.fromisoformat, remedy) for value in values)
        if a >= b:
            self.fail(key, "ends before it begins", "put the earlier time first")
        return a, b

    def _parsed(self, key: str, value: Any, parse: Callable[[str], T], remedy: str) -> T:
        try:
            return parse(value)
        except (TypeError, ValueError) as error:
            self.fail(key, f"cannot read {value!r}: {error}", remedy)


def unique(found: dict[str, T], key: str, value: T, fields: Fields, name: str = "id") -> None:
    """Add a value under its id, or refuse the id's second use."""
    if key in found:
        fields.fail(name, f"{key!r} is used twice", "give each its own")
    found[key] = value


def _kind(value: Any) -> str:
    return "nothing" if value in (None, "", []) else f"{type(value).__name__} {value!r:.40}"
