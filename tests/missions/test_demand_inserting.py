"""A request that comes late is served between the planned flights, or told why not."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from core.clock import ManualClock
from fleet.plans.mission import build
from fleet.vocabulary import Command
from missions.demand.considering import consider
from missions.demand.inserting import _kept, insert
from missions.demand.joining import joined, keep
from missions.demand.planning import PlannedDay, morning, plan_day
from missions.demand.releasing import release
from missions.demand.revisit import requests_for
from missions.entities import FilingState, FlightState, Origin, RequestState
from missions.lifecycle import move
from missions.preflight.filing import answer_due, cutoff
from missions.presets import Preset
from missions.store import MemoryStore


@pytest.fixture(scope="module")
def planned(preset: Preset) -> PlannedDay:
    """A quiet day: two requests, so that the drone has time left."""
    day = date(2026, 5, 12)
    return plan_day(preset, day, seconds=0.5, requests=requests_for(preset, day)[:2])


@pytest.fixture
def store(preset: Preset, planned: PlannedDay, clock: ManualClock) -> MemoryStore:
    made = MemoryStore()
    release(made, preset, planned, clock.now())
    return made


def asked(make: Any, clock: ManualClock, **changes: Any) -> Any:
    given = {
        "earliest": clock.now(),
        "latest": clock.now() + timedelta(hours=6),
        "origin": Origin.ASKED,
        "task_ids": (),
        "gsd_m": 0.15,
    }
    return make.request("req-asked", **{**given, **changes})


def test_a_late_request_gets_a_flight_and_no_planned_one_moves(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    with store.unit() as unit:
        before = {f.id: f.start for f in unit.flights.find()}
        unit.requests.add(asked(make, clock))
    answered = insert(store, preset, asked(make, clock), clock.now())
    assert answered.state is RequestState.PLANNED, answered.answer
    assert answered.answer is not None
    with store.view() as unit:
        flight = unit.flights.get(answered.answer.flight_id)
        others = [f for f in unit.flights.find() if f.id != flight.id]
        filing = unit.filings.get(flight.filing_id)
    assert {f.id: f.start for f in others} == before
    assert (flight.origin, flight.state) == (Origin.ASKED, FlightState.PLANNED)
    assert filing.emergency
    assert flight.start >= answer_due(filing, preset.filing, preset.zone_info)
    recharge = timedelta(seconds=preset.kinds["quad"].recharge_s)
    for other in others:
        assert flight.start >= other.end + recharge or flight.end + recharge <= other.start


def test_a_request_that_cannot_be_flown_is_refused_with_the_reason(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    wish = asked(make, clock, latest=clock.now() + timedelta(minutes=12))
    with store.unit() as unit:
        unit.requests.add(wish)
    answered = insert(store, preset, wish, clock.now())
    assert answered.state is RequestState.REFUSED
    assert answered.answer is not None
    assert answered.answer.text
    with store.view() as unit:
        assert unit.flights.count(origin=Origin.ASKED) == 0


def test_a_day_without_a_plan_takes_the_request_in_later_and_says_when(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    day = timedelta(days=3)
    wish = asked(make, clock, earliest=clock.now() + day, latest=clock.now() + 2 * day)
    with store.unit() as unit:
        unit.requests.add(wish)
    told = insert(store, preset, wish, clock.now())
    assert told.state is RequestState.ASKED
    assert told.answer is not None
    assert told.answer.code == "waiting"
    assert told.answer.due == datetime(2026, 5, 14, 11, tzinfo=preset.zone_info)


def test_tomorrow_is_filed_before_the_cut_off_and_answered_after_it(
    preset: Preset, planned: PlannedDay, clock: ManualClock
) -> None:
    last = cutoff(planned.day, preset.filing, preset.zone_info)
    filing = release(MemoryStore(), preset, planned, last - timedelta(hours=1))
    assert filing.state is FilingState.FILED
    assert answer_due(filing, preset.filing, preset.zone_info) > last
    too_late = release(MemoryStore(), preset, planned, last + timedelta(hours=20))
    assert too_late.state is FilingState.APPROVED
    assert too_late.filed_at < last


@pytest.mark.parametrize(
    ("hour", "day", "expected"), [(9, 12, (12, 9)), (19, 12, (13, 8)), (3, 12, (12, 8))]
)
def test_a_simulation_goes_on_in_the_morning(
    preset: Preset, hour: int, day: int, expected: tuple[int, int]
) -> None:
    at = datetime(2026, 5, day, hour, tzinfo=preset.zone_info)
    go_on = morning(preset, at)
    assert (go_on.day, go_on.hour) == expected


@pytest.mark.parametrize(
    ("geometry", "upright"),
    [
        ({"type": "Point", "coordinates": [118.572, 28.562]}, {"kind": "orbit", "radius_m": 40.0}),
        (
            {"type": "LineString", "coordinates": [[118.572, 28.562], [118.5725, 28.562]]},
            {"kind": "facade"},
        ),
    ],
)
def test_a_tower_or_a_wall_is_looked_at_from_the_side(
    store: MemoryStore,
    preset: Preset,
    make: Any,
    clock: ManualClock,
    geometry: dict[str, Any],
    upright: dict[str, Any],
) -> None:
    wish = asked(make, clock, geometry=geometry, base_m=5.0, top_m=30.0, width_m=0.0, **upright)
    with store.unit() as unit:
        unit.requests.add(wish)
    answered = insert(store, preset, wish, clock.now())
    assert answered.state is RequestState.PLANNED, answered.answer
    assert answered.answer is not None
    with store.view() as unit:
        flight = unit.flights.get(answered.answer.flight_id)
    seen = [w for w in flight.route.waypoints if w.photo or w.photo_spacing_m > 0]
    assert seen
    assert all(w.heading_deg is not None for w in seen)
    assert all(w.gimbal_pitch_deg > -89 for w in seen)
    spec = preset.kinds[preset.dock(flight.dock).kind]
    mission = build(flight.route, home=preset.dock(flight.dock).position, spec=spec)
    assert Command.CONDITION_YAW in {item.command for item in mission.items}


def test_a_refusal_offers_what_can_be_had_and_names_the_dock(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    wish = asked(make, clock, gsd_m=0.05)
    with store.unit() as unit:
        unit.requests.add(wish)
    answered = insert(store, preset, wish, clock.now())
    assert answered.state is RequestState.REFUSED
    assert answered.answer is not None
    assert "/" not in answered.answer.text
    assert "Possible: with" in answered.answer.text
    assert "可行方案" in answered.answer.text_zh


def narrow(make: Any, flight: Any, **changes: Any) -> Any:
    """A wish for a spot that a flight photographs anyway, within that flight's time."""
    shot = flight.route.shots[len(flight.route.shots) // 2].position
    given = {
        "geometry": {"type": "Point", "coordinates": [shot.lon, shot.lat]},
        "kind": "points",
        "department": "urban",
        "scenario": "waste",
        "shared_with": (),
        "earliest": flight.start - timedelta(minutes=10),
        "latest": flight.end + timedelta(minutes=10),
        "origin": Origin.ASKED,
        "gsd_m": 0.5,
    }
    return make.request("req-narrow", **{**given, **changes})


def put_in(store: MemoryStore, *wishes: Any) -> None:
    with store.unit() as unit:
        unit.requests.add_all(wishes)


def test_what_a_planned_flight_sees_anyway_joins_it_for_nothing(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    with store.view() as unit:
        flight = max(unit.flights.find(), key=lambda f: f.start)
        before = unit.flights.count()
    wish = narrow(make, flight)
    put_in(store, wish)
    answered = insert(store, preset, wish, clock.now())
    assert answered.state is RequestState.PLANNED
    told = answered.answer
    assert told is not None
    assert (told.code, told.flight_id, told.km, told.minutes) == ("joined", flight.id, 0.0, 0.0)
    assert told.with_departments == ("forestry",)
    with store.view() as unit:
        assert unit.flights.count() == before
        after = unit.flights.get(flight.id)
        task = unit.tasks.get(answered.task_ids[0])
    assert (after.start, after.route) == (flight.start, flight.route)
    assert after.departments == (*flight.departments, "urban")
    assert (task.flight_id, task.departments) == (flight.id, ("urban",))


@pytest.mark.parametrize(
    "changes",
    [
        {"gsd_m": 0.02},  # finer than it is flown
        {"sensor": "visible", "gsd_m": 0.001},
        {"latest": timedelta(seconds=20)},  # over before the flight is there
        {"kind": "orbit", "radius_m": 30.0, "top_m": 30.0},
        {"geometry": {"type": "Point", "coordinates": [118.85, 28.85]}},  # elsewhere
    ],
)
def test_what_it_does_not_see_does_not_join(
    store: MemoryStore, preset: Preset, make: Any, changes: dict[str, Any], clock: ManualClock
) -> None:
    with store.view() as unit:
        flight = max(unit.flights.find(), key=lambda f: f.start)
    if isinstance(changes.get("latest"), timedelta):
        changes = {"latest": flight.start + changes["latest"]}
    wish = narrow(make, flight, **changes)
    assert joined(preset, wish, [flight], clock.now()) is None
    assert joined(preset, narrow(make, flight), [flight], clock.now()) is not None


def test_a_flight_that_began_meanwhile_is_not_joined(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    with store.view() as unit:
        flight = max(unit.flights.find(), key=lambda f: f.start)
    one = joined(preset, narrow(make, flight), [flight], clock.now())
    assert one is not None
    with store.unit() as unit:
        unit.requests.add(narrow(make, flight))
        unit.flights.put(move(flight, FlightState.PREPARING))
        assert not keep(unit, one)
        assert not unit.tasks.find(request_ids="req-narrow")


def test_two_who_want_one_drone_at_one_time_are_both_served_or_told(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    """Both answers are worked out from the same plan; the second one is worked out anew."""
    wishes = [replace(asked(make, clock), id=f"req-{n}") for n in range(3)]
    put_in(store, *wishes)
    first = consider(store, preset, wishes[2], clock.now())
    answered = [insert(store, preset, wish, clock.now()) for wish in wishes[:2]]
    assert first.decided is not None
    with store.unit() as unit:
        assert _kept(unit, preset, first, clock.now()) is None  # its flight is taken
    assert [a.state for a in answered] == [RequestState.PLANNED] * 2
    with store.view() as unit:
        flights = sorted(unit.flights.find(), key=lambda f: f.start)
    recharge = timedelta(seconds=preset.kinds["quad"].recharge_s)
    for before, after in pairwise(flights):
        assert before.end + recharge <= after.start


# rasterio silences it with `catch_warnings`, which knows no threads
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_threads_that_ask_at_once_never_share_a_drone_s_time(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    wishes = [replace(asked(make, clock), id=f"req-{n}") for n in range(4)]
    put_in(store, *wishes)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda w: insert(store, preset, w, clock.now()), wishes))
    with store.view() as unit:
        flights = sorted(unit.flights.find(), key=lambda f: f.start)
        states = {unit.requests.get(w.id).state for w in wishes}
    assert states <= {RequestState.PLANNED, RequestState.REFUSED}
    recharge = timedelta(seconds=preset.kinds["quad"].recharge_s)
    for before, after in pairwise(flights):
        assert before.end + recharge <= after.start


def test_a_window_of_several_days_is_tried_on_each_of_them(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    """Today is too short for it; tomorrow is planned too and has room."""
    tomorrow = plan_day(preset, date(2026, 5, 13), seconds=0.5, requests=[])
    release(store, preset, tomorrow, clock.now())
    late = datetime(2026, 5, 12, 17, 52, tzinfo=preset.zone_info)
    wish = asked(make, clock, earliest=late, latest=late + timedelta(days=1))
    put_in(store, wish)
    answered = insert(store, preset, wish, late)
    assert answered.state is RequestState.PLANNED, answered.answer
    assert answered.answer is not None
    assert answered.answer.start is not None
    assert answered.answer.start.astimezone(preset.zone_info).day == 13
    assert answered.answer.km is not None
    assert answered.answer.km > 0
    assert answered.answer.flights[0].flight_id == answered.answer.flight_id


def test_a_refusal_is_told_as_data_and_its_offer_can_be_asked_for(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    wish = asked(make, clock, gsd_m=0.05)
    put_in(store, wish)
    told = insert(store, preset, wish, clock.now()).answer
    assert told is not None
    assert [c.rule for c in told.conflict] == ["resolution"]
    assert all(c.text in told.text and c.text_zh in told.text_zh for c in told.conflict)
    assert told.offer is not None
    assert (told.offer.change, told.offer.dock) == ("resolution", "TC-01")
    again = replace(wish, id="req-again", gsd_m=told.offer.instead["gsd_m"])
    put_in(store, again)
    assert insert(store, preset, again, clock.now()).state is RequestState.PLANNED
