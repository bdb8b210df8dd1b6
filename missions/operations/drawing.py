"""Draws errands as paths before the drone moves, and proves them.

A path is proven again at the moment when it is flown, from where the drone is then. What is refused
says why; `missions.operations.offers` finds the nearest thing that would be possible.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.errors import InvalidInput, PathRefused
from core.geo import LonLat, bearing_deg, distance_m, offset, path_length_m
from core.route import Waypoint
from fleet.plans.proof import NotProven, prove_path
from fleet.watch.reach import Place, Reach, reaches
from missions.operations.errands import Drawn, Errand, GoTo, Height, Orbit, ReturnTo, Sky, Then

RADII_M = (10.0, 500.0)
SPEEDS_MPS = (1.0, 15.0)
TURNS = (0.25, 20.0)
SIDES = 24
"""A circle is flown as so many chords: at 15 degrees each they leave it by 1 % of the radius."""


def draw(sky: Sky, errand: Errand) -> Drawn:
    """Draw what is asked and prove it.

    Raises:
        InvalidInput: a radius, speed or height is out of bounds.
        PathRefused: it is not proven; the sentence says why.
    """
    check(sky, errand)
    here = sky.here
    if isinstance(errand, ReturnTo):
        return _homeward(sky, errand, here)
    if isinstance(errand, Height):
        path: tuple[Waypoint, ...] = (here, _at(sky, here.position, errand.height_m))
        return prove(sky, errand, path)
    height = here.height_m if errand.height_m is None else errand.height_m
    if isinstance(errand, GoTo):
        return prove(sky, errand, (here, *_way(sky, here.position, errand.target, height)))
    ring = _ring(errand, here.position)
    way = _way(sky, here.position, ring[0], height)
    round_it = [
        replace(_at(sky, p, height), speed_mps=errand.speed_mps) for p in (ring[0], *ring[1:])
    ]
    return prove(sky, errand, (here, *way[:-1], *round_it))


def prove(
    sky: Sky, errand: Errand, path: Sequence[Waypoint], then: Then = "hold", lands_at: str = ""
) -> Drawn:
    """Prove a path, and that a free place is reached from its end with the reserve.

    Raises:
        PathRefused: why not.
    """
    _bounds(sky, path)
    plan = sky.vehicle.plan
    try:
        proof = prove_path(
            path,
            sky.conditions,
            fence=plan.fence if plan and plan.fence.inclusions else None,
            rally=plan.rally if plan else (),
        )
    except NotProven as why:
        raise PathRefused(why.what, where="path", remedy=why.remedy) from why
    end = _after(sky, path, proof.planned_s, lands_at)
    straight_m = distance_m(path[0].position, path[-1].position)
    return Drawn(
        errand=errand,
        path=tuple(path),
        proof=proof,
        then=then,
        seconds=proof.planned_s,
        left=end.left,
        lands_at=end.place.id,
        detour_m=0.0
        if isinstance(errand, Orbit)
        else max(0.0, path_length_m(w.position for w in path) - straight_m),
        look_at=(errand.centre, sky.ground_m(errand.centre)) if isinstance(errand, Orbit) else None,
    )


def check(sky: Sky, errand: Errand) -> None:
    """Refuse what nobody could mean.

    Raises:
        InvalidInput: with the bounds.
    """
    if isinstance(errand, Orbit):
        _within("radius_m", errand.radius_m, RADII_M)
        _within("speed_mps", errand.speed_mps, SPEEDS_MPS)
        _within("turns", errand.turns, TURNS)
    if not isinstance(errand, ReturnTo) and errand.height_m is not None:
        _within("height_m", errand.height_m, sky.heights_m)


def _way(sky: Sky, a: LonLat, b: LonLat, height_m: float) -> tuple[Waypoint, ...]:
    """The way between two places round the zones, without its beginning.

    Raises:
        PathRefused: there is none.
    """
    path = sky.way(a, b)
    if path is None:
        inside = sky.air.inside(np.array([sky.air.frame.point_xy(b)]))[0]
        raise PathRefused(
            "the place is in a no-fly zone or its buffer" if inside else "no way leads round",
            where="target",
            remedy="choose a place outside the zones",
        )
    return tuple(_at(sky, p, height_m) for p in path[1:])


def _homeward(sky: Sky, errand: ReturnTo, here: Waypoint) -> Drawn:
    """To a dock; which one, where none is named, by the charge that would be left."""
    if errand.dock is None:
        found = reaches(here.position, here.height_m, sky.places, sky.outlook, sky.way)
        home = next((r for r in found if r.place.home and r.left >= _reserve(sky)), None)
        best = home or (found[0] if found else None)
        if best is None:
            raise PathRefused("no free place to land is in reach", where="return")
        place = best.place
    else:
        place = next((p for p in sky.places if p.id == errand.dock), None) or _no_dock(errand.dock)
        if not place.free:
            raise PathRefused(
                f"dock {place.id} is not free",
                where="dock",
                remedy="return to another dock, or leave the choice to the service",
            )
    height = max(here.height_m, sky.conditions.return_height_m)
    height = min(height, sky.heights_m[1])
    path = (here, *_way(sky, here.position, place.position, height))
    straight_home = place.home and len(path) == 2
    return prove(sky, errand, path, "return" if straight_home else "land", place.id)


def _no_dock(name: str) -> Place:
    raise InvalidInput(
        f"no such dock is near: {name}", where="dock", remedy="name one of the docks round it"
    )


def _after(sky: Sky, path: Sequence[Waypoint], seconds: float, lands_at: str) -> Reach:
    """Where it can land from the end of a path.

    Raises:
        PathRefused: nowhere with the reserve.
    """
    used = sky.outlook.share(seconds)
    later = replace(sky.outlook, battery=sky.outlook.battery - used)
    end = path[-1]
    found = reaches(end.position, end.height_m, sky.places, later, sky.way)
    if lands_at:
        found = [r for r in found if r.place.id == lands_at]
    best = found[0] if found else None
    if best is None or best.left < _reserve(sky):
        left = max(0.0, best.left) if best else 0.0
        raise PathRefused(
            f"after it only {left:.0%} of the charge would be left at the best place to land; "
            f"the reserve is {_reserve(sky):.0%} (wind and consumption as measured)",
            where="energy",
            remedy="choose a nearer place, or let the drone return",
        )
    return best


def _reserve(sky: Sky) -> float:
    return sky.outlook.spec.reserve


def _ring(orbit: Orbit, here: LonLat) -> list[LonLat]:
    """Places on the circle, from the one nearest to where it is."""
    start = bearing_deg(orbit.centre, here) if distance_m(orbit.centre, here) > 1.0 else 0.0
    step = 360.0 / SIDES * (1 if orbit.clockwise else -1)
    count = max(1, math.ceil(orbit.turns * SIDES))
    return [offset(orbit.centre, start + step * n, orbit.radius_m) for n in range(count + 1)]


def _at(sky: Sky, place: LonLat, height_m: float) -> Waypoint:
    """A place at a height above its ground; above the sea for those that do not know the ground."""
    amsl = None if sky.follows_ground else sky.ground_m(place) + height_m
    return Waypoint(position=place, height_m=height_m, amsl_m=amsl)


def _bounds(sky: Sky, path: Sequence[Waypoint]) -> None:
    """No leg is flown at more than the vehicle may above ground (its lowest is the proof's)."""
    highest = max(w.height_m for w in path[1:])
    if highest > sky.heights_m[1] + 0.5:
        raise PathRefused(
            f"a height of {highest:.0f} m above ground is more than {sky.heights_m[1]:.0f} m",
            where="height_m",
            remedy="choose a lower one",
        )


def _within(name: str, value: float, bounds: tuple[float, float]) -> None:
    low, high = bounds
    if not (math.isfinite(value) and low <= value <= high):
        raise InvalidInput(
            f"{name} of {value:g} is out of bounds",
            where=name,
            remedy=f"choose {low:g} to {high:g}",
        )
