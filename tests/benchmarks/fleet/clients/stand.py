"""What every measured controller does in the same way: its job, its window, its answer.

A controller says "ready" on standard output once it hears all of its vehicles, waits for a line on
standard input, is watched for so many seconds, and answers with one line of JSON.
"""

import json
import os
import resource
import sys
import time
from array import array
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import psutil

MARK = "measured "
"""Begins the lines that are meant for the benchmark; libraries print others."""
STARTING_S = 90.0


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a controller is to do.

    Attributes:
        task: "listen" or "upload".
        scheme: "tcp" (connect) or "udp" (listen).
        ports: on 127.0.0.1, one of each link.
        vehicles: how many must be heard.
        seconds: how long it is watched.
        settle_s: before that, for what a controller asks of its vehicles at first.
        stamped: whether latitudes are stamps (`generator`): microseconds after `epoch_ns` of the
            monotonic clock, which all processes of a machine share.
        items: of the mission to upload, home included.
        repeat: how often it is uploaded.
        lat, lon: where the mission begins.
    """

    task: str
    ports: tuple[int, ...]
    vehicles: int = 1
    scheme: str = "tcp"
    seconds: float = 10.0
    settle_s: float = 3.0
    stamped: bool = False
    epoch_ns: int = 0
    items: int = 100
    repeat: int = 1
    lat: float = 0.0
    lon: float = 0.0

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @staticmethod
    def read(text: str) -> "Job":
        """From JSON."""
        known = {f.name for f in fields(Job)}
        data = {k: v for k, v in json.loads(text).items() if k in known}
        return Job(**{**data, "ports": tuple(data["ports"])})


class Tally:
    """Counts positions as they reach the subscriber, and how old they are."""

    def __init__(self, job: Job) -> None:
        self._stamped, self._epoch_ns = job.stamped, job.epoch_ns
        self.positions = 0
        self.ages_us = array("d")

    def take(self, latitude_deg: float) -> None:
        """One position has arrived."""
        self.positions += 1
        if self._stamped:
            sent_us = round(latitude_deg * 1e7)
            self.ages_us.append((time.monotonic_ns() - self._epoch_ns) / 1e3 - sent_us)

    def begin(self) -> None:
        """Forget what came before the window."""
        self.positions = 0
        self.ages_us = array("d")


class Stage:
    """The controller's side of the conversation with the benchmark."""

    def __init__(self) -> None:
        self.job = Job.read(sys.argv[1])
        self._out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)  # what libraries print goes to standard error
        self._cpu_s = 0.0
        self._began = 0.0

    def say(self, what: Mapping[str, Any]) -> None:
        """One line for the benchmark."""
        self._out.write(MARK + json.dumps(what) + "\n")
        self._out.flush()

    def ready(self) -> None:
        """All vehicles are heard; returns when the benchmark says go."""
        self.say({"ready": True})
        sys.stdin.readline()

    def begin(self) -> None:
        """The window opens."""
        self._cpu_s, self._began = cpu_s(), time.monotonic()

    def end(self, tally: Tally) -> None:
        """The window closes: tell what it gave."""
        wall_s, used_s = time.monotonic() - self._began, cpu_s() - self._cpu_s
        ages = sorted(tally.ages_us)
        self.say(
            {
                "wall_s": wall_s,
                "cpu_s": used_s,
                "positions": tally.positions,
                "rss_mb": psutil.Process().memory_info().rss / 1e6,
                "ages_ms": {str(q): share(ages, q) / 1e3 for q in (0.5, 0.95, 0.99)}
                if ages
                else {},
            }
        )


def cpu_s() -> float:
    """Seconds of CPU that this process and its ended children took, all threads."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def share(ordered: list[float], q: float) -> float:
    """The value below which a share q of them lies."""
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def until(done: Callable[[], bool], what: str, limit_s: float = STARTING_S) -> None:
    """Wait in a thread until something holds; ends the program when it never does."""
    end = time.monotonic() + limit_s
    while not done():
        if time.monotonic() > end:
            raise SystemExit(f"it did not happen in {limit_s:g} s: {what}")
        time.sleep(0.05)


def places(job: Job, height_m: float) -> list[tuple[int, int, int, float]]:
    """The mission of a job: command, latitude and longitude in 1e-7 degrees, height above home.

    Home, take-off, a lawn-mower pattern, return; all frames are relative.
    """
    y, x = round(job.lat * 1e7), round(job.lon * 1e7)
    legs = [
        (16, y + 2_000 * (k // 2), x + (20_000 if k % 4 in (1, 2) else 0), height_m)
        for k in range(job.items - 3)
    ]
    return [(16, y, x, 0.0), (22, y, x, height_m), *legs, (20, 0, 0, 0.0)]
