"""What dispatchers do about preflight: file, write answers down, ground; what everybody asks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from core.errors import InvalidInput, NotAllowed, NotFound
from core.ids import new_id
from missions.access import Principal
from missions.entities import Filing, FilingState, Flight, FlightState
from missions.operations import preflight
from missions.operations.journal import alert, note
from missions.operations.room import ControlRoom
from missions.preflight import filing as filings
from missions.preflight import gate
from missions.preflight.forecast import Outlook
from missions.preflight.model import Grounding, Preflight, overall
from missions.queries import Page, page_of
from missions.store.protocol import Unit

LONGEST = timedelta(days=31)
"""A grounding without an end is a decision that somebody forgot."""
_AHEAD = timedelta(hours=72)
_TO_GO = (FlightState.PLANNED, FlightState.PREPARING)
_LONGEST_REMARK = 500


class PreflightDesk:
    """Filings, groundings, the weather ahead, and whether flights may go."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    # --- may it go? ----------------------------------------------------------------------------

    def preflight(self, p: Principal, flight_id: str) -> Preflight:
        """Whether a flight may go, as things stand; what was decided once it has gone.

        Raises:
            NotFound: no such flight for this principal.
        """
        with self._room.view() as unit:
            flight = _seen(unit, p, flight_id)
            return self._preflight(unit, flight)

    def history(self, p: Principal, flight_id: str) -> Sequence[Preflight]:
        """Every decision that was taken at the dock, in order."""
        with self._room.view() as unit:
            _seen(unit, p, flight_id)
            return unit.preflights.find(flight_id=flight_id)

    def preflights(self, p: Principal, day: date | None) -> Sequence[tuple[Flight, Preflight]]:
        """Every flight of a day that is still to go, with its preflight; today's without a day."""
        with self._room.view() as unit:
            to_go = unit.flights.find(
                day=day or self._room.today(), state=_TO_GO, audience=p.audience()
            )
            return [(flight, self._preflight(unit, flight)) for flight in to_go]

    def weather(self, dock_id: str) -> tuple[datetime, Sequence[Outlook]]:
        """The weather ahead at a dock: for the next hours, as far as it is known.

        Raises:
            NotFound: no such dock.
        """
        docks = {dock.id: dock for dock in self._room.preset.docks}
        if dock_id not in docks:
            raise NotFound("no such dock", where=dock_id)
        now, place = self._room.now(), docks[dock_id].position
        for span in (_AHEAD, timedelta(hours=24), timedelta(hours=6), timedelta(hours=1)):
            known = self._room.forecast.between(place, now, now + span)
            if known:
                return now, known
        return now, ()

    def _preflight(self, unit: Unit, flight: Flight) -> Preflight:
        if flight.state not in _TO_GO:
            said = unit.preflights.find(flight_id=flight.id, newest_first=True, limit=1)
            if said:
                return said[0]
        checks = gate.look(preflight.known(self._room, unit, flight))
        return Preflight(
            id="",
            flight_id=flight.id,
            at=self._room.now(),
            word=overall(checks),
            checks=checks,
            departments=flight.departments,
        )

    # --- filings -------------------------------------------------------------------------------

    def filings(
        self,
        p: Principal,
        *,
        day: date | None = None,
        state: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Filing]:
        """Applications, the latest first; for city-wide roles."""
        p.require_city()
        if state is not None and state not in list(FilingState):
            raise InvalidInput(
                f"no such state: {state[:80]}",
                where="state",
                remedy=f"use {', '.join(FilingState)}",
            )
        wanted: dict[str, Any] = {"day": day, "state": state}
        chosen = {name: value for name, value in wanted.items() if value is not None}
        with self._room.view() as unit:
            return page_of(unit.filings, replace(p, counties=None), after, limit, chosen)

    def filing(self, p: Principal, filing_id: str) -> tuple[Filing, Sequence[Flight]]:
        """One application, and those flights under it that the caller may see."""
        p.require_city()
        with self._room.view() as unit:
            under = unit.flights.find(filing_id=filing_id, audience=p.audience())
            return unit.filings.get(filing_id), under

    def clock(self, p: Principal) -> Mapping[str, Any]:
        """The filing clock: the next cut-off, and whether the day after is filed and answered."""
        p.require_city()
        room = self._room
        day = room.today() + timedelta(days=1)
        last = filings.cutoff(day, room.preset.filing, room.preset.zone_info)
        with room.view() as unit:
            found = unit.filings.find(day=day, emergency=False)
            open_ = unit.filings.count(state=FilingState.FILED)
        return {
            "now": room.now(),
            "day": day,
            "cutoff": last,
            "seconds_left": max(0.0, (last - room.now()).total_seconds()),
            "filed": bool(found),
            "states": tuple(f.state for f in found),
            "unanswered": open_,
            "answered_by_people": not room.authority.simulated,
        }

    def answer(
        self, p: Principal, filing_id: str, *, approved: bool, number: str, remark: str
    ) -> Filing:
        """Write down what the air authority answered.

        Raises:
            InvalidInput: an approval without its number, or a refusal without its reason.
            IllegalTransition: it was answered already.
        """
        p.require("file")
        _want(approved or remark.strip(), "remark", "say why it was refused")
        _want(not approved or number.strip(), "number", "give the number of the approval")
        with self._room.unit() as unit:
            answered = filings.answer(
                _filed(unit, p, filing_id),
                now=self._room.now(),
                by=p.name,
                approved=approved,
                number=number.strip(),
                remark=remark.strip()[:_LONGEST_REMARK],
            )
            self._keep(unit, answered, p)
            return answered

    def revoke(self, p: Principal, filing_id: str, remark: str) -> Filing:
        """The authority took its approval back: nothing under it takes off any more."""
        p.require("file")
        _want(remark.strip(), "remark", "say why it was taken back")
        with self._room.unit() as unit:
            revoked = filings.revoke(
                _filed(unit, p, filing_id), now=self._room.now(), by=p.name, remark=remark.strip()
            )
            self._keep(unit, revoked, p)
            for flight in unit.flights.find(filing_id=filing_id, state=_TO_GO):
                self._tell(unit, flight, f"approval taken back: {remark}", f"批准被撤销：{remark}")
            return revoked

    def _keep(self, unit: Unit, filing: Filing, p: Principal) -> None:
        unit.filings.put(filing)
        text = f"{filing.state} {filing.number} {filing.remark}".strip()
        text_zh = f"飞行申报：{_STATE_ZH[filing.state]} {filing.number} {filing.remark}".strip()
        note(unit, self._room.now(), filing.id, f"filing.{filing.state}", text, text_zh, p.name)

    # --- groundings ----------------------------------------------------------------------------

    def groundings(self, p: Principal, *, past: bool = False) -> Sequence[Grounding]:
        """What is grounded now or soon, as far as it concerns the caller; also what was, with
        ``past``."""
        now = self._room.now()
        with self._room.view() as unit:
            every = unit.groundings.find() if past else unit.groundings.find(lifted_at=None)
            found = [g for g in every if _concerns(unit, p, g)]
        return [g for g in found if past or g.ends is None or g.ends > now]

    def ground(self, p: Principal, wanted: Grounding) -> Grounding:
        """Nothing takes off there for a while; what is in the air flies on.

        Raises:
            InvalidInput: it names nothing that exists, or no sensible time.
        """
        p.require("file")
        room = self._room
        _want(wanted.reason.strip(), "reason", "say why")
        ends = wanted.ends or wanted.starts + LONGEST
        _want(wanted.starts < ends, "ends", "let it end after it starts")
        _want(ends - wanted.starts <= LONGEST, "ends", "31 days at most; it can be made again")
        counties, docks = room.preset.territory, {d.id for d in room.preset.docks}
        _want(wanted.county is None or wanted.county in counties, "county", "name a county's id")
        _want(wanted.dock is None or wanted.dock in docks, "dock", "name a dock's id")
        now = room.now()
        made = replace(wanted, id=new_id("gnd", now), by=p.name, made_at=now, ends=ends)
        with room.unit() as unit:
            _require_all(unit, p, made)
            _want(
                made.flight_id is None or unit.flights.exists(made.flight_id),
                "flight_id",
                "name a flight",
            )
            unit.groundings.add(made)
            where = made.flight_id or made.dock or made.county or "the city"
            note(unit, now, made.id, "grounding.made", f"{where}: {made.reason}", "停飞", p.name)
            self._tell_grounded(unit, made)
        return made

    def lift(self, p: Principal, grounding_id: str) -> Grounding:
        """Flights may go again."""
        p.require("file")
        now = self._room.now()
        with self._room.unit() as unit:
            found = unit.groundings.get(grounding_id)
            if not _concerns(unit, p, found):
                raise NotFound("no such thing", where=grounding_id)
            _require_all(unit, p, found)
            if found.lifted_at is not None:
                return found
            lifted = replace(found, lifted_at=now, lifted_by=p.name)
            unit.groundings.put(lifted)
            note(unit, now, found.id, "grounding.lifted", "lifted", "解除停飞", p.name)
        return lifted

    def _tell_grounded(self, unit: Unit, made: Grounding) -> None:
        soon = unit.flights.find(state=_TO_GO, day=self._room.today())
        for flight in soon:
            if made in preflight.groundings_of(self._room, unit, flight):
                self._tell(unit, flight, f"grounded: {made.reason}", f"停飞：{made.reason}")

    def _tell(self, unit: Unit, flight: Flight, text: str, text_zh: str) -> None:
        at = self._room.clock_time(flight.start)
        alert(
            unit,
            self._room.now(),
            "preflight",
            2,
            f"{flight.vehicle} at {at} does not go: {text}",
            f"{flight.vehicle} {at} 架次不能起飞：{text_zh}",
            department=flight.departments[0],
            shared_with=flight.departments[1:],
        )


