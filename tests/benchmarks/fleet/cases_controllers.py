"""What a controller costs for each vehicle: CPU at 10 Hz telemetry, and memory."""

import os
from collections.abc import Iterator
from typing import Any

from benchmarks.fleet.clients.stand import Job
from benchmarks.fleet.registry import Row, Setting, Table, group
from benchmarks.fleet.stage import (
    DRONEKIT,
    MAVSDK,
    OURS,
    Controller,
    Failed,
    ask,
    controllers,
    packets_s,
    play,
    simulator,
)

FLEETS = (1, 10, 51)


@group("controllers", "CPU and memory of a controller for each vehicle at 10 Hz telemetry")
def measure(setting: Setting) -> Iterator[Table]:
    """Ours, dronekit and MAVSDK, each with the same simulator at real time."""
    found: dict[tuple[str, bool, int], dict[str, Any]] = {}
    for vehicles in setting.fleets(*FLEETS):
        for controller in controllers(setting.peers, setting.tell):
            for link_each in (True, False):
                if (vehicles == 1 or not controller.one_link) and not link_each:
                    continue
                seen = _watch(setting, controller, vehicles, link_each=link_each)
                if seen is not None:
                    found[controller.name, link_each, vehicles] = seen
    yield _cpu(found)
    yield _memory(found)


def _watch(
    setting: Setting, controller: Controller, vehicles: int, *, link_each: bool
) -> dict[str, Any] | None:
    ports = vehicles if link_each else 1
    setting.tell(f"{controller.name}, {vehicles} vehicles on {ports} links")
    flow = [0.0]
    try:
        with simulator(ports, vehicles, link_each=link_each) as (port, process):

            def prepare() -> None:
                ask(range(port, port + ports))
                flow[0] = packets_s(port, min(2.0, 4.0 * setting.seconds)) * ports / vehicles

            job = Job(
                task="listen",
                ports=tuple(range(port, port + ports)),
                vehicles=vehicles,
                seconds=setting.seconds,
                settle_s=setting.settle_s,
            )
            seen = play(controller, job, prepare)
            sim_mb = process.memory_info().rss / 1e6
    except Failed as why:
        setting.tell(f"{controller.name}: failed, {why}")
        return None
    return {**seen, "packets_s": flow[0], "sim_mb": sim_mb, "load": os.getloadavg()[0]}


def _cpu(found: dict[tuple[str, bool, int], dict[str, Any]]) -> Table:
    rows: list[Row] = []
    for (name, link_each, vehicles), seen in found.items():
        share = 1e3 * seen["cpu_s"] / seen["wall_s"] / vehicles
        rows.append(
            {
                "controller": name,
                "vehicles": vehicles,
                "links": vehicles if link_each else 1,
                "ms CPU/s a vehicle": share,
                "positions/s a vehicle": seen["positions"] / seen["wall_s"] / vehicles,
                "packets/s a vehicle": seen["packets_s"],
                "ours / this": _ratio(found, name, link_each, vehicles),
                "load": seen["load"],
            }
        )
    return Table(
        title="Controller CPU at 10 Hz telemetry, the same simulator at real time",
        columns=tuple(rows[0]) if rows else ("controller",),
        rows=rows,
        notes=(
            "ms CPU/s a vehicle: milliseconds of one core in a second, of the whole process, for "
            "each vehicle.",
            "dronekit has one connection, object and pair of threads for each vehicle; its Vehicle "
            "takes all that comes for its own, so several on one link cannot be told apart.",
        ),
    )


def _ratio(
    found: dict[tuple[str, bool, int], dict[str, Any]], name: str, link_each: bool, vehicles: int
) -> float | None:
    ours = found.get((OURS.name, link_each, vehicles))
    if ours is None or name == OURS.name:
        return None
    return float(ours["cpu_s"] / max(1e-9, found[name, link_each, vehicles]["cpu_s"]))


def _memory(found: dict[tuple[str, bool, int], dict[str, Any]]) -> Table:
    rows: list[Row] = []
    for name in (OURS.name, DRONEKIT.name, MAVSDK.name):
        for link_each in (True, False):
            sizes = sorted(n for a, b, n in found if a == name and (b == link_each or n == 1))
            if len(sizes) < 2 or (name, link_each, sizes[-1]) not in found:
                continue
            one, all_ = found[name, True, sizes[0]], found[name, link_each, sizes[-1]]
            more = sizes[-1] - sizes[0]
            rows.append(
                {
                    "controller": name,
                    "links": sizes[-1] if link_each else 1,
                    f"MB at {sizes[0]}": one["rss_mb"],
                    f"MB at {sizes[-1]}": all_["rss_mb"],
                    "KB a vehicle": 1e3 * (all_["rss_mb"] - one["rss_mb"]) / more,
                    "simulator KB a vehicle": 1e3 * (all_["sim_mb"] - one["sim_mb"]) / more,
                }
            )
    return Table(
        title="Memory for each vehicle",
        columns=tuple(rows[0]) if rows else ("controller",),
        rows=rows,
        notes=(
            "Resident memory at the end of the window; the slope between the two sizes. The heap "
            "that imports leave free takes the first vehicles: a slope near 0 says so much.",
        ),
    )
