"""dronekit as a measured controller: one `Vehicle` for each connection, as its users have it."""

import os
import threading
import time
from typing import Any

from benchmarks.fleet.clients.stand import STARTING_S, Stage, Tally, places, until
from fleet.links import dronekit_compat

dronekit_compat.load()
import dronekit  # noqa: E402


def vehicles(stage: Stage) -> list[Any]:
    """Connect to all at once; no streams are asked for here, so that all controllers hear alike."""
    job = stage.job
    scheme = "tcp" if job.scheme == "tcp" else "udpin"
    found: list[Any] = []

    def connect(port: int) -> None:
        found.append(
            dronekit.connect(
                f"{scheme}:127.0.0.1:{port}", rate=None, heartbeat_timeout=int(STARTING_S)
            )
        )

    threads = [threading.Thread(target=connect, args=(p,), daemon=True) for p in job.ports]
    for thread in threads:
        thread.start()
    until(lambda: len(found) >= job.vehicles, f"{job.vehicles} vehicles")
    return found


def listen(stage: Stage) -> None:
    """Follow all vehicles; a listener takes each position."""
    tally = Tally(stage.job)
    for vehicle in vehicles(stage):
        vehicle.location.add_attribute_listener(
            "global_relative_frame", lambda _vehicle, _name, value: tally.take(value.lat)
        )
    time.sleep(stage.job.settle_s)  # its first download of parameters is over
    stage.ready()
    tally.begin()
    stage.begin()
    time.sleep(stage.job.seconds)
    stage.end(tally)


def upload(stage: Stage) -> None:
    """Upload; it does not verify by itself, so download again and compare."""
    job = stage.job
    (vehicle,) = vehicles(stage)
    time.sleep(stage.job.settle_s)
    stage.ready()
    took_s, sent_s = [], []
    for number in range(job.repeat):
        plan = places(job, 40.0 + number)
        commands = vehicle.commands
        began = time.monotonic()
        commands.clear()
        vehicle._wploader.clear()  # the home that it keeps from the last download
        for command, y, x, z in plan:
            commands.add(
                dronekit.Command(*(0, 0, 0, 3, command, 0, 1, 0, 0, 0, 0), *(y / 1e7, x / 1e7, z))
            )
        commands.upload()
        sent_s.append(time.monotonic() - began)
        commands.download()
        commands.wait_ready(timeout=900)
        compare(plan, vehicle)
        took_s.append(time.monotonic() - began)
    stage.say({"took_s": took_s, "sent_s": sent_s})


def compare(plan: list[tuple[int, int, int, float]], vehicle: Any) -> None:
    """All items but home, which the vehicle puts where it stands."""
    held = [vehicle._wploader.wp(k) for k in range(1, vehicle._wploader.count())]
    same = len(held) == len(plan) - 1 and all(
        w.command == command and abs(w.x - y / 1e7) < 1e-5 and abs(w.z - z) < 0.02
        for w, (command, y, _, z) in zip(held, plan[1:], strict=True)
    )
    if not same:
        raise SystemExit("it holds something else")


if __name__ == "__main__":
    started = Stage()
    listen(started) if started.job.task == "listen" else upload(started)
    os._exit(0)  # its exit hook would wait for its threads
