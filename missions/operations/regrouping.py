"""After a flight: what it saw, and what was known round it, put together anew.

Photographs come in one by one, and the first are joined before the flight's GPS offset is known
(`missions.operations.finds`). When all are in, the neighbourhood that the flight touched is put
together as a whole (`thermal.places.regroup`). An anomaly keeps its name and case. One that is a
part of another says which (`merged_into`), is dismissed if it was open, and hands its whole
history over.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.ids import new_id
from missions.cases import places
from missions.entities import Anomaly, AnomalyState, Flight, HeatReading
from missions.lifecycle import move
from missions.operations.journal import note
from missions.operations.room import ControlRoom
from missions.sightings import SightingKind, SightingRecord
from missions.store.protocol import Between, Unit
from thermal.places.reunite import Reunited, heirs, reunited

MOST = 1500
"""Sightings put together at once: some ten seconds of one worker. Of more the latest flights'."""
READINGS = 60
"""As many as an anomaly itself keeps (`finds.HISTORY`)."""
_SEEN = (SightingKind.FOUND, SightingKind.OFFICER)


async def put_together(room: ControlRoom, flight: Flight) -> None:
    """Put a flight's finds and their neighbourhood together anew; quick where it found nothing."""
    with room.view() as unit:
        work = _neighbourhoods(unit, room, flight)
    loop = asyncio.get_running_loop()
    for code, records in work:
        known = {r.id: (places.sighting_of(r), r.anomaly_id) for r in records}
        habit = places.habit_of(room.preset.event_types[code])
        groups = await loop.run_in_executor(room.pool, reunited, known, habit)
        with room.unit() as unit:
            _Moving(unit, room, flight, {r.id: r for r in records}).apply(groups)


def _neighbourhoods(
    unit: Unit, room: ControlRoom, flight: Flight
) -> list[tuple[str, list[SightingRecord]]]:
    """By family of types, what shows the anomalies the flight saw, and their neighbours."""
    mine = unit.sightings.find(
        flight=Between(f"{flight.id}/", f"{flight.id}/~"), kind=SightingKind.FOUND
    )
    touched = unit.anomalies.find(id=tuple({s.anomaly_id for s in mine})) if mine else []
    families: dict[str, dict[str, Anomaly]] = {}
    for one in touched:
        family = families.setdefault(places.family(room.preset, one.event_type), {})
        if one.id not in family:
            near = places.near(unit, room.preset, one.event_type, one.position)
            family.update({a.id: a for a in near})
    found = []
    for family in families.values():
        if len(family) > 1:  # one alone has nothing to be confused with
            records = _latest(unit.sightings.find(anomaly_id=tuple(family), kind=_SEEN))
            found.append((next(iter(family.values())).event_type, records))
    return found


def _latest(records: Sequence[SightingRecord]) -> list[SightingRecord]:
    """The latest flights' whole, as many as can be put together at once."""
    last: dict[str, list[SightingRecord]] = {}
    for record in records:
        last.setdefault(record.flight, []).append(record)
    kept: list[SightingRecord] = []
    for of_flight in sorted(last.values(), key=lambda f: max(r.at for r in f), reverse=True):
        if kept and len(kept) + len(of_flight) > MOST:
            break
        kept.extend(of_flight)
    return kept


