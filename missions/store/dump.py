"""All tables as lines of JSON, the same from either database and for either.

Written from one reading transaction, so that it is one moment's picture while the service goes on;
read back in one writing transaction, by the migration that the picture was taken at and then on
to the present one.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import Connection, MetaData, Table, create_engine, insert, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from core.errors import InvalidInput
from missions.store import migrate, sql
from missions.store.faults import store_fault
from missions.store.seal import HEAD, Head
from missions.store.sql import SqlStore

ROWS = 500
"""Rows that are held in memory at once."""
_VERSION = "alembic_version"


class Dump:
    """A picture of a database, within its transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._metadata = MetaData()
        self._metadata.reflect(connection)
        self.revision: str = connection.execute(
            text("SELECT version_num FROM alembic_version")
        ).scalar_one()

    @property
    def tables(self) -> list[str]:
        """The names of the tables."""
        return sorted(name for name in self._metadata.tables if name != _VERSION)

    @property
    def audit_head(self) -> Head:
        """The end of the audit trail at that moment."""
        settings = self._metadata.tables["settings"]
        query = select(settings.c.value).where(settings.c.name == HEAD)
        found = self._connection.execute(query).scalar()
        return Head(**json.loads(found)) if found else Head()

    def lines(self, name: str) -> Iterator[bytes]:
        """A table: a line with its columns, then a line for each row."""
        table = self._metadata.tables[name]
        yield _line([column.name for column in table.columns])
        rows = self._connection.execution_options(yield_per=ROWS).execute(select(table))
        for row in rows:
            yield _line(list(row))


@contextmanager
def dumped(store: SqlStore) -> Iterator[Dump]:
    """One moment's picture of a store; others write on meanwhile."""
    with store.reading() as connection:
        yield Dump(connection)


def restore(
    url: str,
    revision: str,
    tables: Mapping[str, Callable[[], Iterable[bytes]]],
    before_commit: Callable[[], None] = lambda: None,
) -> None:
    """Fill an empty database, in one transaction.

    Args:
        revision: of the migrations when the picture was taken.
        tables: the lines of each table.
        before_commit: the last thing that is done; if it raises, nothing is kept.

    Raises:
        InvalidInput: the database is not empty, or the picture has a table that is none.
        Unavailable: the picture was taken by a newer version.
    """
    engine = create_engine(sql._parsed(url))
    try:
        with _named(engine.url), engine.begin() as connection:
            if _taken(connection):
                raise InvalidInput(
                    "the database is not empty",
                    where=engine.url.render_as_string(),
                    remedy="restore into a new home folder or a new database",
                )
            migrate.upgrade(connection, str(url), to=revision)
            metadata = MetaData()
            metadata.reflect(connection)
            for name, read in tables.items():
                if name not in metadata.tables:
                    raise InvalidInput(f"there is no table {name!r}", where="the backup")
                _fill(connection, metadata.tables[name], iter(read()))
            migrate.upgrade(connection, str(url))
            before_commit()
    finally:
        engine.dispose()


@contextmanager
def _named(url: URL) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise store_fault(error, url.database or "") from error


def _taken(connection: Connection) -> bool:
    metadata = MetaData()
    metadata.reflect(connection)
    return bool(metadata.tables)


def _fill(connection: Connection, table: Table, lines: Iterator[bytes]) -> None:
    columns = json.loads(next(lines))
    while batch := list(islice(lines, ROWS)):
        rows = [dict(zip(columns, map(_value, json.loads(line)), strict=True)) for line in batch]
        connection.execute(insert(table), rows)


def _line(values: list[object]) -> bytes:
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), default=_coded)
    return text.encode() + b"\n"


def _coded(value: object) -> object:
    if not isinstance(value, bytes):
        raise TypeError(f"a column holds a {type(value).__name__}")
    return {"base64": b64encode(value).decode()}


def _value(value: Any) -> Any:
    return b64decode(value["base64"]) if isinstance(value, dict) else value
