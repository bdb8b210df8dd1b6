"""A store in a database: SQLite in a file by default, PostgreSQL by URL.

SQLite runs in WAL mode with ``synchronous=NORMAL``: a killed process loses nothing that was
committed; a power cut may lose the last commits, but leaves no damage
(https://sqlite.org/pragma.html#pragma_synchronous).
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolEmpty

from core.errors import InvalidInput, Unavailable
from missions.store import migrate
from missions.store.acting import accompanied
from missions.store.appended import AppendOnly
from missions.store.faults import store_fault
from missions.store.fencing import pass_fence
from missions.store.kinds import Kind
from missions.store.observed import Observers, registered
from missions.store.placing import Locate, nowhere
from missions.store.protocol import Unit
from missions.store.repository import SqlRepository, SqlSettings
from missions.store.seal import SealedLog
from missions.store.tallies import SqlTallies
from missions.store.unit import UnitBase

_WRITERS_LOCK = 0x464C594F
"""Any number of our own ("FLYO"): PostgreSQL's writers take turns on it."""

KEPT_CONNECTIONS, MOST_CONNECTIONS = 8, 64
"""Connections that a service keeps open, and the most that it opens."""
POOL_TIMEOUT_S = 30.0
_LIBPQ: Mapping[str, str | int] = {
    "application_name": "flyonce",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS"""

_PRAGMAS: Mapping[str, str | int] = {
    "busy_timeout": 15_000,
    "journal_mode": "WAL",
    "synchronous": "NORMAL",
    "temp_store": "MEMORY",
    "cache_size": -16_000,
}


class SqlStore:
    """Everything in a database.

    Args:
        url: a file's path, ``sqlite:///path`` or ``postgresql+psycopg://...``.
        pragmas: settings of SQLite to add or change.
        observers: who is told of writes; None for those of `missions.store.observing`.

    Raises:
        InvalidInput: the URL is none, or its driver is not installed.
        Unavailable: the file cannot be opened, is damaged, or was made by a newer version.
    """

    def __init__(
        self,
        url: str | Path,
        *,
        pragmas: Mapping[str, str | int] | None = None,
        observers: Observers | None = None,
    ) -> None:
        self._url = _parsed(url)
        self._where = self._url.database or self._url.render_as_string()
        self._sqlite = self._url.get_backend_name() == "sqlite"
        self._observers = registered() if observers is None else observers
        self.locate: Locate = nowhere
        self._turn = threading.Lock()
        self._writer: int | None = None
        self._engine = self._make_engine({**_PRAGMAS, **(pragmas or {})})
        try:
            with self._faults(), self._transaction(writing=True) as connection:
                migrate.upgrade(connection, self._where)
        except BaseException:
            self._engine.dispose()
            raise

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        if self._writer == threading.get_ident():
            raise RuntimeError("this thread is within a unit already: pass that one on")
        # Our own queue first: SQLite's busy handler polls, and would let a waiter starve.
        with self._turn:
            self._writer = threading.get_ident()
            try:
                with self._faults(), self._transaction(writing=True) as connection:
                    made = _SqlUnit(connection, self._observers, writing=True)
                    made.locate = self.locate
                    pass_fence(made)
                    with accompanied(made):
                        yield made
                    made.finish()
            finally:
                self._writer = None

    @contextmanager
    def view(self) -> Iterator[Unit]:
        with self._faults(), self._transaction(writing=False) as connection:
            yield _SqlUnit(connection, {}, writing=False)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A reading transaction as it is, for a picture of the whole database."""
        with self._faults(), self._transaction(writing=False) as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            connection = connection.execution_options(flyonce_writing=writing)
            with connection.begin():
                if not self._sqlite:
                    connection.execute(_POSTGRES_WRITES if writing else _POSTGRES_READS)
                yield connection
                if writing and not self._sqlite:
                    _refuse_broken(connection, self._where)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise store_fault(error, self._where) from error
        except PoolEmpty as error:
            raise Unavailable(
                f"all {MOST_CONNECTIONS} connections to the database are in use",
                where=self._where,
                remedy="try again in a moment",
            ) from error
        except UnicodeEncodeError as error:
            raise InvalidInput(
                f"no text: {error.reason}", remedy="send whole Unicode characters"
            ) from error

    def _make_engine(self, pragmas: Mapping[str, str | int]) -> Engine:
        try:
            engine = create_engine(
                self._url,
                pool_size=KEPT_CONNECTIONS,
                max_overflow=MOST_CONNECTIONS - KEPT_CONNECTIONS,
                pool_timeout=POOL_TIMEOUT_S,
                # a server that was started again is noticed before a use case begins, not in it
                pool_pre_ping=not self._sqlite,
                connect_args={} if self._sqlite else _patience(self._url),
            )
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise InvalidInput(
                f"no driver for this kind of database: {error}",
                where=self._where,
                remedy="use sqlite:///FILE, or postgresql+psycopg://... after "
                "'pip install psycopg[binary]'",
            ) from error
        if self._sqlite:
            _tune_sqlite(engine, pragmas)
        return engine


def _patience(url: URL) -> dict[str, str | int]:
    """libpq's settings by which a server that is gone is noticed within seconds, not minutes; what
    the URL says itself goes before."""
    return {name: value for name, value in _LIBPQ.items() if name not in url.query}


def _refuse_broken(connection: Connection, where: str) -> None:
    """PostgreSQL ends a transaction in which a statement failed by forgetting all of it, and says
    that it is done; nobody may take that for kept."""
    driver: Any = connection.connection.dbapi_connection
    if driver.info.transaction_status.name == "INERROR":
        raise Unavailable(
            "a step of this unit failed and was passed over; nothing of it was stored",
            where=where,
            remedy="see the service's log for what failed",
        )


_POSTGRES_WRITES = text(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")
_POSTGRES_READS = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


class _SqlUnit(UnitBase):
    def __init__(self, connection: Connection, observers: Observers, *, writing: bool) -> None:
        super().__init__(observers)
        self._connection = connection
        self._writing = writing
        self._settings = SqlSettings(connection, writing=writing)
        self._tallies = SqlTallies(connection, writing=writing)

    def _make(self, kind: Kind) -> Any:
        table = SqlRepository[Any](
            kind, self._connection, writing=self._writing, locate=self.locate
        )
        if kind.name == "log":
            return SealedLog(table, self._settings)
        return AppendOnly(table) if kind.name == "custody" else table

    @property
    def settings(self) -> SqlSettings:
        return self._settings

    @property
    def tallies(self) -> SqlTallies:
        return self._tallies


def _parsed(url: str | Path) -> URL:
    if isinstance(url, Path) or "://" not in url:
        return URL.create("sqlite", database=str(url))
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidInput(
            f"no database address: {error}", where=url, remedy="write sqlite:///FILE"
        ) from error
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise InvalidInput(
            "a database needs a file", where=url, remedy="write sqlite:///FILE, or use MemoryStore"
        )
    return parsed


def _tune_sqlite(engine: Engine, pragmas: Mapping[str, str | int]) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, see below
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name}={value}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later could find its picture out of date; one
        # that takes the write lock at once waits its turn instead.
        writing = connection.get_execution_options().get("flyonce_writing", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
