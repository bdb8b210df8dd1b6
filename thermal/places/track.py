"""One place, one anomaly: which known place a new sighting belongs to. Pure.

Sightings of one photograph are looked at together, and with what else their flight saw: they
share the flight's GPS offset and the photograph's pointing error (`thermal.places.drift`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from core.geo import LonLat
from imagery.ground.rays import Floats, Plane
from thermal.places.drift import GATE, Batch, Bools, Targets, fit
from thermal.places.locate import CONFIDENCE, Ellipse

SAME_PLACE_M = 8.0
"""`Habit.extent_m` of a type that states none: a fire or a row of clamps is larger than the best
ellipse."""

FARTHEST_M = 40.0
"""`Habit.spacing_m` of a type that states none: two events of one type so near each other are
worth two looks."""

OWN_SHARE = 0.2
"""Share of a sighting's error (without its flight's) that is not common to its photograph: heading
and height errors grow from the middle of a frame outwards, and the centre of a spot moves. Measured
by `flyonce bench thermal --only places`, which locates through the camera model."""
TURN_SIGMA = 0.02
"""Standard deviation of a photograph's turn (1 degree of heading) and stretch (2 m in 80 m of
height); what these do to a photograph's sightings is found from several of them."""
OWN_LEAST_M = 0.15
"""No spot's centre is better than this: a pixel of 0.1 to 0.3 m."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How things of a type lie on the ground.

    Attributes:
        extent_m: two exact sightings of one thing may lie so far apart: the thing is that large,
            or the warmest part of it moves.
        spacing_m: two sightings farther apart than this are two things, whatever their errors
            say (flights' offsets taken off).
        within: sightings of one thing follow each other at least so fast; None for no limit.
    """

    extent_m: float = SAME_PLACE_M
    spacing_m: float = FARTHEST_M
    within: timedelta | None = None

    @property
    def reach_m(self) -> float:
        """How far a sighting of a thing can lie from where the thing was first seen."""
        return max(self.extent_m, self.spacing_m)


