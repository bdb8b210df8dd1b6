"""What is believed of a dock's messages, and what is never sent."""

import asyncio
import json
from typing import Any

import dock_rigs as rigs
import httpx
import mqtt_broker
import pytest

from core.clock import ManualClock
from core.errors import DockSilent, InvalidInput
from fleet.docks.dock import Door
from fleet.docks.dock_http import HttpSite
from fleet.docks.dock_memory import Box
from fleet.docks.dock_mqtt import MqttSite
from fleet.docks.dock_remote import RemoteDock
from fleet.docks.dockyard import connect


class Listener(RemoteDock):
    """A dock that only hears."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, message: dict[str, Any]) -> Any:
        raise ConnectionError("deaf")


@pytest.fixture
def dock() -> Listener:
    return Listener("T-1", ManualClock(rigs.START))


def body(seq: int = 1, **changes: Any) -> dict[str, Any]:
    return {**Box(occupant="T-1").report("T-1", "one", seq), **changes}


def test_a_late_message_does_not_undo_a_newer_one(dock: Listener) -> None:
    dock.received(body(5, door="open"))
    dock.received(body(4, door="closed"))
    assert dock.state().door is Door.OPEN
    assert dock.rejected["out of order"] == 1
    dock.received(body(1, boot="two", door="closed"))
    assert dock.state().door is Door.CLOSED


def test_what_a_broker_kept_is_shown_and_not_trusted(dock: Listener) -> None:
    dock.received(body(door="open"), live=False)
    assert dock.state().door is Door.OPEN
    assert not dock.state().fresh(dock.clock.now())
    dock.received(body(7))
    dock.received(body(9, door="open"), live=False)
    assert dock.state().door is Door.CLOSED


def test_what_a_gateway_repeats_is_as_old_as_it_says(dock: Listener) -> None:
    dock.received(body(age_s=31.0))
    assert not dock.state().fresh(dock.clock.now())


@pytest.mark.parametrize(
    "wrong",
    [
        {"v": 2}, {"dock": 7}, {"dock": "T-2"}, {"door": "ajar"}, {"seq": -1}, {"seq": True},
        {"charge": 1.5}, {"charge": float("nan")}, {"faults": "door-stuck"},
        {"emergency_stop": "no"}, {"weather": []}, {"weather": {"wind_mps": 3}},
        {"weather": {**(Box().weather or {}), "wind_mps": -1}}, {"age_s": -5}, {"command": 3},
        {"occupant": "x" * 300}, {"boot": None},
    ],
)  # fmt: skip
def test_half_a_state_is_no_state(dock: Listener, wrong: dict[str, Any]) -> None:
    dock.received(body(**wrong))
    assert dock.state().heard_at is None
    assert sum(dock.rejected.values()) == 1


@pytest.mark.parametrize("rubbish", [None, 3, "open", [], {}, {"v": 1}])
def test_rubbish_changes_nothing(dock: Listener, rubbish: Any) -> None:
    dock.received(rubbish)
    assert dock.state().heard_at is None


def test_a_fault_that_nobody_knows_is_named(dock: Listener) -> None:
    dock.received(body(faults=["gremlins", "too-hot"]))
    assert dock.state().faults == ('it reports the fault "gremlins"', "it is too hot inside")


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x", "http:", "mqtt://", "mqtts://h:99999", "http://", "docks.example"],
)
def test_a_wrong_address_is_refused_with_the_right_form(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"https://|mqtts://"):
        connect(url, ["T-1"], ManualClock(rigs.START))


def test_no_secret_travels_in_clear() -> None:
    clock = ManualClock(rigs.START)
    with pytest.raises(InvalidInput, match="in clear"):
        HttpSite("http://docks.example", clock, token="secret")
    with pytest.raises(InvalidInput, match="in clear") as refused:
        MqttSite("mqtt://me:secret@docks.example", clock)
    assert "secret" not in str(refused.value)
    with pytest.raises(InvalidInput, match="topic"):
        MqttSite("mqtt://localhost", clock).dock("a/#")


async def test_a_site_that_answers_nonsense_is_silent_and_does_not_stop_asking() -> None:
    answers = iter([httpx.Response(500), httpx.Response(200, text="<html>"),
                    httpx.Response(200, json=[1]), httpx.Response(401)])  # fmt: skip
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return next(answers, httpx.Response(200, json={"docks": [body(), 5, {"dock": "T-9"}]}))

    clock = ManualClock(rigs.START)
    site = HttpSite("http://localhost", clock, transport=httpx.MockTransport(serve))
    dock = site.dock("T-1")
    async with rigs.ticking(clock, lambda now_s: None):
        await dock.start()
        async with asyncio.timeout(20):
            while not dock.state().fresh(clock.now()):  # noqa: ASYNC110 - the clock ticks so
                await asyncio.sleep(0.01)
        await dock.stop()
    assert len(asked) >= 5


async def test_old_commands_move_nothing() -> None:
    far = rigs.FarEnd()
    order = {"v": 1, "id": "c1", "command": "open", "seen": {"boot": far.dock.boot, "seq": 1}}
    for second in range(70):
        far.step(float(second))
    assert far.dock.obey(order, 69.0)["reason"] == "stale-command"
    assert far.dock.obey({**order, "seen": None}, 69.0)["reason"] == "stale-command"
    assert far.dock.obey({**order, "command": "dance"}, 69.0)["reason"] == "unknown-command"
    fresh = {**order, "seen": {"boot": far.dock.boot, "seq": far.dock.message(69.0)["seq"]}}
    assert far.dock.obey(fresh, 69.0)["state"] == "accepted"


async def test_mqtt_goodbye_doubles_and_a_broker_that_restarts() -> None:
    clock, far = ManualClock(rigs.START), rigs.FarEnd()
    broker = mqtt_broker.Broker()
    broker.double = True
    await broker.start()
    port = broker.port
    dock = MqttSite(f"mqtt://127.0.0.1:{port}", clock).dock("T-1")
    rig = rigs.Rig(dock, clock, far.trouble, far.stands)
    async with rigs.ticking(clock, far.step):
        await dock.start()
        async with rigs.running(rigs.Firmware(far, port).run()):
            await rig.heard()
            await dock.open()
            commands = [json.loads(p)["id"] for t, p in broker.published if t.endswith("/command")]
            assert len(set(commands)) == len(commands) == 1
            await broker.stop()
            broker = mqtt_broker.Broker()
            await rig.until(lambda: not dock.state().fresh(clock.now()))
            await broker.start(port)
            await rig.heard()
        broker.publish("flyonce/docks/T-1/online", b"0", True)
        await rig.until(lambda: dock.state().heard_at is None)
        with pytest.raises(DockSilent, match="is not heard"):
            await dock.open()
        await dock.stop()
    await broker.stop()
