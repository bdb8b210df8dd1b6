"""The repositories of the SQL store, within one transaction."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    Connection,
    Executable,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from missions.access import Audience
from missions.store import codec, ordered
from missions.store.kinds import AUDIENCE, Kind
from missions.store.placing import nowhere
from missions.store.protocol import Extent
from missions.store.search import Shape, counting, listing, picking, shape_of
from missions.store.tables import LINKS, SETTINGS, TABLES
from missions.store.unit import absent, no_cursor, read_only, taken

T = TypeVar("T")


class SqlRepository(Generic[T]):
    """The things of one kind in a table."""

    def __init__(
        self,
        kind: Kind,
        connection: Connection,
        *,
        writing: bool,
        locate: Callable[[Any], Iterable[str]],
    ) -> None:
        self._locate = locate
        self._kind = kind
        self._table = TABLES[kind.name]
        self._connection = connection
        self._writing = writing
        self._last_seq: int | None = None

    def add(self, item: T) -> None:
        self.add_all((item,))

    def add_all(self, items: Iterable[T]) -> None:
        self._must_write()
        rows, links = [], []
        for item in items:
            seq = self._next_seq()
            rows.append({"seq": seq, **self._row(item)})
            links.extend(self._link_rows(item, seq))
        if not rows:
            return
        try:
            with self._whole():
                self._connection.execute(_insert(self._table), rows)
        except IntegrityError as error:
            ids = [row["id"] for row in rows]
            self._connection.execute(_remove_from(self._table), {"row_seq": rows[0]["seq"]})
            raise taken(self._kind, self._first_taken(ids)) from error
        if links:
            self._connection.execute(_insert(LINKS), links)

    def put(self, item: T) -> None:
        self._must_write()
        row = self._row(item)
        seq = self._seq_of(row["id"])
        if seq is None:
            raise absent(row["id"])
        self._connection.execute(_update(self._table), {"row_seq": seq, **row})
        if self._kind.links or self._kind.seen_by is not None:
            self._relink(item, seq)

    def remove(self, item_id: str) -> None:
        self._must_write()
        seq = self._seq_of(item_id)
        if seq is None:
            raise absent(item_id)
        self._connection.execute(_remove(self._table), {"row_seq": seq})
        if self._kind.links or self._kind.seen_by is not None:
            owner = {"owner_kind": self._kind.name, "owner_seq": seq}
            self._connection.execute(_UNLINK_ALL, owner)

    def relink(self, item: T) -> None:
        """Make a thing's links anew; nobody is told, for nothing else of it changes."""
        self._must_write()
        seq = self._seq_of(item.id)  # type: ignore[attr-defined]
        if seq is not None:
            self._relink(item, seq)

    def get(self, item_id: str) -> T:
        body = self._connection.execute(_by_id(self._table), {"wanted": item_id}).scalar()
        if body is None:
            raise absent(item_id)
        return self._item(body)

    def exists(self, item_id: str) -> bool:
        return self._seq_of(item_id) is not None

    def find(
        self,
        *,
        audience: Audience = None,
        after: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        **equals: Any,
    ) -> list[T]:
        shape, values = shape_of(self._conditions(audience, equals))
        if after is not None:
            start = self._seq_of(after)
            if start is None:
                raise no_cursor(self._kind, after)
            values["start_seq"] = start
        if limit is not None:
            values["row_limit"] = limit
        order = (newest_first, after is not None, limit is not None)
        query = listing(self._kind.name, shape, order)
        return [self._item(body) for body in self._connection.execute(query, values).scalars()]

    def pick(
        self, names: tuple[str, ...], *, audience: Audience = None, limit: int, **equals: Any
    ) -> list[tuple[Any, ...]]:
        shape, values = shape_of(self._conditions(audience, equals))
        query = picking(self._kind.name, names, shape)
        rows = self._connection.execute(query, {**values, "row_limit": limit})
        return [tuple(row) for row in rows]

    def count(self, *, audience: Audience = None, **equals: Any) -> int:
        shape, values = shape_of(self._conditions(audience, equals))
        query = counting(self._kind.name, shape)
        return int(self._connection.execute(query, values).scalar_one())

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
        conditions = self._conditions(audience, equals)
        if "west" in conditions:
            most = self._connection.execute(ordered.widest(self._kind.name)).scalar()
            conditions = ordered.narrowed(conditions, most or 0.0)
        shape, values = shape_of(conditions)
        driver = self._driver(shape, values)
        values["row_limit"] = limit
        if after is not None:
            values |= self._start(by, after)
        order = (newest_first, after is not None)
        query = ordered.listing(self._kind.name, shape, driver, by, order)
        return [self._item(body) for body in self._connection.execute(query, values).scalars()]

    def extent(self, *, audience: Audience = None, **equals: Any) -> Extent | None:
        shape, values = shape_of(self._conditions(audience, equals))
        query = ordered.extent(self._kind.name, shape)
        row = self._connection.execute(query, values).one()
        if row[0] is None:
            return None
        west, south, east, north, first, last = row
        times = datetime.fromisoformat(first), datetime.fromisoformat(last)
        return Extent(west, south, east, north, *times)

    def _driver(self, shape: Shape, values: dict[str, Any]) -> tuple[str, ...]:
        """The condition that leaves least, if it leaves little; () to walk along the order."""
        fewest = ordered.NARROW + 1
        best: tuple[str, ...] = ()
        for driver in ordered.drivers(self._kind, shape):
            query = ordered.counting(self._kind.name, shape, driver)
            count = self._connection.execute(query, values).scalar_one()
            if count < fewest:
                fewest, best = count, driver
        return best

    def _start(self, by: str, after: str) -> dict[str, Any]:
        table = self._table
        query = select(table.c[by], table.c.seq).where(table.c.id == after)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise no_cursor(self._kind, after)
        return {"start_value": row[0], "start_seq": row[1]}

    def _conditions(self, audience: Audience, equals: dict[str, Any]) -> dict[str, Any]:
        """Plain values; those of links as text, which is what links hold."""
        conditions = self._kind.conditions(audience, equals)
        for name, wanted in conditions.items():
            if name not in self._table.c:
                many = isinstance(wanted, tuple)
                conditions[name] = tuple(map(str, wanted)) if many else str(wanted)
        return conditions

    def _row(self, item: Any) -> dict[str, Any]:
        return {"id": item.id, **self._kind.column_values(item), "body": codec.dumps(item)}

    def _item(self, body: str) -> T:
        item: T = codec.loads(self._kind.cls, body)
        return item

    def _link_rows(self, item: Any, seq: int) -> list[dict[str, Any]]:
        return [
            {"kind": self._kind.name, "field": name, "value": value, "seq": seq}
            for name, value in self._kind.link_values(item, self._locate(item))
        ]

    def _relink(self, item: Any, seq: int) -> None:
        owner = {"owner_kind": self._kind.name, "owner_seq": seq}
        before = frozenset(tuple(row) for row in self._connection.execute(_LINKS_OF, owner))
        now = self._kind.link_values(item, self._locate(item))
        if self._locate is nowhere:  # a command beside the service keeps what the service knew
            now |= {(name, value) for name, value in before if "@" in value and name == AUDIENCE}
        for name, value in before - now:
            gone = {**owner, "old_field": name, "old_value": value}
            self._connection.execute(_UNLINK, gone)
        fresh = [
            {"kind": self._kind.name, "field": name, "value": value, "seq": seq}
            for name, value in now - before
        ]
        if fresh:
            self._connection.execute(_insert(LINKS), fresh)

    def _next_seq(self) -> int:
        # Writers come one at a time; a number that `remove` freed may come again, without links.
        if self._last_seq is None:
            self._last_seq = self._connection.execute(_last_seq(self._table)).scalar() or 0
        self._last_seq += 1
        return self._last_seq

    def _seq_of(self, item_id: str) -> int | None:
        return self._connection.execute(_seq_by_id(self._table), {"wanted": item_id}).scalar()

    def _whole(self) -> AbstractContextManager[Any]:
        """Round an insertion: whoever passes over its refusal finds the rest of the unit whole.

        PostgreSQL would give up the transaction. SQLite keeps it, with the rows before the refused
        one; a savepoint there would hide a full disk, which ends transaction and savepoint alike.
        """
        sqlite = self._connection.dialect.name == "sqlite"
        return nullcontext() if sqlite else self._connection.begin_nested()

    def _first_taken(self, ids: list[str]) -> str:
        """Which id is there already, or is given twice."""
        seen: set[str] = set()
        for item_id in ids:
            if item_id in seen or self.exists(item_id):
                return item_id
            seen.add(item_id)
        return "an id"

    def _must_write(self) -> None:
        if not self._writing:
            raise read_only()


