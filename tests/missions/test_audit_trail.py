"""The audit trail shows every edit, deletion and reordering."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from meddling import meddle

from missions.audit import verify
from missions.store import MemoryStore, SqlStore, Store
from missions.store.seal import GENESIS, Head, seal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "flyonce.db"


@pytest.fixture
def kept(path: Path, make: Any) -> Iterator[SqlStore]:
    """A store with ten entries."""
    store = SqlStore(path)
    with store.unit() as unit:
        unit.log.add_all(make.entry(f"log-{n}") for n in range(6))
    with store.unit() as unit:
        for n in range(6, 10):
            unit.log.add(make.entry(f"log-{n}"))
    yield store
    store.close()


def test_an_untouched_trail_is_whole(store: Store, make: Any) -> None:
    assert verify(store).whole
    with store.unit() as unit:
        unit.log.add_all(make.entry(f"log-{n}") for n in range(5))
    report = verify(store)
    assert report.whole
    assert report.entries == report.head.count == 5
    assert verify(store, report.head).whole
    with store.unit() as unit:
        unit.log.add(make.entry("log-5"))
    assert verify(store, report.head).whole


@pytest.mark.parametrize(
    ("statements", "position"),
    [
        (["UPDATE log SET body = replace(body, '完成', '失败') WHERE id = 'log-4'"], 5),
        (["UPDATE log SET body = replace(body, 'flt-1', 'flt-2') WHERE id = 'log-9'"], 10),
        (["DELETE FROM log WHERE id = 'log-0'"], 1),
        (["DELETE FROM log WHERE id = 'log-4'"], 5),
        (["DELETE FROM log WHERE id = 'log-9'"], 10),
        (["DELETE FROM log"], 1),
        (
            [
                "UPDATE log SET seq = 99 WHERE id = 'log-3'",
                "UPDATE log SET seq = 4 WHERE id = 'log-4'",
                "UPDATE log SET seq = 5 WHERE id = 'log-3'",
            ],
            4,
        ),
    ],
)
def test_meddling_shows_where_it_happened(
    kept: SqlStore, path: Path, statements: list[str], position: int
) -> None:
    assert verify(kept).whole
    meddle(path, *statements)
    report = verify(kept)
    assert not report.whole
    assert report.problems[0].position == position


def test_a_rewritten_trail_shows_against_a_head_kept_elsewhere(make: Any) -> None:
    store, forged = MemoryStore(), MemoryStore()
    with store.unit() as unit:
        unit.log.add_all(make.entry(f"log-{n}") for n in range(5))
    with forged.unit() as unit:
        unit.log.add_all(make.entry(f"log-{n}", text="nothing happened") for n in range(5))
    anchor = verify(store).head
    assert verify(forged).whole
    assert not verify(forged, anchor).whole
    assert not verify(MemoryStore(), anchor).whole
    assert verify(store, Head()).whole


def test_every_field_is_under_the_seal(make: Any) -> None:
    entry = make.entry()
    first = seal(GENESIS, entry)
    for name in ("id", "actor", "action", "subject", "text", "text_zh", "department"):
        assert seal(GENESIS, replace(entry, **{name: "other"})) != first
    assert seal(first, entry) != first
    assert seal(GENESIS, replace(entry, seal="anything")) == first
