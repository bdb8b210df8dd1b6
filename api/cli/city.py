"""`flyonce plan --city`: a city instance solved, in the format of its scorer."""

import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.interrupt import stoppable
from api.cli.output import emit, err, out, progress
from core.errors import InvalidInput

if TYPE_CHECKING:
    from planner.routing.city import City
    from planner.routing.model import Solution

WHOLE = 2_500
"""Up to so many tasks the city is searched whole, and so is its bound; beyond, by regions."""
_PATIENCE = 0.2
"""A bound that is not there when the search ends is waited for, for this share of its time."""
_MINUTES_S = 3600.0
"""Time for the bound of a large city, which takes minutes; it ends with the command."""


def plan_city(
    path: Path,
    *,
    seconds: float,
    seed: int,
    workers: int,
    out_file: Path | None,
    as_json: bool = False,
    certify: bool = True,
    certify_seconds: float | None = None,
) -> None:
    """Solve the instance and write the plan; Ctrl-C ends the search and keeps the best so far.

    Args:
        certify: compute how far from the best possible the plan may be, beside the search.
        certify_seconds: wait for that so long when the plan is written; a fifth of `seconds` if not
            given, not at all for a city too large to be searched whole.
    """
    from planner.routing import compiled
    from planner.routing.city_file import load

    if out_file is not None and not out_file.parent.is_dir():
        raise InvalidInput(
            "there is no such folder", where=str(out_file.parent), remedy="make it, or name another"
        )
    city = load(path)
    compiled()
    whole = len(city.entry) <= WHOLE
    patience = _PATIENCE * seconds * whole if certify_seconds is None else certify_seconds
    with _certificate(path, seconds + patience if whole else _MINUTES_S, wanted=certify) as bound:
        found = _searched(city, seconds, seed, workers, bound)
        if out_file is not None:
            from planner.formats.whole import store

            store(out_file, json.dumps(city.plan(found)) + "\n")
        bound.wait(patience)
    unserved = sorted(set(range(len(city.entry))) - set(found.nodes()))
    objective = float(city.prizes[unserved].sum()) + city.metres(found)
    summary = _figures(city, found, objective, bound.value) | {"never": city.never(unserved)}
    if as_json:
        emit(summary if out_file else summary | {"plan": city.plan(found)})
    else:
        _show(summary)


class _Bound:
    """The upper bound, once the process that computes it has sent it."""

    def __init__(self, line: Connection | None) -> None:
        self._line = line
        self.value: float | None = None

    def look(self) -> float | None:
        """The bound in metres if it is there by now."""
        self.wait(0.0)
        return self.value

    def wait(self, seconds: float) -> None:
        """Wait for the bound, at most so long."""
        if self._line is None or self.value is not None:
            return
        try:
            if self._line.poll(seconds):
                self.value = self._line.recv()
        except EOFError:  # it ended without a bound
            self._line = None


@contextmanager
def _certificate(path: Path, seconds: float, *, wanted: bool) -> Iterator[_Bound]:
    """Compute the bound in a process of its own, which gives way to the search."""
    if not wanted:
        yield _Bound(None)
        return
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_certify, args=(path, seconds, there), daemon=True)
    process.start()
    there.close()
    try:
        yield _Bound(here)
    finally:
        process.terminate()
        process.join()


def _certify(path: Path, seconds: float, line: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the search
    os.nice(5)
    from planner.routing.bound import bound
    from planner.routing.bound_large import bound_large
    from planner.routing.city_file import load

    city = load(path)
    if len(city.entry) <= WHOLE:
        found = bound(city.model(), seconds=seconds)
    else:
        found = bound_large(city, seconds=seconds)
    if found is not None:
        line.send(found.value)


def _searched(city: "City", seconds: float, seed: int, workers: int, bound: _Bound) -> "Solution":
    from planner.routing import solve, solve_large

    with stoppable() as off, progress("Planning") as meter:

        def tell(elapsed_s: float, best: "Solution", value: float) -> None:
            meter(elapsed_s / seconds, _line(_figures(city, best, value, bound.look())))

        if len(city.entry) <= WHOLE:
            return solve(
                city.model(), seconds=seconds, seed=seed, threads=workers, progress=tell,
                cancelled=off.is_set,
            )  # fmt: skip
        return solve_large(
            city, seconds=seconds, seed=seed, workers=workers, progress=tell, cancelled=off.is_set
        )


def _figures(
    city: "City", found: "Solution", objective: float, bound: float | None
) -> dict[str, Any]:
    """What the scorer says of the plan, and how far from the bound it may be."""
    served, total = found.nodes(), float(city.prizes.sum())
    won = float(city.prizes[served].sum())
    gap = None if not bound else max(0.0, 1.0 - (total - objective) / bound)
    return {
        "served": len(served),
        "tasks": len(city.prizes),
        "value_pct": round(100 * won / max(1.0, total), 2),
        "km": round((objective - (total - won)) / 1000, 1),
        "flights": sum(len(own) for own in found.trips),
        "objective": round(objective),
        "gap_pct": None if gap is None else round(100 * gap, 2),
    }


def _line(figures: dict[str, Any]) -> str:
    gap = "" if figures["gap_pct"] is None else f", within {figures['gap_pct']} % of the best"
    return f"value {figures['value_pct']} %, {figures['km']:,.0f} km{gap}"


def _show(figures: dict[str, Any]) -> None:
    out.print(
        f"{figures['served']} of {figures['tasks']} tasks in {figures['flights']} flights: "
        f"{_line(figures)}; objective {figures['objective']:,}"
    )
    if figures["gap_pct"] is None:
        err.print(
            "How far from the best possible it is was not computed in the time; "
            "--certify-seconds waits for it."
        )
    if figures["never"]:
        err.print(
            f"{len(figures['never'])} tasks no drone here can ever do (sensor, reach or window): "
            + ", ".join(map(str, figures["never"][:20]))
        )
