"""What an urgent flight does to the rest of its drone's day: later, or not at all. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from missions.entities import Flight


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A flight that makes room.

    Attributes:
        start: its new take-off; None where it no longer fits and is cancelled.
    """

    flight: Flight
    start: datetime | None


def displaced(
    later: Sequence[Flight],
    *,
    free_at: datetime,
    latest_end: Mapping[str, datetime],
    recharge: timedelta,
) -> tuple[Moved, ...]:
    """The drone's later flights that must move so that it is free until ``free_at``.

    Args:
        later: planned flights of the same drone that have not begun.
        free_at: when the urgent flight has landed and the drone is charged again.
        latest_end: by flight id, when its tasks must have ended.

    Flights keep their order; each moves as little as possible; one that no longer fits its
    windows is cancelled and makes room for the next.
    """
    moved = []
    ready = free_at
    for flight in sorted(later, key=lambda f: f.start):
        if flight.start >= ready:
            break
        end = ready + (flight.end - flight.start)
        if end <= latest_end[flight.id]:
            moved.append(Moved(flight=flight, start=ready))
            ready = end + recharge
        else:
            moved.append(Moved(flight=flight, start=None))
    return tuple(moved)
