"""The city instances to measure on: the published ones, or made ones where those are not there."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.planner.registry import Setting, Skipped
from planner.routing.city_made import made

MADE = {"made600": (51, 600), "made1000": (51, 1000)}
"""Docks and tasks, as the published instances have them."""


@dataclass(frozen=True)
class Case:
    """An instance, and the program that scores plans for it, if that is there."""

    name: str
    raw: dict[str, Any]
    tool: Path | None


def cases(setting: Setting) -> list[Case]:
    """The instances asked for.

    Raises:
        Skipped: there is none of that name.
    """
    found = [case for case in _all(setting) if setting.wanted(case.name)]
    if not found:
        raise Skipped(f"no city instance is named like {', '.join(setting.instances)}")
    return found


def _all(setting: Setting) -> list[Case]:
    try:
        folder = setting.folder("routing", "city")
    except Skipped as why:
        setting.tell(f"city: made instances instead of the published ones, {why}")
        return [
            Case(name, made(docks, tasks, setting.seed), None)
            for name, (docks, tasks) in MADE.items()
            if setting.wanted(name)
        ]
    tool = folder.parents[2] / "tools" / "check_city_plan.py"
    return [
        Case(path.stem, json.loads(path.read_text("utf-8")), tool if tool.exists() else None)
        for path in sorted(folder.glob("*.json"), key=lambda p: p.stat().st_size)
    ]
