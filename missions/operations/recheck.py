"""Re-check until cold: cases that were reported back are looked at again on a schedule."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from core.equipment import Sensor
from core.errors import Unavailable
from missions.cases.cases import stepped
from missions.cases.recheck import next_recheck
from missions.entities import Anomaly, Case, CaseState, Flight, FlightState, Origin, Recheck
from missions.operations.order import Wish, order
from missions.operations.room import ControlRoom
from missions.operations.verdict import (
    judge_recheck,
    pending,
    spot_radius_m,
    watched_spots,
)
from missions.store.protocol import Unit

NEARBY_S = 15 * 60.0
"""A look that takes longer to come than this is not sent while a nearer drone may come back."""
PATIENCE = timedelta(minutes=30)
"""A look that is so late is flown by whoever can, however far."""
_GONE = (FlightState.CANCELLED, FlightState.FAILED)


def tick(room: ControlRoom) -> None:
    """Judge looks whose photographs are in, and order every re-check that is due."""
    with room.unit() as unit:
        for case in unit.cases.find(state=CaseState.REPORTED_BACK):
            unit.cases.put(
                stepped(
                    case,
                    CaseState.VERIFYING,
                    at=room.now(),
                    by="service",
                    note="re-checks are ordered",
                )
            )
        verifying = unit.cases.find(state=CaseState.VERIFYING)
        due = [case for case in verifying if _due(unit, room, case)]
        seen = [flight for case in verifying for flight in _photographed(unit, case)]
    for flight in seen:
        room.spawn(judge_recheck(room, flight), f"re-check {flight.id}")
    for case in due:
        _order(room, case)


def _photographed(unit: Unit, case: Case) -> list[Flight]:
    """The flight of the case's open re-check, once it has sent all its thermal photographs: the
    verdict need not wait until it has flown home."""
    waiting = pending(case)
    if waiting is None or waiting.flight_id is None:
        return []
    flight = unit.flights.get(waiting.flight_id)
    received = unit.media.count(flight=flight.id, sensor=Sensor.THERMAL)
    flying = flight.state is FlightState.FLYING
    return [flight] if flying and received >= flight.route.photos else []


def _due(unit: Unit, room: ControlRoom, case: Case) -> bool:
    if room.preset.event_types[case.event_type].detector != "thermal":
        return False  # an officer verifies what only an officer can see
    waiting = pending(case)
    if waiting is not None and waiting.flight_id is not None:
        return unit.flights.get(waiting.flight_id).state in _GONE
    due = _next(room, case)
    return due is not None and due <= room.now()


def _next(room: ControlRoom, case: Case) -> datetime | None:
    preset = room.preset
    return next_recheck(case, preset.recheck_of(case.event_type), room.now(), preset.zone_info)


def _order(room: ControlRoom, case: Case) -> None:
    """Order one look; when no drone nearby can go, the next tick tries again."""
    due = _next(room, case) or room.now()
    overdue = room.now() - due > PATIENCE
    with room.view() as unit:
        spots = in_turn(case, watched_spots(unit, case))
    wish = Wish(
        target=case.position,
        sensor=Sensor.THERMAL,
        origin=Origin.RECHECK,
        purpose=f"re-check of {case.number}",
        purpose_zh=f"复查 {case.number}",
        department=case.department,
        shared_with=case.shared_with,
        case_id=case.id,
        within_s=None if overdue else NEARBY_S,
        also=tuple(a.position for a in spots),
        also_radius_m=max((spot_radius_m(room, a) for a in spots), default=0.0),
    )
    with room.unit() as unit:
        try:
            ordered = order(room, unit, wish)
        except Unavailable:
            return
        look = Recheck(at=room.now(), request_id=ordered.request.id, flight_id=ordered.flight.id)
        fresh = unit.cases.get(case.id)
        kept = tuple(r for r in fresh.rechecks if r.looked_at is not None)
        unit.cases.put(replace(fresh, rechecks=(*kept, look)))


def in_turn(case: Case, spots: Sequence[Anomaly]) -> list[Anomaly]:
    """The case's places, those that were not seen for longest first."""

    def seen(anomaly: Anomaly) -> datetime | None:
        looks = [
            r.looked_at
            for r in case.rechecks
            for s in r.spots
            if s.anomaly_id == anomaly.id and s.verdict is not None and r.looked_at is not None
        ]
        return max(looks, default=None)

    last = {a.id: seen(a) for a in spots}
    return sorted(spots, key=lambda a: (_age(last[a.id]), a.id))


def _age(seen: datetime | None) -> float:
    return 0.0 if seen is None else seen.timestamp()
