"""The feed over HTTP: pages, long polls, events that resume, live sockets that resume."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn
from api_values import a_request, alert
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import connect

from api.routes import feed as routes
from missions.feed.desk import Feed
from missions.feed.rules import feed_rules
from missions.feed.webhooks import Webhooks
from missions.store import MemoryStore, SqlStore, Store

HEADERS = {"Authorization": "Bearer t-water"}


@pytest.fixture(autouse=True)
def identity(service: Any) -> asyncio.Event:
    """To be set when everybody's rights end."""
    ended = asyncio.Event()

    async def until_bad(_principal: Any) -> None:
        await ended.wait()

    service.identity = SimpleNamespace(until_bad=until_bad)
    return ended


@pytest.fixture
def records(service: Any) -> Iterator[Store]:
    """The store behind the feed of the fake service."""
    store = MemoryStore()
    service.feed = Feed(store)
    room = SimpleNamespace(
        unit=store.unit, view=store.view, now=service.clock.now, preset=service.preset
    )
    service.webhooks = Webhooks(room, feed_rules())  # type: ignore[arg-type]
    yield store
    store.close()


def ask(store: Store, *ids: str, **changes: Any) -> None:
    from dataclasses import replace

    with store.unit() as unit:
        unit.requests.add_all([replace(a_request(), id=id, **changes) for id in ids])


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The application behind a real server, at an address of its own."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1)
    )
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells of it by a flag
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


class Events:
    """A reader of server-sent events as the HTML standard has it."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.last_id = ""
        self.retry = 0
        self.ids_without_event: list[str] = []

    async def next(self) -> tuple[str, Any]:
        """The next event's name and data. Raises StopAsyncIteration at the end."""
        name, data, id = "message", [], ""
        async for line in self._lines:
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "retry":
                self.retry = int(value)
            elif field == "id":
                id = value
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif line == "":
                self.last_id = id or self.last_id
                if data:
                    return name, json.loads("\n".join(data))
                if id:
                    self.ids_without_event.append(id)
                name, data, id = "message", [], ""
        raise StopAsyncIteration


