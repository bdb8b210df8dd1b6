"""The service's side of `cases_live`: a process of its own, with everything but the vehicles real.

    python -m benchmarks.api.live_served FOLDER SECONDS CHANGES_PER_S

It prints its port, and at the end its share of a core as one line of JSON. The positions of 51
drones are made up anew for each frame; alerts are written to a database as the service writes them,
each with the moment of its commit (of the computer's steady clock) as its text.
"""

import asyncio
import json
import math
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import uvicorn

from api.app import create_app
from api.settings import Settings
from core.ids import new_id
from missions.access import LOCAL_OPERATOR, Principal
from missions.answers import Answers
from missions.entities import Alert
from missions.feed.desk import Feed
from missions.operations.live import LiveFrame
from missions.presets import load
from missions.store import SqlStore
from missions.versions import Versions

DRONES = 51


class Served:
    """As much of the service as the live view and the feed ask of it."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.preset = load("quzhou")
        self.feed = Feed(store)
        self.answers, self.versions = Answers(store), Versions(store)
        self.pulse: Any = SimpleNamespace(figures=list, checks=list)

    def principal(self, token: str | None, address: str = "") -> Principal | None:
        return None

    def live(self, since: str | None, p: Principal) -> LiveFrame:
        """A frame of drones that move, with the alerts that the database has."""
        now = datetime.now(UTC)
        with self._store.view() as unit:
            alerts = unit.alerts.find(
                audience=p.audience(), after=since, limit=50, newest_first=since is None
            )
            counts = {"anomalies": unit.anomalies.count(), "cases_open": unit.cases.count()}
        turn = now.timestamp()
        drones = [
            [
                dock.id,
                round(dock.position.lon + math.sin(turn + n) / 100, 6),
                round(dock.position.lat + math.cos(turn + n) / 100, 6),
                *(102.5, 270.0, 13.4, 0.613, "mission", f"flt-{n:020d}", 0.481, 0.1, 212, 1.0),
            ]
            for n, dock in enumerate(self.preset.docks[:DRONES])
        ]
        return LiveFrame(t=now, speed=1.0, drones=drones, counts=counts, alerts=alerts)


def write(store: SqlStore, per_s: float, ended: threading.Event) -> None:
    """Alerts, one after the other, each a unit of work."""
    while not ended.wait(1 / per_s):
        at = datetime.now(UTC)
        with store.unit() as unit:
            unit.alerts.add(
                Alert(
                    id=new_id("alt", at),
                    at=at,
                    kind="bench",
                    severity=1,
                    text=f"@{time.monotonic():.6f}@",
                    text_zh="测",
                    department="fire",
                    shared_with=(),
                )
            )


async def serve(folder: Path, seconds: float, per_s: float) -> None:
    """Serve and write for so long, once the first subscribers are there."""
    store = SqlStore(folder / "live.db")
    app = create_app(Served(store), Settings(live_hz=5))  # type: ignore[arg-type]
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1)
    )
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells of it by a flag
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    ended = threading.Event()
    writer = threading.Thread(target=write, args=(store, per_s, ended))
    me = psutil.Process()
    before, begun = me.cpu_times(), time.monotonic()
    writer.start()
    await asyncio.sleep(seconds)
    after, took = me.cpu_times(), time.monotonic() - begun
    ended.set()
    await asyncio.to_thread(writer.join)
    used = after.user + after.system - before.user - before.system
    places = app.state.limiter.live_views
    print(json.dumps({"share": used / took, "views": places, "who": LOCAL_OPERATOR.name}))
    sys.stdout.flush()
    server.should_exit = True
    await running
    store.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
