"""The change feed: written with the things, in order, and only to those who may know."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from missions.access import LOCAL_OPERATOR, Principal, Role
from missions.entities import Filing, RequestState
from missions.feed import outbox
from missions.feed.change import Change, What
from missions.feed.reading import Reader, Swept
from missions.feed.rules import feed_rules, load_feed_rules
from missions.feed.sweeping import sweep
from missions.store import SqlStore, Store

LATER = datetime.now(UTC) + timedelta(days=400)


@pytest.fixture
def reader(store: Store) -> Reader:
    return Reader(store)


def told(
    reader: Reader, p: Principal, after: int = 0, **how: Any
) -> list[tuple[int, str, str, str]]:
    page = reader.page(p, after=after, **how)
    return [(c.seq, c.kind, c.subject, c.what.value) for c in page.items]


def test_adding_and_changing_is_told_once_a_unit(store: Store, reader: Reader, make: Any) -> None:
    with store.unit() as unit:
        unit.requests.add(make.request())
        unit.requests.put(make.request(state=RequestState.PLANNED))
    with store.unit() as unit:
        unit.requests.put(make.request(state=RequestState.FLOWN))
    first, second = reader.page(LOCAL_OPERATOR).items
    assert (first.what, first.state) == (What.CREATED, "planned")
    assert (second.what, second.state) == (What.CHANGED, "flown")
    assert {**second.told(), "at": ""} == {
        "seq": 2,
        "at": "",
        "kind": "requests",
        "id": "req-1",
        "what": "changed",
        "state": "flown",
        "department": "forestry",
        "shared_with": ["emergency"],
        "county": None,
        "path": "/api/v1/requests/req-1",
    }


def test_what_fails_is_not_told(store: Store, reader: Reader, make: Any) -> None:
    with pytest.raises(InvalidInput), store.unit() as unit:
        _twice(unit, make.request())
    assert told(reader, LOCAL_OPERATOR) == []


def _twice(unit: Any, request: Any) -> None:
    unit.requests.add(request)
    unit.requests.add(request)


def test_each_reads_what_it_may_see(
    store: Store, reader: Reader, make: Any, member: Callable[[str], Principal]
) -> None:
    with store.unit() as unit:
        unit.requests.add(make.request("req-1"))
        unit.requests.add(make.request("req-2", department="water", shared_with=()))
        unit.filings.add(
            Filing(id="fil-1", day=date(2026, 5, 12), emergency=False, filed_at=LATER, filed_by="d")
        )
    assert [t[2] for t in told(reader, LOCAL_OPERATOR)] == ["req-1", "req-2", "fil-1"]
    assert [t[2] for t in told(reader, member("emergency"))] == ["req-1"]
    assert [t[2] for t in told(reader, member("water"))] == ["req-2"]
    assert told(reader, member("stranger")) == []
    assert told(reader, Principal(name="n", role=Role.MEMBER)) == []


def test_who_loses_sight_of_a_thing_learns_that_and_nothing_else(
    store: Store, reader: Reader, make: Any, member: Callable[[str], Principal]
) -> None:
    with store.unit() as unit:
        unit.requests.add(make.request())
    with store.unit() as unit:
        unit.requests.put(make.request(shared_with=("police",), state=RequestState.PLANNED))
    assert [t[3] for t in told(reader, member("emergency"))] == ["created", "withdrawn"]
    assert [t[3] for t in told(reader, member("police"))] == ["changed"]
    assert [t[3] for t in told(reader, member("forestry"))] == ["created", "changed"]
    gone = reader.page(member("emergency")).items[-1].told()
    assert {gone[name] for name in ("state", "department", "county", "path")} == {None}
    assert gone["shared_with"] == []


def test_counties_limit_what_is_told(store: Store, reader: Reader) -> None:
    def line(number: int, audience: tuple[str, ...]) -> Change:
        return Change(
            id=str(number), at=LATER, kind="cases", subject=f"cas-{number}", what=What.CREATED,
            audience=audience,
        )  # fmt: skip

    with store.unit() as unit:
        unit.changes.add(line(1, ("fire", "fire@kecheng", "@kecheng")))
        unit.changes.add(line(2, ("fire", "fire@qujiang", "@qujiang")))
    there = Principal(
        name="o", role=Role.MEMBER, department="fire", counties=frozenset({"kecheng", "longyou"})
    )
    assert [t[0] for t in told(reader, there)] == [1]
    assert reader.page(there).next == 2


def test_pages_follow_one_another(store: Store, reader: Reader, make: Any) -> None:
    with store.unit() as unit:
        unit.requests.add_all([make.request(f"req-{n}") for n in range(25)])
    seen, after, more = [], 0, True
    while more:
        page = reader.page(LOCAL_OPERATOR, after=after, limit=10)
        seen += [c.seq for c in page.items]
        after, more = page.next, page.more
    assert seen == list(range(1, 26))
    assert told(reader, LOCAL_OPERATOR, after=after) == []
    assert told(reader, LOCAL_OPERATOR, kinds=("cases",)) == []
    with pytest.raises(InvalidInput, match="does not tell"):
        told(reader, LOCAL_OPERATOR, kinds=("tokens",))


def test_old_changes_are_swept_and_who_missed_them_is_told(
    store: Store, reader: Reader, make: Any
) -> None:
    with store.unit() as unit:
        unit.requests.add_all([make.request(f"req-{n}") for n in range(5)])
    assert sweep(store, feed_rules(), datetime.now(UTC)) == (0, 0)
    assert sweep(store, feed_rules(), LATER) == (4, 0)
    assert told(reader, LOCAL_OPERATOR, after=4) == [(5, "requests", "req-4", "created")]
    assert told(reader, LOCAL_OPERATOR, after=5) == []
    with pytest.raises(Swept, match="before 5 are no longer kept"):
        reader.page(LOCAL_OPERATOR, after=2)
    with store.unit() as unit:
        unit.requests.add(make.request("req-9"))
    assert told(reader, LOCAL_OPERATOR, after=5) == [(6, "requests", "req-9", "created")]


def test_after_a_restore_numbers_of_the_lost_time_are_refused(
    store: Store, reader: Reader, make: Any
) -> None:
    with pytest.raises(Swept, match="empty"):
        reader.page(LOCAL_OPERATOR, after=3)
    with store.unit() as unit:
        unit.requests.add(make.request())
    with store.unit() as unit:
        outbox.leap(unit, LATER)
    with store.unit() as unit:
        unit.requests.add(make.request("req-2"))
    with pytest.raises(Swept, match="backup"):
        reader.page(LOCAL_OPERATOR, after=2)
    assert told(reader, LOCAL_OPERATOR, after=1)[-1][:3] == (1_000_002, "requests", "req-2")


def test_writers_at_once_leave_no_gap_and_repeat_nothing(tmp_path: Path, make: Any) -> None:
    """A reader polls while four threads write through two stores, as two processes would."""
    stores = [SqlStore(tmp_path / "f.db"), SqlStore(tmp_path / "f.db")]
    reader = Reader(SqlStore(tmp_path / "f.db"))

    def write(number: int) -> None:
        for n in range(15):
            with stores[number % 2].unit() as unit:
                unit.requests.add_all([make.request(f"req-{number}-{n}-{k}") for k in range(3)])

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    after = 0
    while any(w.is_alive() for w in writers) or len(seen) < 180:
        page = reader.page(LOCAL_OPERATOR, after=after, limit=7)
        seen += [c.seq for c in page.items]
        after = page.next
    assert seen == list(range(1, 181))
    for store in (*stores, reader._records):
        store.close()


def test_rules_out_of_bounds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "feed.yaml"
    good = (Path(outbox.__file__).parent / "feed.yaml").read_text()
    path.write_text(good.replace("batch: 100", "batch: 0"))
    with pytest.raises(InvalidInput, match=r"feed.yaml: batch"):
        load_feed_rules(path)
    path.write_text(good + "\nmore: 1\n")
    with pytest.raises(InvalidInput, match="more"):
        load_feed_rules(path)


def test_waits_grow_to_an_hour_and_are_spread() -> None:
    rules = feed_rules()
    waits = [rules.wait_s(tries, 1.0) for tries in range(1, 10)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (5.0, 3600.0)
    assert rules.wait_s(1, 0.0) == 2.5
    assert replace(rules, retry_factor=1.0).wait_s(50, 1.0) == 5.0
