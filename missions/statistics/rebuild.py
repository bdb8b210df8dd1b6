"""The tallies counted anew from everything stored, and the proof that they are what a scan says."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from missions.statistics.measures import VERSION
from missions.statistics.tallying import COUNTED, SETTING, Sums, zone_of
from missions.store.counts import EVERYWHERE, TallyKey
from missions.store.protocol import Repository, Unit

BATCH = 2000
"""Things that are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a comparison found.

    Attributes:
        things: so many were counted; rows, cells: so many counts were compared.
        wrong: what differs, in words; empty when all is right.
    """

    things: int
    rows: int
    cells: int
    wrong: tuple[str, ...]


def is_current(unit: Unit, zone: ZoneInfo) -> bool:
    """Whether the tallies are kept in this version and by this zone's days."""
    return bool(unit.settings.get(SETTING) == {"zone": zone.key, "version": VERSION})


def rebuild(unit: Unit, zone: ZoneInfo) -> int:
    """Count everything anew, by a zone's days; the answer is how many things were counted."""
    unit.settings.set(SETTING, {"zone": zone.key, "version": VERSION})
    unit.tallies.clear()
    sums, count = scanned(unit, zone)
    sums.keep(unit)
    return count


def check(unit: Unit) -> Checked:
    """Compare the tallies with a scan of everything."""
    sums, count = scanned(unit, zone_of(unit))
    told = Recorder()
    sums.keep(told)  # type: ignore[arg-type]  # only its tallies are used
    kept = {key: row for key, row in _all_rows(unit) if any(row)}
    cells = {key: tuple(row) for key, row in unit.tallies.cells(EVERYWHERE, None, None)}
    cells = {key: row for key, row in cells.items() if any(row)}
    wrong = [*_differences(told.rows, kept), *_differences(told.cells, cells)]
    return Checked(things=count, rows=len(told.rows), cells=len(told.cells), wrong=tuple(wrong))


def scanned(unit: Unit, zone: ZoneInfo) -> tuple[Sums, int]:
    """What everything stored adds up to, and how many things that are."""
    sums, count = Sums(), 0
    for name in COUNTED:
        for item in everything(getattr(unit, name)):
            sums.add(unit, item, zone, 1)
            count += 1
    return sums, count


def everything(repository: Repository[Any]) -> Iterator[Any]:
    """All things of a kind, read in batches."""
    last: str | None = None
    while found := repository.find(after=last, limit=BATCH):
        yield from found
        last = found[-1].id


class Recorder:
    """Takes what would be written."""

    def __init__(self) -> None:
        self.rows: dict[Any, tuple[int, ...]] = {}
        self.cells: dict[Any, tuple[int, ...]] = {}

    @property
    def tallies(self) -> "Recorder":
        return self

    def add(self, changes: Any) -> None:
        self.rows |= {key: tuple(row) for key, row in changes.items()}

    def add_cells(self, changes: Any) -> None:
        self.cells |= {key: tuple(row) for key, row in changes.items()}


def _all_rows(unit: Unit) -> Iterator[tuple[TallyKey, tuple[int, ...]]]:
    for key, counts in unit.tallies.everything():
        yield key, tuple(counts)


def _differences(told: dict[Any, Any], kept: dict[Any, Any]) -> Iterator[str]:
    for key in sorted(told.keys() | kept.keys()):
        if told.get(key) != kept.get(key):
            name = " ".join(str(part) for part in key if part != "")
            yield f"{name}: kept {_shown(kept.get(key))}, counted {_shown(told.get(key))}"


def _shown(row: tuple[int, ...] | None) -> str:
    return "nothing" if row is None else ",".join(map(str, row[:20]))
