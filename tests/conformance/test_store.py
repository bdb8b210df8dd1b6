"""What every store promises, tried on every store.

PostgreSQL takes part where it is installed: a server of our own, see `postgres_server`.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.equipment import Sensor
from core.errors import InvalidInput, NotAllowed, NotFound
from core.geo import LonLat
from core.ids import new_id
from core.route import Route, Waypoint
from imagery.catalog import Medium, MediumState
from missions.entities import Flight, FlightState, LogEntry, Origin, Request, RequestState
from missions.store import Between, MemoryStore, SqlStore, Store

NOW = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store
    if request.param == "memory":
        made = MemoryStore()
    elif request.param == "sqlite":
        made = SqlStore(tmp_path / "flyonce.db")
    else:
        made = SqlStore(request.getfixturevalue("postgres_url"))
    yield made
    made.close()


def wish(number: int = 0, **changes: Any) -> Request:
    made = Request(
        id=f"req-{number}",
        scenario="forest-fire",
        department="forestry",
        shared_with=("emergency",),
        purpose="巡护",
        place="QZ-F1",
        geometry={"type": "Point", "coordinates": [118.8, 28.9]},
        kind="points",
        width_m=0.0,
        sensor=Sensor.THERMAL,
        gsd_m=0.1,
        front_overlap=0.7,
        side_overlap=0.6,
        earliest=NOW,
        latest=NOW + timedelta(hours=2),
        priority=3,
        origin=Origin.REVISIT,
        created_at=NOW,
    )
    return replace(made, **changes)


def medium(number: int, **changes: Any) -> Medium:
    made = Medium(
        id=f"med-{number}",
        sha256=f"{number:064x}",
        key=f"{number}",
        size_bytes=10,
        received_at=NOW,
        taken_at=NOW + timedelta(seconds=number),
        vehicle="QZ-01",
        flight="flt-1",
        camera="thermal",
        sensor=Sensor.THERMAL,
        position=LonLat(118.0 + number / 100, 28.9),
        altitude_m=200.0,
    )
    return replace(made, **changes)


def line(number: int) -> LogEntry:
    return LogEntry(
        id=f"log-{number}", at=NOW, actor="a", action="b", subject="c", text="t", text_zh="文"
    )


def test_what_is_added_is_found_as_it_was(store: Store) -> None:
    with store.unit() as unit:
        unit.requests.add(wish())
    with store.view() as unit:
        assert unit.requests.get("req-0") == wish()
        assert unit.requests.exists("req-0")
        assert unit.requests.find() == [wish()]


def test_a_flight_keeps_its_route(store: Store) -> None:
    way = Route(
        (
            Waypoint(position=LonLat(118.0, 28.0), height_m=100.0, photo_spacing_m=20.0),
            Waypoint(position=LonLat(118.1, 28.0), height_m=90.0, sensor=Sensor.ZOOM, photo=True),
        )
    )
    flight = Flight(
        id="flt-1",
        plan_id=None,
        day=date(2026, 5, 12),
        origin=Origin.POINT,
        dock="QZ-01",
        vehicle="QZ-01",
        system_id=1,
        task_ids=("tsk-1",),
        departments=("forestry",),
        priority=3,
        route=way,
        start=NOW,
        end=NOW,
        km=9.8,
        landing_share=0.4,
    )
    with store.unit() as unit:
        unit.flights.add(flight)
    with store.unit() as unit:
        found = unit.flights.get("flt-1")
        assert found == flight
        assert flight == found
        assert hash(found.route) == hash(way)
        assert found.route.photos == way.photos
        unit.flights.put(replace(found, state=FlightState.PREPARING))
    with store.view() as unit:
        assert unit.flights.get("flt-1").route == way
        assert unit.flights.find(day=date(2026, 5, 12), task_ids="tsk-1", system_id=1)


def test_put_replaces(store: Store) -> None:
    with store.unit() as unit:
        unit.requests.add(wish())
        unit.requests.put(wish(state=RequestState.PLANNED, shared_with=("water",)))
    with store.view() as unit:
        assert unit.requests.get("req-0").state is RequestState.PLANNED
        assert unit.requests.find(state=RequestState.ASKED) == []
        assert unit.requests.count(audience="emergency") == 0
        assert unit.requests.count(audience="water") == 1


def test_unknown_and_taken_ids_are_refused(store: Store) -> None:
    with store.view() as unit, pytest.raises(NotFound):
        unit.requests.get("req-9")
    with pytest.raises(NotFound), store.unit() as unit:
        unit.requests.put(wish())
    with store.unit() as unit:
        unit.requests.add(wish())
    with pytest.raises(InvalidInput, match="already"), store.unit() as unit:
        unit.requests.add(wish())


def test_a_refusal_that_is_passed_over_spoils_nothing_else(store: Store) -> None:
    with store.unit() as unit:
        unit.requests.add(wish(1))
        with pytest.raises(InvalidInput, match="already") as alone:
            unit.requests.add(wish(1))
        with pytest.raises(InvalidInput, match="already") as among:
            unit.requests.add_all([wish(2), wish(1), wish(3)])
        unit.requests.add(wish(4))
    assert (alone.value.where, among.value.where) == ("req-1", "req-1")
    with store.view() as unit:
        assert [r.id for r in unit.requests.find()] == ["req-1", "req-4"]
        assert unit.requests.count(audience="emergency") == 2


def test_text_is_compared_by_bytes(store: Store) -> None:
    """Whatever order of letters the database's country has."""
    with store.unit() as unit:
        names = ("f3/a", "f3/~", "f3/Z", "f3", "f31/a", "f3/1")
        unit.media.add_all(medium(n, flight=name) for n, name in enumerate(names))
    with store.view() as unit:
        found = unit.media.find(flight=Between("f3/", "f3/~"))
        assert [m.flight for m in found] == ["f3/a", "f3/~", "f3/Z", "f3/1"]
        ordered = unit.media.ordered("flight", newest_first=False)
        assert [m.flight for m in ordered] == ["f3", "f3/1", "f3/Z", "f3/a", "f3/~", "f31/a"]


