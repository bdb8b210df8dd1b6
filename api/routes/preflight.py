"""Filings, groundings, the weather ahead, and go / no-go for every flight."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import Caller, Filer, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas import preflight as schemas
from api.schemas.base import FeatureCollection, Items, PageOf
from missions.entities import FilingState

router = APIRouter(tags=["preflight"])

Day = Annotated[date | None, Query(description="today without it")]


@router.get("/preflights", summary="Go or no-go of the day", responses=problems())
def preflights(service: ServiceOf, caller: Caller, day: Day = None) -> Items[schemas.ToGoOut]:
    """Every flight that is still to go and serves the caller, with each check and its reason."""
    found = service.preflight.preflights(caller, day)
    return Items(items=[schemas.ToGoOut.of(flight, said) for flight, said in found])


@router.get("/flights/{id}/preflight", summary="May it go?", responses=problems(404))
def preflight(service: ServiceOf, caller: Caller, id: Id) -> schemas.PreflightOut:
    """As things stand; for a flight that has gone, what was said at the dock."""
    return schemas.PreflightOut.from_value(service.preflight.preflight(caller, id))


@router.get("/flights/{id}/preflights", summary="Decisions at the dock", responses=problems(404))
def decisions(service: ServiceOf, caller: Caller, id: Id) -> Items[schemas.PreflightOut]:
    """Every go and no-go of a flight's launch, in order, as it was recorded."""
    found = service.preflight.history(caller, id)
    return Items(items=[schemas.PreflightOut.from_value(one) for one in found])


@router.get("/weather/{dock}", summary="The weather ahead", responses=problems(404))
def weather(service: ServiceOf, _caller: Caller, dock: Id) -> schemas.WeatherOut:
    """At a dock, as far ahead as its station or the forecast service knows it."""
    now, hours = service.preflight.weather(dock)
    return schemas.WeatherOut(
        dock=dock, now=now, hours=[schemas.OutlookOut.from_value(o) for o in hours]
    )


@router.get("/filings", summary="Flight applications", responses=problems(403))
def filings(
    service: ServiceOf,
    caller: Caller,
    day: Annotated[date | None, Query(description="the day of the flights")] = None,
    state: FilingState | None = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[schemas.FilingRow]:
    """What was filed, by whom, and how it was answered; the latest first."""
    page = service.preflight.filings(caller, day=day, state=state, after=after, limit=limit)
    return PageOf.of(page.items, page.next, schemas.FilingRow.from_entity)


@router.get("/filings/clock", summary="The filing clock", responses=problems(403))
def filing_clock(service: ServiceOf, caller: Caller) -> schemas.ClockOut:
    """When tomorrow must be filed, and whether it is."""
    return schemas.ClockOut.from_value(service.preflight.clock(caller))


@router.get("/filings/{id}", summary="A flight application", responses=problems(403, 404))
def filing(service: ServiceOf, caller: Caller, id: Id) -> schemas.FilingOut:
    """With the flights under it and what may become of it."""
    return schemas.FilingOut.of(*service.preflight.filing(caller, id))


@router.get(
    "/filings/{id}/application", summary="What was applied for", responses=problems(403, 404)
)
def filing_application(service: ServiceOf, caller: Caller, id: Id) -> FeatureCollection:
    """The air asked for, dock by dock, as GeoJSON (WGS-84, heights above ground, UTC)."""
    return schemas.application(service.preflight.filing(caller, id)[0])


@router.post(
    "/filings/{id}/answer", summary="Write down the answer", responses=problems(403, 404, 409)
)
def answer_filing(
    service: ServiceOf, caller: Filer, id: Id, body: schemas.AnswerIn
) -> schemas.FilingRow:
    """What the air authority said. Nothing flies under an application without an approval."""
    said = service.preflight.answer(
        caller, id, approved=body.approved, number=body.number, remark=body.remark
    )
    return schemas.FilingRow.from_entity(said)


@router.post(
    "/filings/{id}/revoke", summary="An approval was taken back", responses=problems(403, 404, 409)
)
def revoke_filing(
    service: ServiceOf, caller: Filer, id: Id, body: schemas.RevokeIn
) -> schemas.FilingRow:
    """Nothing under it takes off any more; its departments are told."""
    return schemas.FilingRow.from_entity(service.preflight.revoke(caller, id, body.remark))


@router.get("/groundings", summary="What is grounded", responses=problems())
def groundings(
    service: ServiceOf,
    caller: Caller,
    past: Annotated[bool, Query(description="also what was lifted or is over")] = False,
) -> Items[schemas.GroundingOut]:
    """Where nothing takes off now or soon, and why."""
    found = service.preflight.groundings(caller, past=past)
    return Items(items=[schemas.GroundingOut.from_value(g) for g in found])


@router.post("/groundings", summary="Ground flights", status_code=201, responses=problems(403))
def ground(service: ServiceOf, caller: Filer, body: schemas.GroundIn) -> schemas.GroundingOut:
    """Nothing takes off there for a while; what is in the air flies on."""
    made = service.preflight.ground(caller, body.value(service.clock.now()))
    return schemas.GroundingOut.from_value(made)


@router.post("/groundings/{id}/lift", summary="Lift a grounding", responses=problems(403, 404))
def lift_grounding(service: ServiceOf, caller: Filer, id: Id) -> schemas.GroundingOut:
    """Flights may go again; lifting it once more changes nothing."""
    return schemas.GroundingOut.from_value(service.preflight.lift(caller, id))
