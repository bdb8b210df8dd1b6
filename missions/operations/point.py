"""Point-and-fly (指点飞行): a place on the map, a drone that goes there, a flight on record."""

from dataclasses import dataclass

from core.equipment import Sensor
from core.errors import InvalidInput, Unavailable
from core.geo import LonLat
from missions.access import Principal
from missions.entities import FilingState, Flight, FlightState, Origin
from missions.operations.flights import moved, remark
from missions.operations.order import Proposal, Wish, order, propose
from missions.operations.room import ControlRoom

HEIGHTS_M = (30.0, 120.0)
"""Lowest and highest height above ground that may be asked: clear of trees, below 120 m."""

ORDERS = ("hold", "resume", "return", "land", "photograph")
"""What a flight in the air obeys at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointAnswer:
    """Who goes and when, or why nobody can.

    Attributes:
        eta_s: from take-off to arrival.
        filing: state of the emergency filing.
        reason: why not; None when it is possible.
    """

    flight_id: str | None
    vehicle: str | None
    eta_s: float | None
    distance_km: float | None
    filing: str
    reason: str | None = None


def wish_for(
    principal: Principal,
    *,
    lon: float,
    lat: float,
    height_m: float,
    vehicle: str | None,
    purpose: str,
) -> Wish:
    """A caller's click as a wish.

    Raises:
        InvalidInput: no such place, or a height out of bounds.
    """
    low, high = HEIGHTS_M
    if not low <= height_m <= high:
        raise InvalidInput(
            f"height {height_m:g} m is not allowed",
            where="height_m",
            remedy=f"choose {low:g} to {high:g} m above ground",
        )
    try:
        target = LonLat(lon, lat)
    except ValueError as why:
        raise InvalidInput(str(why), where="lon, lat", remedy="WGS-84 degrees") from why
    return Wish(
        target=target,
        sensor=Sensor.VISIBLE,
        origin=Origin.POINT,
        purpose=purpose or "point-and-fly",
        purpose_zh=purpose or "指点飞行",
        department=principal.department or "",
        height_m=height_m,
        dock=vehicle,
        counties=principal.counties,
    )


def preview(room: ControlRoom, wish: Wish) -> PointAnswer:
    """Who would go, without ordering it."""
    try:
        with room.view() as unit:
            proposal = propose(room, unit, wish)
    except Unavailable as why:
        return _refused(why.what)
    return _answer(None, proposal, "to be filed")


def point(room: ControlRoom, wish: Wish) -> PointAnswer:
    """Order the flight.

    Raises:
        Unavailable: nobody can go, with the reason.
    """
    with room.unit() as unit:
        ordered = order(room, unit, wish)
    return _answer(ordered.flight.id, ordered.proposal, FilingState.FILED)


async def command(room: ControlRoom, flight: Flight, order: str, by: Principal) -> str | None:
    """A pilot's word: launch a planned flight now; hold, resume, return, land or photograph with
    one in the air, as long as nobody else holds its controls.

    Returns the id of the vehicle's order; None for a launch, which is a flight's own affair.

    Raises:
        InvalidInput: no such command. Unavailable: the flight is not in the air. ControlHeld.
        VehicleError: the vehicle refused, or did not answer.
    """
    if order == "launch":
        launch(room, flight, by.name)
        return None
    if order not in ORDERS:
        raise InvalidInput(
            f"no such command: {order}",
            where="command",
            remedy=f"one of launch, {', '.join(ORDERS)}",
        )
    if flight.state is not FlightState.FLYING:
        raise Unavailable(
            f"the flight is {flight.state}",
            where=flight.id,
            remedy="only a flight in the air obeys",
        )
    done = await room.helms.command(flight, by, order)
    said, said_zh = f"{by.name}: {order}, acknowledged", f"{by.name}：{order}，已确认"
    remark(room, flight, order, said, said_zh, actor=by.name)
    return done.id


def launch(room: ControlRoom, flight: Flight, by: str) -> None:
    """Begin a planned flight now; its pre-flight checks decide, as for any other.

    Raises:
        Unavailable: it has begun, ended or been cancelled, or its drone is out.
    """
    with room.unit() as unit:
        fresh = unit.flights.get(flight.id)
        if fresh.state is not FlightState.PLANNED:
            raise Unavailable(
                f"the flight is {fresh.state}", where=flight.id, remedy="only a planned one starts"
            )
        out = (FlightState.PREPARING, FlightState.FLYING)
        if unit.flights.count(vehicle=flight.vehicle, state=out):
            raise Unavailable(
                "its drone is on another flight", where=flight.vehicle, remedy="wait until it lands"
            )
        moved(unit, room, fresh, room.now() - fresh.start, f"launched by {by}", f"{by} 立即起飞")


def _refused(reason: str) -> PointAnswer:
    return PointAnswer(
        flight_id=None, vehicle=None, eta_s=None, distance_km=None, filing="none", reason=reason
    )


def _answer(flight_id: str | None, proposal: Proposal, filing: str) -> PointAnswer:
    return PointAnswer(
        flight_id=flight_id,
        vehicle=proposal.response.station,
        eta_s=proposal.response.eta_s,
        distance_km=proposal.km / 2,
        filing=filing,
    )
