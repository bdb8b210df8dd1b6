"""A fire on a running day: how soon somebody is chosen, the day mended, and the drone there."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from benchmarks.planner.process import attempt
from benchmarks.planner.registry import Row, Setting, Skipped, Table, group

PRESET = "quzhou"
FIRES = 60
PLAN_S = 10.0
SPREAD_DEG = 0.15
"""Fires begin up to so far from a dock drawn at random: some 15 km."""


@dataclass(frozen=True)
class Fires:
    """By fire: seconds to choose and to mend, seconds until the drone is there (infinite when
    nobody can go), flights of other drones that moved."""

    tasks: int
    flights: int
    mended_s: list[float]
    eta_s: list[float]
    moved: list[int]
    dropped: list[int]


@group("emergency", "A fire on the running day: seconds to mend it, minutes until a drone is there")
def emergency(setting: Setting) -> Iterator[Table]:
    """The demonstration day of the standard preset."""
    found = attempt(setting.tell, "emergency: the preset's day", fires, PLAN_S, setting.seed)
    if found is None:
        raise Skipped("planning or mending failed, see above")
    got: Fires = found.value
    went = [s for s in got.eta_s if np.isfinite(s)]
    rows: list[Row] = [
        _row("choose, answer and mend, ms", [1000 * s for s in got.mended_s]),
        _row("drone over the fire, min", [s / 60 for s in went]),
        _row("flights of other drones moved", [float(n) for n in got.moved]),
        _row("tasks dropped", [float(n) for n in got.dropped]),
    ]
    yield Table(
        title=f"{len(got.eta_s)} fires on a day of {got.flights} flights and {got.tasks} tasks",
        columns=("what", "p50", "p90", "most"),
        rows=rows,
        notes=(f"Nobody could go to {len(got.eta_s) - len(went)} of them.",),
    )


@group("standby", "Drones kept for emergencies: minutes to a fire, and what they cost the routine")
def standby(setting: Setting) -> Iterator[Table]:
    """The same day with more and more drones kept back."""
    found = attempt(setting.tell, "standby: the preset's day", prices, PLAN_S, setting.seed)
    if found is None:
        raise Skipped("planning failed, see above")
    yield Table(
        title=f"Standby on the preset's demonstration day, {PLAN_S:g} s for each plan",
        columns=("drones kept", "p50 min", "p90 min", "value %", "km"),
        rows=found.value,
        notes=("Value: against the day without standby. Minutes to the first thermal camera.",),
    )


def prices(seconds: float, seed: int) -> list[Row]:
    """A row for each number of drones kept."""
    from planner.replan.standby import standby as offers

    problem, _ = _planned(seconds, seed)
    return [
        {
            "drones kept": len(offer.docks),
            "p50 min": offer.p50_min,
            "p90 min": offer.p90_min,
            "value %": 100 * offer.value_share,
            "km": offer.km,
        }
        for offer in offers(problem, seconds=seconds, seed=seed)
    ]


def _planned(seconds: float, seed: int) -> tuple[Any, Any]:
    """The problem and the plan of the preset's demonstration day, kernels loaded."""
    from missions.demand.planning import plan_day
    from missions.presets import load
    from planner.routing import compiled

    compiled()
    city = load(PRESET)
    first = city.demo.start.astimezone(city.zone_info).date()
    day = plan_day(city, first, seconds=seconds, seed=seed)
    return day.problem, day.plan


def fires(seconds: float, seed: int) -> Fires:
    """Plan the day, then mend it once for each fire, each time from the plan as it was."""
    problem, plan = _planned(seconds, seed)
    random = np.random.default_rng(seed)
    found = Fires(len(problem.tasks), len(plan.flights), [], [], [], [])
    _fire(problem, plan, random, Fires(0, 0, [], [], [], []))  # loads what a service has loaded
    for _ in range(FIRES):
        _fire(problem, plan, random, found)
    return found


def _fire(problem: Any, plan: Any, random: np.random.Generator, into: Fires) -> None:
    from core.equipment import Sensor
    from core.geo import LonLat
    from planner.problem import Response
    from planner.replan.events import Emergency
    from planner.replan.running import replan

    dock = problem.stations[int(random.integers(len(problem.stations)))].position
    east, north = random.uniform(-SPREAD_DEG, SPREAD_DEG, 2)
    target = LonLat(dock.lon + float(east), dock.lat + float(north))
    event = Emergency(id="fire", target=target, sensors=frozenset({Sensor.THERMAL}))
    now = problem.start + timedelta(hours=float(random.uniform(1.0, 8.0)))
    began = time.perf_counter()
    mended = replan(problem, plan, [event], now)
    into.mended_s.append(time.perf_counter() - began)
    answer = mended.response[event.id]
    own = answer.station if isinstance(answer, Response) else None
    into.eta_s.append(answer.eta_s if isinstance(answer, Response) else math.inf)
    after = {f.id: f for f in mended.flights}
    into.moved.append(sum(f.station != own and after.get(f.id) != f for f in plan.flights))
    into.dropped.append(sum(change.kind == "dropped" for change in mended.changes))


def _row(what: str, values: list[float]) -> Row:
    if not values:
        return {"what": what}
    p50, p90, most = (float(x) for x in np.percentile(values, [50, 90, 100]))
    return {"what": what, "p50": p50, "p90": p90, "most": most}
