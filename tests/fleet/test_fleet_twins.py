"""Two vehicles with one system id are seen; loss, doubling, lateness and new starts are not."""

import asyncio
import random
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import ManualClock
from core.errors import SharedIdentity
from fleet.address import MAIN, Address
from fleet.events import Conflict, ConflictOver, Heard
from fleet.fleet import Fleet
from fleet.links.codec import Encoder, Parser
from fleet.links.link import MemoryLink, Receiver
from fleet.links.mavlink import connect
from fleet.links.twins import ENOUGH, WITHIN_S, Sources, Suspicion
from fleet.messages import Heartbeat, MissionClear, SystemTime
from fleet.vocabulary import Command

START = datetime(2026, 5, 12, tzinfo=UTC)
BEAT = Heartbeat(kind=2, autopilot=3, base_mode=1, custom_mode=4, system_status=3)
SEVEN = Address(MAIN, 7)


def vehicle(n: int, *, start: int = 0, salt: float = 0.0) -> list[bytes]:
    """So many packets of a vehicle, numbered from ``start``."""
    encoder = Encoder(7, 1)
    encoder._numbers[0] = start
    return [
        encoder.encode(SystemTime(utc=START + timedelta(seconds=i), boot_s=i + salt))
        for i in range(n)
    ]


def observations(packets: list[bytes]) -> int:
    parser = Parser()
    for packet in packets:
        parser.feed(packet)
    return len(parser.doubled)


@pytest.mark.parametrize("offset", [0, 1, 2, 7, 30, 100, 127, 128, 129, 200, 255])
def test_two_numberings_on_one_stream_are_seen_whatever_lies_between(offset: int) -> None:
    one, other = vehicle(300), vehicle(300, start=offset, salt=0.25)
    mixed = [p for pair in zip(one, other, strict=True) for p in pair]
    assert observations(mixed) >= ENOUGH * 5


def test_two_numberings_are_seen_through_loss_and_at_different_rates() -> None:
    rng = random.Random(3)
    one, other = vehicle(600), vehicle(300, start=90, salt=0.25)
    mixed = [p for i in range(300) for p in (one[2 * i], one[2 * i + 1], other[i])]
    assert observations([p for p in mixed if rng.random() > 0.3]) >= ENOUGH


@pytest.mark.parametrize("seed", range(8))
def test_one_vehicle_is_one_however_bad_the_way(seed: int) -> None:
    rng = random.Random(seed)
    packets = [p for p in vehicle(5000) if rng.random() > 0.4]
    arrived: list[tuple[float, bytes]] = []
    for i, packet in enumerate(packets):
        delay = rng.choice((0, 0, 0, 3, 40, 90)) * rng.random()
        arrived.append((i + delay, packet))
        if rng.random() < 0.2:
            arrived.append((i + rng.random() * 60, packet))
    assert observations([p for _, p in sorted(arrived)]) == 0


def test_bursts_of_loss_are_not_taken_for_a_second_vehicle() -> None:
    packets = vehicle(4000)
    kept = [p for i, p in enumerate(packets) if i % 500 > 200]
    assert observations(kept) <= 8  # one for each burst of more than half a lap


@pytest.mark.parametrize("at", [5, 20, 100, 130, 200, 255, 300])
def test_a_vehicle_that_starts_anew_is_one(at: int) -> None:
    assert observations(vehicle(at) + vehicle(400, salt=0.5)) <= 1


def test_certainty_takes_several_observations_within_seconds_and_ends_with_them() -> None:
    suspicion = Suspicion()
    for i in range(ENOUGH * 3):  # now and then: never certain
        assert not suspicion.add("x", START + timedelta(seconds=5 * i))
    later = START + timedelta(hours=1)
    assert [suspicion.add("x", later) for _ in range(ENOUGH + 2)].count(True) == 1
    assert suspicion.reason == "x"
    assert not suspicion.over(later + timedelta(seconds=WITHIN_S))
    assert suspicion.over(later + timedelta(seconds=WITHIN_S + 1))
    assert suspicion.reason == ""


def test_two_times_since_boot_by_turns_are_seen_and_a_new_start_is_not() -> None:
    one = Suspicion()
    for i in range(100):
        one.booted(1000.0 + i, START + timedelta(seconds=i))
    for i in range(100):  # a new start, and again
        one.booted(float(i), START + timedelta(seconds=100 + i))
    for i in range(100):
        one.booted(float(i), START + timedelta(seconds=200 + i))
    assert one.reason == ""
    two = Suspicion()
    for i in range(10):
        two.booted(1000.0 + i, START + timedelta(seconds=i))
        two.booted(40.0 + i, START + timedelta(seconds=i))
    assert "one has run for" in two.reason


