"""All sightings of a type put together anew: the places that explain them best. Pure.

First within each flight, photograph by photograph; then flight by flight, each moved as a whole;
then all positions and flights' offsets at once, and what now lies together is one. The order in
which sightings are given plays no part.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.geo import LonLat
from imagery.ground.rays import Floats, Plane
from thermal.places.drift import Batch, Bools, Ints, Targets, adjusted, fit
from thermal.places.locate import CONFIDENCE, Ellipse
from thermal.places.track import OWN_LEAST_M, TURN_SIGMA, Habit, Known, Sighting, one_photograph

BENT_M = 0.7
"""Standard deviation of how far a flight's positions are bent against another's, once the offset
is off: 0.5 m in simulated flights with GPS and 1 degree of pointing noise."""
_SWEEPS = 2
"""How often every photograph is placed anew among all others of its flight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place and the sightings of it, as numbers in the list that was given."""

    known: Known
    sightings: tuple[int, ...]


@dataclass(slots=True)
class _Spot:
    """What one flight saw of one place: sightings, and each one's position and weight."""

    flight: int
    rows: list[int] = field(default_factory=list)
    at: list[Floats] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    @property
    def xy(self) -> Floats:
        return np.asarray(np.average(self.at, axis=0, weights=self.weights))

    @property
    def sigma_m(self) -> float:
        return max(float(np.sqrt(1.0 / sum(self.weights))), OWN_LEAST_M)


def regroup(sightings: Sequence[Sighting], *, habit: Callable[[str], Habit]) -> list[Place]:
    """The places that a set of sightings shows, by the time at which each was first seen.

    Args:
        habit: of an event type.
    """
    found: list[Place] = []
    for kind in sorted({s.event_type for s in sightings}):
        rows = [i for i, s in enumerate(sightings) if s.event_type == kind]
        found.extend(_Grouping(sightings, rows, habit(kind)).places())
    return sorted(found, key=lambda p: _order(sightings[p.sightings[0]]))