def test_a_failed_unit_leaves_nothing(store: Store) -> None:
    with store.unit() as unit:
        unit.requests.add(wish(1))
        unit.settings.set("day", "2026-05-12")
        unit.log.add(line(0))

    def fail() -> None:
        with store.unit() as unit:
            unit.requests.add(wish(2))
            unit.requests.put(wish(1, priority=5))
            unit.settings.set("day", "2026-05-13")
            unit.settings.set("new", 1)
            unit.log.add(line(1))
            raise KeyError("meant")

    with pytest.raises(KeyError):
        fail()
    with store.view() as unit:
        assert unit.requests.find() == [wish(1)]
        assert unit.settings.get("day") == "2026-05-12"
        assert unit.settings.get("new") is None
        assert unit.log.count() == 1
    with store.unit() as unit:
        unit.requests.add(wish(2))
        unit.log.add(line(1))


def test_a_view_cannot_write(store: Store) -> None:
    writes: list[Callable[[Any], None]] = [
        lambda unit: unit.requests.add(wish()),
        lambda unit: unit.requests.put(wish()),
        lambda unit: unit.settings.set("a", 1),
        lambda unit: unit.log.add(line(0)),
    ]
    for write in writes:
        with store.view() as unit, pytest.raises(NotAllowed):
            write(unit)


def test_lists_filter_by_audience(store: Store) -> None:
    with store.unit() as unit:
        unit.requests.add(wish(1))
        unit.requests.add(wish(2, department="water", shared_with=()))
        unit.requests.add(wish(3, department="water", shared_with=("forestry",)))
    with store.view() as unit:
        assert [r.id for r in unit.requests.find(audience="forestry")] == ["req-1", "req-3"]
        assert [r.id for r in unit.requests.find(audience="water", newest_first=True)] == [
            "req-3",
            "req-2",
        ]
        assert unit.requests.find(audience="tourism") == []
        assert unit.requests.count(audience="emergency") == 1
        assert unit.requests.count(audience="water", id=("req-2", "req-1")) == 1
        assert unit.requests.count(audience="water", scenario="forest-fire") == 2


