"""What can be measured: groups of cases, each a function from a setting to tables.

    @group("routes", "Areas: coverage and length beside the peers'")
    def routes(setting: Setting) -> Iterator[Table]:
        ...

A group that cannot run (no data, no peer, no such part of the planner) raises `Skipped` with the
reason; nothing is ever measured silently on something else.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.groups import Cell, Groups, Row, Skipped, Table, data_folder

__all__ = ["Cell", "Row", "Setting", "Skipped", "Table", "group", "groups", "run"]


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
        return data_folder(self.data, "instances", *parts)

    def wanted(self, name: str) -> bool:
        """Whether an instance is among those asked for."""
        return not self.instances or any(part in name for part in self.instances)


_CASES: Groups[Setting] = Groups("benchmarks.planner")
group, groups, run = _CASES.group, _CASES.groups, _CASES.run
