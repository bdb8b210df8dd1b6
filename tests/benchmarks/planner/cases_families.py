"""The engine on the field's own tables, beside PyVRP in the same seconds."""

import statistics
from collections.abc import Iterator
from pathlib import Path

from benchmarks.planner import ours
from benchmarks.planner.peers import installed, pyvrp_families
from benchmarks.planner.process import attempt
from benchmarks.planner.registry import Row, Setting, Table, group
from planner.routing.check import Infeasible, cost
from planner.routing.families import Family, Instance, read, timed
from planner.routing.model import Solution

FOLDERS = {
    "mdvrp": "several depots, limits on duration (Cordeau)",
    "mdvrptw": "several depots and time windows (Vidal)",
    "mtvrptwr": "several trips, release dates (Yang)",
    "pcvrptw": "prizes or distance, 1,000 clients (PyVRP)",
    "top": "team orienteering (Chao)",
    "vrptw200": "time windows, 200 clients (Gehring, Homberger)",
}
USUAL = {
    "mdvrp": ("p09", "p13", "p17", "p23", "pr04", "pr06", "pr10"),
    "top": ("p4.2.k", "p4.3.m", "p4.3.q", "p4.4.k", "p4.4.q", "p4.4.s"),
}
"""Where a family has many instances: those with limits on duration, from easy to hard."""

COLUMNS = ("instance", "best known", "ours", "gap %", "PyVRP", "PyVRP gap %", "points worse")
GOAL_POINTS = 1.0


@group("families", "The field's own tables: gap to the best known, beside PyVRP's")
def families(setting: Setting) -> Iterator[Table]:
    """One table for each family."""
    root = setting.folder("routing")
    peer = setting.peers and installed("PyVRP")
    for folder, about in FOLDERS.items():
        paths = [p for p in _paths(root / folder) if _wanted(setting, folder, p)]
        rows = [_row(setting, path, peer) for path in paths]
        if rows:
            yield Table(
                title=f"{folder}: {about}, {setting.seconds:g} s",
                columns=COLUMNS,
                rows=[*rows, _mean(rows)],
                notes=() if peer else ("PyVRP is not installed or not wanted.",),
            )


def _paths(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.vrp"), *folder.glob("*.txt")])


def _wanted(setting: Setting, folder: str, path: Path) -> bool:
    if setting.instances:
        return setting.wanted(f"{folder}/{path.stem}")
    return folder not in USUAL or path.stem in USUAL[folder]


def _row(setting: Setting, path: Path, peer: bool) -> Row:
    instance = read(path)
    found = attempt(
        setting.tell,
        f"families: ours on {path.parent.name}/{path.stem}",
        ours.published,
        path,
        setting.seconds,
        setting.threads,
        setting.seed,
    )
    row: dict[str, str | float | None] = {"instance": path.stem, "best known": instance.best}
    mine = None if found is None else _value(instance, found.value.plan)
    theirs = _peer(setting, instance) if peer else None
    # without a published value under this convention the better of the two stands for it
    best = instance.best or _better(instance, mine, theirs)
    row |= {"ours": mine, "PyVRP": theirs}
    for name, value in (("gap %", mine), ("PyVRP gap %", theirs)):
        if value is not None and best is not None:
            row[name] = 100 * instance.apart(value, best)
    if mine is not None and theirs is not None and best is not None:
        row["points worse"] = 100 * (instance.apart(mine, best) - instance.apart(theirs, best))
    return row


def _peer(setting: Setting, instance: Instance) -> float | None:
    """PyVRP's value, the best of its set-ups."""
    setups = (False, True) if instance.family is Family.TOP else (False,)
    values = []
    for way_is_time in setups:
        found = attempt(
            setting.tell,
            f"families: PyVRP on {instance.name}",
            pyvrp_families.solve,
            instance,
            setting.seconds,
            setting.seed,
            way_is_time=way_is_time,
        )
        if found is not None and found.value.plan is not None:
            values.append(_value(instance, timed(instance.model, found.value.plan)))
    return _better(instance, *values)


def _value(instance: Instance, solution: Solution) -> float | None:
    """What a solution is worth after the independent checker; None when it breaks a rule."""
    try:
        return instance.value(cost(instance.model, solution))
    except Infeasible:
        return None


def _better(instance: Instance, *values: float | None) -> float | None:
    there = [v for v in values if v is not None]
    return min(there, key=lambda v: instance.apart(v, there[0])) if there else None


def _mean(rows: list[Row]) -> Row:
    found: dict[str, str | float | None] = {"instance": "mean"}
    for column in ("gap %", "PyVRP gap %", "points worse"):
        values = [float(v) for row in rows if (v := row.get(column)) is not None]
        found[column] = statistics.fmean(values) if values else None
    return found