class _Grouping:
    """The sightings of one type on their way to places."""

    def __init__(self, sightings: Sequence[Sighting], rows: Sequence[int], habit: Habit) -> None:
        self.rows = sorted(rows, key=lambda i: _order(sightings[i]))
        self.seen = sightings
        self.habit = habit
        self.plane = Plane.at(sightings[self.rows[0]].position)
        self.at = {i: np.array(self.plane.xy(sightings[i].position)) for i in self.rows}
        size = float(np.ptp(np.array(list(self.at.values())), axis=0).max())
        self.turn = min(TURN_SIGMA, BENT_M / max(size / 2.0, 1.0))

    def places(self) -> list[Place]:
        flights: dict[str, list[int]] = {}
        for i in self.rows:  # those of no flight share nothing; one flight without an offset
            flights.setdefault(self.seen[i].flight, []).append(i)
        drifts = np.array([max(self.seen[i].drift_m for i in f) for f in flights.values()])
        things: list[list[_Spot]] = []
        for number, rows in enumerate(flights.values()):
            self._add_flight(self._flight(number, rows), things, drifts)
        merged = self._merged(things, self._adjusted(things, drifts))
        positions = self._adjusted(merged, drifts)
        return [self._place(t, xy, drifts) for t, xy in zip(merged, positions, strict=True)]

    # --- within a flight -------------------------------------------------------------------

    def _flight(self, number: int, rows: Sequence[int]) -> list[_Spot]:
        frames: dict[str, list[int]] = {}
        for i in rows:
            frames.setdefault(self.seen[i].frame or f"?{i}", []).append(i)
        spots: list[_Spot] = []
        for frame in frames.values():
            self._add_photograph(number, frame, spots)
        for _ in range(_SWEEPS):  # the first photographs were placed before the others were known
            self._level(spots, list(frames.values()))
            for frame in frames.values():
                spots = _without(spots, frame)
                self._add_photograph(number, frame, spots)
        self._level(spots, list(frames.values()))
        return spots

    def _add_photograph(self, number: int, rows: Sequence[int], spots: list[_Spot]) -> None:
        """Add a photograph's sightings to what its flight saw, moved onto that as a whole."""
        seen = [self.seen[i] for i in rows]
        batch = Batch(
            xy=np.array([self.at[i] for i in rows]),
            sigma_m=np.array([s.own_m for s in seen]),
            offset_sigma_m=max(s.frame_m for s in seen),
            apart=one_photograph(seen, self.habit, self.plane),
            turn_sigma=TURN_SIGMA,
        )
        fitted = fit(batch, self._targets([[s] for s in spots], [s.xy for s in spots], rows))
        for i, s, k, move in zip(rows, seen, fitted.known, fitted.moved_m, strict=True):
            if k < 0:
                spots.append(_Spot(flight=number))
            spot = spots[int(k)]
            spot.rows.append(i)
            spot.at.append(self.at[i] - move)
            spot.weights.append(1.0 / s.own_m**2)

    def _level(self, spots: Sequence[_Spot], frames: Sequence[Sequence[int]]) -> None:
        """Positions from all photographs of the flight, in place of the first ones'."""
        frame_of = {i: n for n, rows in enumerate(frames) for i in rows}
        flat = [(n, i) for n, spot in enumerate(spots) for i in spot.rows]
        _, moved = adjusted(
            np.array([self.at[i] for _, i in flat]),
            np.array([1.0 / self.seen[i].own_m ** 2 for _, i in flat]),
            np.array([n for n, _ in flat]),
            np.array([frame_of[i] for _, i in flat]),
            np.array([max(self.seen[i].frame_m for i in rows) for rows in frames]),
            TURN_SIGMA,
        )
        by_row = {i: move for (_, i), move in zip(flat, moved, strict=True)}
        for spot in spots:
            spot.at = [self.at[i] - by_row[i] for i in spot.rows]

    # --- flight by flight ------------------------------------------------------------------

    def _add_flight(
        self, spots: Sequence[_Spot], things: list[list[_Spot]], drifts: Floats
    ) -> None:
        """Add what a flight saw to what earlier flights saw, moved onto that as a whole."""
        positions = self._adjusted(things, drifts) if things else np.zeros((0, 2))
        number = spots[0].flight
        rows = [spot.rows[0] for spot in spots]
        batch = Batch(
            xy=np.array([spot.xy for spot in spots]),
            sigma_m=np.array([np.hypot(spot.sigma_m, BENT_M) for spot in spots]),
            offset_sigma_m=float(np.hypot(drifts[number], drifts[:number].max(initial=0.0))),
            apart=self._apart(spots),
            turn_sigma=self.turn,
        )
        fitted = fit(batch, self._targets(things, list(positions), rows))
        known = fitted.known
        if (known >= 0).any():
            known = self._by_photograph(spots, fitted.moved_m, things, positions)
        for spot, k in zip(spots, known, strict=True):
            if k < 0:
                things.append([spot])
            else:
                things[int(k)].append(spot)

    def _by_photograph(
        self,
        spots: Sequence[_Spot],
        moved: Floats,
        things: Sequence[Sequence[_Spot]],
        positions: Floats,
    ) -> Ints:
        """What each of a flight's spots is, by the word of its photographs.

        A flight's positions are bent by some decimetres over its length; a photograph's are not.
        """
        votes = np.zeros((len(spots), len(things) + 1), dtype=np.int64)
        for members in self._photographs(spots):
            seen = [spots[n] for n in members]
            batch = Batch(
                xy=np.array([spot.xy - moved[n] for n, spot in zip(members, seen, strict=True)]),
                sigma_m=np.array([spot.sigma_m for spot in seen]),
                offset_sigma_m=BENT_M,
                apart=self._apart(seen),
                turn_sigma=TURN_SIGMA,
            )
            rows = [spot.rows[0] for spot in seen]
            fitted = fit(batch, self._targets(things, list(positions), rows))
            votes[members, fitted.known] += 1  # -1 is the last column: nothing known
        return self._elected(spots, votes)

    def _photographs(self, spots: Sequence[_Spot]) -> list[list[int]]:
        """By photograph, the numbers of the spots that it shows."""
        shown: dict[str, list[int]] = {}
        for n, spot in enumerate(spots):
            for frame in dict.fromkeys(self.seen[i].frame or f"?{i}" for i in spot.rows):
                shown.setdefault(frame, []).append(n)
        return list(shown.values())

    def _elected(self, spots: Sequence[_Spot], votes: Ints) -> Ints:
        """Each spot's choice with most votes; the clearest choose first, and what one photograph
        shows apart stays apart."""
        apart = self._apart(spots)
        known = np.full(len(spots), -1)
        for n in np.argsort(-votes.max(axis=1), kind="stable"):
            for k in np.argsort(-votes[n], kind="stable"):
                if votes[n, k] == 0 or k == votes.shape[1] - 1:
                    break
                if not (apart[n] & (known == k)).any():
                    known[n] = k
                    break
        return known

    def _adjusted(self, things: Sequence[Sequence[_Spot]], drifts: Floats) -> Floats:
        flat = [(n, spot) for n, thing in enumerate(things) for spot in thing]
        return adjusted(
            np.array([spot.xy for _, spot in flat]),
            np.array([1.0 / spot.sigma_m**2 for _, spot in flat]),
            np.array([n for n, _ in flat]),
            np.array([spot.flight for _, spot in flat]),
            drifts[: max(spot.flight for _, spot in flat) + 1],
            self.turn / 2.0,
        )[0]

    def _merged(self, things: Sequence[list[_Spot]], positions: Floats) -> list[list[_Spot]]:
        """Things that lie together now that all flights' offsets are known are one."""
        result: list[list[_Spot]] = []
        sigma = [np.sqrt(1.0 / sum(1.0 / s.sigma_m**2 for s in thing)) for thing in things]
        kept: list[int] = []
        for n, thing in enumerate(things):
            away = [float(np.hypot(*(positions[n] - positions[k]))) for k in kept]
            for index in np.argsort(away, kind="stable"):
                k, metres = kept[index], away[index]
                beyond = max(metres - self.habit.extent_m / 2.0, 0.0)
                gate = beyond**2 <= 4.0 * (sigma[n] ** 2 + sigma[k] ** 2)
                if metres <= self.habit.reach_m and gate and self._one(result[index], thing):
                    result[index].extend(thing)
                    break
            else:
                kept.append(n)
                result.append(list(thing))
        return result

    def _one(self, a: Sequence[_Spot], b: Sequence[_Spot]) -> bool:
        """Whether two things can be one: no photograph shows both, and in time."""
        rows = [i for s in a for i in s.rows], [i for s in b for i in s.rows]
        frames = [{self.seen[i].frame for i in r} - {""} for r in rows]
        return not (frames[0] & frames[1]) and self._in_time(rows[0], rows[1])

    # --- what both have in common ----------------------------------------------------------

    def _targets(
        self, things: Sequence[Sequence[_Spot]], positions: Sequence[Floats], rows: Sequence[int]
    ) -> Targets:
        seen = [[i for s in thing for i in s.rows] for thing in things]
        allowed = [[self._in_time([i], there) for there in seen] for i in rows]
        weight = [sum(1.0 / s.sigma_m**2 for s in thing) for thing in things]
        return Targets(
            xy=np.array(positions).reshape(-1, 2),
            sigma_m=np.sqrt(1.0 / np.array(weight)),
            allowed=np.array(allowed, dtype=bool).reshape(len(rows), len(things)),
            extent_m=self.habit.extent_m,
            reach_m=self.habit.reach_m,
        )

    def _in_time(self, a: Sequence[int], b: Sequence[int]) -> bool:
        """Whether the gap between two runs of sightings is short enough for one thing."""
        if self.habit.within is None:
            return True
        first = [min(self.seen[i].taken_at for i in rows) for rows in (a, b)]
        last = [max(self.seen[i].taken_at for i in rows) for rows in (a, b)]
        return max(first) - min(last) <= self.habit.within

    def _apart(self, spots: Sequence[_Spot]) -> Bools:
        """Which spots one photograph shows side by side."""
        frames = [{self.seen[i].frame for i in s.rows} - {""} for s in spots]
        xy = np.array([s.xy for s in spots])
        far = np.linalg.norm(xy[:, None] - xy[None], axis=2) > self.habit.extent_m
        shared = np.array([[bool(a & b) for b in frames] for a in frames])
        return np.asarray(far & shared)

    def _place(self, thing: Sequence[_Spot], xy: Floats, drifts: Floats) -> Place:
        rows = sorted((i for s in thing for i in s.rows), key=lambda i: _order(self.seen[i]))
        first = self.seen[rows[0]]
        flights = sorted({s.flight for s in thing})
        shared = 1.0 / sum(1.0 / max(drifts[f], 1e-3) ** 2 for f in flights)
        own = 1.0 / sum(1.0 / s.sigma_m**2 for s in thing)
        radius = CONFIDENCE * float(np.sqrt(shared + own))
        known = Known(
            id=f"place-{first.frame}-{rows[0]}",
            event_type=first.event_type,
            position=LonLat(float(self.plane.lon(xy[0])), float(self.plane.lat(xy[1]))),
            error=Ellipse(semi_major_m=radius, semi_minor_m=radius, bearing_deg=0.0),
            last_seen=max(self.seen[i].taken_at for i in rows),
            anchor=first.position,
            drift_m=float(np.sqrt(shared)),
        )
        return Place(known=known, sightings=tuple(rows))


def _without(spots: Sequence[_Spot], rows: Sequence[int]) -> list[_Spot]:
    """The spots as they are without some sightings; those of which nothing is left are gone."""
    gone, kept = set(rows), []
    for spot in spots:
        stay = [n for n, row in enumerate(spot.rows) if row not in gone]
        if stay:
            kept.append(
                _Spot(
                    flight=spot.flight,
                    rows=[spot.rows[n] for n in stay],
                    at=[spot.at[n] for n in stay],
                    weights=[spot.weights[n] for n in stay],
                )
            )
    return kept


def _order(s: Sighting) -> tuple[object, ...]:
    return s.taken_at, s.flight, s.frame, s.position.lon, s.position.lat
