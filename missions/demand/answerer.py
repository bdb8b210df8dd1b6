"""The worker process that works answers out while departments wait for them.

Planning one flight takes up to seconds of Python: in the service's own process everybody else, and
the vehicles' messages, would wait for it by turns.
"""

import logging
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime, time, timedelta
from pathlib import Path

from shapely.geometry import Point, mapping

from core.equipment import Sensor
from missions.demand.considering import Found, consider
from missions.demand.fitting import explained, tried
from missions.entities import Origin, Request, RequestState
from missions.presets import Preset, load
from missions.processes import leave_with_parent
from missions.store import open_store
from missions.store.protocol import Store

logger = logging.getLogger("flyonce.demand")

_opened: tuple[Preset, Store] | None = None


def open_answering(preset_name: str, database: str | Path) -> None:
    """Prepare this process; the pool's initializer. It reads the database and writes nothing."""
    global _opened
    leave_with_parent()
    _opened = load(preset_name), open_store(database)


def warm_up(now: datetime) -> None:
    """Answer a request that nobody asked, so that the first that somebody asks need not wait for
    libraries to be loaded; in the worker."""
    preset, _ = _here()
    day = now.astimezone(preset.zone_info).date()
    for sensor in (Sensor.VISIBLE, Sensor.THERMAL):
        one = tried(preset, _example(preset, now, sensor), day, (), now)
    explained(preset, one)


def considered(request: Request, now: datetime) -> Found:
    """What a request would be answered now; in the worker."""
    preset, store = _here()
    return consider(store, preset, request, now)


def considered_by(
    answering: Executor | None, store: Store, preset: Preset, request: Request, now: datetime
) -> Found:
    """What a request would be answered now, worked out by the worker; in this thread where there
    is none, or where it died."""
    if answering is not None:
        try:
            return answering.submit(considered, request, now).result()
        except BrokenProcessPool:
            logger.error("the worker for answers has died; the service answers by itself")
    return consider(store, preset, request, now)


def _here() -> tuple[Preset, Store]:
    if _opened is None:
        raise RuntimeError("open_answering has not run in this process")
    return _opened


def _example(preset: Preset, now: datetime, sensor: Sensor) -> Request:
    """A small field beside a dock, at a time of day at which drones fly."""
    dock = preset.docks[0].position
    noon = datetime.combine(now.astimezone(preset.zone_info).date(), time(12), preset.zone_info)
    return Request(
        id="req-example",
        scenario="",
        department="",
        shared_with=(),
        place="",
        kind="area",
        geometry=mapping(Point(dock.lon + 0.01, dock.lat).buffer(0.002, quad_segs=4)),
        width_m=0.0,
        sensor=sensor,
        gsd_m=0.1,
        front_overlap=0.7,
        side_overlap=0.6,
        earliest=noon,
        latest=noon + timedelta(hours=5),
        priority=3,
        state=RequestState.ASKED,
        origin=Origin.ASKED,
        purpose="",
        created_at=now,
    )
