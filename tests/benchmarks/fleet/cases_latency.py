"""How old telemetry is when the subscriber has it."""

import os
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks.fleet.clients.stand import Job
from benchmarks.fleet.generator import Talk
from benchmarks.fleet.registry import Row, Setting, Table, group
from benchmarks.fleet.simulated import PER_LINK
from benchmarks.fleet.stage import (
    DRONEKIT,
    OURS,
    Controller,
    Failed,
    controllers,
    free_ports,
    generator,
    play,
)

FLEETS = (51, 500)
HZ = 10.0
MOST_DRONEKIT = 100
"""It has two threads for each vehicle, one of which wakes a hundred times a second: with 500 the
machine does little else (seen: a load above 100; it was stopped before it was ready)."""


@group("latency", "Telemetry from socket to subscriber: p50, p95, p99")
def measure(setting: Setting) -> Iterator[Table]:
    """Stamped packets of a generator, over TCP and UDP."""
    rows: list[Row] = []
    for vehicles in setting.fleets(*FLEETS):
        for transport in ("tcp", "udp"):
            ours: dict[str, Any] | None = None
            for controller, seen in _rounds(setting, vehicles, transport).items():
                ours = seen if controller is OURS else ours
                rows.append(_row(controller, vehicles, transport, seen, ours))
    yield Table(
        title="Age of a position when the subscriber has it, milliseconds",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            "Each vehicle sends 25 packets a second, 10 of them positions, at moments of its own; "
            f"{PER_LINK} on a link, for dronekit each on its own.",
            "Medians of several rounds, in which the controllers take turns.",
            "heard %: of the positions due. The age holds the way through the kernel and the "
            "generator's own lag (up to 0.5 ms in a batch).",
        ),
    )


def _rounds(
    setting: Setting, vehicles: int, transport: str
) -> dict[Controller, dict[str, Any] | None]:
    """Each controller in turn, several times; of each figure the median counts."""
    cast = controllers(setting.peers, setting.tell)
    if vehicles > MOST_DRONEKIT and DRONEKIT in cast:
        setting.tell(f"dronekit, {vehicles} vehicles: left out, {2 * vehicles} threads")
        cast.remove(DRONEKIT)
    seen: dict[Controller, list[dict[str, Any]]] = {controller: [] for controller in cast}
    for _ in range(setting.repeat):
        for controller in cast:
            one = _listen(setting, controller, vehicles, transport)
            if one is not None and one["ages_ms"]:
                seen[controller].append(one)
    return {controller: _median(found) if found else None for controller, found in seen.items()}


def _median(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The medians of several runs."""
    flat = {k: median(one[k] for one in found) for k in ("wall_s", "cpu_s", "positions", "load")}
    ages = {q: median(one["ages_ms"][q] for one in found) for q in found[0]["ages_ms"]}
    return {**flat, "ages_ms": ages}


def _listen(
    setting: Setting, controller: Controller, vehicles: int, transport: str
) -> dict[str, Any] | None:
    links = -(-vehicles // PER_LINK) if controller.one_link else vehicles
    setting.tell(f"{controller.name}, {vehicles} vehicles over {transport}, {links} links")
    port = free_ports(links)
    ports, epoch_ns = tuple(range(port, port + links)), time.monotonic_ns()
    talk = Talk(
        vehicles=vehicles,
        ports=ports,
        transport=transport,
        epoch_ns=epoch_ns,
        own_ids=not controller.one_link and vehicles <= PER_LINK,
    )
    job = Job(
        task="listen",
        ports=ports,
        vehicles=vehicles,
        scheme=transport,
        seconds=setting.seconds,
        settle_s=setting.settle_s,
        stamped=True,
        epoch_ns=epoch_ns,
    )
    try:
        with generator(talk):
            return {**play(controller, job), "load": os.getloadavg()[0]}
    except Failed as why:
        setting.tell(f"{controller.name}: failed, {why}")
        return None


def _row(
    controller: Controller,
    vehicles: int,
    transport: str,
    seen: dict[str, Any] | None,
    ours: dict[str, Any] | None,
) -> Row:
    row: dict[str, Any] = {
        "controller": controller.name,
        "vehicles": vehicles,
        "over": transport,
        **dict.fromkeys(("p50", "p95", "p99", "ours / this p95", "heard %", "cores", "load")),
    }
    if seen is None:
        return {**row, "p50": "failed"}
    ages = seen["ages_ms"]
    row |= {"p50": ages["0.5"], "p95": ages["0.95"], "p99": ages["0.99"]}
    row |= {"heard %": 100 * seen["positions"] / (HZ * vehicles * seen["wall_s"])}
    row |= {"cores": seen["cpu_s"] / seen["wall_s"], "load": seen["load"]}
    if ours is not None and controller is not OURS:
        row["ours / this p95"] = ours["ages_ms"]["0.95"] / ages["0.95"]
    return row
