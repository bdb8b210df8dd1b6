"""First plans, cities of many times the size, and certificates."""

from collections.abc import Iterator

from benchmarks.planner import form, ours
from benchmarks.planner.cities import cases
from benchmarks.planner.process import attempt
from benchmarks.planner.registry import Cell, Row, Setting, Table, group
from benchmarks.planner.scoring import score
from planner.routing.city_made import made

TIMES = (1, 2, 4, 10)
"""Cities of so many times 51 docks and 1,000 tasks."""
DOCKS, TASKS = 51, 1000
BOUND_S = 300.0


@group("first", "How soon the first feasible plan is there, and what it costs")
def first(setting: Setting) -> Iterator[Table]:
    """The published (or made) instances."""
    rows: list[Row] = []
    for case in cases(setting):
        found = attempt(setting.tell, f"first: {case.name}", ours.started, case.raw)
        if found is not None:
            got = score(case.raw, found.value.plan, case.tool)
            rows.append(
                {
                    "instance": case.name,
                    "tasks": len(case.raw["tasks"]),
                    "tables s": found.value.model_s,
                    "first plan s": found.value.first_s,
                    "value %": got.value_pct,
                    "memory MB": round(found.peak_mb),
                }
            )
    yield Table(
        title="First feasible plan",
        columns=("instance", "tasks", "tables s", "first plan s", "value %", "memory MB"),
        rows=rows,
        notes=("Tables: all ways and times from the file's coordinates.",),
    )


@group("large", "Cities of 2, 4 and 10 times the size: value, time and memory as they grow")
def large(setting: Setting) -> Iterator[Table]:
    """Made cities of the published ones' density."""
    rows = [row for times in TIMES if setting.wanted(f"{times}x") for row in _sized(setting, times)]
    yield Table(
        title=f"Made cities, {setting.seconds:g} s each",
        columns=(
            *("city", "docks", "tasks", "objective", "value %", "km", "gap %"),
            *("first plan s", "memory MB", "bound s"),
        ),
        rows=rows,
        notes=(
            "Scored by the engine's checker. The memory is of the process with its imports.",
            "The first plan's time is when progress first told of one.",
        ),
    )


def _sized(setting: Setting, times: int) -> list[Row]:
    docks, tasks = DOCKS * times, TASKS * times
    found = attempt(
        setting.tell,
        f"large: {docks} docks, {tasks} tasks",
        ours.large,
        docks,
        tasks,
        setting.seconds,
        setting.seed,
    )
    row: dict[str, Cell] = {"city": f"{times}x", "docks": docks, "tasks": tasks}
    if found is None:
        return [row | {"city": f"{times}x: failed"}]
    raw = made(docks, tasks, setting.seed)
    row |= {"first plan s": found.value.first_s, "memory MB": round(found.peak_mb)}
    row |= _scored(raw, found.value.plan)
    upper = attempt(
        setting.tell,
        f"large: certificate of {tasks} tasks",
        ours.bounded_large,
        docks,
        tasks,
        BOUND_S,
        setting.seed,
    )
    if upper is not None and upper.value is not None:
        most, total = upper.value.value, sum(form.PRIZE_M[t["prio"]] for t in raw["tasks"])
        row["gap %"] = 100 * (most - (total - float(str(row["objective"])))) / most
        row["bound s"] = upper.value.seconds
    return [row]


def _scored(raw: dict[str, object], plan: form.Plan) -> dict[str, Cell]:
    got = score(raw, plan, None)
    return {"objective": round(got.objective), "value %": got.value_pct, "km": got.km}


@group("bound", "Certificates: how long they take, and what they are worth")
def bound(setting: Setting) -> Iterator[Table]:
    """The published (or made) instances."""
    rows: list[Row] = []
    for case in cases(setting):
        found = attempt(setting.tell, f"bound: {case.name}", ours.bounded, case.raw, BOUND_S)
        if found is not None and found.value is not None:
            b = found.value
            rows.append(
                {
                    "instance": case.name,
                    "bound": round(b.value),
                    "trips": b.trips,
                    "seconds": b.seconds,
                    "method": b.method,
                    "complete": b.complete,
                    "memory MB": round(found.peak_mb),
                }
            )
    yield Table(
        title="Certificates",
        columns=("instance", "bound", "trips", "seconds", "method", "complete", "memory MB"),
        rows=rows,
        notes=("Prizes less metres that no plan can exceed; windows between flights relaxed.",),
    )
