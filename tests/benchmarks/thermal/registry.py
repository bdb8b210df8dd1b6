"""What can be measured of thermal and imagery: groups of cases, from a setting to tables.

A case is added by a module `cases_NAME.py` beside this one, found by its name alone:

    from benchmarks.thermal.registry import Setting, Skipped, Table, group

    @group("recall", "Injected hotspots: recall and alarms a frame, beside ADIAT's statistics")
    def measure(setting: Setting) -> Iterator[Table]:
        folder = setting.folder("dji")                 # raises Skipped where the data are absent
        with_peer = setting.peers and installed("flyr")
        ...
        yield Table(title="...", columns=tuple(rows[0]), rows=rows, notes=("how measured",))

Import peers inside functions, so that the list of groups needs none of them. A group that cannot
run raises `Skipped` with the reason; nothing is measured silently on something else. Speed is a
ratio within one run (`best_s`), never an absolute figure from another day.
"""

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.groups import Cell, Groups, Row, Skipped, Table, data_folder

__all__ = [
    "Cell",
    "Row",
    "Setting",
    "Skipped",
    "Table",
    "best_s",
    "group",
    "groups",
    "installed",
    "run",
]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a run is asked.

    Attributes:
        data: folder of measurement data (flir, dji, fire, pv, rgb, uav), or None.
        seconds: that each thing is repeated at least, of the wall clock; the best run counts.
        peers: whether the field's tools run beside ours.
        seed: of whatever is drawn at random.
        tell: takes one line about what goes on.
    """

    data: Path | None = None
    seconds: float = 1.0
    peers: bool = True
    seed: int = 0
    tell: Callable[[str], None] = field(default=lambda line: None)

    def folder(self, *parts: str) -> Path:
        """A folder of the data.

        Raises:
            Skipped: it is not there.
        """
        return data_folder(self.data, "measurement data", *parts)


_CASES: Groups[Setting] = Groups("benchmarks.thermal")
group, groups, run = _CASES.group, _CASES.groups, _CASES.run


def installed(peer: str) -> bool:
    """Whether a peer's module can be imported (requirements-bench.txt)."""
    return importlib.util.find_spec(peer) is not None


def best_s(work: Callable[[], object], limit_s: float, least: int = 3) -> float:
    """CPU seconds of the fastest of several runs, at least `least` of them.

    CPU time, because the machine is shared; the fastest, because everything else is noise.
    """
    best, spent, runs = float("inf"), 0.0, 0
    while spent < limit_s or runs < least:
        began = time.process_time()
        work()
        took = time.process_time() - began
        best, spent, runs = min(best, took), spent + max(took, 1e-4), runs + 1
    return best
