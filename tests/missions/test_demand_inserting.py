"""A request that comes late is served between the planned flights, or told why not."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from core.clock import ManualClock
from fleet.plans.mission import build
from fleet.vocabulary import Command
from missions.demand.filing import answer_due, cutoff
from missions.demand.inserting import SHORTEST, insert, spans
from missions.demand.planning import PlannedDay, morning, plan_day
from missions.demand.releasing import release
from missions.demand.revisit import requests_for
from missions.entities import FilingState, FlightState, Origin, RequestState
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


def test_a_day_without_a_plan_takes_the_request_in_later(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    day = timedelta(days=3)
    wish = asked(make, clock, earliest=clock.now() + day, latest=clock.now() + 2 * day)
    assert insert(store, preset, wish, clock.now()) == wish


def test_free_spans_leave_room_to_charge(preset: Preset, make: Any, clock: ManualClock) -> None:
    start, end = clock.now(), clock.now() + timedelta(hours=5)
    flight = make.flight(
        start=start + timedelta(hours=2), end=start + timedelta(hours=2, minutes=20)
    )
    recharge = timedelta(seconds=preset.kinds["quad"].recharge_s)
    before, after = spans([flight], preset.docks, start, end, preset)
    assert (before.start, before.end) == (start, flight.start - recharge)
    assert (after.start, after.end) == (flight.end + recharge, end)
    tight = replace(flight, start=start + recharge + SHORTEST / 2)
    assert len(spans([tight], preset.docks, start, end, preset)) == 1


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