def test_conditions(store: Store) -> None:
    with store.unit() as unit:
        unit.media.add_all(
            [
                medium(1, tasks=("tsk-1", "tsk-2"), department="forestry"),
                medium(2, tasks=("tsk-2",), state=MediumState.DROPPED, reason="dark"),
                medium(3, flight=None, position=None, taken_at=None),
                medium(4, sensor=Sensor.VISIBLE, department="forestry"),
            ]
        )

    with store.view() as unit:

        def ids(**conditions: Any) -> list[str]:
            return [m.id for m in unit.media.find(**conditions)]

        assert ids(tasks="tsk-2") == ["med-1", "med-2"]
        assert ids(tasks=("tsk-1", "tsk-2")) == ["med-1", "med-2"]
        assert ids(tasks="tsk-2", audience="forestry") == ["med-1"]
        assert ids(flight=None) == ["med-3"]
        assert ids(state=MediumState.DROPPED) == ["med-2"]
        assert ids(sensor=frozenset({Sensor.VISIBLE, Sensor.ZOOM})) == ["med-4"]
        assert ids(sensor=()) == []
        assert ids(lon=Between(118.015, 118.045)) == ["med-2", "med-4"]
        assert ids(lon=Between()) == ["med-1", "med-2", "med-4"]
        assert ids(taken_at=Between(None, NOW + timedelta(seconds=2))) == ["med-1", "med-2"]
        assert ids(id="med-4") == ["med-4"]
        assert ids(sha256=f"{2:064x}") == ["med-2"]
        assert unit.media.count(vehicle="QZ-01", audience="forestry") == 2


def test_an_unknown_condition_is_refused(store: Store) -> None:
    with store.view() as unit, pytest.raises(InvalidInput, match="sha256"):
        unit.media.find(colour="red")
    with store.view() as unit, pytest.raises(InvalidInput, match=r"audience|day"):
        unit.plans.find(audience="forestry")


@pytest.mark.parametrize("audience", [None, "emergency"])
def test_pages_hold_everything_once_in_order(store: Store, audience: str | None) -> None:
    ids = [f"req-{n}" for n in (5, 3, 9, 1, 7, 2, 8)]
    with store.unit() as unit:
        unit.requests.add_all(wish(int(i[4:])) for i in ids)
    with store.view() as unit:
        for newest_first, order in ((False, ids), (True, ids[::-1])):
            seen: list[str] = []
            after = None
            while page := unit.requests.find(
                after=after, limit=3, newest_first=newest_first, audience=audience
            ):
                seen += [r.id for r in page]
                after = seen[-1]
            assert seen == order
        with pytest.raises(InvalidInput, match="place"):
            unit.requests.find(after="req-77")


def test_what_cannot_be_stored_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput), store.unit() as unit:
        unit.requests.add(wish(gsd_m=float("nan")))
    with pytest.raises(InvalidInput, match="zone"), store.unit() as unit:
        unit.requests.add(wish(earliest=datetime(2026, 5, 12)))  # noqa: DTZ001
    with store.view() as unit:
        assert unit.requests.count() == 0


def test_times_come_back_in_utc(store: Store) -> None:
    local = datetime.fromisoformat("2026-05-12T09:00:00+08:00")
    with store.unit() as unit:
        unit.requests.add(wish(earliest=local))
    with store.view() as unit:
        found = unit.requests.get("req-0")
        assert found.earliest == local
        assert unit.requests.count(earliest=local) == 1


def test_settings_keep_json(store: Store) -> None:
    with store.unit() as unit:
        unit.settings.set("a", {"b": [1, None, "文"]})
        unit.settings.set("a", {"b": [2, None, "文"]})
    with store.view() as unit:
        assert unit.settings.get("a") == {"b": [2, None, "文"]}
        assert unit.settings.get("c", 7) == 7


def test_the_log_is_sealed_and_append_only(store: Store) -> None:
    with store.unit() as unit:
        unit.log.add(line(0))
        unit.log.add_all([line(1), line(2)])
    with store.view() as unit:
        seals = [entry.seal for entry in unit.log.find()]
    assert len(set(seals)) == 3
    assert all(len(seal) == 64 for seal in seals)
    with store.unit() as unit, pytest.raises(NotAllowed):
        unit.log.put(line(0))


def test_a_unit_within_a_unit_is_refused(store: Store) -> None:
    with (
        store.unit(),
        pytest.raises(RuntimeError, match="within a unit"),
        store.unit(),
    ):
        pass
    with store.unit() as unit:
        unit.requests.add(wish())


