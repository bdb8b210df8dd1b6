"""Readings of 10,000 devices: at a day's rate, at ten times that, and as fast as they are taken."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from api.app import create_app
from api.settings import Settings
from benchmarks.api.registry import Row, Setting, Table, group, quantiles
from core.clock import SystemClock
from imagery.storage import MediaFolder
from missions.access import LOCAL_OPERATOR
from missions.operations.finds import Finds
from missions.operations.intake import Intake
from missions.operations.room import ControlRoom, Watchers
from missions.presets import load
from missions.service import Service
from missions.signals.devices import DeviceDraft
from missions.store import SqlStore

DEVICES = 10_000
A_DAY = 1_400_000
GATEWAY = 100
"""Readings of one batch: what a gateway of a street or a valley sends together."""


@dataclass(frozen=True, slots=True)
class _World:
    service: Service
    ids: tuple[str, ...]


@group("intake", "Readings of 10,000 devices: a day's rate, ten times that, and as fast as it goes")
def measure(setting: Setting) -> Iterator[Table]:
    """In this process and over HTTP, on SQLite."""
    with setting.room("intake") as folder, _world(folder) as world:
        rows = [_in_process(setting, world, size) for size in (1, GATEWAY, 1000)]
        with _served(world) as client:
            daily = A_DAY / 86_400
            for times in (1, 10):
                setting.tell(f"{times} times a day's rate for {setting.seconds:g} s")
                rows.append(_at_rate(setting, world, client, daily * times))
        made = [
            view.signal for view in world.service.signals.list(LOCAL_OPERATOR, limit=10**6).items
        ]
        signals = len(made), sum(s.joined is not None for s in made)
    yield Table(
        title="intake of readings: 10,000 devices, one send in 1,000 is far too high",
        columns=tuple(dict.fromkeys(key for row in rows for key in row)),
        rows=rows,
        notes=(
            f"signals made: {signals[0]}, of which one with an earlier one: {signals[1]}",
            "SQLite (WAL) in a temporary folder; every answer follows its commit",
            "CPU share: of this process over the run, the sender's share included",
            f"a day is {A_DAY:,} readings, {A_DAY / 86_400:.1f} a second",
        ),
    )


def _in_process(setting: Setting, world: _World, size: int) -> Row:
    chance = random.Random(setting.seed)
    times_s: list[float] = []
    cpu, begin = time.process_time(), time.monotonic()
    taken = turn = 0
    while time.monotonic() < begin + setting.seconds / 3:
        batch = _batch(world, chance, turn, size)
        turn += size
        start = time.perf_counter()
        taken += world.service.signals.send(LOCAL_OPERATOR, batch).counts["taken"]
        times_s.append(time.perf_counter() - start)
    return _row(f"in process, batches of {size}", taken, begin, cpu, times_s)


def _at_rate(setting: Setting, world: _World, client: httpx.Client, rate: float) -> Row:
    """Batches begun on time, whether or not those before are answered."""
    chance = random.Random(setting.seed)
    counts: list[int] = []
    times_s: list[float] = []

    def send(batch: list[dict[str, Any]]) -> None:
        start = time.perf_counter()
        answer = client.post("/api/v1/signals", json={"readings": batch})
        times_s.append(time.perf_counter() - start)
        answer.raise_for_status()
        counts.append(answer.json()["batch"]["counts"]["taken"])

    size = min(GATEWAY, max(1, round(rate / 4)))
    cpu, begin, turn = time.process_time(), time.monotonic(), 0
    with ThreadPoolExecutor(16) as pool:
        waiting = []
        while time.monotonic() < begin + setting.seconds:
            waiting.append(pool.submit(send, _batch(world, chance, turn, size)))
            turn += size
            time.sleep(max(0.0, begin + turn / rate - time.monotonic()))
        for one in waiting:
            one.result()
    return _row(f"HTTP, {rate:.0f} a second wanted, batches of {size}", sum(counts), begin, cpu,
                times_s)  # fmt: skip


def _row(what: str, taken: int, begin: float, cpu: float, times_s: list[float]) -> Row:
    seconds = time.monotonic() - begin
    return {
        "what": what,
        "readings/s": round(taken / seconds, 1),
        "taken": taken,
        "CPU share": round((time.process_time() - cpu) / seconds, 3),
        "us of CPU a reading": round(1e6 * (time.process_time() - cpu) / max(1, taken), 1),
        **quantiles(times_s),
    }


_LATEST: dict[str, datetime] = {}


def _batch(world: _World, chance: random.Random, turn: int, size: int) -> list[dict[str, Any]]:
    """The next devices in turn; each reading is later than the device's last."""
    now = datetime.now(UTC)
    rows = []
    for n in range(size):
        device = world.ids[(turn + n) % len(world.ids)]
        at = max(now, _LATEST.get(device, now) + timedelta(milliseconds=1))
        _LATEST[device] = at
        fire = chance.random() < 1e-3  # the rule asks for two readings in a row
        value = 30.0 if fire else 1.0 + chance.random()
        rows.append({"device": device, "at": at.isoformat(), "value": value})
        if fire:
            _LATEST[device] = at = at + timedelta(milliseconds=1)
            rows.append({"device": device, "at": at.isoformat(), "value": value})
    return rows


@contextmanager
def _world(folder: Path) -> Iterator[_World]:
    """A service over the shipped city with its devices registered; nothing flies."""
    preset = load()
    store = SqlStore(folder / "intake.sqlite")
    nothing: Any = None
    try:
        with ThreadPoolExecutor(1) as pool:
            room = ControlRoom(
                preset=preset,
                clock=SystemClock(),
                records=store,
                media=MediaFolder(str(folder / "media"), min_free_bytes=0),
                logs=folder,
                fleet=nothing,
                pool=pool,
                planning=pool,
                watchers=Watchers(),
            )
            service = Service(room, Intake(room, Finds(room)), nothing)
            yield _World(service, _registered(service))
    finally:
        store.close()


def _registered(service: Service) -> tuple[str, ...]:
    """Smoke detectors spread over the docks' surroundings."""
    docks = service.preset.docks
    drafts = [
        DeviceDraft(
            id=f"SMOKE-{n:05}",
            kind="smoke",
            lon=docks[n % len(docks)].position.lon + (n % 97 - 48) * 1e-4,
            lat=docks[n % len(docks)].position.lat + (n % 89 - 44) * 1e-4,
            department="forestry",
        )
        for n in range(DEVICES)
    ]
    verdicts = service.signals.devices.register(LOCAL_OPERATOR, drafts)
    return tuple(v.id for v in verdicts if v.verdict != "refused")


@contextmanager
def _served(world: _World) -> Iterator[httpx.Client]:
    """The service behind a real HTTP server on a free port of this machine."""
    app = create_app(world.service, Settings())
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        work = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        work.start()
        while not server.started:
            time.sleep(0.01)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60.0) as client:
                yield client
        finally:
            server.should_exit = True
            work.join(10)
