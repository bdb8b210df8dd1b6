"""The store in a database: what it survives, and what it says when something is wrong."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from core.errors import InvalidInput, Unavailable
from missions.audit import verify
from missions.store import MemoryStore, SqlStore, open_store
from missions.store.kinds import KINDS
from missions.store.search import listing, shape_of
from missions.store.tables import metadata

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from datetime import UTC, datetime
from missions.entities import LogEntry
from missions.store import SqlStore

store = SqlStore(sys.argv[1])
n = 0
while True:
    n += 1
    with store.unit() as unit:
        unit.log.add_all(
            LogEntry(id=f"log-{n}-{part}", at=datetime.now(UTC), actor="a", action="b",
                     subject=str(n), text="x" * 2000, text_zh="")
            for part in range(3)
        )
        unit.settings.set("n", n)
    print(n, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "flyonce.db"


def test_a_killed_writer_loses_nothing_it_acknowledged(
    tmp_path: Path, address: Callable[[Path], str]
) -> None:
    for path in (tmp_path / "one.db", tmp_path / "two.db"):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, address(path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(40)][-1]
        time.sleep(0.02)
        writer.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *map(int, writer.stdout.read().split())])
        writer.wait()
        writer.stdout.close()
        store = SqlStore(path)
        with store.view() as unit:
            written = unit.settings.get("n")
            assert written >= acknowledged
            assert unit.log.count() == 3 * written
        assert verify(store).whole
        with store.unit() as unit:
            unit.settings.set("n", 0)
        store.close()


def test_everything_is_there_after_opening_again(path: Path, make: Any) -> None:
    store = SqlStore(path)
    with store.unit() as unit:
        unit.requests.add(make.request())
    store.close()
    again = SqlStore(f"sqlite:///{path}")
    with again.unit() as unit:
        assert unit.requests.get("req-1") == make.request()
        unit.requests.add(make.request("req-2"))
    with again.view() as unit:
        assert [r.id for r in unit.requests.find()] == ["req-1", "req-2"]
    again.close()


def test_two_stores_on_one_file_see_each_other(path: Path, make: Any) -> None:
    first, second = SqlStore(path), SqlStore(path)
    for number, store in enumerate((first, second, first)):
        with store.unit() as unit:
            unit.requests.add(make.request(f"req-{number}"))
    with second.view() as unit:
        assert unit.requests.count() == 3
    first.close()
    second.close()


@pytest.mark.sqlite
def test_the_migrations_make_the_tables_that_the_code_expects(path: Path) -> None:
    SqlStore(path).close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
        names = set(inspect(connection).get_table_names())
    engine.dispose()
    assert names == {*KINDS, "links", "settings", "tallies", "cells", "alembic_version"}


@pytest.mark.sqlite
def test_a_newer_database_is_refused(path: Path) -> None:
    SqlStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(Unavailable, match=r"newer version \(revision 9999\)") as refused:
        SqlStore(path)
    assert str(path) in str(refused.value)


@pytest.mark.sqlite
def test_a_damaged_file_is_named(path: Path) -> None:
    path.write_bytes(b"this is no database at all, however long it may be" * 100)
    with pytest.raises(Unavailable, match="damaged") as refused:
        SqlStore(path)
    assert refused.value.where == str(path)
    assert refused.value.remedy


@pytest.mark.sqlite
def test_damage_within_the_file_is_named(path: Path, make: Any) -> None:
    store = SqlStore(path)
    with store.unit() as unit:
        unit.requests.add_all(make.request(f"req-{n}", purpose="x" * 500) for n in range(200))
    store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (size - 8192))
    with pytest.raises(Unavailable, match="damaged"):
        _read_all(path)


def _read_all(path: Path) -> None:
    store = SqlStore(path)
    try:
        with store.view() as unit:
            unit.requests.find()
    finally:
        store.close()


@pytest.mark.sqlite
def test_a_full_disk_stores_nothing_of_the_step(path: Path, make: Any) -> None:
    store = SqlStore(path, pragmas={"max_page_count": 300})
    with store.unit() as unit:
        unit.requests.add(make.request())
    with pytest.raises(Unavailable, match="disk is full") as refused, store.unit() as unit:
        unit.requests.add_all(make.request(f"big-{n}", purpose="x" * 5000) for n in range(500))
    assert refused.value.remedy
    with store.unit() as unit:
        assert unit.requests.count() == 1
        unit.requests.add(make.request("req-2"))
    store.close()


@pytest.mark.sqlite
def test_a_locked_database_is_named(path: Path, make: Any) -> None:
    store = SqlStore(path, pragmas={"busy_timeout": 50})
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="another program"), store.unit() as unit:
        unit.requests.add(make.request())
    with store.view() as unit:
        assert unit.requests.count() == 0
    other.execute("ROLLBACK")
    other.close()
    with store.unit() as unit:
        unit.requests.add(make.request())
    store.close()


@pytest.mark.sqlite
def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be opened") as refused:
        SqlStore(tmp_path / "no" / "such.db")
    assert "folder" in str(refused.value.remedy)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("nosuch://host/db", "no driver"),
        ("postgresql+nosuch://host/db", "no driver"),
        ("://", "no database address"),
    ],
)
def test_a_bad_address_is_refused(url: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        SqlStore(url)


@pytest.mark.sqlite
def test_opening_by_address(path: Path) -> None:
    memory = open_store("memory:")
    assert isinstance(memory, MemoryStore)
    memory.close()
    store = open_store(str(path))
    assert isinstance(store, SqlStore)
    store.close()


def test_ids_that_are_no_text_are_refused(path: Path) -> None:
    store = SqlStore(path)
    with pytest.raises(InvalidInput, match="no text"), store.view() as unit:
        unit.requests.exists("\ud800")
    store.close()


@pytest.mark.sqlite
def test_a_copied_file_is_whole_after_closing(path: Path, make: Any, tmp_path: Path) -> None:
    store = SqlStore(path)
    with store.unit() as unit:
        unit.requests.add(make.request())
    store.close()
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    again = SqlStore(copy)
    with again.view() as unit:
        assert unit.requests.count() == 1
    again.close()


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "conditions",
    [
        {"audience": "water"},
        {"audience": "water", "state": "kept"},
        {"audience": "water", "flight": "flt-1"},
        {"tasks": "tsk-1"},
        {"tasks": "tsk-1", "audience": "water"},
        {"sha256": "0"},
        {"flight": "flt-1", "sensor": "thermal", "state": "kept"},
        {"tasks": "tsk-1", "state": "kept"},
        {},
    ],
    ids=str,
)
def test_pages_come_from_an_index_and_are_not_sorted(
    path: Path, conditions: dict[str, str]
) -> None:
    SqlStore(path).close()
    shape, values = shape_of(dict(conditions))
    query = listing("media", shape, (True, False, True))
    engine = create_engine(f"sqlite:///{path}")
    bound = query.params({**values, "row_limit": 10})
    sql = bound.compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    engine.dispose()
    assert not any("TEMP B-TREE" in step for step in plan), plan
    assert any("SEARCH" in step for step in plan) or not conditions, plan
    narrower = conditions.keys() - {"audience", "state", "sensor"}
    assert not (narrower and any("ix_media_state" in step for step in plan)), plan