def test_many_threads_count_to_the_same_sum(store: Store) -> None:
    with store.unit() as unit:
        unit.settings.set("n", 0)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(10):
                with store.unit() as unit:
                    n = unit.settings.get("n")
                    unit.requests.add(wish(n))
                    unit.settings.set("n", n + 1)
                with store.view() as unit:
                    assert unit.requests.count() >= n
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with store.view() as unit:
        assert unit.settings.get("n") == 60
        assert [r.id for r in unit.requests.find()] == [f"req-{n}" for n in range(60)]


def test_ids_made_by_us_are_accepted_everywhere(store: Store) -> None:
    item_id = new_id("req", NOW)
    with store.unit() as unit:
        unit.requests.add(wish(id=item_id))
        assert unit.requests.find(id=item_id)[0].id == item_id


# --- observers ---------------------------------------------------------------------------------


@pytest.fixture
def watched(store: Store) -> Callable[..., list[Any]]:
    """Hang observers into a store that is open."""

    def watch(*observers: Any, kind: str = "requests") -> list[Any]:
        store._observers = {kind: observers}  # type: ignore[attr-defined]
        return []

    return watch


def test_an_observer_hears_of_every_write_as_it_was_and_as_it_is(
    store: Store, watched: Callable[..., list[Any]]
) -> None:
    heard: list[Any] = []
    watched(lambda _unit, before, after: heard.append((before, after)))
    with store.unit() as unit:
        unit.requests.add(wish(0))
        unit.requests.add_all([wish(1), wish(2)])
        unit.requests.put(wish(1, priority=5))
        unit.media.add(medium(0))
    assert heard == [
        (None, wish(0)),
        (None, wish(1)),
        (None, wish(2)),
        (wish(1), wish(1, priority=5)),
    ]
    with store.view() as unit:
        assert unit.requests.find(audience="emergency", limit=2) == [wish(0), wish(1, priority=5)]


def _add_and_fail(store: Store, request: Request) -> None:
    with suppress(RuntimeError), store.unit() as unit:
        unit.requests.add(request)
        raise RuntimeError


def test_what_an_observer_writes_is_kept_with_the_write_or_not_at_all(
    store: Store, watched: Callable[..., list[Any]]
) -> None:
    watched(lambda unit, _before, after: unit.settings.set("last", after.id))
    with store.unit() as unit:
        unit.requests.add(wish(0))
    _add_and_fail(store, wish(1))
    with store.view() as unit:
        assert unit.settings.get("last") == "req-0"


def test_an_observer_that_refuses_takes_the_write_back(
    store: Store, watched: Callable[..., list[Any]]
) -> None:
    def refuse(_unit: Any, _before: Any, _after: Any) -> None:
        raise InvalidInput("no")

    watched(refuse)
    with pytest.raises(InvalidInput), store.unit() as unit:
        unit.requests.add(wish(0))
    with store.view() as unit:
        assert not unit.requests.exists("req-0")


def test_what_is_gathered_is_handed_over_once_when_the_unit_ends(
    store: Store, watched: Callable[..., list[Any]]
) -> None:
    told: list[list[str]] = []

    def step(unit: Any, items: list[Any]) -> None:
        told.append([item.id for item in items])
        unit.settings.set("count", len(items))

    watched(lambda unit, _before, after: unit.gathered(step).append(after))
    with store.unit() as unit:
        unit.requests.add_all([wish(0), wish(1)])
        unit.requests.put(wish(0, priority=5))
        assert told == []
    _add_and_fail(store, wish(2))
    assert told == [["req-0", "req-1", "req-0"]]
    with store.view() as unit:
        assert unit.settings.get("count") == 3


def test_a_last_step_that_fails_takes_the_unit_back(
    store: Store, watched: Callable[..., list[Any]]
) -> None:
    def step(_unit: Any, _items: list[Any]) -> None:
        raise InvalidInput("no")

    watched(lambda unit, _before, after: unit.gathered(step).append(after))
    with pytest.raises(InvalidInput), store.unit() as unit:
        unit.requests.add(wish(0))
    with store.view() as unit:
        assert not unit.requests.exists("req-0")
