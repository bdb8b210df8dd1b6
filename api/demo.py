"""The demo day without a browser: fly it, watch it, hold it against what the world really held."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from shapely.geometry import Point, shape

from api.runtime import Runtime, running
from api.scoring import score
from api.settings import Settings
from core.errors import Unavailable
from imagery.catalog import MediumState
from missions.access import SERVICE
from missions.store import Between

NEAR_DEG = 0.004
"""About 400 m: a photograph from 300 m up shows no farther than that from below the drone."""
TICK_S = 0.5
SPARE_H = 0.05
"""The simulator goes on a little longer than is watched, so that the last minute is heard."""
WEEK_PATIENCE_S = 600.0
"""Wall seconds that the week's plan may take beyond the end of the flying."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the demo is.

    Attributes:
        done: share of the simulated hours, 0 to 1.
    """

    done: float
    stage: str
    speed: float | None
    counts: dict[str, int]


class Memory:
    """Resident memory of the service, its workers and the simulator together.

    Pages that processes share are counted once for each, so the true sum is lower.
    """

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self._processes: list[psutil.Process] = []
        self._samples = 0

    def sample(self) -> None:
        """Measure once; who is there is looked up at every tenth sample only."""
        if self._samples % 10 == 0:
            me = psutil.Process()
            self._processes = [me, *me.children(recursive=True)]
        self._samples += 1
        total = 0
        for process in self._processes:
            with suppress(psutil.Error):
                total += process.memory_info().rss
        self.peak_mb = max(self.peak_mb, total / 2**20)


async def run(
    settings: Settings,
    *,
    hours: float = 2.0,
    seed: int | None = None,
    speed: str = "max",
    fresh: bool = True,
    report: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> dict[str, Any]:
    """Fly simulated hours and report.

    Args:
        fresh: begin a new day; otherwise carry on in the home folder.

    Raises:
        Unavailable: the simulator ended, or a port, folder or disk is not to be had.
    """
    tell = progress or (lambda _: None)
    tell(Progress(done=0.0, stage="planning the day", speed=None, counts={}))
    async with running(
        settings, simulate=True, speed=speed, hours=hours + SPARE_H, seed=seed, fresh=fresh
    ) as runtime:
        flown = await _fly(runtime, hours, tell)
        tell(Progress(done=1.0, stage="summing up the week", speed=None, counts={}))
        try:
            await asyncio.wait_for(runtime.day.week_done.wait(), WEEK_PATIENCE_S)
        except TimeoutError as why:
            raise Unavailable(
                f"the week's plan was not done within {WEEK_PATIENCE_S:.0f} s",
                where="week",
                remedy="run again with --resume on a machine with less to do",
            ) from why
        figures = {**runtime.reporter.figures(), **flown}
        anomalies = runtime.service.anomalies(SERVICE)
        simulation = runtime.simulation
        if simulation is None:
            raise Unavailable("the demo runs on the simulator")
        simulation.stop()
        truth = json.loads(simulation.truth.read_text())
        result = score(
            figures,
            anomalies,
            truth,
            start=runtime.room.preset.demo.start,
            looked_for=partial(_looked_for, runtime),
        )
    if report is not None:
        write(report, result)
    return result


def _looked_for(runtime: Runtime, item: Mapping[str, Any]) -> bool:
    """Whether a kept photograph shows a true object to a task that looks for its type."""
    preset = runtime.room.preset
    kind = preset.event_types[item["event_type"]]
    radiometric = kind.detector == "thermal"
    place = Point(item["lon"], item["lat"])
    with runtime.room.view() as unit:
        near = unit.media.find(
            lon=Between(place.x - NEAR_DEG, place.x + NEAR_DEG),
            lat=Between(place.y - NEAR_DEG, place.y + NEAR_DEG),
            state=MediumState.KEPT,
        )
        shown = [m for m in near if m.radiometric == radiometric and m.footprint is not None]
        return any(
            kind.code in preset.scenarios[name].event_types
            for medium in shown
            if shape(medium.footprint).covers(place)
            for task_id in medium.tasks
            for name in unit.tasks.get(task_id).scenarios
            if name in preset.scenarios
        )


def write(path: Path, result: dict[str, Any]) -> None:
    """Write a report, whole or not at all."""
    draft = path.with_suffix(path.suffix + ".part")
    draft.write_text(json.dumps(result, indent=2, ensure_ascii=False, default=str) + "\n")
    draft.replace(path)


async def _fly(runtime: Runtime, hours: float, tell: Callable[[Progress], None]) -> dict[str, Any]:
    """Watch the day until its hours are over; returns time, speed and memory as measured."""
    start = runtime.room.preset.demo.start
    begun = runtime.room.now()
    end = start + timedelta(hours=hours)
    wall = time.monotonic()
    memory = Memory()
    while (now := runtime.room.now()) < end:
        frame = runtime.service.live(None, SERVICE)
        share = (now - start) / (end - start)
        tell(Progress(done=share, stage="flying", speed=frame.speed, counts=frame.counts))
        memory.sample()
        if runtime.simulation is not None:
            runtime.simulation.check()
        await asyncio.sleep(TICK_S)
    taken = time.monotonic() - wall
    simulated = (runtime.room.now() - begun).total_seconds()
    return {
        "simulated_s": round(simulated, 1),
        "wall_s": round(taken, 1),
        "speedup": round(simulated / taken, 2) if taken > 0 else None,
        "peak_memory_mb": round(memory.peak_mb, 1),
    }
