"""A store in memory: for tests, rehearsals and whoever wants nothing kept.

It keeps every promise of `missions.store.protocol`. Searches look at every thing of the kind, so
it is for tens of thousands of things, not for a year.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, Generic, TypeVar

from missions.access import Audience
from missions.store import codec
from missions.store.acting import accompanied
from missions.store.appended import AppendOnly
from missions.store.counts import CellKey, TallyKey
from missions.store.fencing import pass_fence
from missions.store.kinds import KINDS, Kind
from missions.store.observed import Observers, registered
from missions.store.placing import Locate, nowhere
from missions.store.protocol import Between, Extent, Unit
from missions.store.seal import SealedLog
from missions.store.tallies import MemoryTallies
from missions.store.unit import UnitBase, absent, no_cursor, read_only, taken

T = TypeVar("T")
Undo = Callable[[], None]
_GAP = ""
"""Where something that was removed stood in the order of arrival."""


class MemoryStore:
    """Everything in dictionaries, changed in place; a failed unit takes its changes back.

    Args:
        observers: who is told of writes; None for those of `missions.store.observing`.
    """

    def __init__(self, *, observers: Observers | None = None) -> None:
        self._tables: dict[str, dict[str, _Row]] = {name: {} for name in KINDS}
        self._order: dict[str, list[str]] = {name: [] for name in KINDS}
        self._settings: dict[str, str] = {}
        self._tallies: dict[TallyKey, bytes] = {}
        self._cells: dict[CellKey, tuple[int, ...]] = {}
        self._lock = threading.RLock()
        self._open = False
        self.locate: Locate = nowhere
        self._observers = registered() if observers is None else observers

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        with self._lock:
            if self._open:
                raise RuntimeError("this thread is within a unit already: pass that one on")
            self._open = True
            undo: list[Undo] = []
            try:
                made = _MemoryUnit(self, undo)
                made.locate = self.locate
                pass_fence(made)
                with accompanied(made):
                    yield made
                made.finish()
            except BaseException:
                for step in reversed(undo):
                    step()
                raise
            finally:
                self._open = False

    @contextmanager
    def view(self) -> Iterator[Unit]:
        with self._lock:
            yield _MemoryUnit(self, None)

    def close(self) -> None:
        """Nothing to let go of."""


def writable(undo: list[Undo] | None) -> list[Undo]:
    """The list of what to take back.

    Raises:
        NotAllowed: within a view.
    """
    if undo is None:
        raise read_only()
    return undo


class _Row:
    """A thing with what it is found by."""

    __slots__ = ("columns", "item", "links", "position")

    def __init__(self, kind: Kind, item: Any, position: int, counties: Iterable[str] = ()) -> None:
        self.item = item
        self.position = position
        self.columns = {"id": item.id, **kind.column_values(item)}
        self.links = kind.link_values(item, counties)

    def place(self, by: str) -> tuple[Any, int]:
        """Where it stands in the order of a column."""
        return self.columns[by], self.position

    def fits(self, conditions: dict[str, Any]) -> bool:
        return all(self._fits(name, wanted) for name, wanted in conditions.items())

    def _fits(self, name: str, wanted: Any) -> bool:
        if name not in self.columns:
            values = wanted if isinstance(wanted, tuple) else (wanted,)
            return any((name, str(value)) in self.links for value in values)
        value = self.columns[name]
        if isinstance(wanted, tuple):
            return value in wanted
        if isinstance(wanted, Between):
            return (
                value is not None
                and (wanted.low is None or wanted.low <= value)
                and (wanted.high is None or value <= wanted.high)
            )
        return bool(value == wanted)


class _MemoryUnit(UnitBase):
    def __init__(self, store: MemoryStore, undo: list[Undo] | None) -> None:
        super().__init__({} if undo is None else store._observers)
        self._store = store
        self._undo = undo
        self._settings = MemorySettings(store._settings, undo)
        self._tallies = MemoryTallies(store._tallies, store._cells, undo)

    def _make(self, kind: Kind) -> Any:
        table = MemoryRepository[Any](
            kind,
            self._store._tables[kind.name],
            self._store._order[kind.name],
            self._undo,
            self.locate,
        )
        if kind.name == "log":
            return SealedLog(table, self._settings)
        return AppendOnly(table) if kind.name == "custody" else table

    @property
    def settings(self) -> "MemorySettings":
        return self._settings

    @property
    def tallies(self) -> MemoryTallies:
        return self._tallies


class MemoryRepository(Generic[T]):
    """The things of one kind in a dictionary."""

    def __init__(
        self,
        kind: Kind,
        rows: dict[str, _Row],
        order: list[str],
        undo: list[Undo] | None,
        locate: Locate,
    ) -> None:
        self._kind = kind
        self._locate = locate
        self._rows = rows
        self._order = order
        self._undo = undo

    def add(self, item: T) -> None:
        undo = writable(self._undo)
        codec.dumps(item)  # the same refusals as a store with a disk
        item_id = item.id  # type: ignore[attr-defined]
        if item_id in self._rows:
            raise taken(self._kind, item_id)
        self._rows[item_id] = self._row(item, len(self._order))
        self._order.append(item_id)

        def take_back() -> None:
            del self._rows[item_id]
            self._order.pop()

        undo.append(take_back)

    def add_all(self, items: Iterable[T]) -> None:
        undo = writable(self._undo)
        before = len(undo)
        try:
            for item in items:
                self.add(item)
        except BaseException:  # all of them or none
            while len(undo) > before:
                undo.pop()()
            raise

    def put(self, item: T) -> None:
        undo = writable(self._undo)
        codec.dumps(item)
        item_id = item.id  # type: ignore[attr-defined]
        before = self._rows.get(item_id)
        if before is None:
            raise absent(item_id)
        self._rows[item_id] = self._row(item, before.position)
        undo.append(lambda: self._rows.__setitem__(item_id, before))

    def relink(self, item: T) -> None:
        """Make a thing's links anew; nobody is told, for nothing else of it changes."""
        self.put(item)

    def _row(self, item: T, position: int) -> _Row:
        return _Row(self._kind, item, position, self._locate(item))

    def remove(self, item_id: str) -> None:
        undo = writable(self._undo)
        row = self._rows.pop(item_id, None)
        if row is None:
            raise absent(item_id)
        self._order[row.position] = _GAP

        def take_back() -> None:
            self._rows[item_id] = row
            self._order[row.position] = item_id

        undo.append(take_back)

    def get(self, item_id: str) -> T:
        row = self._rows.get(item_id)
        if row is None:
            raise absent(item_id)
        item: T = row.item
        return item

    def exists(self, item_id: str) -> bool:
        return item_id in self._rows

    def find(
        self,
        *,
        audience: Audience = None,
        after: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        **equals: Any,
    ) -> list[T]:
        conditions = self._kind.conditions(audience, equals)
        found: list[T] = []
        for item_id in self._ids(after, newest_first):
            if limit is not None and len(found) >= limit:
                break
            row = self._rows.get(item_id)
            if row is not None and row.fits(conditions):
                found.append(row.item)
        return found

    def pick(
        self, names: tuple[str, ...], *, audience: Audience = None, limit: int, **equals: Any
    ) -> list[tuple[Any, ...]]:
        conditions = self._kind.conditions(audience, equals)
        rows = (row.columns for row in self._rows.values() if row.fits(conditions))
        return [tuple(row[name] for name in names) for row in islice(rows, limit)]

    def count(self, *, audience: Audience = None, **equals: Any) -> int:
        conditions = self._kind.conditions(audience, equals)
        return sum(row.fits(conditions) for row in self._rows.values())

    def ordered(
        self,
        by: str,
        *,
        audience: Audience = None,
        after: str | None = None,
        limit: int = 100,
        newest_first: bool = True,
        **equals: Any,
    ) -> list[T]:
        conditions = self._kind.conditions(audience, equals)
        rows = [r for r in self._rows.values() if r.columns[by] is not None and r.fits(conditions)]
        if after is not None:
            start = self._rows.get(after)
            if start is None:
                raise no_cursor(self._kind, after)
            here = start.place(by)
            rows = [r for r in rows if (r.place(by) < here if newest_first else r.place(by) > here)]
        rows.sort(key=lambda row: row.place(by), reverse=newest_first)
        return [row.item for row in rows[:limit]]

    def extent(self, *, audience: Audience = None, **equals: Any) -> Extent | None:
        conditions = self._kind.conditions(audience, equals)
        rows = [r.columns for r in self._rows.values() if r.fits(conditions)]
        rows = [r for r in rows if r["west"] is not None and r["taken_at"] is not None]
        if not rows:
            return None
        times = [datetime.fromisoformat(r["taken_at"]) for r in rows]
        return Extent(
            min(r["west"] for r in rows),
            min(r["south"] for r in rows),
            max(r["east"] for r in rows),
            max(r["north"] for r in rows),
            min(times),
            max(times),
        )

    def _ids(self, after: str | None, newest_first: bool) -> Iterable[str]:
        if after is None:
            return reversed(self._order) if newest_first else self._order
        row = self._rows.get(after)
        if row is None:
            raise no_cursor(self._kind, after)
        if newest_first:
            return reversed(self._order[: row.position])
        return self._order[row.position + 1 :]


class MemorySettings:
    """Settings as JSON text, so that nobody holds on to what is stored."""

    def __init__(self, values: dict[str, str], undo: list[Undo] | None) -> None:
        self._values = values
        self._undo = undo

    def get(self, name: str, default: Any = None) -> Any:
        text = self._values.get(name)
        return default if text is None else codec.from_text(text)

    def set(self, name: str, value: Any) -> None:
        undo = writable(self._undo)
        text = codec.to_text(value, where=name)
        before = self._values.get(name)
        self._values[name] = text
        if before is None:
            undo.append(lambda: self._values.__delitem__(name))
        else:
            undo.append(lambda: self._values.__setitem__(name, before))
