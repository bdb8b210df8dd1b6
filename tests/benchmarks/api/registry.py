"""What can be measured of the service: groups of cases, from a setting to tables.

A case is added by a module `cases_NAME.py` beside this one, found by its name alone:

    from benchmarks.api.registry import Setting, Skipped, Table, group, quantiles

    @group("intake", "Readings of 10,000 devices: at a day's rate and at ten times that")
    def measure(setting: Setting) -> Iterator[Table]:
        count = setting.sized(few=100_000, full=1_400_000)   # --full for the whole thing
        with setting.room("intake") as folder:               # gone afterwards, if it was temporary
            times_s = [...]
            rows = [{"what": "a reading", **quantiles(times_s)}]
        yield Table(title="...", columns=tuple(rows[0]), rows=rows, notes=("how measured",))

A group that cannot run raises `Skipped` with the reason; nothing is measured silently on something
else. The machine may be shared: say in the notes what ran beside, and how many cores there were.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.groups import Cell, Groups, Row, Skipped, Table

__all__ = [
    "Cell",
    "Row",
    "Setting",
    "Skipped",
    "Table",
    "group",
    "groups",
    "quantiles",
    "run",
]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a run is asked.

    Attributes:
        seconds: that each load is kept up, of the wall clock.
        full: whether everything has the size that the goal names, or a twentieth that is quick.
        folder: where what is built is kept for the next run; None for a temporary one.
        postgres: URL of a PostgreSQL database to measure on as well; "" to start one, where its
            programs are installed; None for SQLite alone.
        clients: that ask at once.
        seed: of whatever is drawn at random.
        tell: takes one line about what goes on.
    """

    seconds: float = 15.0
    full: bool = False
    folder: Path | None = None
    postgres: str | None = None
    clients: int = 200
    seed: int = 0
    tell: Callable[[str], None] = field(default=lambda line: None)

    def sized(self, *, few: int, full: int) -> int:
        """How many of something: `few`, or with --full the number that the goal names."""
        return full if self.full else few

    @contextmanager
    def room(self, name: str) -> Iterator[Path]:
        """A folder to build in; kept if the setting names one, else gone afterwards."""
        if self.folder is not None:
            kept = self.folder / name
            kept.mkdir(parents=True, exist_ok=True)
            yield kept
            return
        made = Path(tempfile.mkdtemp(prefix=f"flyonce-bench-{name}-"))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)


_CASES: Groups[Setting] = Groups("benchmarks.api")
group, groups, run = _CASES.group, _CASES.groups, _CASES.run


def quantiles(times_s: Sequence[float]) -> dict[str, Cell]:
    """p50, p95, p99 and the longest of some durations, in milliseconds, and how many there were.

    The q-quantile is the value at place ceil(q n) in order (nearest rank): one that was measured.

    >>> quantiles([0.001] * 99 + [0.5])
    {'n': 100, 'p50 ms': 1.0, 'p95 ms': 1.0, 'p99 ms': 1.0, 'max ms': 500.0}
    """
    ordered = sorted(times_s)

    def at(percent: int) -> float:
        place = -(-percent * len(ordered) // 100)
        return round(ordered[max(0, place - 1)] * 1000, 2)

    if not ordered:
        return {"n": 0}
    cells: dict[str, Cell] = {"n": len(ordered)}
    cells |= {f"p{percent} ms": at(percent) for percent in (50, 95, 99)}
    return {**cells, "max ms": round(ordered[-1] * 1000, 2)}
