"""Planning in a worker process: heavy, and less urgent than what flies now."""

import os
from collections.abc import Sequence
from datetime import date

from missions.demand.apart import Apart, apart
from missions.demand.planning import PlannedDay, plan_day
from missions.demand.reach import Pass, share
from missions.demand.revisit import requests_for
from missions.entities import PlanRecord, Request
from missions.presets import Preset, load
from missions.processes import leave_with_parent

NICE = 10
"""The running day goes first; planning tomorrow can wait for the processor."""

_preset: Preset | None = None


def open_planning(preset_name: str) -> None:
    """Prepare this process; the pool's initializer."""
    global _preset
    leave_with_parent()
    os.nice(NICE)
    _preset = load(preset_name)


def plan(day: date, seconds: float, seed: int, asked: Sequence[Request]) -> PlannedDay:
    """Plan a day for the scenarios' revisit rules and for what departments asked."""
    wanted = (*requests_for(_opened(), day), *asked)
    return plan_day(_opened(), day, seconds=seconds, seed=seed, requests=wanted)


def share_of(flown: Sequence[Pass]) -> float:
    """The share of the territory that flights photograph."""
    return share(_opened(), flown)


def flown_apart(requests: Sequence[Request], record: PlanRecord) -> Apart:
    """What separate flights for a plan's requests would have cost."""
    return apart(_opened(), requests, record)


def _opened() -> Preset:
    if _preset is None:
        raise RuntimeError("open_planning has not run in this process")
    return _preset
