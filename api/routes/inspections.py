"""Joint inspections (综合查一次): several departments' open cases, one visit."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import Caller, Officer, ServiceOf
from api.errors import problems
from api.routes.cases import box
from api.routes.parameters import After, Id, Limit
from api.schemas import inspections as schemas
from api.schemas.base import Items, PageOf
from missions.cases.inspection import InspectionState

router = APIRouter(tags=["cases"])


@router.get("/inspections/proposals", summary="Visits worth making", responses=problems())
def proposals(
    service: ServiceOf,
    caller: Caller,
    bbox: Annotated[
        str | None, Query(max_length=200, description="west,south,east,north in degrees")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Items[schemas.ProposalOut]:
    """Open cases that lie together and are several departments' business; nothing is kept."""
    found = service.inspections.proposals(caller, bbox=box(bbox) if bbox else None, limit=limit)
    return Items(items=[schemas.ProposalOut.of(p) for p in found])


@router.get("/inspections", summary="Joint inspections", responses=problems())
def inspections(
    service: ServiceOf,
    caller: Caller,
    state: InspectionState | None = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[schemas.InspectionRow]:
    """Those in which the caller's department takes part, the newest first."""
    page = service.inspections.list(caller, state=state, after=after, limit=limit)
    return PageOf.of(page.items, page.next, schemas.InspectionRow.from_entity)


@router.post(
    "/inspections",
    summary="Propose a joint inspection",
    status_code=201,
    responses=problems(403, 404, 409),
)
def create_inspection(
    service: ServiceOf, caller: Officer, body: schemas.InspectionIn
) -> schemas.InspectionOut:
    """Of open cases of several departments that lie within one visit's reach."""
    made = service.inspections.create(
        caller, body.case_ids, planned_for=body.planned_for, note=body.note
    )
    return schemas.InspectionOut.detailed(made)


@router.get("/inspections/{id}", summary="A joint inspection", responses=problems(404))
def inspection(service: ServiceOf, caller: Caller, id: Id) -> schemas.InspectionOut:
    """With the cases that the caller may see, and what one visit saved."""
    return schemas.InspectionOut.detailed(service.inspections.view(caller, id))


@router.post(
    "/inspections/{id}/steps",
    summary="Call, end or cancel it",
    responses=problems(403, 404, 409, 503),
)
def inspection_step(
    service: ServiceOf, caller: Officer, id: Id, body: schemas.InspectionStepIn
) -> schemas.InspectionOut:
    """For dispatchers. Called with `flight`, one look from above is asked for on behalf of all."""
    return schemas.InspectionOut.detailed(service.inspections.step(caller, id, body.order()))


@router.post(
    "/inspections/{id}/results", summary="Write what was found", responses=problems(403, 404, 409)
)
def results(
    service: ServiceOf, caller: Officer, id: Id, body: schemas.ResultsIn
) -> schemas.InspectionOut:
    """Into the cases themselves (`visits`); each department into its own."""
    return schemas.InspectionOut.detailed(service.inspections.record(caller, id, body.all()))