_STATE_ZH = {
    FilingState.FILED: "已申报",
    FilingState.APPROVED: "已批准",
    FilingState.REFUSED: "未批准",
    FilingState.REVOKED: "批准已撤销",
}


def _seen(unit: Unit, p: Principal, flight_id: str) -> Flight:
    found = unit.flights.find(id=flight_id, audience=p.audience())
    if not found:
        raise NotFound("no such thing", where=flight_id)
    return found[0]


def _concerns(unit: Unit, p: Principal, grounding: Grounding) -> bool:
    """Whether a grounding is the whole city's, or of a county, dock or flight of the caller's."""
    if grounding.flight_id is not None:
        return bool(unit.flights.find(id=grounding.flight_id, audience=p.audience()))
    if grounding.county is None and grounding.dock is None:
        return True
    return p.reaches(grounding)


def _require_all(unit: Unit, p: Principal, grounding: Grounding) -> None:
    """Nobody grounds or lets fly beyond their counties.

    Raises:
        NotAllowed: it reaches further than the caller acts.
    """
    if p.counties is None:
        return
    named = grounding.county or grounding.dock or grounding.flight_id
    if not named or not _concerns(unit, p, grounding):
        raise NotAllowed(
            "you act for some counties, and this reaches further",
            where=named,
            remedy="name one of your counties, docks or flights, or ask somebody of the whole city",
        )


def _filed(unit: Unit, p: Principal, filing_id: str) -> Filing:
    """An application that the caller may write the answer of: all its air is in their counties.

    Raises:
        NotFound: there is none. NotAllowed: it is for more than the caller's counties.
    """
    filing: Filing = unit.filings.get(filing_id)
    if not all(p.reaches(volume) for volume in filing.volumes):
        raise NotAllowed(
            "you act for some counties, and this application is for more of them",
            where=filing_id,
            remedy="ask somebody who acts for the whole city",
        )
    return filing


def _want(right: object, field: str, remedy: str) -> None:
    if not right:
        raise InvalidInput(f"the {field} does not fit", where=field, remedy=remedy)
