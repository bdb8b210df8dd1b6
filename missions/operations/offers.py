"""What would be possible instead of an errand that is refused: the nearest thing that is proven."""

from collections.abc import Iterator
from dataclasses import replace

from core.errors import InvalidInput, PathRefused
from core.geo import LonLat, bearing_deg, distance_m, offset
from missions.operations.drawing import draw
from missions.operations.errands import Drawn, Errand, GoTo, Height, Orbit, ReturnTo, Sky
from missions.operations.pads import outside

TRIES = 9
"""Halvings of a way to find how far it may be flown: to 0.2 % of its length."""


def instead(sky: Sky, errand: Errand) -> Drawn | None:
    """The nearest thing to what is asked that is proven, if there is any."""
    for other in _others(sky, errand):
        try:
            return draw(sky, other)
        except (PathRefused, InvalidInput):
            continue
    return None


def _others(sky: Sky, errand: Errand) -> Iterator[Errand]:
    """What may do instead, the nearest to the wish first."""
    low, high = sky.heights_m
    if isinstance(errand, ReturnTo):
        yield ReturnTo()
        return
    if isinstance(errand, Height):
        yield from (Height(height_m=low + (high - low) * k / 6) for k in range(7))
        return
    target = errand.target if isinstance(errand, GoTo) else errand.centre
    if isinstance(errand, Orbit):
        yield from (replace(errand, radius_m=r, turns=1.0) for r in (20.0, 40.0, 80.0, 160.0))
    free = outside(sky.air, target)
    height = errand.height_m
    yield GoTo(target=free, height_m=height)
    for share in (0.5, 0.75, 1.0):
        yield GoTo(target=free, height_m=low + (high - low) * share)
    found = _farthest(sky, free, height)
    if found is not None:
        yield found


def _farthest(sky: Sky, target: LonLat, height_m: float | None) -> GoTo | None:
    """The place farthest along the way to a target that is still proven, by halving."""
    here = sky.here.position
    length, course = distance_m(here, target), bearing_deg(here, target)
    good, bad = 0.0, length
    found: GoTo | None = None
    for _ in range(TRIES):
        tried = GoTo(target=offset(here, course, (good + bad) / 2), height_m=height_m)
        try:
            draw(sky, tried)
        except (PathRefused, InvalidInput):
            bad = (good + bad) / 2
        else:
            good, found = (good + bad) / 2, tried
    return found
