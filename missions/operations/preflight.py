"""The gate before a launch: what was filed, people's word, the weather ahead; and what it said.

A flight that is not as it was filed any more (its drone stands elsewhere, it was moved too far) is
filed anew by the emergency route, where its kind may take it, and waits for the answer.
"""

from core.errors import NotReady
from core.ids import new_id
from missions.entities import Filing, FilingState, Flight
from missions.operations.room import ControlRoom
from missions.preflight import gate
from missions.preflight.added import kept
from missions.preflight.filing import emergency_for, may_be_emergency
from missions.preflight.model import Check, Grounding, Preflight, Word
from missions.preflight.volumes import not_covered
from missions.store.protocol import Unit

_ANSWERABLE = (FilingState.FILED, FilingState.APPROVED)

AT_THE_DOCK = Check(
    name="launch",
    word=Word.GO,
    text="vehicle, battery, dock, measured weather and read-back proof are in order",
    text_zh="飞行器、电池、机场、实测气象与回读校验均正常",
)


class FiledAnew(NotReady):
    """What was filed does not cover the flight as it is to be flown; a new application does.

    Attributes:
        filing_id: of the new one.
    """

    def __init__(self, why: str, flight: Flight, filing_id: str) -> None:
        super().__init__(f"{why}; filed anew, waiting for the answer", where=flight.id)
        self.filing_id = filing_id


def cleared(room: ControlRoom, flight: Flight) -> tuple[Check, ...]:
    """Every check of a flight as it is to be flown.

    Raises:
        FiledAnew: it was not as filed.
        NotReady: something speaks against it.
    """
    with room.unit() as unit:
        anew = _filed_anew(room, unit, flight)
        checks = gate.look(known(room, unit, flight))
    if anew is not None:
        raise anew
    reasons = [check.text for check in checks if check.word is Word.NO_GO]
    if reasons:
        raise NotReady("; ".join(reasons), where=flight.id)
    return checks


def known(room: ControlRoom, unit: Unit, flight: Flight) -> gate.Known:
    """What is known about a flight now."""
    dock = room.dock(flight.dock)
    return gate.Known(
        flight=flight,
        filing=_filing(unit, flight),
        spec=room.preset.kinds[dock.kind],
        zones=room.preset.zones,
        outlooks=room.forecast.between(dock.position, flight.start, flight.end),
        groundings=groundings_of(room, unit, flight),
        rules=room.preset.weather,
    )


def groundings_of(room: ControlRoom, unit: Unit, flight: Flight) -> list[Grounding]:
    """Those that keep this flight on the ground."""
    dock = room.dock(flight.dock)
    return [
        g
        for g in unit.groundings.find(lifted_at=None)
        if g.holds(flight.start, flight.end)
        and g.county in (None, dock.county)
        and g.dock in (None, dock.id)
        and g.flight_id in (None, flight.id)
    ]


def launched(room: ControlRoom, flight: Flight, checks: tuple[Check, ...]) -> None:
    """Write down that it took off, and what was known then."""
    _write(room, flight, Word.GO, (*checks, AT_THE_DOCK))


def refused(room: ControlRoom, flight: Flight, why: str) -> None:
    """Write down a no-go and its reason; the same words again are not repeated."""
    check = Check(name="launch", word=Word.NO_GO, text=why, text_zh=f"未就绪：{why}")
    _write(room, flight, Word.NO_GO, (check,))


def _write(room: ControlRoom, flight: Flight, word: Word, checks: tuple[Check, ...]) -> None:
    with room.unit() as unit:
        last = unit.preflights.find(flight_id=flight.id, newest_first=True, limit=1)
        if last and last[0].word is word and last[0].reasons == _reasons(checks):
            return
        unit.preflights.add(
            Preflight(
                id=new_id("clr", room.now()),
                flight_id=flight.id,
                at=room.now(),
                word=word,
                checks=checks,
                departments=flight.departments,
                decided=True,
            )
        )


def _reasons(checks: tuple[Check, ...]) -> tuple[str, ...]:
    return tuple(c.text for c in checks if c.word is Word.NO_GO)


def _filing(unit: Unit, flight: Flight) -> Filing | None:
    return unit.filings.get(flight.filing_id) if flight.filing_id else None


def _filed_anew(room: ControlRoom, unit: Unit, flight: Flight) -> FiledAnew | None:
    """A new application where the old one does not cover the flight and it may be filed anew."""
    filing = _filing(unit, flight)
    if filing is None or filing.state not in _ANSWERABLE:
        return None
    why = not_covered(filing, flight)
    if not why or not may_be_emergency(room.preset.filing, flight.origin):
        return None  # what speaks against it, the gate says
    made = emergency_for((flight,), room.preset, now=room.now(), by=f"{flight.id}: {why}")
    return FiledAnew(why, flight, kept(unit, made, room.now(), "service"))
