"""Replay: where drones were, of one flight or of everybody in a span of time."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from core.errors import InvalidInput, NotFound
from fleet.links import tlog
from missions.access import Principal
from missions.entities import Flight, FlightState
from missions.operations import flightlog
from missions.operations.room import ControlRoom
from missions.queries import Page
from missions.store.protocol import Between
from missions.telemetry.track import Track, clipped, track_of

LONGEST = timedelta(days=7)
_UNDER_WAY = (FlightState.PREPARING, FlightState.FLYING)


class TelemetryHistory:
    """What the time bar replays."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    async def track(self, p: Principal, flight_id: str) -> Track:
        """A flight's track; of one in the air, as far as its log was written.

        Raises:
            NotFound: no such flight for this principal, or nothing was recorded of it.
        """
        with self._room.view() as unit:
            found = unit.flights.find(id=flight_id, audience=p.audience())
            if not found:
                raise NotFound("no such thing", where=flight_id)
            flight = found[0]
            kept = unit.tracks.find(id=flight.part_of or flight.id)
        if kept:
            return _of_part(kept[0], flight)
        return await self._under_way(flight)

    def replay(
        self,
        p: Principal,
        *,
        start: datetime,
        end: datetime,
        vehicle: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Track]:
        """Tracks of flights that were in the air between two times, cut to them, as they ended.

        Raises:
            InvalidInput: the span makes no sense, or is longer than a week.
        """
        if not start < end:
            raise InvalidInput("ends before it begins", where="to", remedy="give a later time")
        if end - start > LONGEST:
            raise InvalidInput("longer than a week", where="to", remedy="replay a part of it")
        chosen: dict[str, Any] = {} if vehicle is None else {"vehicle": vehicle}
        with self._room.view() as unit:
            found = unit.tracks.find(
                audience=p.audience(),
                start=Between(high=end),
                end=Between(low=start),
                after=after,
                limit=limit + 1,
                **chosen,
            )
        items = tuple(clipped(track, start, end) for track in found[:limit])
        return Page(items, found[limit - 1].id if len(found) > limit else None)

    async def _under_way(self, flight: Flight) -> Track:
        path = flightlog.path_of(self._room, flight)
        if flight.state in _UNDER_WAY and path.is_file():
            samples = await asyncio.to_thread(tlog.flown, path)
            track = track_of(flight, path, samples)
            if track is not None:
                return track
        raise NotFound(
            "nothing was recorded of this flight",
            where=flight.id,
            remedy="a track begins at the take-off and is kept at the landing",
        )


def _of_part(track: Track, flight: Flight) -> Track:
    """Of a part that a pilot flew by hand, only its own time."""
    if flight.part_of is None or flight.took_off_at is None:
        return track
    mine = clipped(track, flight.took_off_at, flight.landed_at or track.end)
    return replace(mine, id=flight.id)
