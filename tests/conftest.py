"""One switch for all tests: FLYONCE_TEST_DATABASE=postgres keeps every store in PostgreSQL.

Where a test opens a store in a file or in memory it then gets an empty PostgreSQL database
instead, the same one for the same file. Tests that are about SQLite's own file, or whose stores
are opened by another process by path, are marked `sqlite` and left out.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from postgres_server import NoPostgres, Server, shared_server
from sqlalchemy.engine import URL, make_url

POSTGRES = os.environ.get("FLYONCE_TEST_DATABASE") == "postgres"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is about SQLite alone."""
    if POSTGRES:
        reason = pytest.mark.skip(reason="about SQLite's own file; this run is on PostgreSQL")
        for item in items:
            if item.get_closest_marker("sqlite"):
                item.add_marker(reason)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL server, shared by all test processes of this run."""
    meeting = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        meeting = meeting.parent
    with ExitStack() as stack:
        try:
            server = stack.enter_context(shared_server(meeting))
        except NoPostgres as why:
            if POSTGRES:
                pytest.exit(f"no PostgreSQL for these tests: {why}", returncode=3)
            pytest.skip(str(why))
        yield server


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The address of an empty database with our tables."""
    database = postgres_server.take()
    yield postgres_server.url(database)
    postgres_server.give_back(database)


@pytest.fixture
def rooms(request: pytest.FixtureRequest) -> Iterator["_Rooms"]:
    """Databases that stand for files."""
    made = _Rooms(request)
    yield made
    made.give_back()


@pytest.fixture
def address(request: pytest.FixtureRequest) -> Callable[[Path], str]:
    """How another process opens the store that a test keeps at a path."""
    if not POSTGRES:
        return str
    rooms: _Rooms = request.getfixturevalue("rooms")
    return lambda path: rooms.of(str(path)).render_as_string(hide_password=False)


@pytest.fixture(autouse=POSTGRES)
def every_store_in_postgres(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Turns files and memory into databases of the server, for the length of a test."""
    if not POSTGRES or request.node.get_closest_marker("sqlite"):
        yield
        return
    from missions.store import MemoryStore, SqlStore, sql

    rooms: _Rooms = request.getfixturevalue("rooms")
    parsed, opened = sql._parsed, SqlStore.__init__
    stores: list[SqlStore] = []

    def parsed_elsewhere(url: str | Path) -> URL:
        found = parsed(url)
        return rooms.of(str(found.database)) if found.get_backend_name() == "sqlite" else found

    def opened_and_noted(self: SqlStore, *arguments: Any, **options: Any) -> None:
        opened(self, *arguments, **options)
        stores.append(self)

    def in_memory(cls: type, **options: Any) -> SqlStore:
        return SqlStore(f"memory-{len(stores)}", **options)

    monkeypatch.setattr(sql, "_parsed", parsed_elsewhere)
    monkeypatch.setattr(SqlStore, "__init__", opened_and_noted)
    monkeypatch.setattr(MemoryStore, "__new__", in_memory)
    yield
    for store in stores:
        store.close()


class _Rooms:
    """Which database stands for which file, within one test."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request
        self._taken: dict[str, str] = {}

    def of(self, file: str) -> URL:
        key = os.path.realpath(file)
        if key not in self._taken:
            self._taken[key] = self._server().take()
        return make_url(self._server().url(self._taken[key]))

    def give_back(self) -> None:
        for database in self._taken.values():
            self._server().give_back(database)

    def _server(self) -> Server:
        server: Server = self._request.getfixturevalue("postgres_server")
        return server
