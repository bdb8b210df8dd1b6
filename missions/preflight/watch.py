"""What is told ahead of time: a day that is not filed, an application without an answer, flights
that the weather will keep on the ground."""

from datetime import timedelta

from missions.entities import FilingState, Flight, FlightState
from missions.ledger import CITY
from missions.operations import preflight
from missions.operations.journal import alert
from missions.operations.room import ControlRoom
from missions.preflight import gate
from missions.preflight.filing import cutoff
from missions.preflight.model import Check, Word
from missions.store.protocol import Between, Unit

AHEAD = timedelta(hours=2)
"""Flights that begin within so long are looked at; a station says nothing beyond it."""
ANSWER_WANTED = timedelta(hours=1)
"""So long before the first flight an application should have its answer."""
_TO_GO = FlightState.PLANNED
_TOLD = "preflight_told"
_KEPT = 500
"""Things told that are remembered; those of a day are some ten."""


def tick(room: ControlRoom) -> None:
    """Tell what should be known by now, each thing once."""
    with room.unit() as unit:
        told = list(unit.settings.get(_TOLD, ()))
        before = len(told)
        _unfiled(room, unit, told)
        _unanswered(room, unit, told)
        _grounded_by_weather(room, unit, told)
        if len(told) != before:
            unit.settings.set(_TOLD, told[-_KEPT:])


def _unfiled(room: ControlRoom, unit: Unit, told: list[str]) -> None:
    """Tomorrow is not filed, and the cut-off is near or has passed."""
    rules, day = room.preset.filing, room.today() + timedelta(days=1)
    last = cutoff(day, rules, room.preset.zone_info)
    late = room.now() > last
    if room.now() < last - timedelta(minutes=rules.warn_min) or unit.filings.count(
        day=day, emergency=False
    ):
        return
    at = room.clock_time(last)
    text = f"{day} was not filed by {at}" if late else f"{day} is not filed yet; cut-off {at}"
    text_zh = f"{day} 未在 {at} 前申报" if late else f"{day} 尚未申报，截止 {at}"
    _once(room, unit, told, f"unfiled:{day}:{late}", text, text_zh, CITY)


def _unanswered(room: ControlRoom, unit: Unit, told: list[str]) -> None:
    """An application has no answer, and its first flight is near."""
    for filing in unit.filings.find(state=FilingState.FILED):
        starts = [f.start for f in unit.flights.find(filing_id=filing.id, state=_TO_GO)]
        if filing.emergency or not starts or min(starts) - room.now() > ANSWER_WANTED:
            continue
        at = room.clock_time(min(starts))
        text = f"filing {filing.id} has no answer; its first flight is at {at}"
        text_zh = f"飞行申报 {filing.id} 尚无批复，首架次 {at}"
        _once(room, unit, told, f"unanswered:{filing.id}", text, text_zh, CITY)


def _grounded_by_weather(room: ControlRoom, unit: Unit, told: list[str]) -> None:
    """Flights that begin soon and that the weather speaks against."""
    now = room.now()
    soon = unit.flights.find(state=_TO_GO, start=Between(low=now, high=now + AHEAD))
    for flight in soon:
        against = _against(room, unit, flight)
        if against is None:
            continue
        at = room.clock_time(flight.start)
        _once(
            room,
            unit,
            told,
            f"weather:{flight.id}",
            f"{flight.vehicle} at {at} will not go as it looks: {against.text}",
            f"{flight.vehicle} {at} 架次预计不能起飞：{against.text_zh}",
            *flight.departments,
        )


def _against(room: ControlRoom, unit: Unit, flight: Flight) -> Check | None:
    known = preflight.known(room, unit, flight)
    checks = gate.weather_checks(known.outlooks, known.spec, known.rules)
    return next((c for c in checks if c.word is Word.NO_GO), None)


def _once(
    room: ControlRoom,
    unit: Unit,
    told: list[str],
    key: str,
    text: str,
    text_zh: str,
    *departments: str,
) -> None:
    if key in told:
        return
    told.append(key)
    owner, *others = departments
    alert(
        unit, room.now(), "preflight", 2, text, text_zh, department=owner, shared_with=tuple(others)
    )
