"""One engine at a time, in a process of its own: what it answers, how long, how much memory."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import psutil

SAMPLE_S = 0.05
"""How often memory is looked at; a peak between two looks is missed."""


class EngineFailed(RuntimeError):
    """An engine ended without an answer."""


@dataclass(frozen=True)
class Measured:
    """An answer and what it took.

    Attributes:
        wall_s: from the start of the process, imports included.
        peak_mb: most resident memory of the process and its children together, 10**6 bytes.
    """

    value: Any
    wall_s: float
    peak_mb: float


def measured(job: Callable[..., Any], *args: Any, **more: Any) -> Measured:
    """The answer of `job`, which must be importable, run in a fresh process.

    Raises:
        EngineFailed: it raised, or its process died; the reason is on standard error.
    """
    here, there = get_context("spawn").Pipe(duplex=False)
    process = get_context("spawn").Process(target=_child, args=(there, job, args, more))
    began = time.monotonic()
    process.start()
    there.close()
    peak = 0.0
    try:
        while not here.poll(SAMPLE_S):
            peak = max(peak, _resident_mb(process.pid))
        value = here.recv()
    except EOFError:
        process.join()
        raise EngineFailed(f"its process ended with status {process.exitcode}") from None
    finally:
        if process.is_alive():
            process.join(10)
            process.kill()
        here.close()
    return Measured(value, time.monotonic() - began, peak)


def attempt(
    tell: Callable[[str], None], what: str, job: Callable[..., Any], *args: Any, **more: Any
) -> Measured | None:
    """As `measured`; an engine that fails is told and gives None, so that the others still run."""
    tell(what)
    try:
        return measured(job, *args, **more)
    except EngineFailed as why:
        tell(f"{what}: failed, {why}")
        return None


def _child(pipe: Connection, job: Callable[..., Any], args: Any, more: Any) -> None:
    """In the new process; an exception ends it, and its text goes to standard error."""
    pipe.send(job(*args, **more))


def _resident_mb(pid: int | None) -> float:
    try:
        one = psutil.Process(pid)
        return float(sum(p.memory_info().rss for p in [one, *one.children(recursive=True)]) / 1e6)
    except psutil.Error:
        return 0.0
