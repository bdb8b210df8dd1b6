"""Counts as both stores keep them, in the same transaction as what they count."""

from abc import ABC, abstractmethod
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from missions.store.counts import EVERYWHERE, Box, CellKey, Counts, TallyKey
from missions.store.tables import CELLS, TALLIES
from missions.store.unit import read_only

T = TypeVar("T")
_SIZES = (6, 12, 18, 24, 64)
"""So many rows are asked for at once: few statements, made once."""


def added(kept: bytes | None, change: Counts) -> bytes:
    """A row with a difference added.

    Raises:
        OverflowError: a count leaves 32 bits.
    """
    before = array("i", kept or b"")
    before.extend([0] * (len(change) - len(before)))
    return array("i", [a + b for a, b in zip(before, change, strict=True)]).tobytes()


class _Base(ABC):
    """What both stores do alike."""

    def __init__(self, *, writing: bool) -> None:
        self._writing = writing

    def add(self, changes: Mapping[TallyKey, Counts]) -> None:
        self._must_write()
        for keys in chunks(changes, _SIZES[-1]):
            kept = self._kept(keys)
            self._write({key: added(kept.get(key), changes[key]) for key in keys}, kept.keys())

    def _must_write(self) -> None:
        if not self._writing:
            raise read_only()

    @abstractmethod
    def _kept(self, keys: Sequence[TallyKey]) -> Mapping[TallyKey, bytes]: ...
    @abstractmethod
    def _write(self, rows: Mapping[TallyKey, bytes], known: Collection[TallyKey]) -> None: ...


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most ``size``."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


class SqlTallies(_Base):
    """Counts in two tables."""

    def __init__(self, connection: Connection, *, writing: bool) -> None:
        super().__init__(writing=writing)
        self._connection = connection

    def _kept(self, keys: Sequence[TallyKey]) -> Mapping[TallyKey, bytes]:
        size = next(size for size in _SIZES if size >= len(keys))
        padded = [*keys, *[keys[0]] * (size - len(keys))]
        values = {
            f"{name}_{n}": part
            for n, key in enumerate(padded)
            for name, part in key._asdict().items()
        }
        rows = self._connection.execute(_kept(size), values).all()
        return {TallyKey._make(row[:6]): row[6] for row in rows}

    def _write(self, rows: Mapping[TallyKey, bytes], known: Collection[TallyKey]) -> None:
        fresh = [{**k._asdict(), "counts": v} for k, v in rows.items() if k not in known]
        changed = [
            {**{f"of_{name}": value for name, value in k._asdict().items()}, "counts": v}
            for k, v in rows.items()
            if k in known
        ]
        if changed:
            self._connection.execute(_CHANGE, changed)
        if fresh:
            self._connection.execute(_ADD, fresh)

    def add_cells(self, changes: Mapping[CellKey, Counts]) -> None:
        self._must_write()
        rows = [
            {**key._asdict(), **dict(zip(_CELL_COUNTS, counts, strict=True))}
            for key, counts in changes.items()
        ]
        if rows:
            self._connection.execute(_adding(self._connection.dialect.name), rows)

    def read(
        self, subject: str, grain: str, low: str, high: str, *, department: str | None = None
    ) -> list[tuple[TallyKey, bytes]]:
        query, values = _READ, {"subject_is": subject, "grain_is": grain, "low": low, "high": high}
        if department is not None:
            query, values = _READ_OF, {**values, "department_is": department}
        rows = self._connection.execute(query, values).all()
        return [(TallyKey._make(row[:6]), row[6]) for row in rows]

    def cells(
        self, box: Box, department: str | None, counties: Collection[str] | None
    ) -> list[tuple[CellKey, Counts]]:
        c, query = CELLS.c, _ALL_CELLS
        if box != EVERYWHERE:
            query = query.where(c.level == box.level, c.y.in_(range(box.north, box.south + 1)))
            query = query.where(c.x.between(box.west, box.east))
        if department is not None:
            query = query.where(c.department == department)
        if counties is not None:
            query = query.where(c.county.in_(counties))
        rows = self._connection.execute(query).all()
        return [(CellKey._make(row[:5]), row[5:]) for row in rows]

    def everything(self) -> Iterator[tuple[TallyKey, Counts]]:
        for row in self._connection.execute(select(TALLIES)):
            yield TallyKey._make(row[:6]), array("i", row[6])

    def clear(self) -> None:
        self._must_write()
        self._connection.execute(delete(TALLIES))
        self._connection.execute(delete(CELLS))


