"""Every plan is flown in simulation before it flies for real, and what that shows is acted upon.

A plan for a later day is rehearsed before it is released; a plan for the day that has begun is
released at once and rehearsed beside it. Either way the release never waits longer than
`DEADLINE_S`: then the report says plainly that the day was not rehearsed.

What the rehearsal shows of a flight that has not begun: an infeasible one is held back (its
departments are told why, and `mend` looks for another drone) unless a re-timing was proven to mend
it; a late one is re-timed where that was proven; a risky one carries a warning.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Protocol

from core.errors import FlyOnceError
from missions.demand.planning import PlannedDay
from missions.entities import Flight, FlightState
from missions.operations import flights
from missions.operations.journal import alert, note
from missions.operations.rehearsing import of_flights, of_plan, posts_of
from missions.operations.reports import is_rehearsed, keep, kept, told
from missions.operations.room import ControlRoom
from missions.store.protocol import Unit

__all__ = ["act", "day_of", "is_rehearsed", "keep", "kept", "rehearsed", "released_day", "told"]

logger = logging.getLogger("flyonce.rehearsal")

DEADLINE_S = 600.0
"""Wall seconds after which a plan is released without a rehearsal."""
Json = Mapping[str, Any]


class Rehearser(Protocol):
    """Flies a day in simulation; how and where is not our business."""

    async def __call__(self, day: Json) -> Json:
        """The report of a day to rehearse.

        Raises:
            Unavailable, InvalidInput: it could not be rehearsed, and why.
        """
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What acting on a report came to: flight ids."""

    held: tuple[str, ...] = ()
    retimed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()


def day_of(room: ControlRoom, planned: PlannedDay) -> dict[str, Any]:
    """A plan that is not released yet, with alternatives, under the ids of its flights."""
    names = {p.id: f.id for p, f in zip(planned.plan.flights, planned.flights, strict=True)}
    preset = room.preset
    return of_plan(
        planned.problem,
        planned.plan,
        posts_of(preset),
        title=f"{preset.title} {planned.day}",
        zone=preset.zone_info,
        ground=preset.heights,
        names=names,
    )


def released_day(room: ControlRoom, day: date) -> dict[str, Any] | None:
    """What is still to be flown on a released day; None for nothing."""
    with room.view() as unit:
        left = unit.flights.find(day=day, state=FlightState.PLANNED)
    return of_flights(room.preset, left[0].start, left) if left else None


async def rehearsed(rehearser: Rehearser, day: Json, *, deadline_s: float = DEADLINE_S) -> Json:
    """The report, or one that says that there is none and why; never raises for that."""
    try:
        async with asyncio.timeout(deadline_s):
            return {"state": "rehearsed", **await rehearser(day)}
    except TimeoutError:
        why = f"it was not done within {deadline_s / 60:.0f} minutes"
    except FlyOnceError as error:
        why = str(error)
    logger.warning("not rehearsed: %s", why)
    return {
        "state": "not-rehearsed",
        "reason": f"not rehearsed: {why}",
        "reason_zh": f"未复演：{why}",
        "counts": {},
        "flights": [],
    }


def act(unit: Unit, room: ControlRoom, day: date, report: Json) -> Outcome:
    """Hold back, re-time and warn; flights that have begun meanwhile are left alone."""
    planned = {f.id: f for f in unit.flights.find(day=day, state=FlightState.PLANNED)}
    held, retimed, warned = [], [], []
    for shown in report["flights"]:
        flight = planned.get(shown["id"])
        if flight is None or shown["verdict"] == "ok":
            continue
        retiming = _retiming(flight, shown)
        if retiming is not None and retiming.start >= room.now():
            _retime(unit, room, flight, retiming, shown)
            retimed.append(flight.id)
        elif shown["verdict"] == "infeasible":
            _hold(unit, room, flight, shown)
            held.append(flight.id)
        else:
            _warn(unit, room, flight, shown)
            warned.append(flight.id)
    return Outcome(held=tuple(held), retimed=tuple(retimed), warned=tuple(warned))


def _retiming(flight: Flight, shown: Json) -> Flight | None:
    """The flight at the time that was proven, if that is all that must change."""
    change = shown["change"]
    if not change or not change["proven"] or change["kind"] != "time":
        return None
    only = change["flights"][0]
    if len(change["flights"]) > 1 or only["vehicle"] != flight.vehicle:
        return None
    start, end = (datetime.fromisoformat(only[k]) for k in ("start", "end"))
    return replace(flight, start=start.astimezone(UTC), end=end.astimezone(UTC))


def _retime(unit: Unit, room: ControlRoom, flight: Flight, later: Flight, shown: Json) -> None:
    by = later.start - flight.start
    length = (later.end - later.start) - (flight.end - flight.start)
    if by:
        flights.moved(unit, room, flight, by, _why(shown), _why(shown, "_zh"))
    moved = replace(unit.flights.get(flight.id), start=later.start, end=later.end)
    unit.flights.put(moved)
    text = f"rehearsed: {shown['text']}; {shown['change']['text']}"
    text_zh = f"复演：{shown['text_zh']}；{shown['change']['text_zh']}"
    note(unit, room.now(), flight.id, "rehearse", text, text_zh)
    if by:
        _tell(unit, room, flight, 1, text, text_zh)
    elif length:
        logger.debug("%s: %s longer", flight.id, length)


def _hold(unit: Unit, room: ControlRoom, flight: Flight, shown: Json) -> None:
    """Not released: its requests are told why and may find another drone."""
    reason = f"held back, the rehearsal shows: {_why(shown)}"
    reason_zh = f"暂不放飞，复演显示：{_why(shown, '_zh')}"
    change = shown["change"]
    if change:
        reason, reason_zh = f"{reason}; {change['text']}", f"{reason_zh}；{change['text_zh']}"
    flights.cancelled(unit, room, flight, reason, reason_zh)
    _tell(unit, room, flight, 2, reason, reason_zh)


def _warn(unit: Unit, room: ControlRoom, flight: Flight, shown: Json) -> None:
    text, text_zh = f"rehearsed: {_why(shown)}", f"复演：{_why(shown, '_zh')}"
    change = shown["change"]
    if change:
        text, text_zh = f"{text}; {change['text']}", f"{text_zh}；{change['text_zh']}"
    note(unit, room.now(), flight.id, "rehearse", text, text_zh)


def _why(shown: Json, language: str = "") -> str:
    return str(shown[f"text{language}"])


def _tell(
    unit: Unit, room: ControlRoom, flight: Flight, severity: int, text: str, text_zh: str
) -> None:
    at = room.clock_time(flight.start)
    alert(
        unit,
        room.now(),
        "rehearsal",
        severity,
        f"flight of {flight.vehicle} at {at}: {text}",
        f"{flight.vehicle} {at} 架次：{text_zh}",
        department=flight.departments[0] if flight.departments else "",
        shared_with=flight.departments[1:],
    )
