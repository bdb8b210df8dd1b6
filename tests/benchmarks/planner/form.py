"""A city instance in the flight-slot form, in which every peer can take it.

A slot is one flight that a drone may make, with a time of its own; between two slots of a drone
lies its recharge, so that a peer needs no notion of recharging. Each peer gets arrays only and
answers with a plan in the form that the scorer reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.routing.model import Model

Whole = npt.NDArray[np.int64]

PRIZE_M = {1: 20_000, 2: 40_000, 3: 80_000, 4: 160_000, 5: 320_000}
"""Prize of a task by priority, as the scorer of the city instances counts it."""

Plan = dict[str, list[list[Any]]]


@dataclass(frozen=True, kw_only=True)
class City:
    """A city instance as whole numbers; row and column d < docks are docks, docks + k is task k.

    Attributes:
        metres, seconds: from the exit of one place to the entry of another; climb and descent in.
        prize, dur, sensor: by task. early, late: when the work may begin.
        sens: by dock, the sensors as bits.
    """

    metres: Whole
    seconds: Whole
    prize: Whole
    dur: Whole
    sensor: Whole
    early: Whole
    late: Whole
    sens: Whole
    endurance: int
    recharge: int
    day: int

    @property
    def docks(self) -> int:
        return len(self.sens)

    @property
    def tasks(self) -> int:
        return len(self.prize)


@dataclass(frozen=True)
class Slot:
    """A flight that dock `dock` may make between two moments (s)."""

    dock: int
    begin: int
    end: int


def city(instance: Mapping[str, Any], model: Model) -> City:
    """The arrays of an instance file; ways and times are those of its model."""
    tasks, day = instance["tasks"], int(instance["day"])
    windows = [task["tw"] or [0, day] for task in tasks]
    return City(
        metres=_table(model.out_m, model.back_m, model.leg_m[0], model.vehicle_xy),
        seconds=_table(model.out_s, model.back_s, model.leg_s[0], model.vehicle_xy),
        prize=np.array([PRIZE_M[task["prio"]] for task in tasks], np.int64),
        dur=np.array([task["dur"] for task in tasks], np.int64),
        sensor=np.array([task["sensor"] for task in tasks], np.int64),
        early=np.array([w[0] for w in windows], np.int64),
        late=np.array([w[1] for w in windows], np.int64),
        sens=np.array([dock["sens"] for dock in instance["docks"]], np.int64),
        endurance=int(instance["endurance"]),
        recharge=int(instance["recharge"]),
        day=day,
    )


def _table(out: Any, back: Any, leg: Any, dock_xy: Any) -> Whole:
    """(D + T, D + T); between docks nobody flies, but their distance says who is near whom."""
    docks = len(out)
    found = np.zeros((docks + len(leg),) * 2, np.int64)
    apart = dock_xy[:, None, :] - dock_xy[None, :, :]
    found[:docks, :docks] = np.hypot(apart[..., 0], apart[..., 1])
    found[:docks, docks:], found[docks:, :docks] = out, back.T
    found[docks:, docks:] = leg
    np.fill_diagonal(found, 0)
    return found


def slots(city: City, count: int, *, at_most: int | None = None) -> list[Slot]:
    """`count` slots for each dock that fill the day evenly, a recharge between each two.

    Args:
        at_most: the longest slot, for a peer that knows no limit on a flight's duration.
    """
    period = (city.day + city.recharge) / count
    longest = period - city.recharge
    length = int(min(longest, at_most or longest))
    return [
        Slot(dock, int(period * k), int(period * k) + length)
        for dock in range(city.docks)
        for k in range(count)
    ]


def plan(city: City, flights: Sequence[tuple[Slot, Sequence[int]]]) -> Plan:
    """The scorer's form of tasks in order by slot; each leaves as late as its slot and the
    tasks' windows let it, so that it waits no more than it must."""
    found: Plan = {}
    for slot, tasks in flights:
        if tasks:
            start = _start(city, slot, tasks)
            found.setdefault(str(slot.dock), []).append([start, [int(k) for k in tasks]])
    return {dock: sorted(own) for dock, own in found.items()}


def _start(city: City, slot: Slot, tasks: Sequence[int]) -> int:
    """The latest start with the earliest end."""
    now, waited, shift, at = slot.begin, 0, city.day, slot.dock
    for k in tasks:
        now += int(city.seconds[at, city.docks + k])
        wait = max(0, int(city.early[k]) - now)
        now, waited = now + wait, waited + wait
        shift = min(shift, waited + int(city.late[k]) - now)
        now, at = now + int(city.dur[k]), city.docks + k
    return slot.begin + max(0, min(shift, waited))
