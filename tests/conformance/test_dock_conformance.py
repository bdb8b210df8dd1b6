"""What every dock must do, whichever carrier brings its messages."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import dock_rigs
import pytest

from core.errors import DockRefused, DockSilent
from fleet.docks.dock import STALE_S, Charger, Door, Pad


@pytest.fixture(params=["memory", "http", "mqtt"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    async with dock_rigs.rig(request.param) as made:
        await made.heard()
        yield made


async def test_it_tells_its_whole_state(rig: Any) -> None:
    state = rig.dock.state()
    assert state.dock == rig.dock.id
    assert state.door is Door.CLOSED
    assert (state.pad, state.occupant) == (Pad.OCCUPIED, rig.dock.id)
    assert not state.emergency_stop
    assert not state.faults
    assert state.charge == pytest.approx(0.5, abs=0.1)
    weather = state.fresh_weather(rig.clock.now())
    assert weather is not None
    assert weather.wind_mps == pytest.approx(3.0, abs=0.6)
    assert weather.gust_mps >= weather.wind_mps
    assert weather.rain_mmph == pytest.approx(1.0, abs=0.4)


async def test_it_stays_fresh_while_nothing_happens(rig: Any) -> None:
    start_s = rig.now_s()
    await rig.until(lambda: rig.now_s() > start_s + 2 * STALE_S)
    assert rig.dock.state().fresh(rig.clock.now())


async def test_open_returns_when_the_door_is_open_and_not_before(rig: Any) -> None:
    begun_s = rig.now_s()
    await rig.dock.open()
    assert rig.dock.state().door is Door.OPEN
    assert rig.now_s() - begun_s >= rig.dock.state().door_travel_s - 1.0
    await rig.dock.close()
    assert rig.dock.state().door is Door.CLOSED


async def test_what_is_done_already_is_done_again_without_harm(rig: Any) -> None:
    await rig.dock.open()
    begun_s = rig.now_s()
    await rig.dock.open()
    assert rig.dock.state().door is Door.OPEN
    assert rig.now_s() - begun_s < rig.dock.state().door_travel_s + 10.0


async def test_two_who_give_commands_at_once_both_get_what_they_asked(rig: Any) -> None:
    await asyncio.gather(rig.dock.open(), rig.dock.charge(True))
    assert rig.dock.state().door is Door.OPEN
    assert rig.dock.state().charger is Charger.CHARGING


async def test_a_stuck_door_is_a_refusal_with_the_reason(rig: Any) -> None:
    rig.trouble("door-stuck", True)
    await rig.until(lambda: rig.dock.state().door is Door.STUCK)
    assert "its door is stuck" in rig.dock.state().faults
    with pytest.raises(DockRefused, match="did not open its door: its door is stuck"):
        await rig.dock.open()
    rig.trouble("door-stuck", False)
    await rig.until(lambda: rig.dock.state().door is not Door.STUCK)
    await rig.dock.open()


async def test_a_door_that_gets_stuck_on_its_way_is_not_taken_for_open(rig: Any) -> None:
    opening = asyncio.ensure_future(rig.dock.open())
    await rig.until(lambda: rig.dock.state().door is Door.OPENING)
    rig.trouble("door-stuck", True)
    with pytest.raises(DockRefused, match="stuck"):
        await opening


async def test_charging_is_confirmed_by_the_charger(rig: Any) -> None:
    await rig.dock.charge(False)
    assert rig.dock.state().charger is Charger.OFF
    await rig.dock.charge(True)
    assert rig.dock.state().charger is Charger.CHARGING


async def test_a_dead_charger_is_a_refusal(rig: Any) -> None:
    rig.trouble("charger-dead", True)
    await rig.until(lambda: rig.dock.state().charger is Charger.DEAD)
    with pytest.raises(DockRefused, match="its charger does not work"):
        await rig.dock.charge(True)


async def test_an_empty_pad_is_not_charged(rig: Any) -> None:
    rig.stands("")
    await rig.until(lambda: rig.dock.state().pad is Pad.EMPTY)
    with pytest.raises(DockRefused, match="no vehicle stands on its pad"):
        await rig.dock.charge(True)


async def test_a_stranger_on_the_pad_has_no_name(rig: Any) -> None:
    rig.stands("?")
    await rig.until(lambda: rig.dock.state().occupant is None)
    assert rig.dock.state().pad is Pad.OCCUPIED


async def test_the_emergency_stop_forbids_every_movement(rig: Any) -> None:
    rig.trouble("emergency-stop", True)
    await rig.until(lambda: rig.dock.state().emergency_stop)
    with pytest.raises(DockRefused, match="its emergency stop is pressed"):
        await rig.dock.open()


async def test_halt_stops_the_door_on_its_way(rig: Any) -> None:
    opening = asyncio.ensure_future(rig.dock.open())
    await rig.until(lambda: rig.dock.state().door is Door.OPENING)
    await rig.dock.halt()
    assert rig.dock.state().door not in (Door.OPENING, Door.CLOSING, Door.OPEN)
    with pytest.raises((DockSilent, DockRefused)):
        await opening


async def test_a_silent_dock_is_stale_and_commands_say_so(rig: Any) -> None:
    rig.trouble("dock-silent", True)
    await rig.until(lambda: not rig.dock.state().fresh(rig.clock.now()))
    with pytest.raises(DockSilent, match="has not been heard for"):
        await rig.dock.open()
    assert rig.dock.state().fresh_weather(rig.clock.now()) is None
    rig.trouble("dock-silent", False)
    await rig.heard()
    await rig.dock.open()


async def test_a_dock_that_falls_silent_under_a_command_is_not_believed(rig: Any) -> None:
    opening = asyncio.ensure_future(rig.dock.open())
    await rig.until(lambda: rig.dock.state().door is Door.OPENING)
    rig.trouble("dock-silent", True)
    with pytest.raises(DockSilent):
        await opening


async def test_a_dead_weather_station_gives_no_weather(rig: Any) -> None:
    rig.trouble("weather-dead", True)
    await rig.until(lambda: rig.dock.state().weather is None)
    assert "its weather station does not work" in rig.dock.state().faults


async def test_listeners_see_each_state_with_the_one_before(rig: Any) -> None:
    seen: list[tuple[Door, Door]] = []
    rig.dock.listen(lambda before, after: seen.append((before.door, after.door)))
    await rig.dock.open()
    assert (Door.OPENING, Door.OPEN) in seen
    assert all(one[1] is two[0] for one, two in pairwise(seen))
