"""The demo day without a browser: fly it, watch it, hold it against what the world really held."""

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from api.runtime import Runtime, running
from api.scoring import score
from api.settings import Settings
from core.errors import Unavailable
from missions.access import SERVICE

TICK_S = 0.5
WEEK_PATIENCE_S = 300.0
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
    if fresh and settings.home.exists():
        shutil.rmtree(settings.home)
    tell = progress or (lambda _: None)
    tell(Progress(done=0.0, stage="planning the day", speed=None, counts={}))
    async with running(settings, simulate=True, speed=speed, hours=hours, seed=seed) as runtime:
        flown = await _fly(runtime, hours, tell)
        tell(Progress(done=1.0, stage="summing up the week", speed=None, counts={}))
        async with asyncio.timeout(WEEK_PATIENCE_S):
            await runtime.day.week_done.wait()
        figures = {**runtime.reporter.figures(), **flown}
        anomalies = runtime.service.anomalies(SERVICE)
        simulation = runtime.simulation
        if simulation is None:
            raise Unavailable("the demo runs on the simulator")
        simulation.stop()
        truth = json.loads(simulation.truth.read_text())
    result = score(figures, anomalies, truth)
    if report is not None:
        write(report, result)
    return result


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
    peak = 0.0
    while (now := runtime.room.now()) < end:
        frame = runtime.service.live(None, SERVICE)
        share = (now - start) / (end - start)
        tell(Progress(done=share, stage="flying", speed=frame.speed, counts=frame.counts))
        peak = max(peak, _memory_mb(runtime))
        if runtime.simulation is not None:
            runtime.simulation.check()
        await asyncio.sleep(TICK_S)
    taken = time.monotonic() - wall
    simulated = (runtime.room.now() - begun).total_seconds()
    return {
        "simulated_s": round(simulated, 1),
        "wall_s": round(taken, 1),
        "speedup": round(simulated / taken, 2) if taken > 0 else None,
        "peak_memory_mb": round(peak, 1),
    }


def _memory_mb(runtime: Runtime) -> float:
    """Resident memory of the service, its workers and the simulator together."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    simulator = runtime.simulation.process() if runtime.simulation else None
    if simulator is not None and simulator not in processes:
        processes.append(simulator)
    total = 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total / 2**20
