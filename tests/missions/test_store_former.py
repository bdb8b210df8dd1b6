"""A database of the former release (migration 0009) is brought up to date and nothing is lost.

`data/release_0009.json` was written by that release's own store (commit 83a92ce).
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from missions.audit import verify
from missions.store import SqlStore, dump

FORMER = json.loads((Path(__file__).parent / "data" / "release_0009.json").read_text())


def lines(table: list[Any]) -> list[bytes]:
    return [json.dumps(row).encode() for row in table]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'former.db'}"
    server = request.getfixturevalue("postgres_server")
    found: str = server.url(server.blank())
    return found


@pytest.mark.sqlite
def test_a_database_of_the_former_release_loses_nothing(url: str, make: Any) -> None:
    tables: dict[str, Callable[[], list[bytes]]] = {
        name: partial(lines, table) for name, table in FORMER["tables"].items()
    }
    dump.restore(url, FORMER["revision"], tables)
    store = SqlStore(url)
    with store.view() as unit:
        for name in ("requests", "tasks", "flights", "media", "anomalies", "cases", "reviews"):
            kept = len(FORMER["tables"][name]) - 1
            assert len(getattr(unit, name).find()) == kept == 1, name
        assert unit.requests.get("req-1") == make.request()
        assert unit.flights.get("flt-1") == make.flight()
        assert unit.settings.get("clock") == "2026-05-12T00:00:00+00:00"
        case, event = unit.cases.get("cas-1"), unit.events.get("evt-1")
        assert case.title == make.case().title
        assert unit.cases.find(county=case.county) == [case]
        assert unit.events.find(county=event.county) == [event]
        assert unit.media.find(tasks="tsk-1") != []
    assert verify(store).whole
    with store.unit() as unit:
        unit.cases.put(case)
        unit.log.add(make.entry("log-new"))
    assert verify(store).whole
    store.close()
