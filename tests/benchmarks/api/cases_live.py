"""Live updates: 200 subscribers by socket and event stream, from a change to its arrival."""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from websockets.asyncio.client import connect

from benchmarks.api.registry import Row, Setting, Table, group, quantiles

PER_S = 5.0
"""Changes a second: an alert every 0.2 s is more than a bad hour of a city has."""
_TESTS = Path(__file__).resolve().parents[2]
_MARK = re.compile(rb"@([0-9.]+)@")


@dataclass
class Seen:
    """What subscribers of one sort got.

    Attributes:
        messages: frames or events; late_s: from commit to arrival, each change at each subscriber.
    """

    subscribers: int
    messages: int = 0
    late_s: list[float] = field(default_factory=list)

    def take(self, data: bytes) -> None:
        """Count a message and what it tells of."""
        self.messages += 1
        now = time.monotonic()
        self.late_s += [now - float(mark) for mark in _MARK.findall(data)]


@group(
    "live", "Live updates to 200 subscribers: WebSocket frames, resumed ones, server-sent events"
)
def measure(setting: Setting) -> Iterator[Table]:
    """Half of them consoles, a quarter resumed sockets, a quarter event streams."""
    seconds = min(setting.seconds, 60.0)
    with setting.room("live") as folder:
        seen, told, ours = asyncio.run(_run(folder, seconds, setting.clients))
    rows: list[Row] = []
    for name, sort in seen.items():
        written = max(1, len(sort.late_s)) / max(1, sort.subscribers)
        rows.append(
            {
                "subscribers": f"{sort.subscribers} {name}",
                "messages/s each": round(sort.messages / seconds / max(1, sort.subscribers), 2),
                "changes each": round(written, 1),
                **quantiles(sort.late_s),
            }
        )
    yield Table(
        title=f"{setting.clients} subscribers, {PER_S:g} changes a second, 51 drones at 5 Hz",
        columns=tuple(rows[-1]),
        rows=rows,
        notes=(
            f"from the start of a change's unit of work to its arrival; {seconds:g} s; "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
            f"the service took {told['share']:.0%} of a core, the subscribers' process {ours:.0%}; "
            f"{told['views']} live views held places",
            "frames come every 0.2 s: sockets learn of a change 0.1 s later on average for that",
            "event streams tell of the change alone (no text): they are timed by its number",
        ),
    )


async def _run(
    folder: Path, seconds: float, clients: int
) -> tuple[dict[str, Seen], dict[str, float], float]:
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.api.live_served", str(folder)),
        *(str(seconds), str(PER_S)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{_TESTS}:{_TESTS.parent}"},
    )
    assert server.stdout is not None
    assert server.stdin is not None
    port = int(await server.stdout.readline())
    events, resumed = clients // 4, clients // 4
    seen = {
        "consoles": Seen(clients - events - resumed),
        "resumed sockets": Seen(resumed),
        "event streams": Seen(events),
    }
    url = f"ws://127.0.0.1:{port}/api/v1/live"
    arrived: dict[int, list[float]] = {}
    tasks = [
        *(asyncio.create_task(_socket(url, seen["consoles"])) for _ in range(clients // 2)),
        *(
            asyncio.create_task(_socket(f"{url}?after=latest", seen["resumed sockets"]))
            for _ in range(resumed)
        ),
        *(
            asyncio.create_task(_stream(port, seen["event streams"], arrived))
            for _ in range(events)
        ),
    ]
    await asyncio.sleep(3)
    for sort in seen.values():
        sort.messages = 0
    me = psutil.Process()
    before, begun = me.cpu_times(), time.monotonic()
    server.stdin.write(b"\n")
    told = json.loads(await server.stdout.readline())
    after, took = me.cpu_times(), time.monotonic() - begun
    for task in tasks:
        task.cancel()
    failed = await asyncio.gather(*tasks, return_exceptions=True)
    wrong = [str(e) for e in failed if e and not isinstance(e, asyncio.CancelledError)]
    if wrong:
        raise RuntimeError(f"{len(wrong)} subscribers failed: {wrong[0]}")
    await server.wait()
    seen["event streams"].late_s = _timed(folder, arrived)
    return seen, told, (after.user + after.system - before.user - before.system) / took


async def _socket(url: str, seen: Seen) -> None:
    """As a browser does, with deflate."""
    async with connect(url, max_size=None, proxy=None) as socket:
        async for message in socket:
            seen.take(message.encode() if isinstance(message, str) else message)


async def _stream(port: int, seen: Seen, arrived: dict[int, list[float]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /api/v1/feed/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    try:
        async for line in reader:
            if line.startswith(b"data:"):
                seen.messages += 1
                number = json.loads(line[5:])["seq"]
                arrived.setdefault(number, []).append(time.monotonic())
    finally:
        writer.close()


def _timed(folder: Path, arrived: dict[int, list[float]]) -> list[float]:
    """How late each change was, by what its alert says of its commit."""
    from missions.store import SqlStore

    store = SqlStore(folder / "live.db")
    with store.view() as unit:
        texts = {alert.id: alert.text for alert in unit.alerts.find()}
        begun = {c.seq: float(texts[c.subject].strip("@")) for c in unit.changes.find()}
    store.close()
    return [at - begun[number] for number, times in arrived.items() for at in times]
