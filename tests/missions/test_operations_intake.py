"""Photographs are acknowledged when they are safe; what cannot be taken in is said, and goes on."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.clock import ManualClock
from core.errors import Unavailable
from imagery.storage import Stored
from missions.operations import intake as intake_module
from missions.operations.examine import Delivery, Examined
from missions.operations.finds import Finds
from missions.operations.intake import Intake
from missions.operations.room import ControlRoom, Watchers
from missions.presets import Preset
from missions.store import MemoryStore


@pytest.fixture
async def desk(preset: Preset, clock: ManualClock) -> AsyncIterator[Intake]:
    nothing: Any = None
    with ThreadPoolExecutor(1) as pool:
        room = ControlRoom(
            preset=preset,
            clock=clock,
            records=MemoryStore(),
            media=nothing,
            logs=nothing,
            fleet=nothing,
            pool=pool,
            planning=nothing,
            watchers=Watchers(),
        )
        made = Intake(room, Finds(room))
        work = asyncio.create_task(made.run())
        yield made
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def examined(deliveries: list[Delivery]) -> list[Examined]:
    """Every file is kept; one that says so breaks the examiner."""
    results = []
    for delivery in deliveries:
        if delivery.data == b"full":
            raise Unavailable("the disk is full", where="media")
        if delivery.data == b"bug":
            raise ZeroDivisionError
        digest = delivery.data.hex()
        stored = Stored(sha256=digest, size=len(delivery.data), key=f"k/{digest}")
        results.append(
            Examined(stored=stored, inspected=None, checked=None, tasks=(), reason="no picture")
        )
    return results


async def test_the_same_file_is_one_medium(desk: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "examine", examined)
    first = await desk.deliver(b"a", vehicle="TC-01", camera="cam")
    both = await asyncio.gather(
        desk.deliver(b"b", vehicle="TC-01", camera="cam"),
        desk.deliver(b"b", vehicle="TC-01", camera="cam"),
    )
    assert first.created
    assert sorted(d.created for d in both) == [False, True]
    assert both[0].medium.id == both[1].medium.id
    assert first.medium.reason == "no picture"


@pytest.mark.parametrize(("data", "text"), [(b"full", "disk is full"), (b"bug", "log says why")])
async def test_a_failure_is_answered_and_the_next_file_taken_in(
    desk: Intake, monkeypatch: pytest.MonkeyPatch, data: bytes, text: str
) -> None:
    monkeypatch.setattr(intake_module, "examine", examined)
    with pytest.raises(Unavailable, match=text):
        await desk.deliver(data, vehicle="TC-01", camera="cam")
    assert (await desk.deliver(b"next", vehicle="TC-01", camera="cam")).created


async def test_who_still_waits_when_the_service_stops_is_told_to_come_again(
    preset: Preset, clock: ManualClock
) -> None:
    nothing: Any = None
    room = ControlRoom(
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
    idle = Intake(room, Finds(room))
    waiting = asyncio.create_task(idle.deliver(b"late", vehicle="TC-01", camera="cam"))
    await asyncio.sleep(0)
    work = asyncio.create_task(idle.run())
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    stopped = asyncio.create_task(idle.run())
    await asyncio.sleep(0)
    stopped.cancel()
    await asyncio.gather(stopped, return_exceptions=True)
    with pytest.raises(Unavailable, match="stopping"):
        await waiting
