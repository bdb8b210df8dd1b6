"""A PostgreSQL of our own for the tests: private, in a temporary folder, gone afterwards.

The server is started by whichever test process needs it first, and is ended when the last that
used it is gone, be it by kill -9 (`postgres_watch`); it listens on a Unix socket alone. Databases
are made from a template that holds our tables, and are emptied and used again, which takes a tenth
of the time of making one.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

CONNECTIONS = 400
PATIENCE_S = 30.0
TEMPLATE = "flyonce_template"


class NoPostgres(Exception):
    """There is no PostgreSQL that can be started here; the sentence says why."""


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`, the newest where there are several."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -int(p.parent.name))
    return next((f for f in folders if (f / "postgres").exists()), None)


def why_not() -> str:
    """Why none can be started here; "" where one can."""
    if binaries() is None:
        return "PostgreSQL is not installed (Debian, Ubuntu: apt-get install postgresql)"
    if os.getuid() == 0 and not _has_user("postgres"):
        return "PostgreSQL refuses to run as root, and there is no user 'postgres'"
    return ""


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@contextmanager
def shared_server(meeting: Path) -> Iterator["Server"]:
    """The server that all test processes share which meet in a folder.

    Raises:
        NoPostgres: it cannot be started.
    """
    if why := why_not():
        raise NoPostgres(why)
    alive = meeting / "postgres.alive"
    with (meeting / "postgres.turn").open("a") as turn, alive.open("a") as user:
        fcntl.flock(turn, fcntl.LOCK_EX)
        fcntl.flock(user, fcntl.LOCK_SH)  # held until we end, however that is
        note = meeting / "postgres.folder"
        if not note.exists():
            note.write_text(str(_started(alive)))
        folder = Path(note.read_text())
        fcntl.flock(turn, fcntl.LOCK_UN)
        yield Server(folder)


def _started(alive: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="flyonce-pg-", dir=_roomy()))
    bin_folder, owner = binaries(), _owner()
    assert bin_folder is not None
    if owner is not None:
        shutil.chown(folder, owner, owner)
    made = subprocess.run(
        [
            *(bin_folder / "initdb", "-D", folder / "data", "-U", "flyonce", "-A", "trust"),
            *("-E", "UTF8", "--no-sync", "--locale=C.UTF-8"),
            # people's order of letters, as most servers have it: whoever relies on bytes is found
            *("--locale-provider=icu", "--icu-locale=en-US"),
        ],
        capture_output=True,
        text=True,
        user=owner,
        group=owner,
        cwd=folder,
        check=False,
    )
    if made.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise NoPostgres(f"initdb failed: {made.stderr.strip()[-300:]}")
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "autovacuum": "off",
        "max_connections": str(CONNECTIONS),
        "shared_buffers": "64MB",
        "lock_timeout": "60s",
    }
    watch = subprocess.Popen(
        [
            *(sys.executable, Path(__file__).with_name("postgres_watch.py")),
            *(folder, alive, owner or ""),
            *(bin_folder / "postgres", "-D", folder / "data"),
            *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # nobody's pipe is kept open
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # what ends the tests does not end it before it has cleared up
    )
    _wait(folder, watch)
    watch.returncode = 0  # it outlives this process: nobody here waits for it
    return folder


def _roomy() -> str | None:
    """A folder in memory where there is room for many small databases."""
    shared = Path("/dev/shm")  # noqa: S108 (the folder within it is ours alone)
    roomy = shared.is_dir() and shutil.disk_usage(shared).free > 2 << 30
    return str(shared) if roomy else None


def _owner() -> str | None:
    return "postgres" if os.getuid() == 0 else None


def _wait(folder: Path, watch: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and watch.poll() is None:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(f"host={folder} user=flyonce dbname=postgres").close()
            return
        time.sleep(0.05)
    raise NoPostgres(f"it did not start: {(folder / 'log').read_text()[-300:]}")


class Server:
    """A running server with empty databases to be had."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._free: list[str] = []
        self._count = 0

    def url(self, database: str) -> str:
        """How `SqlStore` finds a database."""
        return f"postgresql+psycopg://flyonce@/{database}?host={self._folder}"

    def take(self) -> str:
        """The name of an empty database with our tables."""
        if self._free:
            return self._free.pop()
        self._count += 1
        name = f"test_{os.getpid()}_{self._count}"
        with self._connected("postgres") as connection:
            # one at a time: a template must not be in use while it is copied
            connection.execute("SELECT pg_advisory_lock(1)")
            self._make_template(connection)
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        return name

    def blank(self) -> str:
        """The name of a database without any table."""
        self._count += 1
        name = f"blank_{os.getpid()}_{self._count}"
        with self._connected("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name

    def give_back(self, database: str) -> None:
        """Empty a database for the next test; one that cannot be emptied is thrown away."""
        try:
            with self._connected(database) as connection:
                connection.execute("SET lock_timeout = '2s'")
                connection.execute("SET client_min_messages = warning")
                tables = connection.execute(_TABLES).fetchall()
                for (table,) in tables:
                    connection.execute(SQL("DELETE FROM {}").format(Identifier(table)))
        except psycopg.Error:
            self.drop(database)
        else:
            self._free.append(database)

    def drop(self, database: str) -> None:
        """Throw a database away."""
        with self._connected("postgres") as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def _make_template(self, connection: "psycopg.Connection[tuple[str]]") -> None:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,))
        if there.fetchone():
            return
        from missions.store import SqlStore

        connection.execute("DROP DATABASE IF EXISTS flyonce_making WITH (FORCE)")
        connection.execute("CREATE DATABASE flyonce_making")
        SqlStore(self.url("flyonce_making")).close()
        connection.execute(f"ALTER DATABASE flyonce_making RENAME TO {TEMPLATE}")

    @contextmanager
    def _connected(self, database: str) -> Iterator["psycopg.Connection[tuple[str]]"]:
        where = f"host={self._folder} user=flyonce dbname={database}"
        with psycopg.connect(where, autocommit=True) as connection:
            yield connection


_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname <> 'alembic_version'
      AND pg_relation_size(c.oid) > 0
"""
