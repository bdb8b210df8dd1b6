"""A city plan's figures, from the scorer that defines the rules; where that is not to be had, from
the engine's independent checker on the same model."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.planner.form import Plan
from planner.routing.check import Infeasible, cost
from planner.routing.city_file import city
from planner.routing.model import Solution, Trip


@dataclass(frozen=True)
class Score:
    """What a plan comes to.

    Attributes:
        objective: metres; prizes of what is not served, and the way. Less is better.
    """

    objective: float
    value_pct: float
    km: float
    served: int
    flights: int


class Broken(ValueError):
    """A plan breaks a rule; the text names the first."""


def score(raw: Mapping[str, Any], plan: Plan, tool: Path | None) -> Score:
    """The figures of a plan.

    Args:
        tool: the scorer's program, or None.

    Raises:
        Broken: the plan is not valid.
    """
    return _by_tool(raw, plan, tool) if tool is not None else _by_checker(raw, plan)


def _by_tool(raw: Mapping[str, Any], plan: Plan, tool: Path) -> Score:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, "instance.json"), Path(folder, "plan.json")]
        for file, value in zip(files, (raw, plan), strict=True):
            file.write_text(json.dumps(value), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(tool), *map(str, files)],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise Broken((done.stderr.strip().splitlines() or ["the scorer failed"])[-1])
    said = json.loads(done.stdout)
    return Score(**{name: said[name] for name in Score.__dataclass_fields__})


def _by_checker(raw: Mapping[str, Any], plan: Plan) -> Score:
    model = city(dict(raw), where="the made instance").model()
    trips = tuple(
        tuple(Trip(float(start), tuple(tasks)) for start, tasks in sorted(plan.get(str(d), [])))
        for d in range(model.vehicles)
    )
    try:
        paid = cost(model, Solution(trips))
    except Infeasible as why:
        raise Broken(str(why)) from why
    total = float(np.sum(model.prize))
    return Score(
        objective=paid.objective,
        value_pct=100.0 * (1.0 - paid.unserved_prize / total) if total else 100.0,
        km=paid.metres / 1000,
        served=paid.served,
        flights=paid.trips,
    )
