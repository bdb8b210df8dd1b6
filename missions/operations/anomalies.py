"""What is known of an anomaly, and every measurement of its place, for who may see it."""

from dataclasses import dataclass

from missions.access import Principal
from missions.entities import Anomaly, Case
from missions.operations.room import ControlRoom
from missions.queries import Page, page_of
from missions.sightings import SightingKind, SightingRecord

CURVE = 200
"""Most points of a curve; a longer history is thinned evenly, its first and last kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyDetail:
    """An anomaly, its case where it has one, and its temperature over time (oldest first)."""

    anomaly: Anomaly
    case: Case | None
    found: int
    looked: int
    curve: tuple[SightingRecord, ...]


class Anomalies:
    """The use cases of one anomaly."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def detail(self, p: Principal, anomaly_id: str) -> AnomalyDetail:
        """One anomaly.

        Raises:
            NotFound: there is none that this principal may see.
        """
        with self._room.view() as unit:
            anomaly: Anomaly = p.checked(unit.anomalies.get(anomaly_id))
            case = unit.cases.get(anomaly.case_id) if anomaly.case_id else None
            said = unit.sightings.find(anomaly_id=anomaly_id)
        warm = sorted((s for s in said if s.peak_c is not None), key=lambda s: (s.at, s.id))
        looked = sum(s.kind is SightingKind.LOOKED for s in said)
        return AnomalyDetail(
            anomaly=anomaly,
            case=case if case is not None and p.sees(case) else None,
            found=len(said) - looked,
            looked=looked,
            curve=thinned(warm),
        )

    def history(
        self, p: Principal, anomaly_id: str, *, after: str | None = None, limit: int = 100
    ) -> Page[SightingRecord]:
        """Every sighting of an anomaly and every look that showed its place, latest kept first.

        Raises:
            NotFound: there is no such anomaly that this principal may see.
        """
        with self._room.view() as unit:
            p.checked(unit.anomalies.get(anomaly_id))
            return page_of(unit.sightings, p, after, limit, {"anomaly_id": anomaly_id})


def thinned(warm: list[SightingRecord], most: int = CURVE) -> tuple[SightingRecord, ...]:
    """At most so many of a series, evenly, with its first and its last."""
    if len(warm) <= most:
        return tuple(warm)
    step = (len(warm) - 1) / (most - 1)
    return tuple(warm[round(n * step)] for n in range(most))