DEFAULT = Habit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A find in one photograph.

    Attributes:
        error: 95 % ellipse of the position.
        frame: the photograph; flight: flight and camera, whose sightings share an offset. Empty
            where unknown: the sighting then stands by itself.
        drift_m: standard deviation, one axis, of the share of the error that the whole flight has
            in common (GPS); 0 where it is unknown.
    """

    event_type: str
    position: LonLat
    error: Ellipse
    taken_at: datetime
    peak_c: float | None = None
    frame: str = ""
    flight: str = ""
    drift_m: float = 0.0

    @property
    def sigma_m(self) -> float:
        """Standard deviation for one axis, all errors together."""
        return sigma_of(self.error)

    @property
    def rest_m(self) -> float:
        """Standard deviation for one axis without the flight's share."""
        rest = self.sigma_m**2 - self.drift_m**2
        return float(np.sqrt(max(rest, OWN_LEAST_M**2)))

    @property
    def frame_m(self) -> float:
        """Standard deviation for one axis of what the photograph's sightings share."""
        return self.rest_m if self.frame else 0.0

    @property
    def own_m(self) -> float:
        """Standard deviation for one axis of what no other sighting shares."""
        return max(OWN_SHARE * self.rest_m, OWN_LEAST_M) if self.frame else self.rest_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A place where something of a type was found, with the 95 % ellipse of its position.

    Attributes:
        anchor: where it was seen first; a place stays within its habit's reach of it.
        here: where the flight at hand saw it, by that flight's own positions; None if it did not.
        here_sigma_m: standard deviation of ``here`` for one axis, the flight's share left out.
        drift_m: standard deviation for one axis of what the position shares with its neighbours.
    """

    id: str
    event_type: str
    position: LonLat
    error: Ellipse
    last_seen: datetime
    anchor: LonLat | None = None
    here: LonLat | None = None
    here_sigma_m: float = OWN_LEAST_M
    drift_m: float = 0.0

    @property
    def own_m(self) -> float:
        """Standard deviation for one axis of what the position does not share."""
        return float(np.sqrt(max(sigma_of(self.error) ** 2 - self.drift_m**2, OWN_LEAST_M**2)))


def match(
    sighting: Sighting,
    known: Iterable[Known],
    *,
    within: timedelta | None = None,
    habit: Habit = DEFAULT,
) -> str | None:
    """The id of the known place that this sighting shows again, or None for a new one.

    The same type, and near in units of both errors together; of several the nearest.

    Args:
        within: known places last seen longer before (or after) are passed over.
    """
    rule = habit if within is None else replace(habit, within=within)
    return associate([sighting], list(known), habit=rule)[0]


def associate(
    sightings: Sequence[Sighting], known: Sequence[Known], *, habit: Habit = DEFAULT
) -> list[str | None]:
    """For sightings of one type in one photograph, the places they show again; None for new ones.

    First what the same flight saw: only the photograph's pointing error lies between. Then, for
    what is left, what other flights saw: the flight's offset is found from all that it saw so far.
    """
    found: list[str | None] = [None] * len(sightings)
    if not sightings:
        return found
    places = [k for k in known if k.event_type == sightings[0].event_type]
    if not any(s.flight for s in sightings):
        return _one_by_one(sightings, places, habit)
    plane = Plane.at(sightings[0].position)
    mine = [k for k in places if k.here is not None]
    for row, index in enumerate(_in_flight(sightings, mine, plane, habit)):
        found[row] = mine[index].id if index >= 0 else None
    rest = [i for i, name in enumerate(found) if name is None]
    others = [k for k in places if k.here is None]
    across = _across([sightings[i] for i in rest], mine, others, plane, habit)
    for i, index in zip(rest, across, strict=True):
        found[i] = others[index].id if index >= 0 else None
    return found


def _one_by_one(
    sightings: Sequence[Sighting], places: Sequence[Known], habit: Habit
) -> list[str | None]:
    """Sightings of which nothing is known but their ellipses, each by itself."""
    found: list[str | None] = []
    for sighting in sightings:
        best: tuple[float, str] | None = None
        plane = Plane.at(sighting.position)
        for place in places:
            x, y = plane.xy(place.position)
            metres = float(np.hypot(x, y))
            if not _in_time(sighting, place, habit) or metres > habit.reach_m:
                continue
            apart = _mahalanobis2(x, y, sighting.error, place.error)
            if (metres <= habit.extent_m or apart <= GATE) and (
                best is None or (metres, place.id) < best
            ):
                best = (metres, place.id)
        found.append(best[1] if best else None)
    return found


def _in_flight(
    seen: Sequence[Sighting], mine: Sequence[Known], plane: Plane, habit: Habit
) -> Sequence[int]:
    """The photograph against what its flight saw before."""
    batch = Batch(
        xy=points(plane, [s.position for s in seen]),
        sigma_m=np.array([s.own_m for s in seen]),
        offset_sigma_m=max(s.frame_m for s in seen),
        apart=one_photograph(seen, habit, plane),
        turn_sigma=TURN_SIGMA,
    )
    targets = Targets(
        xy=points(plane, [k.here or k.position for k in mine]),
        sigma_m=np.array([k.here_sigma_m for k in mine]),
        allowed=_allowed(seen, mine, habit),
        extent_m=habit.extent_m,
        reach_m=habit.reach_m,
    )
    return [int(k) for k in fit(batch, targets).known]


def _across(
    seen: Sequence[Sighting],
    mine: Sequence[Known],
    others: Sequence[Known],
    plane: Plane,
    habit: Habit,
) -> Sequence[int]:
    """The photograph, with the flight's other places as company, against other flights' places."""
    if not seen or not others:
        return [-1] * len(seen)
    rows, columns = len(seen), len(others)
    allowed = np.zeros((rows + len(mine), columns + len(mine)), dtype=bool)
    allowed[:rows, :columns] = _allowed(seen, others, habit)
    np.fill_diagonal(allowed[rows:, columns:], True)  # what these are was decided before
    apart = np.zeros((rows + len(mine),) * 2, dtype=bool)
    apart[:rows, :rows] = one_photograph(seen, habit, plane)
    places = (*others, *mine)
    batch = Batch(
        xy=points(plane, [*(s.position for s in seen), *(k.here or k.position for k in mine)]),
        sigma_m=np.array([*(s.rest_m for s in seen), *(k.here_sigma_m for k in mine)]),
        offset_sigma_m=float(np.hypot(seen[0].drift_m, max(k.drift_m for k in others))),
        apart=apart,
    )
    targets = Targets(
        xy=points(plane, [k.position for k in places]),
        sigma_m=np.array([k.own_m for k in places]),
        allowed=allowed,
        extent_m=habit.extent_m,
        reach_m=habit.reach_m,
    )
    return [k if k < columns else -1 for k in fit(batch, targets).known[:rows]]


def merge(known: Known, sighting: Sighting, *, habit: Habit = DEFAULT) -> Known:
    """The known place after another sighting: the position is the mean weighted by accuracy.

    The combined ellipse never gets smaller than half the better one: errors of sightings of one
    flight (GPS drift, compass) are alike and do not average out. The place stays within the
    habit's reach of where it was first seen, whatever comes: what creeps is more than one thing.
    """
    a, b = known.error.covariance(), sighting.error.covariance()
    weights = np.linalg.inv(a + np.eye(2) * 1e-6), np.linalg.inv(b + np.eye(2) * 1e-6)
    together = np.linalg.inv(weights[0] + weights[1])
    anchor = known.anchor or known.position
    plane = Plane.at(anchor)
    old = np.array(plane.xy(known.position))
    new = old + together @ weights[1] @ (np.array(plane.xy(sighting.position)) - old)
    away = float(np.hypot(*new))
    if away > habit.reach_m:
        new *= habit.reach_m / away
    smaller = min(a, b, key=lambda c: float(np.trace(c)))
    floor = smaller / 4.0
    return replace(
        known,
        position=LonLat(float(plane.lon(new[0])), float(plane.lat(new[1]))),
        error=Ellipse.of_covariance(together if np.trace(together) > np.trace(floor) else floor),
        last_seen=max(known.last_seen, sighting.taken_at),
        anchor=anchor,
    )


def group(
    sightings: Iterable[Sighting], *, prefix: str = "place", habit: Habit = DEFAULT
) -> list[tuple[Known, int]]:
    """Sightings of a batch put together by place, in the order of time, each with its count.

    The same sightings in another order give the same places.
    """
    from thermal.places.regroup import regroup  # it is made of this module's values

    return [
        (replace(place.known, id=f"{prefix}-{number}"), len(place.sightings))
        for number, place in enumerate(regroup(list(sightings), habit=lambda _: habit), start=1)
    ]


def sigma_of(error: Ellipse) -> float:
    """Standard deviation for one axis of a 95 % ellipse, the mean of both axes."""
    return float(np.hypot(error.semi_major_m, error.semi_minor_m) / np.sqrt(2.0) / CONFIDENCE)


def points(plane: Plane, positions: Sequence[LonLat]) -> Floats:
    """(N, 2) metres of places."""
    return np.array([plane.xy(p) for p in positions], float).reshape(-1, 2)


def one_photograph(seen: Sequence[Sighting], habit: Habit, plane: Plane) -> Bools:
    """(N, N) which sightings one photograph shows farther apart than one thing is large."""
    xy = points(plane, [s.position for s in seen])
    metres = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    frames = np.array([s.frame for s in seen])
    same = (frames[:, None] == frames[None]) & (frames != "")[:, None]
    return np.asarray(same & (metres > habit.extent_m))


def _allowed(seen: Sequence[Sighting], places: Sequence[Known], habit: Habit) -> Bools:
    pairs = [[_in_time(s, k, habit) for k in places] for s in seen]
    return np.array(pairs, dtype=bool).reshape(len(seen), len(places))


def _in_time(sighting: Sighting, place: Known, habit: Habit) -> bool:
    return habit.within is None or abs(sighting.taken_at - place.last_seen) <= habit.within


def _mahalanobis2(x: float, y: float, a: Ellipse, b: Ellipse) -> float:
    """Squared distance in units of both errors together."""
    shift = np.array([x, y])
    return float(shift @ np.linalg.solve(a.covariance() + b.covariance(), shift))
