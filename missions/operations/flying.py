"""The use cases of flying by hand, with the caller's rights checked (see missions.service)."""

from dataclasses import dataclass

from core.errors import NotFound, PathRefused
from fleet.control import Control
from fleet.orders import Order
from missions.access import Principal
from missions.entities import Flight
from missions.operations.errands import Drawn, Errand
from missions.operations.room import ControlRoom


@dataclass(frozen=True, kw_only=True)
class Preview:
    """An errand drawn: how it would be flown, or why not and what would be possible.

    Attributes:
        drawn: None when it is refused.
        reason, remedy: why it is.
        instead: the nearest thing that is proven.
    """

    drawn: Drawn | None
    reason: str | None = None
    remedy: str | None = None
    instead: Drawn | None = None


class Flying:
    """What pilots do with drones in the air."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def control(self, p: Principal, flight_id: str) -> Control:
        """Who holds the controls, for whoever may see the flight."""
        with self._room.view() as unit:
            flight: Flight = p.checked(unit.flights.get(flight_id))
        if not p.city_wide:
            p.require("fly")
        return self._room.helms.control(flight)

    def take(self, p: Principal, flight_id: str, why: str, *, over: bool) -> Control:
        """Take the controls, or renew a hold of one's own."""
        return self._room.helms.take(self._flight(p, flight_id), p, why, over=over)

    def ask(self, p: Principal, flight_id: str, why: str) -> Control:
        """Ask the holder for the controls."""
        return self._room.helms.ask(self._flight(p, flight_id), p, why)

    def keep(self, p: Principal, flight_id: str) -> Control:
        """The holder keeps the controls from who asked."""
        return self._room.helms.refuse(self._flight(p, flight_id), p)

    async def hand_back(self, p: Principal, flight_id: str, why: str, then: str) -> Control:
        """Back to the plan."""
        return await self._room.helms.hand_back(self._flight(p, flight_id), p, why, then)

    def preview(self, p: Principal, flight_id: str, errand: Errand) -> Preview:
        """How an errand would be flown, without flying it."""
        flight, helms = self._flight(p, flight_id), self._room.helms
        try:
            return Preview(drawn=helms.preview(flight, errand))
        except PathRefused as why:
            return Preview(
                drawn=None,
                reason=why.what,
                remedy=why.remedy,
                instead=helms.instead(flight, errand),
            )

    def fly(self, p: Principal, flight_id: str, token: str, key: str | None) -> Order:
        """Fly what was drawn, proven again."""
        return self._room.helms.fly(self._flight(p, flight_id), p, token, key)

    def _flight(self, p: Principal, flight_id: str) -> Flight:
        return commanded(self._room, p, flight_id)


def commanded(room: ControlRoom, p: Principal, flight_id: str) -> Flight:
    """A flight that the caller may command: its drone's dock stands in the caller's counties.

    Raises:
        NotAllowed: the role may not fly. NotFound: no such flight, or none within the counties.
    """
    p.require("fly")
    with room.view() as unit:
        flight = unit.flights.get(flight_id)
    if p.counties is not None:
        dock = room.dock_of(flight.address)
        if dock is None or not p.reaches(dock):
            raise NotFound("no such thing", where=flight_id)
    return flight
