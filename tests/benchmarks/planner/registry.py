"""What can be measured: groups of cases, each a function from a setting to tables.

    @group("routes", "Areas: coverage and length beside the peers'")
    def routes(setting: Setting) -> Iterator[Table]:
        ...

A group that cannot run (no data, no peer, no such part of the planner) raises `Skipped` with the
reason; nothing is ever measured silently on something else.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Cell = str | float | int | bool | None
Row = Mapping[str, Cell]


class Skipped(Exception):
    """This group cannot be measured here; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a run is asked.

    Attributes:
        data: folder with the published instances, or None.
        seconds: for each engine on each instance.
        peers: whether the field's engines run beside ours.
        instances: only those whose name holds one of these; all if empty.
        threads: that our engine may use, and those of the peers that can.
        tell: takes one line about what goes on.
    """

    data: Path | None = None
    seconds: float = 30.0
    peers: bool = True
    instances: tuple[str, ...] = ()
    threads: int = 2
    seed: int = 0
    tell: Callable[[str], None] = field(default=lambda line: None)

    def folder(self, *parts: str) -> Path:
        """A folder of the data.

        Raises:
            Skipped: it is not there.
        """
        if self.data is None:
            raise Skipped("no folder of instances; name it with --data")
        found = self.data.joinpath(*parts)
        if not found.is_dir():
            raise Skipped(f"{found} is not there; name the folder of instances with --data")
        return found

    def wanted(self, name: str) -> bool:
        """Whether an instance is among those asked for."""
        return not self.instances or any(part in name for part in self.instances)


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


Group = Callable[[Setting], Iterable[Table]]


@dataclass(frozen=True)
class _Entry:
    about: str
    run: Group


_GROUPS: dict[str, _Entry] = {}


def group(name: str, about: str) -> Callable[[Group], Group]:
    """Register a group of cases under a name for `--only`."""

    def register(run: Group) -> Group:
        _GROUPS[name] = _Entry(about, run)
        return run

    return register


def groups() -> dict[str, str]:
    """What each group measures, by name, in the order of the names of their modules."""
    package = importlib.import_module("benchmarks.planner")
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        if found.name.startswith("cases_"):
            importlib.import_module(f"benchmarks.planner.{found.name}")
    return {name: entry.about for name, entry in _GROUPS.items()}


def run(name: str, setting: Setting) -> Iterator[Table]:
    """The tables of one group, as they become ready.

    Raises:
        Skipped: it cannot be measured here.
    """
    yield from _GROUPS[name].run(setting)
