"""A vehicle is enrolled: its key reaches it or is found again, its settings are read back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import flying_range as rig
import pytest

from core.clock import SystemClock
from core.errors import InvalidInput, LinkLost, NotReady
from fleet.links.keys import Keys, new_key
from fleet.links.link import MemoryLink, Receiver
from fleet.links.signing import Signing
from fleet.messages import Heartbeat
from fleet.setup import enrolment, keyring
from fleet.setup.failsafes import Failsafes
from fleet.setup.keyring import KeyRing
from fleet.vehicle import Vehicle
from missions.presets import Preset

WANTED = Failsafes(return_height_m=60.0, ceiling_m=120.0)


class Bench:
    """A vehicle on the bench, its link's signatures, and the keys of a home folder."""

    def __init__(self, world: Any, room: Any, folder: Path) -> None:
        self.world, self.room = world, room
        self.vehicle: Vehicle = room.fleet.vehicle(room.preset.docks[0].address)
        self.signing: Signing = world._links[0].wire.signing
        self.ring = KeyRing(folder)

    async def sign(self) -> str:
        return await keyring.sign(self.vehicle, self.signing, self.ring)


@pytest.fixture
async def bench(preset: Preset, tmp_path: Path) -> AsyncIterator[Bench]:
    world = rig.Range(rig.with_docks(preset, rig.A, rig.B), tmp_path)
    yield Bench(world, await world.controller(), tmp_path)
    await world.stop()


async def test_a_key_is_set_once_and_kept_where_nobody_else_reads(bench: Bench) -> None:
    assert await bench.sign() == "done"
    assert bench.world.autopilot().signing.on
    assert bench.signing.share(1)
    key = bench.ring.key(bench.vehicle.address)
    assert key is not None
    assert bench.ring.path.stat().st_mode & 0o077 == 0
    assert await bench.sign() == "kept"
    assert bench.ring.key(bench.vehicle.address) == key
    assert bench.ring.pending(bench.vehicle.address) is None
    await bench.vehicle.wait_heard()


async def test_a_key_whose_confirmation_was_lost_is_found_again(bench: Bench) -> None:
    key = bench.ring.candidate(bench.vehicle.address)
    bench.world.autopilot().signing.set_up(key, 1)
    assert await bench.sign() == "kept"
    assert bench.ring.key(bench.vehicle.address) == key


async def test_a_vehicle_that_does_not_take_the_key_is_heard_as_before(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.world.autopilot().signing, "set_up", lambda *_: None)
    with pytest.raises(NotReady, match="does not sign"):
        await bench.sign()
    assert bench.ring.key(bench.vehicle.address) is None
    before = bench.vehicle.state.heard_at
    await bench.vehicle.wait(lambda s: s.heard_at > before, 30, "its next words")


async def test_a_key_that_others_could_read_is_refused(bench: Bench) -> None:
    Keys({bench.vehicle.address: new_key()}).save(bench.ring.path)
    bench.ring.path.chmod(0o644)
    with pytest.raises(Exception, match="keys"):
        await bench.sign()


async def test_settings_are_looked_at_then_set_then_left_alone(bench: Bench) -> None:
    asked, would = await enrolment.settle(bench.vehicle, WANTED, {}, dry_run=True)
    assert would
    _, again = await enrolment.settle(bench.vehicle, WANTED, {}, dry_run=True)
    assert again == would
    _, changed = await enrolment.settle(bench.vehicle, WANTED, {}, dry_run=False)
    assert set(changed) == set(would)
    _, none = await enrolment.settle(bench.vehicle, WANTED, {}, dry_run=False)
    assert none == ()
    assert await bench.vehicle.onboard.parameters.read("FENCE_ENABLE") == asked["FENCE_ENABLE"]


async def test_who_it_is_and_what_it_carries(bench: Bench) -> None:
    version = await enrolment.identify(bench.vehicle)
    assert version.uid
    assert version.firmware.count(".") == 2
    await bench.vehicle.wait(lambda s: s.sensors is not None, 60, "its sensors")
    present, _ = enrolment.sensors(bench.vehicle)
    assert "compass" in present
    assert "pixels" in await enrolment.camera(bench.vehicle)
    record = enrolment.record_of(bench.vehicle, version, bench.room.now(), name="north")
    assert enrolment.mismatch(record, version) == ""


async def _speak(air: MemoryLink, *beats: tuple[int, Heartbeat]) -> None:
    await air.open(Receiver(lambda packet: None))
    while True:
        for sender, beat in beats:
            air.send(beat, sender=sender)
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("beats", "error", "words"),
    [
        ([], LinkLost, "nothing was heard"),
        ([(3, 3), (4, 12)], LinkLost, r"heard were 3 \(ArduCopter\), 4 \(PX4\)"),
        ([(7, 5)], InvalidInput, "not one that FlyOnce flies"),
    ],
)
async def test_the_wrong_one_is_named(
    beats: list[tuple[int, int]], error: type[Exception], words: str
) -> None:
    ground, air = MemoryLink.pair()
    said = [
        (n, Heartbeat(kind=2, autopilot=make, base_mode=1, custom_mode=0, system_status=3))
        for n, make in beats
    ]
    speaking = asyncio.create_task(_speak(air, *said))
    try:
        with pytest.raises(error, match=words):
            await enrolment.survey(ground, 7, SystemClock(), 0.5)
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
        await air.close()
