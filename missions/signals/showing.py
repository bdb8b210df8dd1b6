"""The photographs that answer a signal, and who may see them for it.

Whoever joined another department's look had a reason of its own to ask for it: had its signal come
first, the photographs would be its own. So its department sees those of the look that show *its*
place. It sees nothing else of the other's: not the request, not the words or uploads of the other
report, not the rest of the look; and photographs that somebody took earlier for something else stay
with those whom they belong to.
"""

from collections.abc import Iterable
from dataclasses import replace

import shapely
from shapely.geometry import shape

from core.geo import LonLat, distance_m
from imagery.catalog import Medium, MediumState
from missions.catalog.signals import LookRule
from missions.signals.joining import beside
from missions.signals.model import Signal, SignalState
from missions.store.protocol import Unit

MOST = 12
"""Photographs that a signal names; those with its place nearest to their middle come first."""


def answered(unit: Unit, leader: Signal, rule: LookRule) -> Signal:
    """The leader with the photographs of its look; those that joined it get theirs."""
    look = of_the_look(unit, leader)
    for member in beside(unit, leader, rule, SignalState.DUPLICATE):
        if member.joined is not None and member.joined.id == leader.id:
            unit.signals.put(named(unit, member, look))
    return named(unit, leader, look)


def of_the_look(unit: Unit, leader: Signal) -> list[Medium]:
    """The kept photographs that were taken for a signal's request."""
    if not leader.request_id:
        return []
    tasks = unit.requests.get(leader.request_id).task_ids
    found = [m for t in tasks for m in unit.media.find(tasks=t, state=MediumState.KEPT)]
    return list({m.id: m for m in found}.values())


def named(unit: Unit, signal: Signal, look: Iterable[Medium]) -> Signal:
    """The signal with the photographs that show its place, shared with its department."""
    showing = [m for m in look if _shows(m, signal.position)]
    showing.sort(key=lambda m: (_away_m(m, signal.position), m.id))
    for medium in showing:
        if signal.department not in (medium.department, *medium.shared_with):
            readers = (*medium.shared_with, signal.department)
            unit.media.put(replace(medium, shared_with=readers))
    return replace(signal, seen=tuple(m.id for m in showing[:MOST]))


def _shows(medium: Medium, place: LonLat) -> bool:
    ground = medium.footprint
    return ground is not None and bool(
        shapely.covers(shape(ground), shapely.Point(place.lon, place.lat))
    )


def _away_m(medium: Medium, place: LonLat) -> float:
    middle = shape(medium.footprint).centroid
    return distance_m(LonLat(middle.x, middle.y), place)
