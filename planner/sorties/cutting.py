"""A laid route cut at its photographs, so that its pieces take each photograph once.

Photographs are numbered from 0 in flying order (`core.route.Route.shots`). A piece begins exactly
where its first photograph is taken: the trigger starts there and the rest fall where they fell.
"""

from dataclasses import replace

from core.errors import InvalidInput
from core.geo import bearing_deg, distance_m, offset
from core.route import Route, Shot, Waypoint

PAST = 1 / 3
"""Share of the photo spacing that a piece flies on past its last photograph: a trigger by distance
fires for certain, and not for the next one."""
_AT_M = 0.01


def piece(route: Route, first: int, last: int) -> Route:
    """The part of a route that takes the photographs ``first`` to ``last``.

    With the first photograph it keeps the way there, with the last one the way on.

    Raises:
        InvalidInput: the route has no such photographs.
    """
    shots = route.shots
    if not 0 <= first <= last < len(shots):
        raise InvalidInput(
            f"photographs {first} to {last} of {len(shots)} cannot be cut out",
            where="route",
            remedy="give numbers from 0 to the last photograph",
        )
    begin, end = shots[first].leg + 1, shots[last].leg
    head = first_point(route, shots[first])
    if first == 0:
        head, begin = route.waypoints[0], 1
    tail = () if shots[last].single else (last_point(route, shots[last]),)
    if last == len(shots) - 1:
        tail, end = (), len(route.waypoints) - 1
    points = [head, *route.waypoints[begin : end + 1], *tail]
    points[-1] = replace(points[-1], photo_spacing_m=0.0, speed_mps=None)
    return Route(tuple(points))


def rest_of(route: Route, after_photo: int) -> Route:
    """What is left of a route of which so many photographs were taken: it begins at the next one.

    Raises:
        InvalidInput: nothing is left, or fewer than none were taken.
    """
    count = len(route.shots)
    if not 0 <= after_photo < count:
        raise InvalidInput(
            f"after {after_photo} of {count} photographs nothing is left to resume",
            where="route",
            remedy=f"give a number from 0 to {count - 1}",
        )
    return piece(route, after_photo, count - 1)


def first_point(route: Route, shot: Shot) -> Waypoint:
    """Where a piece begins that begins with a photograph."""
    if shot.along_m <= _AT_M:
        return route.waypoints[shot.leg]
    return at(route, shot.leg, shot.along_m)


def last_point(route: Route, shot: Shot) -> Waypoint:
    """Where a piece ends that ends with a photograph of a leg: a little past it."""
    a, b = route.waypoints[shot.leg], route.waypoints[shot.leg + 1]
    along = shot.along_m + PAST * a.photo_spacing_m
    if along >= distance_m(a.position, b.position) - _AT_M:
        return replace(b, photo=False, hold_s=0.0, photo_spacing_m=0.0, speed_mps=None)
    return replace(at(route, shot.leg, along), photo_spacing_m=0.0, speed_mps=None)


def at(route: Route, leg: int, along_m: float) -> Waypoint:
    """A waypoint so far along a leg, with the leg's settings and the heights in between."""
    a, b = route.waypoints[leg], route.waypoints[leg + 1]
    share = min(1.0, along_m / max(distance_m(a.position, b.position), 1e-9))
    amsl = None
    if a.amsl_m is not None and b.amsl_m is not None:
        amsl = a.amsl_m + share * (b.amsl_m - a.amsl_m)
    return replace(
        a,
        position=offset(a.position, bearing_deg(a.position, b.position), along_m),
        height_m=a.height_m + share * (b.height_m - a.height_m),
        amsl_m=amsl,
        photo=False,
        hold_s=0.0,
    )
