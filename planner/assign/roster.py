"""Flights of every station as the search moves them about: cheap to ask, exact in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from planner.assign.model import PAD_S, Day


@dataclass(slots=True)
class Sortie:
    """One flight of a station.

    Attributes:
        nodes: in flying order.
        seconds, metres: dock to dock.
        low, high: when it may start so that no stop waits and every window holds.
    """

    nodes: list[int]
    seconds: float
    metres: float
    low: float
    high: float


@dataclass(slots=True)
class Place:
    """Where a task could go: flight ``index`` becomes ``sortie``, or a new one is put there."""

    cost: float
    station: int
    index: int
    new: bool
    sortie: Sortie


NEW_M_PER_S = 3.0
"""Metres of flying that a second of a drone's day is worth while it is being filled: a drone
that recharges does nothing, so a new flight must save a few kilometres."""

PROMISE = 10.0
"""Weight of prizes against metres in the search: a look that was asked for is not left out to save
the 20 km that its prize stands for, only where it makes room for others."""


class Roster:
    """All flights of a day, by station in order of time."""

    def __init__(self, day: Day, flights: Sequence[Sequence[Sortie]] | None = None) -> None:
        self.day = day
        given = flights if flights is not None else [[] for _ in day.problem.stations]
        self.flights: list[list[Sortie]] = [list(f) for f in given]
        self._work = [np.ascontiguousarray(k.work_s).data for k in day.kinds]
        self._work_m = [np.ascontiguousarray(k.work_m).data for k in day.kinds]
        self._leg = [np.ascontiguousarray(k.leg_s).data for k in day.kinds]
        self._leg_m = [np.ascontiguousarray(k.leg_m).data for k in day.kinds]
        self._out = np.ascontiguousarray(day.out_s).data
        self._back = np.ascontiguousarray(day.back_s).data
        self._out_m = np.ascontiguousarray(day.out_m).data
        self._back_m = np.ascontiguousarray(day.back_m).data
        self._early, self._late = day.earliest.tolist(), day.latest.tolist()
        self._usable = [day.kinds[k].spec.usable_s - PAD_S for k in day.kind_of.tolist()]
        self._recharge = [day.kinds[k].spec.recharge_s for k in day.kind_of.tolist()]
        self._kind = day.kind_of.tolist()
        self._rate = NEW_M_PER_S
        self._free, self._until = day.free.tolist(), day.until.tolist()

    def copy(self) -> "Roster":
        """Another roster that changes by itself; sorties are never changed in place."""
        other = object.__new__(Roster)
        other.__dict__.update(self.__dict__)
        other.flights = [list(f) for f in self.flights]
        return other

    def served(self) -> set[int]:
        """The tasks in all flights."""
        return {n >> 1 for own in self.flights for f in own for n in f.nodes}

    def value(self) -> float:
        """The prizes of the served tasks."""
        return float(sum(self.day.prize[t] for t in self.served()))

    def metres(self) -> float:
        """Metres flown in all."""
        return sum(f.metres for own in self.flights for f in own)

    def objective(self) -> float:
        """What the search makes great: first the prizes, then few metres."""
        return PROMISE * self.value() - self.metres()

    def sortie(self, station: int, nodes: list[int]) -> Sortie | None:
        """A flight of these nodes; None if it fits neither endurance nor windows."""
        kind = self._kind[station]
        work, work_m, leg, leg_m = (
            self._work[kind],
            self._work_m[kind],
            self._leg[kind],
            self._leg_m[kind],
        )
        clock = self._out[station, nodes[0]]
        metres = self._out_m[station, nodes[0]]
        low, high = self._free[station], inf
        before = -1
        for node in nodes:
            if before >= 0:
                clock += leg[before, node]
                metres += leg_m[before, node]
            task = node >> 1
            if self._early[task] - clock > low:
                low = self._early[task] - clock
            clock += work[node]
            metres += work_m[task]
            if self._late[task] - clock < high:
                high = self._late[task] - clock
            before = node
        clock += self._back[station, before]
        metres += self._back_m[station, before]
        high = min(high, self._until[station] - clock)
        if clock > self._usable[station] or low > high:
            return None
        return Sortie(nodes, clock, metres, low, high)

    def starts(self, station: int, flights: Sequence[Sortie]) -> list[float] | None:
        """Earliest start of each flight in this order; None if one comes too late."""
        ready = self._free[station]
        rest = self._recharge[station]
        found = []
        for flight in flights:
            start = flight.low if flight.low > ready else ready
            if start > flight.high:
                return None
            found.append(start)
            ready = start + flight.seconds + rest
        return found

    def best_place(
        self, task: int, stations: Sequence[int] | None = None, rate: float = NEW_M_PER_S
    ) -> Place | None:
        """The cheapest place for a task over its stations.

        Args:
            rate: metres that a second of a drone's day counts.
        """
        self._rate = rate
        best: Place | None = None
        for station in self.day.near[task] if stations is None else stations:
            best = self._best_at(station, task, best)
        return best

    def _best_at(self, station: int, task: int, best: Place | None) -> Place | None:
        limit = best.cost if best is not None else inf
        flights = self.flights[station]
        for index, flight in enumerate(flights):
            found = self._into(station, index, flight, task, limit)
            if found is not None:
                best, limit = found, found.cost
        return self._new(station, task, limit) or best

    def _into(
        self, station: int, index: int, flight: Sortie, task: int, limit: float
    ) -> Place | None:
        kind = self._kind[station]
        work, leg, leg_m = self._work[kind], self._leg[kind], self._leg_m[kind]
        work_m = self._work_m[kind][task]
        spare = self._usable[station] - flight.seconds
        if work[2 * task] > spare:
            return None
        nodes = flight.nodes
        count = len(nodes)
        best: Place | None = None
        out, out_m, back, back_m = self._out, self._out_m, self._back, self._back_m
        rate = self._rate
        room = limit - work_m
        for at in range(count + 1):
            before = nodes[at - 1] if at else -1
            after = nodes[at] if at < count else -1
            if before < 0:
                gone_m = out_m[station, after]
            elif after < 0:
                gone_m = back_m[station, before]
            else:
                gone_m = leg_m[before, after]
            for node in (2 * task, 2 * task + 1):
                # metres first: they rule most places out
                metres = out_m[station, node] if before < 0 else leg_m[before, node]
                metres += (back_m[station, node] if after < 0 else leg_m[node, after]) - gone_m
                if not metres < room:
                    continue
                if before < 0:
                    seconds = out[station, node] - out[station, after]
                else:
                    seconds = leg[before, node]
                seconds += work[node]
                if after >= 0:
                    seconds += leg[node, after]
                    if before >= 0:
                        seconds -= leg[before, after]
                else:
                    seconds += back[station, node] - back[station, before]
                cost = metres + work_m + rate * seconds
                if seconds > spare or cost >= limit:
                    continue
                trial = self.sortie(station, [*nodes[:at], node, *nodes[at:]])
                if trial is None:
                    continue
                chain = self.flights[station]
                if self.starts(station, [*chain[:index], trial, *chain[index + 1 :]]) is None:
                    continue
                limit = cost
                room = limit - work_m
                best = Place(cost, station, index, False, trial)
        return best

    def _new(self, station: int, task: int, limit: float) -> Place | None:
        best: Place | None = None
        for node in (2 * task, 2 * task + 1):
            trial = self.sortie(station, [node])
            if trial is None:
                continue
            busy = trial.seconds + self._recharge[station]
            cost = trial.metres + self._rate * busy
            if cost >= limit:
                continue
            index = self._slot(station, trial)
            if index is not None:
                limit = cost
                best = Place(cost, station, index, True, trial)
        return best

    def _slot(self, station: int, trial: Sortie) -> int | None:
        """The first position in the station's day at which a new flight fits."""
        chain = self.flights[station]
        for index in range(len(chain), -1, -1):
            if self.starts(station, [*chain[:index], trial, *chain[index:]]) is not None:
                return index
        return None

    def put(self, place: Place) -> None:
        """Carry out what `best_place` found."""
        own = self.flights[place.station]
        if place.new:
            own.insert(place.index, place.sortie)
        else:
            own[place.index] = place.sortie

    def remove(self, tasks: set[int]) -> None:
        """Take tasks out of their flights; empty flights vanish."""
        for station, own in enumerate(self.flights):
            kept: list[Sortie] = []
            for flight in own:
                if not any(n >> 1 in tasks for n in flight.nodes):
                    kept.append(flight)
                    continue
                rest = [n for n in flight.nodes if n >> 1 not in tasks]
                shorter = self.sortie(station, rest) if rest else None
                if shorter is not None:
                    kept.append(shorter)
            self.flights[station] = kept
