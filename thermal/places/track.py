"""One place, one anomaly: which known place a new sighting belongs to. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from core.geo import LonLat
from imagery.ground.rays import Plane
from thermal.places.locate import Ellipse

GATE = 13.82
"""Squared Mahalanobis distance within which two sightings are one place: chi2(0.999, 2). A fire
splits into two cases one time in a thousand; `FARTHEST_M` keeps neighbours apart."""

SAME_PLACE_M = 8.0
"""Closer than this, two sightings are one place whatever their ellipses say: a fire or a row of
clamps is larger than the best ellipse."""

FARTHEST_M = 40.0
"""Further apart, they are two places even when both are badly located: two events of one type so
near each other are worth two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A find in one photograph.

    Attributes:
        error: 95 % ellipse of the position.
    """

    event_type: str
    position: LonLat
    error: Ellipse
    taken_at: datetime
    peak_c: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A place where something of a type was found, with the 95 % ellipse of its position."""

    id: str
    event_type: str
    position: LonLat
    error: Ellipse
    last_seen: datetime


def match(
    sighting: Sighting, known: Iterable[Known], *, within: timedelta | None = None
) -> str | None:
    """The id of the known place that this sighting shows again, or None for a new one.

    The same type, and near in units of both errors together; of several the nearest.

    Args:
        within: known places last seen longer before (or after) are passed over.
    """
    best: tuple[float, str] | None = None
    plane = Plane.at(sighting.position)
    for place in known:
        if place.event_type != sighting.event_type:
            continue
        if within is not None and abs(sighting.taken_at - place.last_seen) > within:
            continue
        x, y = plane.xy(place.position)
        metres = float(np.hypot(x, y))
        if metres > FARTHEST_M:
            continue
        if metres > SAME_PLACE_M and _mahalanobis2(x, y, sighting.error, place.error) > GATE:
            continue
        if best is None or (metres, place.id) < best:
            best = (metres, place.id)
    return best[1] if best else None


def merge(known: Known, sighting: Sighting) -> Known:
    """The known place after another sighting: the position is the mean weighted by accuracy.

    The combined ellipse never gets smaller than half the better one: errors of sightings of one
    flight (GPS drift, compass) are alike and do not average out.
    """
    a, b = known.error.covariance(), sighting.error.covariance()
    weights = np.linalg.inv(a + np.eye(2) * 1e-6), np.linalg.inv(b + np.eye(2) * 1e-6)
    together = np.linalg.inv(weights[0] + weights[1])
    plane = Plane.at(known.position)
    shift = together @ weights[1] @ np.array(plane.xy(sighting.position))
    smaller = min(a, b, key=lambda c: float(np.trace(c)))
    floor = smaller / 4.0
    combined = together if np.trace(together) > np.trace(floor) else floor
    return Known(
        id=known.id,
        event_type=known.event_type,
        position=LonLat(float(plane.lon(shift[0])), float(plane.lat(shift[1]))),
        error=Ellipse.of_covariance(combined),
        last_seen=max(known.last_seen, sighting.taken_at),
    )


def _mahalanobis2(x: float, y: float, a: Ellipse, b: Ellipse) -> float:
    """Squared distance in units of both errors together."""
    shift = np.array([x, y])
    return float(shift @ np.linalg.solve(a.covariance() + b.covariance(), shift))


def group(sightings: Iterable[Sighting], *, prefix: str = "place") -> list[tuple[Known, int]]:
    """Sightings of a batch put together by place, in the order of time, each with its count."""
    places: dict[str, tuple[Known, int]] = {}
    for sighting in sorted(sightings, key=lambda s: s.taken_at):
        found = match(sighting, (place for place, _ in places.values()))
        if found is None:
            name = f"{prefix}-{len(places) + 1}"
            places[name] = (
                Known(
                    id=name,
                    event_type=sighting.event_type,
                    position=sighting.position,
                    error=sighting.error,
                    last_seen=sighting.taken_at,
                ),
                1,
            )
        else:
            place, count = places[found]
            places[found] = (merge(place, sighting), count + 1)
    return list(places.values())
