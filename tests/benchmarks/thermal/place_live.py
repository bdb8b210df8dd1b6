"""The service's way of joining finds while photographs come in, without its store.

The steps of `missions.operations.finds`, by the functions it calls, on a simulated campaign.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from types import SimpleNamespace
from typing import Any

from benchmarks.thermal.place_world import World
from core.geo import distance_m
from missions import catalog
from missions.cases.places import BOX_DEG, family, habit_of, known_place
from missions.entities import Anomaly
from missions.sightings import SightingKind, SightingRecord
from thermal.places.track import Habit, Known, Sighting, associate, merge

_METRES = 100_000.0
"""A degree, on the short side: `missions.cases.places.near` looks in a box of degrees."""


@dataclass
class Live:
    """Anomalies so far, and what was kept of each."""

    preset: Any
    habit: Habit
    code: str
    anomalies: list[Anomaly] = field(default_factory=list)
    records: list[list[SightingRecord]] = field(default_factory=list)

    def take(self, seen: Sequence[Sighting]) -> list[int]:
        """The anomaly of each sighting of one photograph."""
        kind = family(self.preset, self.code)
        names = associate(
            [replace(s, event_type=kind) for s in seen], self._around(seen), habit=self.habit
        )
        fresh: list[int] = []
        found = []
        for sighting, name in zip(seen, names, strict=True):
            number = self._one_thing(fresh, sighting) if name is None else int(name)
            if number is None:
                number = self._first(sighting)
                fresh.append(number)
            else:
                self._again(number, sighting)
            self.records[number].append(_record(sighting, str(number)))
            found.append(number)
        return found

    def _around(self, seen: Sequence[Sighting]) -> list[Known]:
        """As known now, with what this flight saw of each."""
        flight = seen[0].flight
        near = [
            n
            for n, a in enumerate(self.anomalies)
            if any(distance_m(a.position, s.position) < BOX_DEG * _METRES for s in seen)
        ]
        here = {n: [r for r in self.records[n] if r.flight == flight] for n in near}
        return [known_place(self.preset, self.anomalies[n], here[n]) for n in near]

    def _one_thing(self, fresh: Sequence[int], sighting: Sighting) -> int | None:
        apart = [(distance_m(self.anomalies[n].position, sighting.position), n) for n in fresh]
        close = [pair for pair in apart if pair[0] <= self.habit.extent_m]
        return min(close)[1] if close else None

    def _first(self, sighting: Sighting) -> int:
        self.anomalies.append(
            Anomaly(
                id=str(len(self.anomalies)),
                event_type=self.code,
                position=sighting.position,
                error_m=sighting.error.semi_major_m,
                first_seen=sighting.taken_at,
                last_seen=sighting.taken_at,
                sightings=1,
                severity=1,
                department="",
                shared_with=(),
                anchor=sighting.position,
                drift_m=sighting.drift_m,
            )
        )
        self.records.append([])
        return len(self.anomalies) - 1

    def _again(self, number: int, sighting: Sighting) -> None:
        anomaly = self.anomalies[number]
        place = merge(known_place(self.preset, anomaly), sighting, habit=self.habit)
        if self.habit.spacing_m > sighting.sigma_m:
            anomaly = replace(anomaly, position=place.position, error_m=place.error.semi_major_m)
        self.anomalies[number] = replace(
            anomaly, anchor=place.anchor, last_seen=max(anomaly.last_seen, sighting.taken_at)
        )


def live_of(world: World) -> Live:
    """Nothing known yet of a world's things."""
    preset = SimpleNamespace(
        event_types=catalog.load().event_types, recheck=SimpleNamespace(classes=("01",))
    )
    habit = habit_of(preset.event_types[world.event_type])
    return Live(preset=preset, habit=habit, code=world.event_type)


def lived(world: World, seen: Sequence[Sighting]) -> list[int]:
    """The place of each sighting as the service joins them, photograph by photograph."""
    live = live_of(world)
    found: list[int] = []
    for _, photograph in groupby(seen, key=lambda s: s.frame):
        found.extend(live.take(list(photograph)))
    return found


def _record(sighting: Sighting, anomaly_id: str) -> SightingRecord:
    return SightingRecord(
        id="",
        anomaly_id=anomaly_id,
        medium_id=sighting.frame,
        kind=SightingKind.FOUND,
        at=sighting.taken_at,
        event_type=sighting.event_type,
        position=sighting.position,
        semi_major_m=sighting.error.semi_major_m,
        semi_minor_m=sighting.error.semi_minor_m,
        bearing_deg=sighting.error.bearing_deg,
        department="",
        shared_with=(),
        flight=sighting.flight,
        drift_m=sighting.drift_m,
    )
