"""Vehicles appear, fall silent and come back; streams, time and events."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import FollowedClock
from core.errors import CommandTimeout, NotFound
from fleet.address import MAIN, Address
from fleet.events import Armed, Heard, Landed, Lost, MissionReached, ModeChanged, PhotoTaken, Text
from fleet.fleet import Fleet
from fleet.greeting import INTERVALS_S
from fleet.links.link import MemoryLink, Receiver
from fleet.messages import (
    CameraFeedback,
    Heartbeat,
    MissionItemReached,
    Packet,
    StatusText,
    SystemTime,
)
from fleet.patience import patiently


async def settle(clock: Any, seconds: float) -> None:
    until = clock.now() + timedelta(seconds=seconds)
    while clock.now() < until:
        await clock.sleep(0.5)
    await asyncio.sleep(0)


@pytest.fixture
async def two(make_range: Callable[..., Any]) -> Any:
    world = make_range()
    world.add(1)
    world.add(2)
    await world.start()
    await world.fleet.heard([Address(MAIN, 1), Address(MAIN, 2)])
    return world


async def test_vehicles_appear_when_heard_and_unknown_ones_are_named(two: Any) -> None:
    await asyncio.sleep(0)
    assert set(two.fleet.states()) == {Address(MAIN, 1), Address(MAIN, 2)}
    assert {e.vehicle for e in two.of(Heard)} == {Address(MAIN, 1), Address(MAIN, 2)}
    with pytest.raises(NotFound, match="vehicle main/9: this vehicle was never heard"):
        two.fleet.vehicle(Address(MAIN, 9))


async def test_streams_are_requested_from_every_vehicle(two: Any) -> None:
    await settle(two.clock, 10)
    for autopilot in two.autopilots.values():
        assert autopilot.intervals == {int(k): v * 1e6 for k, v in INTERVALS_S.items()}


async def test_silence_is_seen_within_three_seconds_and_the_others_stay(two: Any) -> None:
    await settle(two.clock, 2)
    two.autopilots[1].silent = True
    since = two.clock.now()
    await settle(two.clock, 6)
    (lost,) = two.of(Lost)
    assert lost.vehicle == Address(MAIN, 1)
    assert (lost.at - since).total_seconds() <= 3.0
    assert two.fleet.vehicle(Address(MAIN, 1)).lost
    assert not two.fleet.vehicle(Address(MAIN, 2)).lost


async def test_a_vehicle_that_is_heard_again_is_asked_for_its_streams_again(two: Any) -> None:
    await settle(two.clock, 10)
    autopilot = two.autopilots[1]
    autopilot.silent = True
    await settle(two.clock, 5)
    autopilot.intervals.clear()  # it rebooted
    autopilot.silent = False
    await settle(two.clock, 10)
    assert [e.again for e in two.of(Heard) if e.vehicle == Address(MAIN, 1)] == [False, True]
    assert autopilot.intervals


async def test_a_link_that_stays_down_loses_its_vehicles_though_time_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fleet.fleet.LINK_DOWN_S", 0.05)
    clock = FollowedClock(datetime(2026, 5, 12, tzinfo=UTC))
    ground, air = MemoryLink.pair()
    events: list[Any] = []
    await air.open(Receiver(lambda packet: None))
    async with Fleet({MAIN: ground}, clock, on_event=events.append) as fleet:
        beat = Heartbeat(kind=2, autopilot=3, base_mode=1, custom_mode=3, system_status=3)
        air.send(beat, sender=5)
        await fleet.heard([Address(MAIN, 5)])
        ground.set_up(False)
        await asyncio.sleep(0.1)
        assert fleet.vehicle(Address(MAIN, 5)).lost
        assert any(isinstance(e, Lost) for e in events)


async def test_changes_become_events(two: Any) -> None:
    autopilot = two.autopilots[1]
    autopilot.mode, autopilot.armed = 3, True
    await settle(two.clock, 1)
    autopilot.say(MissionItemReached(seq=4))
    autopilot.say(StatusText(severity=4, text="Low battery"))
    autopilot.say(
        CameraFeedback(
            taken_at=two.clock.now(), index=3, camera=2, position=None, altitude_m=1, height_m=1
        )
    )
    autopilot.armed = False
    await settle(two.clock, 1)
    kinds = [type(e) for e in two.events if e.vehicle == Address(MAIN, 1)]
    assert kinds == [Heard, ModeChanged, Armed, MissionReached, Text, PhotoTaken, Landed]
    assert two.fleet.vehicle(Address(MAIN, 1)).state.photos == 1


async def test_time_is_followed_and_one_wrong_clock_is_not_believed() -> None:
    start = datetime(2026, 5, 12, tzinfo=UTC)
    clock = FollowedClock(start)
    ground, air = MemoryLink.pair()
    await air.open(Receiver(lambda packet: None))

    async def report(utc: datetime) -> None:
        air.send(SystemTime(utc=utc, boot_s=1.0), sender=1)
        for _ in range(5):
            await asyncio.sleep(0)

    async with Fleet({MAIN: ground}, clock, on_event=lambda e: None, on_time=clock.follow) as fleet:
        await report(start + timedelta(seconds=5))
        assert clock.now() == fleet.simulated_time == start + timedelta(seconds=5)
        await report(start + timedelta(days=400))
        assert clock.now() == start + timedelta(seconds=5)
        await report(start + timedelta(seconds=6))
        assert clock.now() == start + timedelta(seconds=6)


async def test_other_components_and_ground_stations_are_no_vehicles(two: Any) -> None:
    two.air.send(
        Heartbeat(kind=6, autopilot=8, base_mode=0, custom_mode=0, system_status=4), sender=99
    )
    await settle(two.clock, 1)
    assert Address(MAIN, 99) not in two.fleet.vehicles


async def test_ground_station_heartbeats_reach_the_vehicles(
    make_range: Callable[..., Any],
) -> None:
    world = make_range()
    heard: list[Packet] = []
    await world.start()
    await world.air.open(Receiver(heard.append))
    await settle(world.clock, 5)
    beats = [p for p in heard if isinstance(p.message, Heartbeat)]
    assert len(beats) >= 4
    assert beats[0].system_id == 255


async def test_waiting_on_a_standing_clock_ends() -> None:
    clock = FollowedClock(datetime(2026, 5, 12, tzinfo=UTC))
    with pytest.raises(TimeoutError, match="no vehicle has reported the time"):
        await patiently(clock, 5, asyncio.Event().wait(), standstill_s=0.05)


async def test_waiting_for_a_state_that_does_not_come_is_a_named_error(two: Any) -> None:
    with pytest.raises(CommandTimeout, match="vehicle main/1: to fly"):
        await two.fleet.vehicle(Address(MAIN, 1)).wait(lambda s: s.armed, 3, "to fly")


async def test_the_whole_state_after_a_restart(two: Any) -> None:
    state = await two.fleet.vehicle(Address(MAIN, 2)).wait_heard()
    assert state.position is not None
    assert state.landed is True


async def test_a_link_that_is_up_but_silent_loses_its_vehicles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fleet.fleet.SILENT_LINK_S", 0.1)
    monkeypatch.setattr("fleet.fleet.HEARTBEAT_S", 0.05)
    clock = FollowedClock(datetime(2026, 5, 12, tzinfo=UTC))
    ground, air = MemoryLink.pair()
    await air.open(Receiver(lambda packet: None))
    beat = Heartbeat(kind=2, autopilot=3, base_mode=1, custom_mode=3, system_status=3)
    async with Fleet({MAIN: ground}, clock, on_event=lambda event: None) as fleet:
        air.send(beat, sender=5)
        await fleet.heard([Address(MAIN, 5)])
        await asyncio.sleep(0.3)
        assert fleet.vehicle(Address(MAIN, 5)).lost
        air.send(beat, sender=5)
        await asyncio.sleep(0.01)
        assert not fleet.vehicle(Address(MAIN, 5)).lost
