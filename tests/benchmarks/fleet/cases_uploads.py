"""Time to upload a mission and to verify it."""

import os
from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks.fleet.clients.stand import Job
from benchmarks.fleet.registry import Row, Setting, Table, group
from benchmarks.fleet.stage import OURS, Controller, Failed, controllers, play, simulator
from sim.territory import CENTRE

STEP_S = 0.02
"""The simulated autopilot answers once in a step. A real one answers within some milliseconds and a
radio adds tens: a step of 20 ms is near a good link."""


@group("uploads", "Time to upload and verify a mission")
def measure(setting: Setting) -> Iterator[Table]:
    """Ours, dronekit and MAVSDK, each with the same simulator at real time."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for items in setting.items:
        for controller in controllers(setting.peers, setting.tell):
            seen = _upload(setting, controller, items)
            if seen is not None:
                found[controller.name, items] = seen
    yield _table(found, setting.repeat)


def _upload(setting: Setting, controller: Controller, items: int) -> dict[str, Any] | None:
    setting.tell(f"{controller.name}, {items} items, {setting.repeat} times")
    try:
        with simulator(1, 1, link_each=False, step_s=STEP_S) as (port, _):
            job = Job(
                task="upload",
                ports=(port,),
                items=items,
                repeat=setting.repeat,
                settle_s=setting.settle_s,
                lat=CENTRE.lat,
                lon=CENTRE.lon,
            )
            return {**play(controller, job), "load": os.getloadavg()[0]}
    except Failed as why:
        setting.tell(f"{controller.name}: failed, {why}")
        return None


def _table(found: dict[tuple[str, int], dict[str, Any]], repeat: int) -> Table:
    rows: list[Row] = []
    for (name, items), seen in found.items():
        ours = found.get((OURS.name, items))
        took_s = median(seen["took_s"])
        rows.append(
            {
                "controller": name,
                "items": items,
                "upload + verify s": took_s,
                "upload s": median(seen["sent_s"]) if "sent_s" in seen else None,
                "fastest s": min(seen["took_s"]),
                "slowest s": max(seen["took_s"]),
                "ours / this": None
                if ours is None or name == OURS.name
                else median(ours["took_s"]) / took_s,
                "load": seen["load"],
            }
        )
    return Table(
        title=f"Upload and verify one mission, median of {repeat}",
        columns=tuple(rows[-1]) if rows else ("controller",),
        rows=rows,
        notes=(
            "FlyOnce uploads mission, fence and rally points, reads all three back, compares item "
            "by item and counts again; the peers upload the mission alone, and the benchmark "
            "downloads and compares it with their means.",
            f"The simulated autopilot answers every {1e3 * STEP_S:g} ms. An upload is one question "
            "and one answer for each item, whoever uploads: that is the floor, and the vehicle's.",
        ),
    )
