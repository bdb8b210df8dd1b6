"""Who owes what of a flight: kilometres and minutes shared out so that they sum exactly.

A task weighs what was photographed for it: the metres of the route's photo legs nearest to it,
and `STILL_M` for each single photograph; what lies in several tasks is shared between them. The way
out, back and between is shared in the same proportion, for nobody asked for it. What a task weighs
is shared equally by the requests it served.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np
import shapely
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from core.geo import path_length_m
from core.ids import new_id
from core.route import Route
from missions.entities import Flight, LedgerLine, Request, Task

STILL_M = 40.0
"""What a single photograph weighs, as metres of photo leg: about one footprint at 60 m height."""

PIECE_M = 50.0
"""Photo legs are shared out in pieces of this length."""
SAME_DEG = 1e-9
"""Distances that differ by less are the same: a tenth of a millimetre."""

CITY = "city"
"""Who bears a flight that served no department."""


def split(
    flight: Flight,
    tasks: Iterable[Task],
    requests: Iterable[Request],
    *,
    aside_s: float = 0.0,
) -> tuple[LedgerLine, ...]:
    """The departments' shares of a flight, in whole metres and seconds.

    Flown distance and time: ``km``, and from take-off to landing (as planned, where the flight does
    not say).

    Args:
        aside_s: seconds of it that others bear: what pilots flew by hand meanwhile.
    """
    begun = flight.took_off_at or flight.start
    ended = flight.landed_at or flight.end
    weights = _weights(flight, list(tasks), {r.id: r for r in requests})
    metres = apportion(round(flight.km * 1000), weights)
    seconds = apportion(max(0, round((ended - begun).total_seconds() - aside_s)), weights)
    return tuple(
        LedgerLine(
            id=new_id("led", ended),
            flight_id=flight.id,
            department=department,
            metres=metres[department],
            seconds=seconds[department],
            day=flight.day,
        )
        for department in sorted(weights)
    )


def apportion(total: int, weights: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole shares of a total in proportion to weights; they sum exactly (largest remainder).

    >>> apportion(100, {"a": Fraction(1), "b": Fraction(1), "c": Fraction(1)})
    {'a': 34, 'b': 33, 'c': 33}
    """
    whole = sum(weights.values())
    exact = {
        name: total * weight / whole if whole else Fraction(total, len(weights))
        for name, weight in weights.items()
    }
    shares = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (shares[name] - exact[name], name))
    for name in by_remainder[: total - sum(shares.values())]:
        shares[name] += 1
    return shares


def _weights(
    flight: Flight, tasks: Sequence[Task], requests: Mapping[str, Request]
) -> dict[str, Fraction]:
    """What each department weighs."""
    weights: dict[str, Fraction] = {}
    for task, weight in zip(tasks, photographed_m(flight.route, tasks), strict=True):
        served = [requests[r].department for r in task.request_ids if r in requests]
        bearers = served or list(task.departments)
        for department in bearers:
            share = Fraction(weight) / len(bearers)
            weights[department] = weights.get(department, Fraction()) + share
    if not weights:
        weights = dict.fromkeys(flight.departments or (CITY,), Fraction(1))
    return weights


def photographed_m(route: Route, tasks: Sequence[Task]) -> list[float]:
    """Metres photographed for each task.

    Every photo leg counts piece by piece for the task nearest to it, every single photograph for
    the task nearest to it; tasks that are equally near, because they asked for the same ground,
    share it equally.
    """
    if len(tasks) < 2:
        return [1.0] * len(tasks)
    places: list[BaseGeometry] = [shape(task.geometry) for task in tasks]
    metres = np.zeros(len(tasks))
    for lon, lat, weight in _pieces(route):
        away = shapely.distance(places, Point(lon, lat))
        nearest = away <= away.min() + SAME_DEG
        metres[nearest] += weight / nearest.sum()
    return [float(m) for m in metres]


def _pieces(route: Route) -> Iterator[tuple[float, float, float]]:
    """Longitude, latitude and metres of each piece of photo leg, and of each single photograph."""
    for here, there in zip(route.waypoints, (*route.waypoints[1:], None), strict=True):
        a = here.position
        if here.photo:
            yield a.lon, a.lat, STILL_M
        if here.photo_spacing_m > 0 and there is not None:
            b = there.position
            length = path_length_m((a, b))
            count = max(1, round(length / PIECE_M))
            for n in range(count):
                share = (n + 0.5) / count
                lon, lat = a.lon + share * (b.lon - a.lon), a.lat + share * (b.lat - a.lat)
                yield lon, lat, length / count
