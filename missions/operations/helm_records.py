"""A drone's controls as they are kept with the records, so that a killed service carries on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.geo import LonLat
from core.route import Waypoint
from fleet.control import FREE, Control, Pilot
from fleet.plans.breakpoint import Break
from fleet.vehicle import Vehicle
from missions.entities import Flight
from missions.operations.errands import Drawn, Then
from missions.store.protocol import Unit


@dataclass
class Helm:
    """One drone's controls.

    Attributes:
        segment: id of the flight segment that is being recorded; None while the plan is flown.
        photos_before: photographs that the vehicle had reported when it began.
        path: what is being flown for the pilot, from its next leg on.
    """

    control: Control = FREE
    segment: str | None = None
    photos_before: int = 0
    path: tuple[Waypoint, ...] = ()
    then: Then = "hold"
    drawn: dict[str, tuple[datetime, Drawn]] = field(default_factory=dict)


def key(flight: Flight) -> str:
    return f"helm/{flight.vehicle}"


def saved(flight: Flight, helm: Helm, vehicle: Vehicle) -> dict[str, Any]:
    """What a restarted service needs, as JSON."""
    control, left = helm.control, vehicle.manoeuvres.left
    pilot = control.pilot
    return {
        "flight": flight.id,
        "segment": helm.segment,
        "who": pilot.who if pilot else None,
        "rank": pilot.rank if pilot else 0,
        "since": control.since.isoformat() if control.since else None,
        "why": control.why,
        "then": helm.then,
        "path": [
            [w.position.lon, w.position.lat, w.height_m, w.amsl_m, w.speed_mps] for w in helm.path
        ],
        "left": None
        if left is None
        else [left.seq, _pair(left.at), _pair(left.join), left.height_item, left.at_once],
    }


def loaded(unit: Unit, flight: Flight, vehicle: Vehicle, now: datetime) -> Helm:
    """What was kept of this flight; a holder gets the whole time to be heard of again."""
    kept = unit.settings.get(key(flight))
    if not kept or kept["flight"] != flight.id:
        return Helm()
    if kept["left"] is not None and vehicle.manoeuvres.left is None:
        seq, at, join, item, once = kept["left"]
        vehicle.manoeuvres.left = Break(
            seq=seq, at=_place(at), join=_place(join), height_item=item, at_once=once
        )
    control = FREE
    if kept["who"] is not None:
        control = Control(
            pilot=Pilot(kept["who"], kept["rank"]),
            since=datetime.fromisoformat(kept["since"]),
            why=kept["why"],
            seen_at=now,
        )
    path = tuple(
        Waypoint(position=LonLat(lon, lat), height_m=h, amsl_m=amsl, speed_mps=speed)
        for lon, lat, h, amsl, speed in kept["path"]
    )
    return Helm(control=control, segment=kept["segment"], path=path, then=kept["then"])


def _pair(place: LonLat | None) -> list[float] | None:
    return None if place is None else [place.lon, place.lat]


def _place(pair: Sequence[float] | None) -> LonLat | None:
    return None if pair is None else LonLat(pair[0], pair[1])
