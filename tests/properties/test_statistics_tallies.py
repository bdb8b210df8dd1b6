"""Whatever happens to cases, events and flights: the tallies are what a scan would count."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.geo import LonLat
from missions.entities import Case, CaseState, CaseStep, Event, Recheck
from missions.statistics.measures import class_of
from missions.statistics.rebuild import check, rebuild
from missions.store import MemoryStore, SqlStore, Store
from missions.store.protocol import Unit

NOW = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
STEPS = tuple(CaseState)
act = st.tuples(
    st.sampled_from(["open", "step", "move", "due", "look", "event", "fail"]),
    st.integers(0, 5),
    st.integers(0, 60 * 24 * 70),
    st.sampled_from(STEPS),
)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqlStore(tmp_path / "t.db")
    yield made
    made.close()


def opened(number: int, minutes: int) -> Case:
    at = NOW + timedelta(minutes=minutes)
    return Case(
        id=f"cas-{number}",
        number=str(number),
        event_type=("01-01", "02-03")[number % 2],
        title="t",
        title_zh="题",
        department=("urban", "water", "fire")[number % 3],
        shared_with=("water",) if number % 3 == 0 else (),
        position=LonLat(118.0 + number / 7, 28.0 + number / 9),
        severity=1,
        opened_at=at,
        due_at=at + timedelta(hours=3),
        county=("kecheng", "")[number % 2],
    )


def changed(case: Case, what: str, minutes: int, state: CaseState) -> Case:
    at = NOW + timedelta(minutes=minutes)
    if what == "step":
        step = CaseStep(step=state, at=at, by="x", handed_over=bool(minutes % 2))
        closed = at if state is CaseState.CLOSED else case.closed_at
        return replace(case, state=state, steps=(*case.steps, step), closed_at=closed)
    if what == "move":
        place = LonLat(118 + minutes % 9 / 10, 28.5)
        return replace(case, department="urban", shared_with=("fire",), position=place)
    if what == "due":
        return replace(case, due_at=at)
    look = Recheck(at=at, request_id="r", looked_at=at if minutes % 2 else None)
    return replace(case, rechecks=(*case.rechecks, look))


def event_of(case: Case, minutes: int) -> Event:
    return Event(
        id=f"evt-{case.id}-{minutes}",
        event_type=case.event_type,
        anomaly_id="a",
        case_id=case.id,
        at=NOW + timedelta(minutes=minutes),
        department=case.department,
        shared_with=(),
        position=case.position,
        severity=1,
        text="",
        text_zh="",
        medium_ids=(),
        county=case.county,
    )


def happen(unit: Unit, what: str, number: int, minutes: int, state: CaseState) -> None:
    name = f"cas-{number}"
    if not unit.cases.exists(name):
        unit.cases.add(opened(number, minutes))
    elif what == "event":
        event = event_of(unit.cases.get(name), minutes)
        if not unit.events.exists(event.id):
            unit.events.add(event)
    else:
        unit.cases.put(changed(unit.cases.get(name), what, minutes, state))


@given(st.lists(st.lists(act, max_size=4), max_size=8))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_tallies_are_what_a_scan_counts(store: Store, units: list[list[tuple]]) -> None:
    for acts in units:
        with suppress(ZeroDivisionError), store.unit() as unit:
            for what, number, minutes, state in acts:
                happen(unit, what, number, minutes, state)
                if what == "fail":
                    raise ZeroDivisionError  # nothing of this unit is kept, nor counted
    with store.view() as unit:
        assert check(unit).wrong == ()


def test_counting_anew_gives_the_same_and_takes_another_zone(store: Store) -> None:
    with store.unit() as unit:
        for number in range(6):
            unit.cases.add(opened(number, number * 1000))
        happen(unit, "step", 1, 90, CaseState.REPORTED_BACK)
    with store.unit() as unit:
        kept = {key: tuple(row) for key, row in unit.tallies.everything() if any(row)}
        assert rebuild(unit, ZoneInfo("Asia/Shanghai")) == 6
        again = {key: tuple(row) for key, row in unit.tallies.everything() if any(row)}
    assert kept == again
    with store.unit() as unit:
        rebuild(unit, ZoneInfo("Pacific/Kiritimati"))
        assert check(unit).wrong == ()
        assert {key.bucket for key, _ in unit.tallies.everything()} != {k.bucket for k in kept}


def test_a_wrong_tally_is_found_by_name(store: Store) -> None:
    with store.unit() as unit:
        unit.cases.add(opened(1, 0))
    with store.unit() as unit:
        key, row = next((k, r) for k, r in unit.tallies.everything() if k.grain == "d")
        unit.tallies.add({key: [1] * len(row)})
    with store.view() as unit:
        wrong = check(unit).wrong
    assert len(wrong) == 1
    assert "2026-05" in wrong[0]


def test_every_duration_lies_in_the_class_that_names_it() -> None:
    for number in range(1, 49):
        assert class_of(2 ** ((number - 1) / 3)) == number
        assert class_of(2 ** (number / 3) * 0.999) == number