def test_a_source_that_never_comes_back_is_a_new_start() -> None:
    sources = Sources()
    assert not any(sources.returns(7, a, a + 1) for a in range(10))
    assert sources.returns(7, 10, 9)


async def settle(world: Any, seconds: float) -> None:
    until = world.clock.now() + timedelta(seconds=seconds)
    while world.clock.now() < until:
        await world.clock.sleep(0.5)
    await asyncio.sleep(0)


async def test_neither_of_two_may_be_launched_until_one_is_left(
    make_range: Callable[..., Any],
) -> None:
    world = make_range()
    world.add(7)
    await world.start()
    await world.fleet.heard([SEVEN])
    commander = world.fleet.vehicle(SEVEN).commander
    await settle(world, 3)
    assert world.of(Conflict) == []
    imposter = Encoder(7, 1)
    imposter._numbers[0] = 90
    for i in range(120):
        for n in range(8):
            report = SystemTime(utc=world.clock.now(), boot_s=5000.0 + i + n / 8)
            world.air.send_bytes(imposter.encode(report, 255))
        await settle(world, 0.5)
        if world.of(Conflict):
            break
    (conflict,) = world.of(Conflict)
    assert conflict.vehicle == SEVEN
    assert conflict.reason
    with pytest.raises(SharedIdentity, match="vehicle main/7: refused to arm: two vehicles"):
        await commander.long(Command.ARM_DISARM, 1, doing="arm")
    with pytest.raises(SharedIdentity):
        await commander.long(Command.MISSION_START)
    await commander.long(Command.ARM_DISARM, 0, doing="disarm")  # what makes it safer passes
    await settle(world, WITHIN_S + 2)
    assert [e.vehicle for e in world.of(ConflictOver)] == [SEVEN]
    await commander.long(Command.ARM_DISARM, 1, doing="arm")


async def test_two_udp_sources_with_one_system_id_are_named() -> None:
    clock, events = ManualClock(START), []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    link = connect(f"udpin:127.0.0.1:{port}")
    async with Fleet({MAIN: link}, clock, on_event=events.append) as fleet:
        wires = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        encoders = [Encoder(7, 1), Encoder(7, 1)]
        async with asyncio.timeout(10):
            while not any(isinstance(e, Conflict) for e in events):
                for wire, encoder in zip(wires, encoders, strict=True):
                    wire.sendto(encoder.encode(BEAT), ("127.0.0.1", port))
                    await asyncio.sleep(0.005)
        (conflict,) = [e for e in events if isinstance(e, Conflict)]
        for wire in wires:
            assert f"127.0.0.1:{wire.getsockname()[1]}" in conflict.reason
            wire.close()
        assert fleet.vehicle(SEVEN).channel.conflict == conflict.reason


async def test_more_vehicles_than_one_link_carries_fly_over_several() -> None:
    """600 vehicles on three links: same system ids, told apart, each reached on its own link."""
    clock, events = ManualClock(START), []
    pairs = {name: MemoryLink.pair() for name in ("main", "east", "west")}
    heard: dict[str, list[int]] = {name: [] for name in pairs}
    async with Fleet({n: g for n, (g, _) in pairs.items()}, clock, on_event=events.append) as fleet:
        for name, (_, air) in pairs.items():
            await air.open(Receiver(lambda p, name=name: heard[name].append(p.target)))
            for system_id in range(1, 201):
                air.send(BEAT, sender=system_id)
        addresses = [Address(name, n) for name in pairs for n in range(1, 201)]
        async with asyncio.timeout(20):
            await fleet.heard(addresses)
        assert len(fleet.vehicles) == len(fleet.states()) == 600
        await asyncio.sleep(0.01)
        assert len({e.vehicle for e in events if isinstance(e, Heard)}) == 600
        assert not any(isinstance(e, Conflict) for e in events)
        await fleet._greeter.stop()  # it asks every vehicle for its streams
        await asyncio.sleep(0.01)
        for got in heard.values():
            got.clear()
        fleet.vehicle(Address("east", 7)).channel.send(MissionClear())
        await asyncio.sleep(0.01)
        assert [name for name, got in heard.items() if 7 in got] == ["east"]