class MemoryTallies(_Base):
    """Counts in dictionaries.

    Args:
        undo: takes what brings each change back; None within a view.
    """

    def __init__(
        self,
        tallies: dict[TallyKey, bytes],
        cells: dict[CellKey, tuple[int, ...]],
        undo: list[Any] | None,
    ) -> None:
        super().__init__(writing=undo is not None)
        self._tallies = tallies
        self._cells = cells
        self._undo: list[Any] = [] if undo is None else undo

    def _kept(self, keys: Sequence[TallyKey]) -> Mapping[TallyKey, bytes]:
        return {key: self._tallies[key] for key in keys if key in self._tallies}

    def _write(self, rows: Mapping[TallyKey, bytes], known: Collection[TallyKey]) -> None:
        for key, counts in rows.items():
            self._set(self._tallies, key, counts)

    def add_cells(self, changes: Mapping[CellKey, Counts]) -> None:
        self._must_write()
        for key, change in changes.items():
            before = self._cells.get(key, (0,) * len(change))
            self._set(self._cells, key, tuple(a + b for a, b in zip(before, change, strict=True)))

    def _set(self, rows: dict[Any, Any], key: Any, value: Any) -> None:
        before = rows.get(key)
        rows[key] = value
        if before is None:
            self._undo.append(lambda: rows.pop(key))
        else:
            self._undo.append(lambda: rows.__setitem__(key, before))

    def read(
        self, subject: str, grain: str, low: str, high: str, *, department: str | None = None
    ) -> list[tuple[TallyKey, bytes]]:
        return [
            (key, counts)
            for key, counts in sorted(self._tallies.items())
            if key[:2] == (subject, grain)
            and low <= key.bucket <= high
            and department in (None, key.department)
        ]

    def cells(
        self, box: Box, department: str | None, counties: Collection[str] | None
    ) -> list[tuple[CellKey, Counts]]:
        return [
            (key, counts)
            for key, counts in self._cells.items()
            if (box == EVERYWHERE or _within(box, key))
            and department in (None, key.department)
            and (counties is None or key.county in counties)
        ]

    def everything(self) -> Iterator[tuple[TallyKey, Counts]]:
        for key, counts in self._tallies.items():
            yield key, array("i", counts)

    def clear(self) -> None:
        self._must_write()
        for rows in (self._tallies, self._cells):
            kept: dict[Any, Any] = dict(rows)
            rows.clear()
            self._undo.append(lambda rows=rows, kept=kept: (rows.clear(), rows.update(kept)))


def _within(box: Box, key: CellKey) -> bool:
    return (
        key.level == box.level and box.north <= key.y <= box.south and box.west <= key.x <= box.east
    )


_KEY = tuple(TALLIES.c[name] for name in TallyKey._fields)
_ALL_CELLS = select(CELLS)
_CELL_COUNTS = tuple(c.name for c in CELLS.c if c.name not in CellKey._fields)
_ADD = insert(TALLIES)
_CHANGE = update(TALLIES).where(*(column == bindparam(f"of_{column.name}") for column in _KEY))
_READ = select(TALLIES).where(
    TALLIES.c.subject == bindparam("subject_is"),
    TALLIES.c.grain == bindparam("grain_is"),
    TALLIES.c.bucket.between(bindparam("low"), bindparam("high")),
)
_READ_OF = _READ.where(TALLIES.c.department == bindparam("department_is"))


@cache
def _kept(size: int) -> Any:
    """So many rows by their keys. Not as "(a, b) IN (...)": SQLite 3.40 scans the table for that
    as soon as there are two."""
    one = (
        and_(*(column == bindparam(f"{column.name}_{n}") for column in _KEY)) for n in range(size)
    )
    return select(TALLIES).where(or_(*one))


def _adding(dialect: str) -> Any:
    """The statement that adds to cells, made once for each kind of database."""
    if dialect not in _ADDING:
        if dialect == "postgresql":
            from sqlalchemy.dialects.postgresql import insert as add
        else:
            from sqlalchemy.dialects.sqlite import insert as add  # type: ignore[assignment]
        made = add(CELLS)
        sums = {name: CELLS.c[name] + made.excluded[name] for name in _CELL_COUNTS}
        _ADDING[dialect] = made.on_conflict_do_update(index_elements=CellKey._fields, set_=sums)
    return _ADDING[dialect]


_ADDING: dict[str, Any] = {}
