"""Duplicates within a place and a time are one.

The rule: a signal joins the nearest earlier one of the same matter that leads (was itself not
joined to another, not dismissed, and not left without a look: `UNSEEN`) within `one_m` metres and
`one` minutes; otherwise it leads.
So every member lies within the radius and time of its leader, and no two leaders lie within both of
one another, whatever the order of arrival. Leaders do not move: a chain of signals, each near the
last, makes a new leader at the latest every radius and every time, so that a spreading or lasting
event is looked at again.
"""

import math
from collections.abc import Sequence
from datetime import datetime

from core.geo import LonLat, distance_m
from missions.catalog.signals import LookRule
from missions.signals.model import LEADING, Joined, Signal, SignalState
from missions.store.protocol import Between, Unit

UNSEEN = frozenset({"weak", "late", "expired", "unseen"})
"""Outcomes of signals that nobody looked for in the end: they answer no other."""
_METRES_A_DEGREE = 110_500.0
"""Of latitude, at its shortest: the box is a little larger than the radius, never smaller."""


def leader_of(unit: Unit, signal: Signal, rule: LookRule) -> tuple[Signal, Joined] | None:
    """The signal that another one is one with; None where it leads itself."""
    near = [
        (distance_m(other.position, signal.position), _apart_s(other.at, signal.at), other)
        for other in beside(unit, signal, rule, LEADING)
        if other.outcome is None or other.outcome.code not in UNSEEN
    ]
    near = [n for n in near if n[0] <= rule.one_m and n[1] <= rule.one.total_seconds()]
    if not near:
        return None
    metres, seconds, leader = min(near, key=lambda n: (n[0], n[1], n[2].id))
    joined = Joined(id=leader.id, distance_m=round(metres, 1), minutes=round(seconds / 60, 1))
    return leader, joined


def beside(
    unit: Unit, signal: Signal, rule: LookRule, states: SignalState | Sequence[SignalState]
) -> list[Signal]:
    """Signals of the same matter in the box and time round one, whatever their department: one look
    serves all."""
    lat_deg = rule.one_m / _METRES_A_DEGREE
    lon_deg = lat_deg / max(0.01, math.cos(math.radians(abs(signal.position.lat) + lat_deg)))
    here: LonLat = signal.position
    return unit.signals.find(
        matter=rule.event_type,
        state=states,
        at=Between(signal.at - rule.one, signal.at + rule.one),
        lon=Between(here.lon - lon_deg, here.lon + lon_deg),
        lat=Between(here.lat - lat_deg, here.lat + lat_deg),
    )


def _apart_s(one: datetime, other: datetime) -> float:
    return abs((one - other).total_seconds())
