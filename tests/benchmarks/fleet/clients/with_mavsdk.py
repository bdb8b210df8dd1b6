"""MAVSDK as a measured controller: its library in this process, through its Python binding."""

import os
import time
from typing import Any

from mavsdk import ComponentType, Configuration, Mavsdk
from mavsdk.plugins.mission_raw import MissionItem, MissionRaw
from mavsdk.plugins.telemetry import Telemetry

from benchmarks.fleet.clients.stand import Stage, Tally, places, until

MOST_ON_ONE = 250
"""It tells vehicles apart by their system id alone: more are further instances."""


def systems(stage: Stage) -> tuple[list[Any], list[Any]]:
    """Its instances, to be kept, and the vehicles that they hear."""
    job = stage.job
    scheme = "tcpout" if job.scheme == "tcp" else "udpin"
    split = job.vehicles > MOST_ON_ONE
    instances = [_instance() for _ in range(len(job.ports) if split else 1)]
    for number, port in enumerate(job.ports):
        instance = instances[number if split else 0]
        instance.add_any_connection(f"{scheme}://127.0.0.1:{port}")

    def heard() -> list[Any]:
        return [s for i in instances for s in i.get_systems() if s.has_autopilot()]

    until(lambda: len(heard()) >= job.vehicles, f"{job.vehicles} vehicles")
    return instances, heard()


def _instance() -> Any:
    return Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))


def listen(stage: Stage) -> None:
    """Follow all vehicles; a callback takes each position."""
    tally = Tally(stage.job)
    _kept, found = systems(stage)
    plugins = [Telemetry(system) for system in found]
    for telemetry in plugins:
        telemetry.subscribe_position(lambda position, *_: tally.take(position.latitude_deg))
    time.sleep(stage.job.settle_s)
    stage.ready()
    tally.begin()
    stage.begin()
    time.sleep(stage.job.seconds)
    stage.end(tally)


def upload(stage: Stage) -> None:
    """Upload, download again and compare: it does not verify by itself."""
    job = stage.job
    _kept, (system,) = systems(stage)
    raw = MissionRaw(system)
    time.sleep(stage.job.settle_s)
    stage.ready()
    took_s, sent_s = [], []
    for number in range(job.repeat):
        plan = places(job, 40.0 + number)
        began = time.monotonic()
        raw.upload_mission(
            [
                MissionItem(k, 6, command, int(k == 0), 1, 0, 0, 0, 0, y, x, z, 0)
                for k, (command, y, x, z) in enumerate(plan)
            ]
        )
        sent_s.append(time.monotonic() - began)
        compare(plan, raw.download_mission())
        took_s.append(time.monotonic() - began)
    stage.say({"took_s": took_s, "sent_s": sent_s})


def compare(plan: list[tuple[int, int, int, float]], held: list[Any]) -> None:
    """All items but home, which the vehicle puts where it stands."""
    same = len(held) == len(plan) and all(
        (i.command, i.x, i.y) == (command, y, x) and abs(i.z - z) < 0.02
        for i, (command, y, x, z) in zip(held[1:], plan[1:], strict=True)
    )
    if not same:
        raise SystemExit("it holds something else")


if __name__ == "__main__":
    started = Stage()
    listen(started) if started.job.task == "listen" else upload(started)
    os._exit(0)  # whatever its threads do now is not measured
