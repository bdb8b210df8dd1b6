"""What each thing counts for: under which day, department, place and kind, and how much.

One function for each kind of thing, from the thing alone; the tallies are the sums of these over
everything stored, and nothing else (`rebuild.check` proves it).
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from core.squares import square_of
from missions.entities import (
    Case,
    CaseState,
    CaseStep,
    Event,
    Flight,
    FlightState,
    LedgerLine,
    Request,
    RequestState,
)
from missions.statistics.measures import ANSWER, CLOSE, class_of
from missions.store.counts import CellKey, Counts, TallyKey

Share = tuple[TallyKey, str | int, int]
"""Of a row of the day's grain: the count's name, or its place, and how much."""

DONE = frozenset(
    {CaseState.REPORTED_BACK, CaseState.VERIFYING, CaseState.CLOSED, CaseState.EVALUATED}
)
"""States in which a case is handled (处置): its department has reported back."""
OVER = frozenset({CaseState.CLOSED, CaseState.EVALUATED, CaseState.REJECTED})
"""States in which a case is no longer open."""
_ANSWERS = frozenset({CaseState.HANDLING, CaseState.REPORTED_BACK, CaseState.REJECTED})
LEVELS = range(4, 19, 2)
"""Levels of the web map's squares at which cases are counted: 2**4 to 2**18 round the equator, the
last some 130 m wide in China."""
_E6 = 1_000_000


def day_of(at: datetime, zone: ZoneInfo) -> str:
    """The city's date of a time."""
    return at.astimezone(zone).date().isoformat()


def of_case(case: Case, zone: ZoneInfo) -> Iterator[Share]:
    """What a case counts for; see docs/statistics.md for the definitions."""

    def key(at: datetime) -> TallyKey:
        day = day_of(at, zone)
        return TallyKey("cases", "d", day, case.department, case.county, case.event_type)

    opened = key(case.opened_at)
    yield opened, "opened", 1
    answered = first_answer(case)
    if answered is not None:
        yield opened, ANSWER + class_of(_minutes(case.opened_at, answered)), 1
    if case.recurrence:
        yield opened, "recurring", 1
    if case.escalations:
        yield opened, "escalated", 1
    for look in case.rechecks:
        yield key(look.at), "rechecks", 1
        if look.looked_at is not None:
            yield key(look.at), "looked", 1
    if case.state is CaseState.REJECTED:
        yield opened, "rejected", 1
        return
    sent_back = _sent_back(case)
    if sent_back:
        yield opened, "returned", sent_back
    due = key(case.due_at)
    yield due, "due", 1
    handled = handled_at(case)
    if handled is not None:
        yield due, "handled", 1
        if handled <= case.due_at:
            yield due, "on_time", 1
    if case.closed_at is not None and case.state in OVER:
        closed = key(case.closed_at)
        yield closed, "closed", 1
        yield closed, CLOSE + class_of(_minutes(case.opened_at, case.closed_at)), 1


def of_event(event: Event, zone: ZoneInfo) -> Iterator[Share]:
    """What an event counts for."""
    day = day_of(event.at, zone)
    key = TallyKey("cases", "d", day, event.department, event.county, event.event_type)
    yield key, "events", 1


def of_flight(flight: Flight, _zone: ZoneInfo) -> Iterator[Share]:
    """What a flight counts for: itself for the city, and as one for each department it served."""
    key = TallyKey("flights", "d", flight.day.isoformat(), "", flight.dock, flight.origin.value)
    if flight.state is FlightState.FAILED:
        yield key, "failed", 1
    if flight.state is FlightState.CANCELLED:
        yield key, "cancelled", 1
    if flight.state not in (FlightState.DONE, FlightState.DIVERTED):
        return
    begun, ended = flight.took_off_at or flight.start, flight.landed_at or flight.end
    yield key, "flights", 1
    yield key, "metres", round(flight.km * 1000)
    yield key, "seconds", max(0, round((ended - begun).total_seconds()))
    yield key, "photos", flight.photos_taken
    for department in flight.departments:
        yield key._replace(subject="shares", department=department), "flights", 1


def of_line(line: LedgerLine, flight: Flight) -> Iterator[Share]:
    """What a line of the ledger counts for: a department's metres and seconds of a flight."""
    key = TallyKey(
        *("shares", "d", flight.day.isoformat(), line.department),
        *(flight.dock, flight.origin.value),
    )
    yield key, "metres", line.metres
    yield key, "seconds", line.seconds


def of_request(request: Request, zone: ZoneInfo) -> Iterator[Share]:
    """What a request counts for; its kind is where it comes from."""
    day = day_of(request.created_at, zone)
    key = TallyKey("requests", "d", day, request.department, "", request.origin.value)
    yield key, "asked", 1
    if request.state is RequestState.ANSWERED:
        yield key, "answered", 1
    if request.state is RequestState.REFUSED:
        yield key, "refused", 1


def cells_of(case: Case) -> Iterator[tuple[CellKey, Counts]]:
    """What a case counts for on the map, for everybody and for each department that may see it: at
    the deepest level; the squares above hold the sums."""
    lon, lat = round(case.position.lon * _E6), round(case.position.lat * _E6)
    is_open = case.state not in OVER
    counts = (is_open, 1, lon * is_open, lat * is_open, lon, lat)
    readers = dict.fromkeys(("", case.department, *case.shared_with))
    x, y = square_of(case.position.lon, case.position.lat, LEVELS[-1])
    for department in readers:
        yield CellKey(LEVELS[-1], y, x, department, case.county), counts


def first_answer(case: Case) -> datetime | None:
    """When a person first answered: took the case on, reported back or rejected it."""
    return next((s.at for s in case.steps if s.step in _ANSWERS), None)


def handled_at(case: Case) -> datetime | None:
    """When the case was reported back, if it has not been sent out again since."""
    if case.state not in DONE:
        return None
    reported = [s.at for s in case.steps if s.step == CaseState.REPORTED_BACK]
    return reported[-1] if reported else None


def _sent_back(case: Case) -> int:
    """How often it was sent out again (返工); a hand-over to another department is none."""
    sent = [s for s in case.steps if s.step == CaseState.DISPATCHED and not _handed_over(s)]
    return max(0, len(sent) - 1)


def _handed_over(step: CaseStep) -> bool:
    return step.handed_over


def _minutes(begun: datetime, ended: datetime) -> float:
    return max(0.0, (ended - begun).total_seconds() / 60)
