"""The property campaign: random days with everything a day can have, planned and checked.

What breaks a rule is named with its seed; `lived(seed)` in tests/properties/planner_days.py makes
the same day again (the search itself depends on the machine's speed, so that a plan may differ).
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "planner"))
sys.path.insert(0, str(Path(__file__).parents[2] / "properties"))
from planner_days import lived

BATCH = 20
"""Days that a process takes at a time."""

Row = Mapping[str, str | float | int | bool | None]


def run(
    days: int, seed: int = 0, workers: int = 2, tell: Callable[[str], None] = lambda line: None
) -> list[Row]:
    """Plan and check the days of the seeds from `seed` on.

    Args:
        tell: told at once of each day on which something is wrong, and how far it is.

    Returns the totals, then one row for each day on which a rule was broken, a route entered a
    zone, or planning failed.
    """
    wrong: list[Row] = []
    flights = tasks = broken = entered = failed = 0
    seconds: list[float] = []
    for row in _lived(range(seed, seed + days), workers):
        flights += int(row["flights"] or 0)
        tasks += int(row["tasks"] or 0)
        broken += int(row["violations"] or 0)
        entered += int(row["entered"] or 0)
        failed += bool(row["failed"])
        seconds.append(float(row["seconds"] or 0.0))
        if row["violations"] or row["entered"] or row["failed"]:
            wrong.append(row)
            tell(f"seed {row['seed']}: {row['first']}")
        if len(seconds) % 100 == 0:
            tell(f"{len(seconds)} of {days} days, {flights} flights, {len(wrong)} days wrong")
    totals = {
        "seed": f"{seed}-{seed + days - 1}", "days": days, "flights": flights, "tasks": tasks,
        "violations": broken, "entered": entered, "failed": failed,
        "seconds": sum(seconds) / max(1, len(seconds)), "first": None,
    }  # fmt: skip
    return [totals, *wrong]


def _lived(seeds: range, workers: int) -> Iterator[Row]:
    if workers <= 1:
        yield from map(_row, seeds)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_row, seeds, chunksize=BATCH)


def _row(seed: int) -> Row:
    """One day in plain values. A planner that fails is counted, not fatal to the campaign."""
    try:
        day = lived(seed)
    except (ValueError, ArithmeticError, LookupError, RuntimeError, TypeError) as error:
        return {
            "seed": seed, "flights": 0, "tasks": 0, "violations": 0, "entered": 0, "failed": True,
            "seconds": 0.0, "first": f"{type(error).__name__}: {error}",
        }  # fmt: skip
    faults = [*map(str, day.violations), *day.entered]
    return {
        "seed": seed, "flights": len(day.plan.flights),
        "tasks": sum(len(f.stops) for f in day.plan.flights),
        "violations": len(day.violations), "entered": len(day.entered), "failed": False,
        "seconds": day.seconds, "first": faults[0] if faults else None,
    }  # fmt: skip


if __name__ == "__main__":
    for made in run(*map(int, sys.argv[1:4]), tell=lambda line: print(line, flush=True)):
        print(*(f"{k}={v}" for k, v in made.items()), flush=True)