@asynccontextmanager
async def listening(address: str, after: str | None = None, **how: Any) -> AsyncIterator[Events]:
    headers = {**HEADERS, **({"Last-Event-ID": after} if after else {})}
    async with (
        httpx.AsyncClient(timeout=10, trust_env=False) as client,
        client.stream(
            "GET", f"http://{address}/api/v1/feed/stream", headers=headers, params=how
        ) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Events(answer.aiter_lines())


def test_pages_of_the_feed(client: Any, records: Store) -> None:
    url = "http://127.0.0.1:8000/api/v1/feed"
    assert client.get(url).json() == {"items": [], "next": 0, "more": False}
    ask(records, *(f"req-{n}" for n in range(5)))
    first = client.get(url, params={"limit": 3}).json()
    assert ([c["id"] for c in first["items"]], first["next"], first["more"]) == (
        ["req-0", "req-1", "req-2"],
        3,
        True,
    )
    assert set(first["items"][0]) == {
        *("seq", "at", "kind", "id", "what", "state"),
        *("department", "shared_with", "county", "path"),
    }
    rest = client.get(url, params={"after": 3}).json()
    assert (len(rest["items"]), rest["next"], rest["more"]) == (2, 5, False)
    assert client.get(url, params={"after": "latest"}).json()["next"] == 5


@pytest.mark.parametrize(
    "wrong",
    [
        *({"after": "x"}, {"after": "-1"}, {"after": "9" * 19}, {"after": "１"}),
        *({"limit": 0}, {"limit": 1001}, {"kinds": "tokens"}, {"wait": 56}, {"wait": "nan"}),
    ],
)
def test_a_wrong_question_is_explained(client: Any, records: Store, wrong: dict[str, Any]) -> None:
    answer = client.get("http://127.0.0.1:8000/api/v1/feed", params=wrong)
    assert answer.status_code == 422
    assert next(iter(wrong)) in answer.text


def test_a_place_that_is_no_more_is_gone_with_the_way_out(client: Any, records: Store) -> None:
    for path in ("feed", "feed/stream"):
        answer = client.get(f"http://127.0.0.1:8000/api/v1/{path}", params={"after": 7})
        assert answer.status_code == 410
        assert "after=latest" in answer.json()["remedy"]


def test_a_long_poll_waits_for_what_the_caller_may_know(
    client: Any, records: Store, new_alert: Callable[[int], Any]
) -> None:
    def later() -> None:
        ask(records, "req-forest", department="forestry", shared_with=())
        ask(records, "req-water", department="water")

    timer = threading.Timer(0.2, later)
    timer.start()
    url = "http://127.0.0.1:8000/api/v1/feed"
    found = client.get(url, params={"wait": 20}, headers=HEADERS).json()
    assert [c["id"] for c in found["items"]] == ["req-water"]
    timer.join()
    empty = client.get(url, params={"wait": 0.1, "after": found["next"]}, headers=HEADERS).json()
    assert empty["items"] == []


async def test_events_come_once_in_order_and_resume_behind_the_last(
    make_app: Callable[..., Any], records: Store
) -> None:
    async with served(make_app()) as address:
        ask(records, "req-old", department="water")
        async with listening(address) as events:
            await asyncio.sleep(0.1)
            ask(records, "req-1", "req-2", department="water")
            ask(records, "req-x", department="forestry", shared_with=())
            ask(records, "req-3", department="water")
            got = [await events.next() for _ in range(3)]
            assert events.retry == 2000
        assert [(name, c["id"]) for name, c in got] == [
            ("change", "req-1"),
            ("change", "req-2"),
            ("change", "req-3"),
        ]
        ask(records, "req-4", "req-5", department="water")
        async with listening(address, after="2") as events:
            again = [(await events.next())[1]["id"] for _ in range(4)]
            assert again == ["req-2", "req-3", "req-4", "req-5"]
            assert events.last_id == "7"
        async with listening(address, after="1", kinds="cases") as events:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await events.next()


async def test_nothing_is_missing_or_twice_while_many_write(
    make_app: Callable[..., Any], service: Any, tmp_path: Any
) -> None:
    """A reader that is cut off again and again sees each of 300 changes once."""
    store = SqlStore(tmp_path / "f.db")
    other = SqlStore(tmp_path / "f.db")
    service.feed = Feed(store)

    def write(records: Store, who: int) -> None:
        for n in range(50):
            ask(records, *(f"req-{who}-{n}-{k}" for k in range(3)), department="water")

    writers = [threading.Thread(target=write, args=(s, n)) for n, s in enumerate((store, other))]
    seen: list[int] = []
    async with served(make_app()) as address:
        for writer in writers:
            writer.start()
        after: str | None = "0"
        while len(seen) < 300:
            async with listening(address, after=after) as events:
                wanted = min(70, 300 - len(seen))
                seen += [(await events.next())[1]["seq"] for _ in range(wanted)]
                after = events.last_id
    for writer in writers:
        writer.join()
    assert seen == list(range(1, 301))
    store.close()
    other.close()


async def test_a_quiet_reader_s_place_moves_on(
    make_app: Callable[..., Any], records: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "HEARTBEAT_S", 0.1)
    async with served(make_app()) as address, listening(address) as events:
        await asyncio.sleep(0.1)
        ask(records, "req-x", department="forestry", shared_with=())
        await asyncio.sleep(0.6)
        ask(records, "req-1", department="water")
        await events.next()
        assert "1" in events.ids_without_event


async def test_a_stream_ends_when_the_rights_do(
    make_app: Callable[..., Any],
    records: Store,
    identity: asyncio.Event,
) -> None:
    app = make_app()
    async with served(app) as address:
        live = f"ws://{address}/api/v1/live?after=latest"
        async with listening(address) as events, connect(live, additional_headers=HEADERS) as ws:
            await ws.recv()
            identity.set()
            assert (await events.next())[0] == "end"
            with pytest.raises(StopAsyncIteration):
                await events.next()
            await ws.wait_closed()
            assert ws.close_code == 4401
        assert app.state.limiter.live_views == 0


async def test_a_live_socket_goes_on_behind_a_change_or_an_alert(
    make_app: Callable[..., Any], records: Store
) -> None:
    with records.unit() as unit:
        unit.alerts.add_all([alert(n) for n in range(120)])
    ask(records, "req-1", department="water")
    async with served(make_app()) as address:
        url = f"ws://{address}/api/v1/live?after="
        for after in ("10", "alr-0009"):
            async with connect(url + after) as ws:
                frame = json.loads(await ws.recv())
                assert [a["id"] for a in frame["alerts"]] == [
                    f"alr-{n:04d}" for n in range(10, 120)
                ]
                assert [c["id"] for c in frame["changes"]][-1] == "req-1"
                assert frame["seq"] == 121
                assert frame["drones"]
                ask(records, f"req-{after}", department="water")
                while not (frame := json.loads(await ws.recv()))["changes"]:
                    assert frame["alerts"] == []
                assert [c["id"] for c in frame["changes"]] == [f"req-{after}"]
                with records.unit() as unit:
                    unit.requests.remove(f"req-{after}")
                    unit.changes.remove(str(frame["seq"]))


@pytest.mark.parametrize(
    ("after", "code"), [("999", 4410), ("alr-nosuch", 4404), ("--", 4404), ("9" * 30, 4404)]
)
def test_a_live_socket_says_why_it_cannot_go_on(
    client: Any, records: Store, after: str, code: int
) -> None:
    url = f"ws://127.0.0.1:8000/api/v1/live?after={after}"
    with client.websocket_connect(url) as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_text()
    assert closed.value.code == code


def test_a_principal_has_only_so_many_streams(
    make_client: Callable[..., Any], records: Store
) -> None:
    client = make_client()
    app = client.app
    places = app.state.limiter._limits.sockets_of("member")
    with client.websocket_connect("ws://127.0.0.1:8000/api/v1/live?token=t-water") as one:
        one.receive_json()
        app.state.limiter._sockets[next(iter(app.state.limiter._sockets))] = places
        with (
            client.websocket_connect("ws://127.0.0.1:8000/api/v1/live?token=t-water") as more,
            pytest.raises(WebSocketDisconnect) as closed,
        ):
            more.receive_text()
        assert closed.value.code == 4429
        answer = client.get("http://127.0.0.1:8000/api/v1/feed/stream", headers=HEADERS)
        assert answer.status_code == 429


def test_webhooks_over_http(client: Any, records: Store) -> None:
    url = "http://127.0.0.1:8000/api/v1/webhooks"
    made = client.post(url, json={"url": "https://h.example.org/x", "kinds": ["cases"]})
    assert made.status_code == 201, made.text
    assert made.headers["location"] == f"/api/v1/webhooks/{made.json()['id']}"
    assert made.json()["secret"].startswith("whsec_")
    one = f"{url}/{made.json()['id']}"
    assert "secret" not in client.get(one).json()
    assert "whsec" not in client.get(url).text
    assert client.patch(one, json={"active": False}).json()["active"] is False
    again = client.post(f"{one}/secret").json()
    assert again["secret"] != made.json()["secret"]
    assert again["secrets"] == 2
    sent = client.post(f"{one}/test")
    assert (sent.status_code, sent.json()["state"]) == (202, "pending")
    listed = client.get(f"{one}/deliveries", params={"state": "pending"}).json()["items"]
    assert [d["id"] for d in listed] == [sent.json()["id"]]
    again = client.post(f"{one}/deliveries/{sent.json()['id']}/redeliver")
    assert again.status_code == 409
    assert client.get(one, headers=HEADERS).status_code == 404
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://example.org/"},
        {"url": "https://127.0.0.1/"},
        {"url": "https://example.org/", "kinds": ["x"]},
        {"url": "https://example.org/", "department": "nosuch"},
        {"url": "https://example.org/", "more": 1},
        {"url": ""},
        {},
    ],
)
def test_a_bad_webhook_is_refused_and_not_kept(
    client: Any, records: Store, body: dict[str, Any]
) -> None:
    url = "http://127.0.0.1:8000/api/v1/webhooks"
    assert client.post(url, json=body).status_code == 422
    assert client.get(url).json()["items"] == []
