"""Urgent flights: who goes, what it costs the others, and what is written down."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from core.clock import ManualClock
from core.equipment import Sensor
from core.errors import InvalidInput, Unavailable
from core.geo import LonLat, distance_m
from missions.access import Principal, Role
from missions.entities import (
    Answer,
    CaseState,
    CaseStep,
    Filing,
    FilingState,
    FlightState,
    Origin,
    PlanRecord,
    RequestState,
    TaskState,
)
from missions.operations import alarm, mend, point, recheck
from missions.operations.flights import NOT_FLOWN
from missions.operations.order import Wish, answer_filings, order
from missions.operations.room import ControlRoom, Watchers
from missions.presets import Preset
from missions.store import MemoryStore

TARGET = LonLat(118.57, 28.56)


@pytest.fixture
def room(preset: Preset, clock: ManualClock) -> ControlRoom:
    nothing: Any = None
    fleet: Any = SimpleNamespace(states=dict)
    return ControlRoom(
        preset=preset,
        clock=clock,
        records=MemoryStore(),
        media=nothing,
        logs=nothing,
        fleet=fleet,
        pool=nothing,
        planning=nothing,
        watchers=Watchers(),
    )


def planned(room: ControlRoom) -> PlanRecord:
    """The record of a plan of today."""
    return PlanRecord(
        id="pln-1", day=room.today(), made_at=room.now(), verified=True, value=0.0, km=0.0,
        km_separate=0.0, flights_separate=0, asked=1, merged=0, planned=1, refused=0, day_share=0.0,
    )  # fmt: skip


def wish(**changes: Any) -> Wish:
    given: dict[str, Any] = {
        "target": TARGET,
        "sensor": Sensor.THERMAL,
        "origin": Origin.ALARM,
        "purpose": "alarm",
        "purpose_zh": "告警",
        "department": "forestry",
    }
    return Wish(**{**given, **changes})


def test_an_order_leaves_a_whole_story_behind(room: ControlRoom) -> None:
    with room.unit() as unit:
        ordered = order(room, unit, wish())
    with room.view() as unit:
        flight = unit.flights.get(ordered.flight.id)
        task = unit.tasks.get(flight.task_ids[0])
        request = unit.requests.get(task.request_ids[0])
        filing = unit.filings.get(flight.filing_id or "")
    assert flight.state is FlightState.PLANNED
    assert (task.state, task.flight_id) == (TaskState.PLANNED, flight.id)
    assert request.state is RequestState.PLANNED
    assert (filing.emergency, filing.state) == (True, FilingState.FILED)
    assert flight.start > room.now() + timedelta(minutes=2)
    photos = [w.position for w in flight.route.waypoints if w.photo]
    assert photos
    assert all(distance_m(p, TARGET) < 25.0 for p in photos)


def test_an_emergency_filing_is_answered_after_the_configured_minutes(
    room: ControlRoom, clock: ManualClock
) -> None:
    with room.unit() as unit:
        filing_id = order(room, unit, wish()).flight.filing_id or ""
    clock.advance(60)
    answer_filings(room)
    with room.view() as unit:
        assert unit.filings.get(filing_id).state is FilingState.FILED
    clock.advance(61)
    answer_filings(room)
    with room.view() as unit:
        assert unit.filings.get(filing_id).state is FilingState.APPROVED


def test_the_department_whose_flight_moves_is_told_why(room: ControlRoom, make: Any) -> None:
    soon = room.now() + timedelta(minutes=10)
    with room.unit() as unit:
        unit.requests.add(make.request(state=RequestState.PLANNED, task_ids=("tsk-1",)))
        unit.tasks.add(make.task(state=TaskState.PLANNED, flight_id="flt-1"))
        unit.flights.add(
            make.flight(start=soon, end=soon + timedelta(minutes=20), day=room.today())
        )
        ordered = order(room, unit, wish(department="emergency", purpose="fire at the ridge"))
    with room.view() as unit:
        flight = unit.flights.get("flt-1")
        told = [a for a in unit.alerts.find() if a.kind == "moved"]
    assert flight.start > ordered.flight.end
    assert flight.end - flight.start == timedelta(minutes=20)
    assert [(a.department, "fire at the ridge" in a.text) for a in told] == [("forestry", True)]


def test_what_was_ordered_now_is_not_moved_by_the_next_order(room: ControlRoom) -> None:
    with room.unit() as unit:
        first = order(room, unit, wish())
    with pytest.raises(Unavailable), room.unit() as unit:  # the only drone is promised
        order(room, unit, wish(origin=Origin.POINT, purpose="a second wish"))
    with room.view() as unit:
        assert unit.flights.get(first.flight.id).start == first.flight.start
        assert unit.flights.count() == 1
        assert unit.requests.count() == 1


def test_a_drone_too_far_away_is_not_sent_where_time_matters(room: ControlRoom) -> None:
    with pytest.raises(Unavailable, match="min away"), room.unit() as unit:
        order(room, unit, wish(within_s=30.0))


def test_an_urgent_case_without_its_flight_is_answered_after_a_restart(
    room: ControlRoom, make: Any
) -> None:
    case = make.case(
        event_type="01-01", state=CaseState.DISPATCHED, position=TARGET, anomaly_ids=()
    )
    with room.unit() as unit:
        unit.cases.add(case)
    alarm.catch_up(room, frozenset({"01-01"}))
    alarm.catch_up(room, frozenset({"01-01"}))
    with room.view() as unit:
        assert unit.flights.count(case_id=case.id, origin=Origin.ALARM) == 1
        assert [a.kind for a in unit.alerts.find()] == ["response"]


def test_a_case_reported_back_is_looked_at_again_once(
    room: ControlRoom, make: Any, clock: ManualClock
) -> None:
    back = CaseStep(step=CaseState.REPORTED_BACK, at=room.now(), by="crew")
    case = make.case(
        event_type="01-01",
        state=CaseState.REPORTED_BACK,
        position=TARGET,
        anomaly_ids=(),
        steps=(back,),
    )
    with room.unit() as unit:
        unit.cases.add(case)
    for _ in range(3):
        recheck.tick(room)
        clock.advance(20)
    with room.view() as unit:
        watched = unit.cases.get(case.id)
        flights = unit.flights.find(case_id=case.id, origin=Origin.RECHECK)
    assert watched.state is CaseState.VERIFYING
    assert [r.flight_id for r in watched.rechecks] == [f.id for f in flights]
    assert len(flights) == 1


@pytest.mark.parametrize(
    ("where", "field"),
    [
        ({"lon": 118.57, "lat": 28.56, "height_m": 500.0}, "height_m"),
        ({"lon": 700.0, "lat": 28.56, "height_m": 60.0}, "lon"),
    ],
)
def test_a_click_that_makes_no_sense_is_refused(where: dict[str, float], field: str) -> None:
    pilot = Principal(name="pilot", role=Role.PILOT)
    with pytest.raises(InvalidInput) as refused:
        point.wish_for(pilot, vehicle=None, purpose="", **where)
    assert field in (refused.value.where or "")


async def test_what_made_room_is_flown_by_another_drone_and_its_department_is_told(
    room: ControlRoom, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = make.request(
        state=RequestState.REFUSED,
        answer=Answer(text="made room for a fire", text_zh="让位于火情", code=NOT_FLOWN),
        earliest=room.now(),
        latest=room.now() + timedelta(hours=2),
        task_ids=("tsk-1",),
    )
    with room.unit() as unit:
        unit.requests.add(lost)
        unit.plans.add(planned(room))
    asked: list[str] = []

    def insert(store: Any, _preset: Any, request: Any, _now: Any, _worker: Any) -> Any:
        asked.append(request.state)
        reply = Answer(text="planned: 14:10 from D2", text_zh="已排飞", code="planned")
        served = replace(request, state=RequestState.PLANNED, answer=reply)
        with store.unit() as unit:
            unit.requests.put(served)
        return served

    monkeypatch.setattr(mend, "insert", insert)
    await mend.tick(room)
    await mend.tick(room)  # it is served now: nothing is left to mend
    assert asked == [RequestState.ASKED]
    with room.view() as unit:
        [told] = unit.alerts.find()
    assert told.department == lost.department
    assert "14:10" in told.text
    assert "fire" in told.text


async def test_a_lost_look_whose_window_is_over_stays_refused(room: ControlRoom, make: Any) -> None:
    with room.unit() as unit:
        unit.requests.add(
            make.request(
                state=RequestState.REFUSED,
                answer=Answer(text="made room", text_zh="让位", code=NOT_FLOWN),
                earliest=room.now() - timedelta(hours=2),
                latest=room.now() + timedelta(minutes=5),
            )
        )
        unit.plans.add(planned(room))
    await mend.tick(room)
    with room.view() as unit:
        assert unit.alerts.count() == 0
        assert unit.flights.count() == 0


@pytest.mark.parametrize(
    ("said", "mended"),
    [
        (FilingState.FILED, False),
        (FilingState.REFUSED, False),
        (FilingState.REVOKED, False),
        (FilingState.APPROVED, True),
    ],
)
async def test_what_the_authority_did_not_approve_is_not_filed_round_after_round(
    room: ControlRoom,
    make: Any,
    monkeypatch: pytest.MonkeyPatch,
    said: FilingState,
    mended: bool,
) -> None:
    lost = make.request(
        state=RequestState.REFUSED,
        answer=Answer(text="no answer yet", text_zh="待批复", code=NOT_FLOWN),
        earliest=room.now(),
        latest=room.now() + timedelta(hours=2),
        task_ids=("tsk-lost",),
    )
    filing = Filing(
        id="fil-1",
        day=room.today(),
        emergency=True,
        filed_at=room.now(),
        filed_by="dispatcher",
        state=said,
    )
    flight = make.flight(
        id="flt-lost", task_ids=("tsk-lost",), filing_id=filing.id, state=FlightState.FAILED
    )
    with room.unit() as unit:
        unit.filings.add(filing)
        unit.flights.add(flight)
        unit.requests.add(lost)
        unit.plans.add(planned(room))
        assert mend.hopeful(unit, lost, room.now()) is (
            said in (FilingState.FILED, FilingState.APPROVED)
        )
    asked: list[str] = []

    def insert(_store: Any, _preset: Any, request: Any, _now: Any, _worker: Any) -> Any:
        asked.append(request.id)
        return request

    monkeypatch.setattr(mend, "insert", insert)
    await mend.tick(room)
    assert bool(asked) is mended
