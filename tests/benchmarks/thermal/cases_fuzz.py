"""A long campaign of mutated files against the decoders (a short one runs in ./test)."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from benchmarks.thermal.fuzz_campaign import Tally, campaign, seeds
from benchmarks.thermal.registry import Row, Setting, Table, group

PIECE = 100_000_000
SECONDS = 10


@group("fuzz", "Mutated files: crashes, memory, reasons; 10 times --seconds for each form")
def measure(setting: Setting) -> Iterator[Table]:
    """Each form in a process of its own, so that a crash is seen and the others go on."""
    rows = []
    for name in seeds():
        setting.tell(name)
        rows.append(_row(name, setting))
    yield Table(
        title="Mutated files against the decoders",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            "peak: Python's for one file; grew: of the whole process over the run, libraries and "
            "the memory tracer itself included.",
            "A wrong file is made again by its form and number: fuzz_campaign.mutated.",
        ),
    )


def _quiet() -> None:
    """libpng writes a line for each broken picture, straight to the terminal."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _row(name: str, setting: Setting) -> Row:
    limit_s = SECONDS * setting.seconds
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_quiet) as pool:
        try:
            tally = pool.submit(campaign, name, setting.seed * PIECE, PIECE, limit_s).result()
        except BrokenProcessPool:
            tally = Tally(wrong=[(-1, "the process died")])
    return {
        "form": name,
        "files": tally.read + tally.refused,
        "read": tally.read,
        "refused": tally.refused,
        "kinds of reasons": len(tally.reasons),
        "slowest ms": tally.slowest_ms,
        "peak MB": tally.peak_mb,
        "grew MB": tally.rss_mb,
        "wrong": "; ".join(f"{number}: {what}" for number, what in tally.wrong[:5]) or "none",
    }
