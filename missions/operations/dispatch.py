"""The day's conductor: every planned flight begins at its time."""

from datetime import timedelta
from functools import partial

from missions.entities import Flight, FlightState
from missions.operations.conduct import adopt, conduct
from missions.operations.flightlog import measure
from missions.operations.room import ControlRoom
from missions.operations.settle import settle
from missions.schedule import outlasting, until_done
from missions.store.protocol import Between

LEAD = timedelta(seconds=60)
"""A flight is prepared so long before its take-off: uploads with read-back take some seconds each,
and many flights start together."""
TICK_S = 3.0
UNDER_WAY = (FlightState.PREPARING, FlightState.FLYING)


class Dispatcher:
    """Starts flights, one at a time for each drone."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room
        self._busy: set[str] = set()

    async def run(self) -> None:
        """Carry on with what was in the air, then start what is due, for ever."""
        for flight in self._under_way():
            self._start(flight, again=True)
        for flight in self._unsettled():
            self._room.spawn(settle(self._room, flight), f"settle {flight.id}")
        while True:
            # suspended for so long that another took over: it finds out before it starts anything
            with outlasting("dispatch"):
                for flight in self._due() if self._room.lease.held() else ():
                    if flight.vehicle not in self._busy:
                        self._start(flight, again=False)
            await self._room.clock.sleep(TICK_S)

    def _under_way(self) -> list[Flight]:
        with self._room.view() as unit:
            return [f for f in unit.flights.find(state=UNDER_WAY) if f.part_of is None]

    def _unsettled(self) -> list[Flight]:
        """Flights that landed just before the service stopped."""
        with self._room.view() as unit:
            landed = unit.flights.find(
                state=(FlightState.DONE, FlightState.DIVERTED), day=self._room.today()
            )
            return [f for f in landed if not unit.log.count(subject=f.id, action="settle")]

    def _due(self) -> list[Flight]:
        until = Between(high=self._room.now() + LEAD)
        with self._room.view() as unit:
            due = unit.flights.find(state=FlightState.PLANNED, start=until)
        return sorted(due, key=lambda f: (-f.priority, f.start))

    def _start(self, flight: Flight, *, again: bool) -> None:
        self._busy.add(flight.vehicle)
        self._room.spawn(self._fly(flight, again=again), f"flight {flight.id}")

    async def _fly(self, flight: Flight, *, again: bool) -> None:
        room = self._room
        try:
            ended = await self._flown(flight, again=again)
        finally:
            self._busy.discard(flight.vehicle)
        if ended.state in (FlightState.DONE, FlightState.DIVERTED):
            await until_done(f"the log of {ended.id}", lambda: measure(room, ended))
            await until_done(f"settling {ended.id}", lambda: settle(room, ended))

    async def _flown(self, flight: Flight, *, again: bool) -> Flight:
        """A flight as it ended. Where the database goes away meanwhile, the drone flies on by
        itself, and is taken up again as after a restart; what was not begun yet is due again."""
        while True:
            with outlasting(flight.id):
                return await (adopt if again else conduct)(self._room, flight)
            flight = await until_done(flight.id, partial(self._found, flight.id))
            again = True
            if flight.state not in UNDER_WAY:
                return flight

    async def _found(self, id: str) -> Flight:
        with self._room.view() as unit:
            flight: Flight = unit.flights.get(id)
            return flight