class SqlSettings:
    """Small JSON values in a table."""

    def __init__(self, connection: Connection, *, writing: bool) -> None:
        self._connection = connection
        self._writing = writing

    def get(self, name: str, default: Any = None) -> Any:
        text = self._connection.execute(_SETTING, {"wanted": name}).scalar()
        return default if text is None else codec.from_text(text)

    def set(self, name: str, value: Any) -> None:
        if not self._writing:
            raise read_only()
        text = codec.to_text(value, where=name)
        found = self._connection.execute(_CHANGE_SETTING, {"wanted": name, "text": text})
        if found.rowcount == 0:
            self._connection.execute(_insert(SETTINGS), {"name": name, "value": text})


@cache
def _insert(table: Table) -> Executable:
    return insert(table)


@cache
def _update(table: Table) -> Executable:
    return update(table).where(table.c.seq == bindparam("row_seq"))


@cache
def _remove(table: Table) -> Executable:
    return delete(table).where(table.c.seq == bindparam("row_seq"))


@cache
def _remove_from(table: Table) -> Executable:
    return delete(table).where(table.c.seq >= bindparam("row_seq"))


@cache
def _by_id(table: Table) -> Executable:
    return select(table.c.body).where(table.c.id == bindparam("wanted"))


@cache
def _seq_by_id(table: Table) -> Executable:
    return select(table.c.seq).where(table.c.id == bindparam("wanted"))


@cache
def _last_seq(table: Table) -> Executable:
    return select(func.max(table.c.seq))


_OF_OWNER = and_(LINKS.c.kind == bindparam("owner_kind"), LINKS.c.seq == bindparam("owner_seq"))
_LINKS_OF = select(LINKS.c.field, LINKS.c.value).where(_OF_OWNER)
_UNLINK_ALL = delete(LINKS).where(_OF_OWNER)
_UNLINK = delete(LINKS).where(
    _OF_OWNER,
    LINKS.c.field == bindparam("old_field"),
    LINKS.c.value == bindparam("old_value"),
)
_SETTING = select(SETTINGS.c.value).where(SETTINGS.c.name == bindparam("wanted"))
_CHANGE_SETTING = (
    update(SETTINGS).where(SETTINGS.c.name == bindparam("wanted")).values(value=bindparam("text"))
)
