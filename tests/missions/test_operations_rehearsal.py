"""What a rehearsal does to a day: held back, re-timed, warned of, told plainly when missing."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from core.clock import ManualClock
from core.errors import Unavailable
from missions.entities import FlightState, RequestState
from missions.operations import rehearsal
from missions.operations.rehearsing import of_flights
from missions.operations.room import ControlRoom, Watchers
from missions.presets import Preset
from missions.store import MemoryStore


@pytest.fixture
def room(preset: Preset, clock: ManualClock) -> ControlRoom:
    nothing: Any = None
    return ControlRoom(
        preset=preset,
        clock=clock,
        records=MemoryStore(),
        media=nothing,
        logs=nothing,
        fleet=nothing,
        pool=nothing,
        planning=nothing,
        watchers=Watchers(),
    )


def shown(flight: Any, verdict: str, change: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {
        "id": flight.id,
        "verdict": verdict,
        "risk": 0.6,
        "text": "it lands with 4% of its charge",
        "text_zh": "降落时电量 4%",
        "rehearsed": None,
        "change": change,
    }


def later(flight: Any, minutes: int) -> dict[str, Any]:
    by = timedelta(minutes=minutes)
    times = {"start": (flight.start + by).isoformat(), "end": (flight.end + by).isoformat()}
    return {
        "kind": "time",
        "proven": True,
        "text": f"start {minutes} min later",
        "text_zh": f"推迟 {minutes} 分钟",
        "flights": [{"id": flight.id, "vehicle": flight.vehicle, **times}],
    }


def report(*flights: dict[str, Any]) -> dict[str, Any]:
    return {"state": "rehearsed", "counts": {}, "flights": list(flights)}


def _stored(room: ControlRoom, make: Any) -> Any:
    """A planned flight with its task and request."""
    start = room.now() + timedelta(hours=2)
    request = make.request(state=RequestState.PLANNED, task_ids=("tsk-1",))
    task = make.task(id="tsk-1", request_ids=(request.id,), flight_id="flt-1")
    flight = make.flight(
        id="flt-1", task_ids=("tsk-1",), start=start, end=start + timedelta(minutes=10),
        day=room.today(), state=FlightState.PLANNED,
    )  # fmt: skip
    with room.unit() as unit:
        unit.requests.add(request)
        unit.tasks.add(task)
        unit.flights.add(flight)
    return flight


def acted(room: ControlRoom, made: dict[str, Any]) -> rehearsal.Outcome:
    with room.unit() as unit:
        rehearsal.keep(unit, room.today(), made, room.now())
        return rehearsal.act(unit, room, room.today(), made)


def test_an_infeasible_flight_is_held_back_and_its_request_told_why(
    room: ControlRoom, make: Any
) -> None:
    flight = _stored(room, make)
    assert acted(room, report(shown(flight, "infeasible"))).held == (flight.id,)
    with room.view() as unit:
        kept = unit.flights.get(flight.id)
        request = unit.requests.find()[0]
        alerts = unit.alerts.find()
    assert kept.state is FlightState.CANCELLED
    assert "4% of its charge" in kept.reason
    assert request.state is RequestState.REFUSED
    assert alerts[0].kind == "rehearsal"


def test_a_proven_time_moves_the_flight_instead_of_holding_it_back(
    room: ControlRoom, make: Any
) -> None:
    flight = _stored(room, make)
    done = acted(room, report(shown(flight, "infeasible", later(flight, 20))))
    assert done.retimed == (flight.id,)
    with room.view() as unit:
        kept = unit.flights.get(flight.id)
    assert kept.state is FlightState.PLANNED
    assert kept.start - flight.start == timedelta(minutes=20)
    assert kept.end - flight.end == timedelta(minutes=20)


def test_a_risky_flight_stays_with_a_warning(room: ControlRoom, make: Any) -> None:
    flight = _stored(room, make)
    assert acted(room, report(shown(flight, "risky"))).warned == (flight.id,)
    with room.view() as unit:
        told = rehearsal.told(unit, unit.flights.find())
        log = unit.log.find(subject=flight.id)
    assert told[flight.id]["verdict"] == "risky"
    assert any(entry.action == "rehearse" for entry in log)


def test_a_flight_that_has_begun_meanwhile_is_left_alone(room: ControlRoom, make: Any) -> None:
    flight = _stored(room, make)
    with room.unit() as unit:
        from missions.lifecycle import move

        unit.flights.put(move(flight, FlightState.PREPARING))
    assert acted(room, report(shown(flight, "infeasible"))) == rehearsal.Outcome()


async def test_a_plan_without_a_rehearsal_says_so_plainly() -> None:
    async def fails(day: Mapping[str, Any]) -> Mapping[str, Any]:
        raise Unavailable("the disk is full")

    async def sleeps(day: Mapping[str, Any]) -> Mapping[str, Any]:
        await asyncio.sleep(60)
        return {}

    assert "the disk is full" in (await rehearsal.rehearsed(fails, {}))["reason"]
    slow = await rehearsal.rehearsed(sleeps, {}, deadline_s=0.01)
    assert slow["state"] == "not-rehearsed"
    assert "not done within" in slow["reason"]


def test_a_day_of_the_records_holds_the_missions_that_would_be_uploaded(
    room: ControlRoom, make: Callable[..., Any]
) -> None:
    flight = _stored(room, make)
    day = of_flights(room.preset, flight.start, [flight])
    items = day["flights"][0]["items"]
    assert items[1][1] == 22
    assert items[-1][1] == 20
    assert day["rules"]["patience_s"] > 0
