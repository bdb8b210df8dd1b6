"""What can be measured of the fleet: groups of cases, each a function from a setting to tables.

    @group("controllers", "CPU and memory of a controller for each vehicle")
    def controllers(setting: Setting) -> Iterator[Table]:
        ...

Tables and `Skipped` are those of the planner's benchmark.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from benchmarks.planner.registry import Cell, Row, Skipped, Table

__all__ = ["Cell", "Row", "Setting", "Skipped", "Table", "group", "groups", "run"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a run is asked.

    Attributes:
        seconds: that each controller is watched, of the wall clock.
        peers: whether dronekit and MAVSDK run beside our fleet.
        vehicles: so many in place of a group's own numbers.
        items: missions of so many items in place of 100 and 800.
        repeat: how often each upload and latency is measured; the median counts.
        tell: takes one line about what goes on.
    """

    seconds: float = 15.0
    peers: bool = True
    vehicles: tuple[int, ...] = ()
    items: tuple[int, ...] = (100, 800)
    repeat: int = 3
    tell: Callable[[str], None] = field(default=lambda line: None)

    @property
    def settle_s(self) -> float:
        """So long a controller has to itself before it is watched."""
        return min(3.0, 4.0 * self.seconds)

    def fleets(self, *usual: int) -> tuple[int, ...]:
        """The numbers of vehicles to measure."""
        return self.vehicles or usual


Group = Callable[[Setting], Iterable[Table]]

_GROUPS: dict[str, tuple[str, Group]] = {}


def group(name: str, about: str) -> Callable[[Group], Group]:
    """Register a group of cases under a name for `--only`."""

    def register(run: Group) -> Group:
        _GROUPS[name] = (about, run)
        return run

    return register


def groups() -> dict[str, str]:
    """What each group measures, by name."""
    package = importlib.import_module("benchmarks.fleet")
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        if found.name.startswith("cases_"):
            importlib.import_module(f"benchmarks.fleet.{found.name}")
    return {name: about for name, (about, _) in _GROUPS.items()}


def run(name: str, setting: Setting) -> Iterator[Table]:
    """The tables of one group, as they become ready.

    Raises:
        Skipped: it cannot be measured here.
    """
    yield from _GROUPS[name][1](setting)
