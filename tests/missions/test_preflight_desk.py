"""Filings are answered by people, groundings hold at the launch, and what is due is told once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import flying_range as rig
import pytest

from core.clock import ManualClock
from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from missions.access import SERVICE, Principal, Role
from missions.entities import FilingState, FlightState
from missions.operations import conduct
from missions.operations.order import answer_filings
from missions.preflight import watch
from missions.preflight.authority import PeopleAnswer
from missions.preflight.desk import PreflightDesk
from missions.preflight.filing import emergency_for, file_routine
from missions.preflight.model import Grounding, Word
from missions.presets import Preset

CHIEF = Principal(name="Chief", role=Role.DISPATCHER)
PILOT = Principal(name="Li", role=Role.PILOT)
WATER = Principal(name="Wu", role=Role.MEMBER, department="water")
FOREST = Principal(name="Fang", role=Role.MEMBER, department="forestry")


@pytest.fixture
async def world(preset: Preset, tmp_path: Path) -> AsyncIterator[Any]:
    made = rig.Range(rig.with_docks(preset, rig.A, rig.B), tmp_path)
    yield made
    await made.stop()


def grounding(room: Any, **changes: Any) -> Grounding:
    now = room.now()
    made = Grounding(id="", reason="thunderstorm", starts=now, ends=None, by="", made_at=now)
    return replace(made, **changes)


async def test_a_grounded_flight_stays_and_goes_once_it_is_lifted(world: Any) -> None:
    room = await world.controller()
    desk = PreflightDesk(room)
    flight = rig.a_flight(room, legs=1)
    made = desk.ground(CHIEF, grounding(room, county=room.dock(flight.dock).county))
    assert desk.preflight(FOREST, flight.id).word is Word.NO_GO
    task = world.start(conduct.conduct(room, flight))
    word = "grounded by Chief: thunderstorm"
    while not any(word in c.reasons for c in desk.history(FOREST, flight.id)):
        await room.clock.sleep(5)
    assert not task.done()
    desk.lift(CHIEF, made.id)
    assert (await task).state is FlightState.DONE
    assert desk.history(FOREST, flight.id)[-1].word is Word.GO


async def test_a_flight_whose_approval_was_taken_back_never_takes_off(world: Any) -> None:
    room = await world.controller()
    desk = PreflightDesk(room)
    flight = rig.a_flight(room, legs=1)
    desk.revoke(CHIEF, flight.filing_id, "state visit")
    ended = await world.start(conduct.conduct(room, flight))
    assert ended.state is FlightState.FAILED
    assert "revoked: state visit" in ended.reason
    with room.view() as unit:
        assert [a.kind for a in unit.alerts.find()] == ["preflight"]


async def test_clearance_is_seen_by_the_departments_that_the_flight_serves(world: Any) -> None:
    room = await world.controller()
    desk = PreflightDesk(room)
    flight = rig.a_flight(room)
    assert desk.preflights(FOREST, None)[0][0].id == flight.id
    assert not desk.preflights(WATER, None)
    for ask in (desk.preflight, desk.history):
        with pytest.raises(NotFound):
            ask(WATER, flight.id)
    for refused in (lambda: desk.filings(WATER), lambda: desk.clock(WATER)):
        with pytest.raises(NotAllowed):
            refused()
    with pytest.raises(NotAllowed):
        desk.ground(PILOT, grounding(room))


async def test_where_people_answer_nothing_is_approved_by_itself(world: Any) -> None:
    room = await world.controller()
    room.authority = PeopleAnswer()
    desk = PreflightDesk(room)
    filing = emergency_for((rig.a_flight(room),), room.preset, now=room.now(), by="t")
    with room.unit() as unit:
        unit.filings.add(filing)
    room.clock = ManualClock(room.now() + timedelta(hours=1))
    answer_filings(room)
    assert desk.filing(CHIEF, filing.id)[0].state is FilingState.FILED
    with pytest.raises(InvalidInput, match="number"):
        desk.answer(CHIEF, filing.id, approved=True, number=" ", remark="")
    said = desk.answer(CHIEF, filing.id, approved=True, number="ZJ-17", remark="")
    assert (said.state, said.answered_by, said.number) == (FilingState.APPROVED, "Chief", "ZJ-17")
    with pytest.raises(IllegalTransition):
        desk.answer(CHIEF, filing.id, approved=False, number="", remark="no")
    with room.view() as unit:
        assert unit.log.find(subject=filing.id)[-1].actor == "Chief"


async def test_late_filings_are_marked_and_the_simulated_authority_refuses_them(world: Any) -> None:
    room = await world.controller()
    now, rules, zone = room.now(), room.preset.filing, room.preset.zone_info
    late = file_routine(room.today(), rules, zone, now=now, by="t")
    assert late.late
    answered = room.authority.answered(late, now + timedelta(hours=1))
    assert (answered.state, answered.remark) == (FilingState.REFUSED, "filed after the cut-off")


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": " "},
        {"county": "atlantis"},
        {"dock": "XX-99"},
        {"flight_id": "flt-none"},
        {"ends": -60.0},
        {"ends": 60.0 * 86400},
    ],
)
async def test_a_grounding_that_makes_no_sense_is_refused(world: Any, wrong: Any) -> None:
    room = await world.controller()
    if "ends" in wrong:
        wrong = {"ends": room.now() + timedelta(seconds=wrong["ends"])}
    with pytest.raises(InvalidInput) as refusal:
        PreflightDesk(room).ground(CHIEF, grounding(room, **wrong))
    assert refusal.value.where == next(iter(wrong))
    assert not PreflightDesk(room).groundings(SERVICE)


async def test_a_day_that_is_not_filed_is_told_once_before_and_once_after_the_cutoff(
    world: Any,
) -> None:
    room = await world.controller()
    now, zone = room.now(), room.preset.zone_info
    noon = now.astimezone(zone).replace(hour=12, minute=0, second=0)
    soon = (noon - now).total_seconds() - 20 * 60
    assert soon > 0, "the test's day begins before the cut-off"
    for later_s, texts in ((0.0, 0), (soon, 1), (soon + 60, 1), (soon + 1800, 2), (soon + 2000, 2)):
        room.clock = ManualClock(now + timedelta(seconds=later_s))
        watch.tick(room)
        with room.view() as unit:
            assert len(unit.alerts.find(kind="preflight")) == texts
