"""What every benchmark is made of: groups of cases, found by their modules' names, and tables."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

Cell = str | float | int | bool | None
Row = Mapping[str, Cell]
S = TypeVar("S")


class Skipped(Exception):
    """This group cannot be measured here; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """What was measured.

    Attributes:
        rows: each with the columns' names as keys; a missing one is empty.
        notes: what a reader must know beside the figures.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    notes: Sequence[str] = ()


class Groups(Generic[S]):
    """The groups of one subject: functions from its setting to tables, in its ``cases_*.py``."""

    def __init__(self, package: str) -> None:
        """Args:
        package: whose modules hold the cases, such as ``benchmarks.planner``.
        """
        self._package = package
        self._known: dict[str, tuple[str, Callable[[S], Iterable[Table]]]] = {}

    def group(
        self, name: str, about: str
    ) -> Callable[[Callable[[S], Iterable[Table]]], Callable[[S], Iterable[Table]]]:
        """Register a group of cases under a name for `--only`."""

        def register(run: Callable[[S], Iterable[Table]]) -> Callable[[S], Iterable[Table]]:
            self._known[name] = (about, run)
            return run

        return register

    def groups(self) -> dict[str, str]:
        """What each group measures, by name, in the order of the names of their modules."""
        package = importlib.import_module(self._package)
        for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
            if found.name.startswith("cases_"):
                importlib.import_module(f"{self._package}.{found.name}")
        return {name: about for name, (about, _) in self._known.items()}

    def run(self, name: str, setting: S) -> Iterator[Table]:
        """The tables of one group, as they become ready.

        Raises:
            Skipped: it cannot be measured here.
        """
        yield from self._known[name][1](setting)


def data_folder(data: Path | None, what: str, *parts: str) -> Path:
    """A folder of the data that a setting names.

    Args:
        what: the data hold, such as "instances".

    Raises:
        Skipped: it is not there.
    """
    if data is None:
        raise Skipped(f"no folder of {what}; name it with --data")
    found = data.joinpath(*parts)
    if not found.is_dir():
        raise Skipped(f"{found} is not there; name the folder of {what} with --data")
    return found
