"""Searches in the order of time: the same from both stores, and stable while things arrive."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box, mapping

from core.geo import LonLat
from missions.store import Between, SqlStore, Store
from missions.store import ordered as ordering

START = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)


def square(lon: float, lat: float, half: float = 0.001) -> Mapping[str, Any]:
    """A footprint of some 200 m."""
    shape: Mapping[str, Any] = mapping(box(lon - half, lat - half, lon + half, lat + half))
    return shape


def overlapping(west: float, south: float, east: float, north: float) -> dict[str, Between]:
    """The conditions of a box."""
    return {
        "west": Between(high=east),
        "east": Between(low=west),
        "south": Between(high=north),
        "north": Between(low=south),
    }


@pytest.fixture
def filled(store: Store, make: Any) -> Store:
    """Twenty photographs in a row to the east, each a second later; odd ones are forestry's."""
    with store.unit() as unit:
        for n in reversed(range(20)):
            unit.media.add(
                make.medium(
                    f"med-{n:02d}",
                    taken_at=START + timedelta(seconds=n // 2),
                    footprint=square(118.5 + n / 100, 28.5),
                    department="forestry" if n % 2 else "urban",
                    scenarios=("fire",) if n % 5 == 0 else (),
                )
            )
        unit.media.add(make.medium("med-timeless", taken_at=None))
    return store


def ids(found: list[Any]) -> list[str]:
    return [item.id for item in found]


@pytest.mark.parametrize("narrow", [0, 4000])
def test_a_box_finds_what_reaches_into_it(
    filled: Store, monkeypatch: pytest.MonkeyPatch, narrow: int
) -> None:
    monkeypatch.setattr(ordering, "NARROW", narrow)
    ordering.counting.cache_clear()
    with filled.view() as unit:
        touched = unit.media.ordered("taken_at", **overlapping(118.5209, 28.4, 118.5391, 28.6))
        assert ids(touched) == ["med-04", "med-02", "med-03"]
        assert ids(unit.media.ordered("taken_at", **overlapping(118.5, 28.6, 118.6, 28.7))) == []
    ordering.counting.cache_clear()


def test_pages_in_the_order_of_time_hold_each_photograph_once(filled: Store, make: Any) -> None:
    for newest_first in (True, False):
        seen: list[str] = []
        after = None
        while True:
            with filled.unit() as unit:
                page = unit.media.ordered(
                    "taken_at", after=after, limit=3, newest_first=newest_first
                )
                late = f"late-{newest_first}-{len(seen)}"
                unit.media.add(make.medium(late, taken_at=START - timedelta(days=1)))
                unit.media.add(make.medium(f"{late}-b", taken_at=START + timedelta(days=1)))
            if not page:
                break
            seen += [item.id for item in page]
            after = seen[-1]
            if len(seen) > 200:
                break
        once = [s for s in seen if s.startswith("med-")]
        assert len(once) == len(set(seen) & {f"med-{n:02d}" for n in range(20)}) == 20
        assert "med-timeless" not in seen


def test_links_and_audiences_narrow_an_ordered_search(filled: Store) -> None:
    with filled.view() as unit:
        fire = unit.media.ordered("taken_at", scenarios="fire", newest_first=False)
        assert ids(fire) == ["med-00", "med-05", "med-10", "med-15"]
        both = unit.media.ordered("taken_at", scenarios="fire", audience="forestry")
        assert ids(both) == ["med-15", "med-05"]
        late = unit.media.ordered("taken_at", taken_at=Between(START + timedelta(seconds=9)))
        assert set(ids(late)) == {"med-18", "med-19"}


def test_the_extent_is_that_of_what_one_may_see(filled: Store) -> None:
    with filled.view() as unit:
        whole = unit.media.extent()
        assert whole is not None
        assert (whole.west, whole.east) == pytest.approx((118.499, 118.691))
        own = unit.media.extent(audience="forestry")
        assert own is not None
        assert own.west == pytest.approx(118.509)
        assert (own.first, own.last) == (START, START + timedelta(seconds=9))
        assert unit.media.extent(audience="water") is None


@pytest.mark.sqlite
def test_a_box_is_looked_up_in_its_index(tmp_path: Path, make: Any) -> None:
    store = SqlStore(tmp_path / "f.db")
    with store.unit() as unit:
        unit.media.add(make.medium(footprint=square(118.5, 28.5)))
        unit.media.ordered("taken_at", state="kept", **overlapping(118.4, 28.4, 118.6, 28.6))
    store.close()
    with sqlite3.connect(tmp_path / "f.db") as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT seq FROM media WHERE state='kept' AND sensor IN ('visible')"
            " AND west BETWEEN 1 AND 2 AND east >= 1 AND south <= 2 AND north >= 1"
        ).fetchall()
    connection.close()
    assert "COVERING INDEX ix_media_together" in plan[0][3]


@pytest.mark.sqlite
def test_boxes_of_photographs_taken_before_the_migration_are_filled_in(
    tmp_path: Path, make: Any
) -> None:
    path = tmp_path / "f.db"
    store = SqlStore(path)
    with store.unit() as unit:
        unit.media.add(make.medium("med-1", footprint=square(118.5, 28.5)))
        unit.media.add(make.medium("med-2", position=LonLat(118.9, 28.9), footprint=None))
        unit.media.add(make.medium("med-3", position=None, footprint=None))
    store.close()
    _downgrade(path, "0006")
    store = SqlStore(path)
    with store.view() as unit:
        found = unit.media.ordered("taken_at", **overlapping(118.4, 28.4, 118.6, 28.6))
        assert ids(found) == ["med-1"]
        found = unit.media.ordered("taken_at", **overlapping(118.89, 28.89, 118.91, 28.91))
        assert ids(found) == ["med-2"]
        assert json.dumps(unit.products.find()) == "[]"
    store.close()


def _downgrade(path: Path, revision: str) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    from missions.store import migrate

    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()
