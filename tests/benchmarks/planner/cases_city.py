"""The city instances: our engine beside PyVRP, VROOM and decomposed OR-Tools in one run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.planner import form, ours
from benchmarks.planner.cities import Case, cases
from benchmarks.planner.peers import installed, ortools_city, pyvrp_city, vroom_city
from benchmarks.planner.process import Measured, attempt
from benchmarks.planner.registry import Cell, Row, Setting, Table, group
from benchmarks.planner.scoring import Broken, score
from planner.routing.city_file import city as read_city

COLUMNS = (
    "engine",
    "objective",
    "value %",
    "km",
    "gap %",
    "of best peer's",
    "first s",
    "search s",
    "MB",
)
QUICK_S = 1.0
"""Our plan after this time is to be better than any peer's after all of it."""
BOUND_S = 180.0
"""The certificate may take so long; it is not part of any engine's time."""


@dataclass(frozen=True)
class _Run:
    """One engine with one set-up."""

    engine: str
    setup: str
    job: Callable[..., Any]
    arguments: tuple[Any, ...]

    @property
    def name(self) -> str:
        return f"{self.engine}, {self.setup}"


@group("city", "City days: objective, value, km, gap to the certificate, beside all peers")
def city(setting: Setting) -> Iterator[Table]:
    """One table for each instance."""
    for case in cases(setting):
        yield _table(setting, case)


def _table(setting: Setting, case: Case) -> Table:
    upper = attempt(
        setting.tell, f"city: certificate of {case.name}", ours.bounded, case.raw, BOUND_S
    )
    bound = None if upper is None or upper.value is None else float(upper.value.value)
    runs = [*_ours(setting, case), *_peers(setting, case)]
    rows = [
        _row(
            case,
            run,
            attempt(setting.tell, f"city: {run.name} on {case.name}", run.job, *run.arguments),
            bound,
        )
        for run in runs
    ]
    missing = [peer for peer in ("PyVRP", "VROOM", "OR-Tools") if not installed(peer)]
    notes = [
        "Scored by the city scorer." if case.tool else "Scored by the engine's checker.",
        "Gap: to the certificate on prizes less metres; beside it as a share of the best peer's.",
        *([f"Not installed: {', '.join(missing)}."] if missing and setting.peers else []),
    ]
    if bound is None:
        notes.append(f"No certificate within {BOUND_S:g} s.")
    return Table(
        title=f"{case.name}, {setting.seconds:g} s, {setting.threads} threads",
        columns=COLUMNS,
        rows=_compared(rows, setting),
        notes=notes,
    )


def _ours(setting: Setting, case: Case) -> list[_Run]:
    times = sorted({min(QUICK_S, setting.seconds), setting.seconds})
    return [
        _Run("FlyOnce", f"{s:g} s", ours.planned, (case.raw, s, setting.threads, setting.seed))
        for s in times
    ]


def _peers(setting: Setting, case: Case) -> list[_Run]:
    """Several set-ups each; which suits an instance best is not known before."""
    if not setting.peers:
        return []
    c = form.city(case.raw, read_city(case.raw, where=case.name).model())
    s, seed, threads = setting.seconds, setting.seed, setting.threads
    most = max(1, (c.day + c.recharge) // (c.endurance + c.recharge))  # flights of full length
    runs = [
        _Run("PyVRP", f"{n} slots, seed {k}", pyvrp_city.solve, (c, n, s, k))
        for n, k in ((most, seed), (most, seed + 1), (max(1, most - 1), seed))
    ]
    runs += [
        _Run("VROOM", f"{most} slots, x{x}", vroom_city.solve, (c, most, x, threads))
        for x in (0, 1)
    ]
    runs.append(
        _Run("OR-Tools", f"5 docks, {most} slots", ortools_city.solve, (c, most, s, seed, threads))
    )
    return [run for run in runs if installed(run.engine)]


def _row(case: Case, run: _Run, found: Measured | None, bound: float | None) -> Row:
    row: dict[str, Cell] = {"engine": run.name}
    if found is None:
        return row | {"engine": f"{run.name}: failed"}
    row |= {
        "first s": found.value.first_s,
        "search s": found.value.solve_s,
        "MB": round(found.peak_mb),
    }
    try:
        got = score(case.raw, found.value.plan, case.tool)
    except Broken as why:
        return row | {"engine": f"{run.name}: {why}"}
    row |= {"objective": round(got.objective), "value %": got.value_pct, "km": got.km}
    if bound is not None:
        total = sum(form.PRIZE_M[task["prio"]] for task in case.raw["tasks"])
        row["gap %"] = 100 * (bound - (total - got.objective)) / bound
    return row


def _compared(rows: list[Row], setting: Setting) -> list[Row]:
    """With our gaps as shares of the best peer's."""
    theirs = [
        float(row["gap %"])
        for row in rows
        if row.get("gap %") is not None and not str(row["engine"]).startswith("FlyOnce")
    ]
    if not theirs or min(theirs) <= 0:
        return rows
    return [
        {**row, "of best peer's": float(row["gap %"]) / min(theirs)}
        if row.get("gap %") is not None
        else row
        for row in rows
    ]
