"""Observers of the store that keep the tallies: after minus before, at the end of each unit."""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from missions.entities import Case, Event, Flight, LedgerLine, Request
from missions.statistics import counting
from missions.statistics.measures import AT, empty, is_nought
from missions.store.counts import CellKey, TallyKey
from missions.store.observed import Observers
from missions.store.protocol import Unit

SETTING = "tallies"
"""The setting that says by which zone's days and in which version the counts are kept."""
ZONE = "Asia/Shanghai"
"""The zone of a store that nobody has told one yet; telling it another counts everything anew."""

_FEW = 1000
"""So many squares are written at once, whatever their level."""

Change = tuple[Any | None, Any]
"""A thing as it was (None for a new one) and as it is."""

COUNTED = ("cases", "events", "flights", "ledger", "requests")
"""The kinds of things that are counted."""


def observers() -> Observers:
    """Who keeps the tallies of what."""
    return dict.fromkeys(COUNTED, (on_write,))


def on_write(unit: Unit, before: Any | None, after: Any) -> None:
    """Note a change of a case, an event, a flight, a line of the ledger or a request."""
    unit.gathered(settle).append((before, after))


def settle(unit: Unit, changes: list[Change]) -> None:
    """Bring the tallies up to date with some changes."""
    zone = zone_of(unit)
    sums = Sums()
    for before, after in changes:
        if before is not None:
            sums.add(unit, before, zone, -1)
        sums.add(unit, after, zone, 1)
    sums.keep(unit)


def zone_of(unit: Unit) -> ZoneInfo:
    """By whose days the store counts."""
    return ZoneInfo(unit.settings.get(SETTING, {}).get("zone", ZONE))


class Sums:
    """Differences, added up."""

    def __init__(self) -> None:
        self.rows: dict[TallyKey, list[int]] = {}
        self.cells: dict[CellKey, list[int]] = {}

    def add(self, unit: Unit, item: Any, zone: ZoneInfo, sign: int) -> None:
        """Count a thing in (1) or out (-1)."""
        for key, name, much in _shares(unit, item, zone):
            row = self.rows.get(key)
            if row is None:
                row = self.rows[key] = empty(key.subject)
            row[name if isinstance(name, int) else AT[key.subject][name]] += sign * much
        if isinstance(item, Case):
            for cell, counts in counting.cells_of(item):
                kept = self.cells.get(cell)
                if kept is None:
                    kept = self.cells[cell] = [0] * len(counts)
                for n, much in enumerate(counts):
                    kept[n] += sign * much

    def keep(self, unit: Unit) -> None:
        """Write the differences: for each day, for its month, and for the city."""
        rows: dict[TallyKey, list[int]] = {}
        for key, row in self.rows.items():
            if not is_nought(row):
                for grain in _grains(key):
                    into = rows.setdefault(grain, [0] * len(row))
                    for n, much in enumerate(row):
                        if much:
                            into[n] += much
        changed = {key: row for key, row in rows.items() if not is_nought(row)}
        if changed:
            unit.tallies.add(changed)
        few: dict[CellKey, list[int]] = {}
        for level in reversed(counting.LEVELS):
            few |= _at_level(self.cells, level)
            if len(few) > _FEW:
                unit.tallies.add_cells(few)
                few = {}
        if few:
            unit.tallies.add_cells(few)


def _at_level(deepest: Mapping[CellKey, list[int]], level: int) -> dict[CellKey, list[int]]:
    """The sums of the deepest squares over those of a level."""
    up = counting.LEVELS[-1] - level
    found: dict[CellKey, list[int]] = {}
    for cell, row in deepest.items():
        key = CellKey(level, cell.y >> up, cell.x >> up, cell.department, cell.county)
        kept = found.get(key)
        found[key] = list(row) if kept is None else [a + b for a, b in zip(kept, row, strict=True)]
    return {key: row for key, row in found.items() if not is_nought(row)}


def _grains(key: TallyKey) -> tuple[TallyKey, ...]:
    """The rows that a day's row is part of, itself the first."""
    subject, _, day, department, place, kind = key
    return (
        key,
        key._replace(grain="m", bucket=day[:7]),
        TallyKey(subject, "c", day),
        TallyKey(subject, "D", day, department=department),
        TallyKey(subject, "P", day, place=place),
        TallyKey(subject, "K", day, kind=kind),
    )


def _shares(unit: Unit, item: Any, zone: ZoneInfo) -> Iterable[counting.Share]:
    match item:
        case Case():
            return counting.of_case(item, zone)
        case Event():
            return counting.of_event(item, zone)
        case Flight():
            return counting.of_flight(item, zone)
        case Request():
            return counting.of_request(item, zone)
        case LedgerLine():
            known = unit.flights.find(id=item.flight_id)
            return counting.of_line(item, known[0]) if known else ()
    raise TypeError(f"nobody counts {type(item).__name__}")
