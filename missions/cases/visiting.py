"""The end of a joint inspection: its results in each case, and what its flight really cost."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.errors import InvalidInput, NotAllowed
from missions.access import Principal
from missions.cases import pictures
from missions.cases.cases import note_step
from missions.cases.inspection import Inspection, InspectionState, moved
from missions.cases.records import Visit
from missions.entities import Case, Request
from missions.store.protocol import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionOrder:
    """A step of an inspection.

    Attributes:
        planned_for: when they meet; flight: whether all share a look from above.
    """

    step: str
    note: str = ""
    planned_for: datetime | None = None
    flight: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was found of one case."""

    case_id: str
    found: bool | None = None
    note: str = ""
    media: tuple[str, ...] = ()


def ended(
    unit: Unit,
    item: Inspection,
    state: InspectionState,
    p: Principal,
    order: InspectionOrder,
    now: datetime,
) -> Inspection:
    """Done or cancelled: its cases are free again."""
    if state is InspectionState.CANCELLED and not order.note.strip():
        raise InvalidInput("cancelling needs a reason", where="note", remedy="say why")
    for case in unit.cases.find(id=item.case_ids):
        if case.inspection_id == item.id:
            unit.cases.put(replace(case, inspection_id=None))
    if state is InspectionState.CANCELLED:
        return moved(item, state, done_at=now, done_by=p.name, reason=order.note.strip())
    return moved(item, state, done_at=now, done_by=p.name, note=order.note.strip() or item.note)


def write(unit: Unit, p: Principal, item: Inspection, result: Result, now: datetime) -> None:
    """Write what was found of a case into it; its own department, or a city-wide role.

    Raises:
        NotFound: no such case or photograph for this caller.
        NotAllowed: the case is another department's.
        InvalidInput: a photograph is from before the call, or of another place.
    """
    case: Case = p.checked(unit.cases.get(result.case_id))
    if not (p.city_wide or p.department == case.department):
        raise NotAllowed(
            f"only {case.department} writes into this case", where=case.id, remedy="leave it out"
        )
    since = item.called_at or item.proposed_at
    media = pictures.named(unit, p, result.media, since=since, near=case.position)
    pictures.keep(unit, p, case, media)
    visit = Visit(
        inspection_id=item.id,
        at=now,
        by=p.name,
        found=result.found,
        note=result.note.strip(),
        media=tuple(m.id for m in media),
    )
    unit.cases.put(replace(case, visits=(*case.visits, visit)))
    text = f"{case.number}: inspected together: {visit.note}".rstrip(": ")
    note_step(unit, now, case, p.name, "inspect", text, f"综合查一次 {visit.note}".strip())


def flown(unit: Unit, request: Request | None) -> tuple[float | None, float | None]:
    """Kilometres and minutes of the flight that answered a request, once it has landed."""
    flight_id = request.answer.flight_id if request and request.answer else None
    if flight_id is None or not unit.flights.exists(flight_id):
        return None, None
    flight = unit.flights.get(flight_id)
    if flight.landed_at is None or flight.took_off_at is None:
        return None, None
    return flight.km, (flight.landed_at - flight.took_off_at) / timedelta(minutes=1)
