"""The live socket: rights, alerts only once, latest wins, slow ones hold nobody up."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from api.live import Hub
from core.clock import ManualClock
from missions.access import LOCAL_OPERATOR, Principal, Role

URL = "ws://127.0.0.1:8000/api/v1/live"
WATER = Principal(name="w", role=Role.MEMBER, department="water")


def _alerts(text: str | None) -> list[str]:
    assert text is not None
    return [a["id"] for a in json.loads(text)["alerts"]]


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def _tick(clock: ManualClock) -> None:
    """Let the hub go to sleep, and wake it."""
    await _settle()
    clock.advance(0.2)


@pytest.fixture
def clock(service: Any) -> ManualClock:
    return ManualClock(service.clock.now() + timedelta(seconds=1))


@pytest.fixture
def hub(service: Any, clock: ManualClock) -> Hub:
    return Hub(service, interval_s=0.2, clock=clock)


async def test_alerts_come_once_and_fifty_of_them_first(
    hub: Hub, service: Any, clock: ManualClock, new_alert: Callable[[int], Any]
) -> None:
    with hub.watch(LOCAL_OPERATOR) as feed:
        first = _alerts(await feed.next())
        assert (len(first), first[-1]) == (50, "alr-0059")
        service.alert_list.append(new_alert(60))
        await _tick(clock)
        assert _alerts(await feed.next()) == ["alr-0060"]
        await _tick(clock)
        assert _alerts(await feed.next()) == []


async def test_a_slow_feed_gets_the_latest_frame_and_misses_no_alert(
    hub: Hub, service: Any, clock: ManualClock, new_alert: Callable[[int], Any]
) -> None:
    with hub.watch(LOCAL_OPERATOR) as slow, hub.watch(LOCAL_OPERATOR) as quick:
        await slow.next()
        await quick.next()
        for number in range(60, 65):
            service.alert_list.append(new_alert(number))
            await _tick(clock)
            assert _alerts(await quick.next()) == [f"alr-{number:04d}"]
        text = await slow.next()
        assert _alerts(text) == [f"alr-{n:04d}" for n in range(60, 65)]
        assert json.loads(text or "")["counts"]["frames"] == service.frames


async def test_one_question_a_tick_serves_all_of_equal_rights(
    hub: Hub, service: Any, clock: ManualClock
) -> None:
    with hub.watch(LOCAL_OPERATOR) as a, hub.watch(LOCAL_OPERATOR) as b, hub.watch(WATER) as c:
        texts = [await feed.next() for feed in (a, b, c)]
        assert texts[0] is texts[1]
        assert texts[2] is not texts[0]
        assert service.frames == 2
        await _tick(clock)
        await a.next()
        await c.next()
        assert service.frames == 4


async def test_it_rests_when_nobody_watches(hub: Hub, service: Any, clock: ManualClock) -> None:
    with hub.watch(LOCAL_OPERATOR) as feed:
        await feed.next()
    await _settle()
    frames = service.frames
    clock.advance(1.0)
    await _settle()
    assert service.frames == frames
    with hub.watch(LOCAL_OPERATOR) as feed:
        assert await feed.next() is not None


async def test_a_breakdown_is_told_and_the_next_one_starts_again(
    hub: Hub, service: Any, clock: ManualClock
) -> None:
    with hub.watch(LOCAL_OPERATOR) as feed:
        await feed.next()
        service.fails = RuntimeError("broken")
        await _tick(clock)
        assert await feed.next() is None
    service.fails = None
    with hub.watch(LOCAL_OPERATOR) as feed:
        assert await feed.next() is not None


def test_frames_over_the_socket(client: Any) -> None:
    with client.websocket_connect(URL) as socket:
        frame = socket.receive_json()
        assert set(frame) == {"t", "speed", "drones", "counts", "alerts"}
        assert frame["t"] == "2026-05-12T01:00:00Z"
        assert frame["drones"][0][:3] == ["QZ-07", 118.87, 28.95]
        assert set(frame["alerts"][0]) >= {"id", "t", "kind", "severity", "lon", "lat"}
        assert socket.receive_json()["alerts"] == []


def test_the_token_in_the_address_or_the_first_message(make_client: Callable[..., Any]) -> None:
    client = make_client(require_sign_in=True)
    with client.websocket_connect(f"{URL}?token=t-water") as socket:
        assert socket.receive_json()["drones"]
    with client.websocket_connect(URL) as socket:
        socket.send_json({"token": "t-water"})
        assert socket.receive_json()["drones"]


@pytest.mark.parametrize("message", ['{"token": "wrong"}', "{}", "[1]", "not json", '{"token": 5}'])
def test_without_a_good_token_the_socket_closes(
    make_client: Callable[..., Any], message: str
) -> None:
    with make_client(require_sign_in=True).websocket_connect(URL) as socket:
        socket.send_text(message)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 4401


def test_a_foreign_site_gets_no_socket(client: Any) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(URL, headers={"Origin": "http://evil.example"}),
    ):
        pass


def test_other_sockets_do_not_exist(client: Any) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("ws://127.0.0.1:8000/elsewhere"),
    ):
        pass