class _Moving:
    """Sightings on their way to the anomalies that they show, within one unit."""

    def __init__(
        self, unit: Unit, room: ControlRoom, flight: Flight, records: Mapping[str, SightingRecord]
    ) -> None:
        self.unit, self.room, self.flight = unit, room, flight
        self.records = records
        self.moved = self.merged = self.fresh = 0

    def apply(self, groups: Sequence[Reunited]) -> None:
        """Write what changed, and a line in the log if anything did."""
        before = {r.id: r.anomaly_id for r in self.records.values()}
        if not self._as_it_was(before):
            return  # somebody merged or dismissed one meanwhile: the next flight tries again
        names = [group.name or self._split(group, before) for group in groups]
        changed = set()
        for group, name in zip(groups, names, strict=True):
            for sighting in group.sightings:
                if before[sighting] != name:
                    self._move(self.records[sighting], name)
                    changed |= {before[sighting], name}
        gone = heirs(groups, before)
        for old, number in gone.items():
            self._merge(old, names[number])
        at = {name: group for group, name in zip(groups, names, strict=True)}
        for name in changed - set(gone):
            self._renew(name, at.get(name))
        self._tell()

    def _as_it_was(self, before: Mapping[str, str]) -> bool:
        known = self.unit.anomalies.find(id=tuple(set(before.values())))
        standing = all(a.state in places.STANDING and a.merged_into is None for a in known)
        now = self.unit.sightings.find(id=tuple(before))
        return standing and all(before[s.id] == s.anomaly_id for s in now)

    def _move(self, record: SightingRecord, name: str) -> None:
        home = self.unit.anomalies.get(name)
        self.unit.sightings.put(
            replace(
                record, anomaly_id=name, department=home.department, shared_with=home.shared_with
            )
        )
        self.moved += 1

    def _split(self, group: Reunited, before: Mapping[str, str]) -> str:
        """A new anomaly out of one that was two, in the same case."""
        source = self.unit.anomalies.get(before[group.sightings[0]])
        made = replace(
            source,
            id=new_id("ano", self.room.now()),
            anchor=group.known.position,
            history=(),
        )
        self.unit.anomalies.add(made)
        self._in_case(made.id, made.case_id)
        self.fresh += 1
        return made.id

    def _merge(self, old: str, name: str) -> None:
        """An anomaly that is a part of another: all that was seen of it is the other's now."""
        part, whole = self.unit.anomalies.get(old), self.unit.anomalies.get(name)
        for record in self.unit.sightings.find(anomaly_id=old):
            self._move(record, name)
        part_of = replace(part, merged_into=name)
        if part.state is AnomalyState.OPEN:
            part_of = move(part_of, AnomalyState.DISMISSED)
        self.unit.anomalies.put(part_of)
        if part.state is AnomalyState.OPEN and whole.state is AnomalyState.COLD:
            self.unit.anomalies.put(move(whole, AnomalyState.OPEN))
        self._in_case(name, part.case_id)  # both cases watch the place that it turned out to be
        self.merged += 1

    def _in_case(self, name: str, case_id: str | None) -> None:
        if case_id is None:
            return
        case = self.unit.cases.get(case_id)
        if name not in case.anomaly_ids:
            self.unit.cases.put(replace(case, anomaly_ids=(*case.anomaly_ids, name)))

    def _renew(self, name: str, group: Reunited | None) -> None:
        """An anomaly as its sightings now say."""
        anomaly = self.unit.anomalies.get(name)
        seen = sorted(
            self.unit.sightings.find(anomaly_id=name, kind=_SEEN), key=lambda s: (s.at, s.id)
        )
        readings = tuple(
            HeatReading(at=s.at, peak_c=s.peak_c, medium_id=s.medium_id)
            for s in seen
            if s.peak_c is not None
        )
        known = group.known if group else None
        self.unit.anomalies.put(
            replace(
                anomaly,
                position=known.position if known else anomaly.position,
                error_m=known.error.semi_major_m if known else anomaly.error_m,
                drift_m=known.drift_m if known else anomaly.drift_m,
                first_seen=seen[0].at,
                last_seen=seen[-1].at,
                sightings=len(seen),
                peak_c=max((r.peak_c for r in readings), default=anomaly.peak_c),
                history=readings[-READINGS:],
            )
        )

    def _tell(self) -> None:
        if self.moved:
            note(
                self.unit,
                self.room.now(),
                self.flight.id,
                "regroup",
                f"{self.moved} sightings moved, {self.merged} anomalies were part of others, "
                f"{self.fresh} were two",
                f"重新归并：移动 {self.moved} 次观测，合并 {self.merged} 处，拆分 {self.fresh} 处",
            )
