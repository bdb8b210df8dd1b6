"""The big city's database, built once: the same rows as by use, without their indexes meanwhile.

Every case goes through the store's own `add_all`; only the observers are left out (no change feed
of a year that is over), and the tallies are added up meanwhile and written once, by the functions
that the observers use (tests/properties/test_statistics_tallies.py holds them to be what a scan
counts). The tables' plain indexes are dropped before and made again after. PostgreSQL gets the rows
of the file as they are.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Index, Table, text

from benchmarks.api.city_made import cases
from missions.presets import Preset
from missions.statistics.measures import VERSION
from missions.statistics.tallying import SETTING, Sums
from missions.store import SqlStore
from missions.store.tables import CELLS, LINKS, SETTINGS, TABLES, TALLIES

BATCH = 20_000
_QUICK = {"synchronous": "OFF", "cache_size": -600_000, "journal_mode": "WAL"}


def built(
    url: str | Path, preset: Preset, count: int, seed: int, tell: Callable[[str], None]
) -> float:
    """Fill an empty database; the answer is how many seconds it took."""
    began = time.monotonic()
    pragmas = _QUICK if isinstance(url, Path) else None
    store = SqlStore(url, pragmas=pragmas, observers={})
    try:
        with _without_indexes(store):
            rest = cases(preset, count, seed)
            done, sums = 0, Sums()
            while batch := list(islice(rest, BATCH)):
                with store.unit() as unit:
                    unit.cases.add_all(batch)
                    for case in batch:
                        sums.add(unit, case, preset.zone_info, 1)
                done += len(batch)
                if done % 200_000 == 0:
                    tell(f"{done:,} of {count:,} cases, {time.monotonic() - began:.0f} s")
        tell(f"indexes made, {time.monotonic() - began:.0f} s")
        with store.unit() as unit:
            sums.keep(unit)
            unit.settings.set(SETTING, {"zone": preset.zone_info.key, "version": VERSION})
            unit.settings.set("bench city", {"cases": count, "seed": seed})
        _settled(store)
    finally:
        store.close()
    return time.monotonic() - began


def copied(file: Path, url: str, tell: Callable[[str], None]) -> float:
    """Put the rows of a file into an empty PostgreSQL database; the seconds that it took."""
    began = time.monotonic()
    source, target = SqlStore(file, observers={}), SqlStore(url, observers={})
    try:
        with target._engine.begin() as connection:
            connection.execute(text("DELETE FROM settings"))
        with _without_indexes(target):
            for table in (TABLES["cases"], LINKS, TALLIES, CELLS, SETTINGS):
                _copy(source, target, table)
                tell(f"{table.name} copied, {time.monotonic() - began:.0f} s")
        _settled(target)
    finally:
        source.close()
        target.close()
    return time.monotonic() - began


def _copy(source: SqlStore, target: SqlStore, table: Table) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    raw = target._engine.raw_connection()
    try:
        with source._engine.connect() as connection, raw.cursor() as cursor:
            # of a file that was asked before, the feed's links stay behind with the feed
            only = " WHERE kind = 'cases'" if table is LINKS else ""
            rows = connection.exec_driver_sql(f'SELECT {names} FROM "{table.name}"{only}')  # noqa: S608
            with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(tuple(row))
        raw.commit()
    finally:
        raw.close()


def holds(url: str | Path, count: int, seed: int) -> bool:
    """Whether a database was built with these figures before."""
    if isinstance(url, Path) and not url.is_file():
        return False
    store = SqlStore(url, observers={})
    try:
        with store.view() as unit:
            return bool(unit.settings.get("bench city") == {"cases": count, "seed": seed})
    finally:
        store.close()


@contextmanager
def _without_indexes(store: SqlStore) -> Iterator[None]:
    indexes = [*_plain(TABLES["cases"].indexes), *_plain(LINKS.indexes)]
    with store._engine.begin() as connection:
        for index in indexes:
            index.drop(connection)
    try:
        yield
    finally:
        for index in indexes:
            with store._engine.begin() as connection:
                index.create(connection)


def _plain(indexes: Iterable[Index]) -> list[Index]:
    return sorted((i for i in indexes if not i.unique), key=lambda i: str(i.name))


def _settled(store: SqlStore) -> None:
    """What a database does by itself over a year: PostgreSQL's autovacuum gathers statistics."""
    if store._sqlite:
        return
    with store._engine.connect() as connection:
        own: Any = connection.execution_options(isolation_level="AUTOCOMMIT")
        own.execute(text("VACUUM ANALYZE"))


def size_bytes(url: str | Path, store: SqlStore) -> int:
    """How large the database is on disk."""
    if isinstance(url, Path):
        return url.stat().st_size
    with store._engine.connect() as connection:
        found = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    return int(found)
