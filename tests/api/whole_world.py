"""The real service over the shipped city, with one of each thing, behind a real HTTP server."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import api_values as values
import uvicorn

from api.app import create_app
from api.settings import Settings
from core.clock import ManualClock
from fleet.fleet import Fleet
from imagery.storage import MediaFolder
from missions import entities
from missions.access import Principal, Role
from missions.catalog.quality import load as load_quality
from missions.identity import tokens
from missions.operations import examine
from missions.operations.finds import Finds
from missions.operations.intake import Intake
from missions.operations.orders import kept_book
from missions.operations.room import ControlRoom, Watchers
from missions.presets import Preset, load
from missions.report import Reporter
from missions.service import Service
from missions.store import MemoryStore, Store

NOW = values.NOW
ADMIN = Principal(name="Root", role=Role.ADMINISTRATOR)
WATER = Principal(name="Water", role=Role.MEMBER, department="water")
MACHINE = Principal(name="Gate", role=Role.MACHINE)


@dataclass
class World:
    """A service with its application, and tokens for its people."""

    room: ControlRoom
    service: Service
    intake: Intake
    app: Any
    url: str = ""

    def token(self, principal: Principal) -> str:
        """A token that names a principal."""
        with self.room.unit() as unit:
            return tokens.make(unit, principal, clock=self.room.clock)


@cache
def city() -> Preset:
    """The shipped city, read once."""
    return load("quzhou")


def furnish(store: Store) -> None:
    """One of each thing that an address can name."""
    flight = replace(values.a_flight(), task_ids=("tsk-1",))
    with store.unit() as unit:
        unit.requests.add(replace(values.a_request(), task_ids=("tsk-1",)))
        unit.tasks.add(values.a_task("tsk-1"))
        unit.flights.add(flight)
        unit.cases.add(values.a_case())
        unit.orders.add(values.an_order())
        unit.anomalies.add(an_anomaly())
        unit.events.add(an_event())
        unit.reviews.add(a_review())
        for number in range(3):
            unit.alerts.add(values.alert(number))


def an_anomaly() -> entities.Anomaly:
    """A hot place."""
    return entities.Anomaly(
        id="ano-1",
        event_type="01-01",
        position=values.HERE,
        error_m=4.0,
        first_seen=NOW,
        last_seen=NOW,
        sightings=1,
        severity=4,
        department="forestry",
        shared_with=("emergency",),
        peak_c=310.5,
    )


def an_event() -> entities.Event:
    """What was made of it."""
    return entities.Event(
        id="evt-1",
        event_type="01-01",
        anomaly_id="ano-1",
        case_id="cas-1",
        at=NOW,
        department="forestry",
        shared_with=("emergency",),
        position=values.HERE,
        severity=4,
        text="fire",
        text_zh="火",
        medium_ids=(),
    )


def a_review() -> entities.Review:
    """What an officer has to look at."""
    return entities.Review(
        id="rev-1",
        kind="look",
        event_types=("02-01",),
        task_id="tsk-1",
        place="qu-river",
        geometry=values.SQUARE,
        position=values.HERE,
        media=(),
        created_at=NOW,
        department="water",
        shared_with=(),
    )


@contextmanager
def world(home: Path, store: Store | None = None, **settings: Any) -> Iterator[World]:
    """The service of a city whose drones are silent; nothing runs by the clock."""
    records = MemoryStore() if store is None else store
    preset = city()
    clock = ManualClock(NOW)
    watchers = Watchers()
    fleet = Fleet(
        {},
        clock,
        on_event=watchers.tell,
        ground=preset.heights,
        orders=kept_book(records, clock, preset.docks),
    )
    media = MediaFolder(str(home / "media"), min_free_bytes=0)
    examine._bench = examine.Workbench(
        cameras={c.id: c for kind in preset.kinds.values() for c in kind.cameras},
        heights=preset.heights,
        rules={},
        anywhere=frozenset(),
        media=media,
        quality=load_quality(),
    )
    with ThreadPoolExecutor(1) as pool:
        room = ControlRoom(
            preset=preset,
            clock=clock,
            records=records,
            media=media,
            logs=home / "logs",
            fleet=fleet,
            pool=pool,
            planning=pool,
            watchers=watchers,
        )
        furnish(records)
        intake = Intake(room, Finds(room))
        service = Service(room, intake, Reporter(room))
        service.status = "ok"
        given = {"home": home, "require_sign_in": True, "rate_limits": 0, **settings}
        try:
            yield World(room, service, intake, create_app(service, Settings(**given)))
        finally:
            examine._bench = None


@contextmanager
def served(made: World) -> Iterator[World]:
    """The same behind a server on a free port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    made.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(
        uvicorn.Config(made.app, log_level="error", access_log=False, timeout_graceful_shutdown=2)
    )

    async def run() -> None:
        intake = asyncio.create_task(made.intake.run())
        await server.serve([listener])
        intake.cancel()
        await asyncio.gather(intake, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
