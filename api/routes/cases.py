"""Cases, step by step."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.auth import Caller, Officer, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas import cases as schemas
from api.schemas.base import PageOf
from core.errors import InvalidInput
from missions.cases.desk import CaseFilter
from missions.entities import Case, CaseState

router = APIRouter(tags=["cases"])

Word = Annotated[str | None, Query(max_length=40)]


def wanted(
    state: CaseState | None = None,
    department: Word = None,
    county: Word = None,
    event_type: Word = None,
    overdue: bool | None = None,
    escalated: Annotated[
        int | None, Query(ge=1, le=20, description="at least at this level of escalation")
    ] = None,
    since: Annotated[
        datetime | None, Query(alias="from", description="opened then or later")
    ] = None,
    until: Annotated[
        datetime | None, Query(alias="to", description="opened then or before")
    ] = None,
    bbox: Annotated[
        str | None, Query(max_length=200, description="west,south,east,north in degrees")
    ] = None,
    number: Annotated[
        str | None, Query(max_length=40, description="how the case's number begins")
    ] = None,
    recurring: bool | None = None,
) -> CaseFilter:
    """Which cases, from the query."""
    for name, at in (("from", since), ("to", until)):
        if at is not None and at.tzinfo is None:
            raise InvalidInput(
                "a time without a zone", where=name, remedy="end it with Z or an offset"
            )
    return CaseFilter(
        state=state,
        department=department,
        county=county,
        event_type=event_type,
        overdue=overdue,
        escalated=escalated,
        since=since,
        until=until,
        bbox=None if bbox is None else box(bbox),
        number=number,
        recurring=recurring,
    )


def box(text: str) -> tuple[float, float, float, float]:
    """Four numbers of a query."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidInput(
            "no box", where="bbox", remedy="write west,south,east,north in degrees"
        ) from error
    return west, south, east, north


Wanted = Annotated[CaseFilter, Depends(wanted)]


@router.get("/cases", summary="Cases", responses=problems())
def cases(
    service: ServiceOf, caller: Caller, wanted: Wanted, after: After = None, limit: Limit = 100
) -> PageOf[schemas.CaseRow]:
    """Cases of the caller's department and those shared with it, the newest first."""
    page = service.casework.list(caller, wanted, after=after, limit=limit)
    now = service.clock.now()

    def row(case: Case) -> schemas.CaseRow:
        return schemas.CaseRow.from_entity(case, now)

    return PageOf.of(page.items, page.next, row)


@router.get("/cases/{id}", summary="A case", responses=problems(404))
def case(service: ServiceOf, caller: Caller, id: Id) -> schemas.CaseOut:
    """With everything that happened, the steps that are open to the caller, and its proof."""
    return schemas.CaseOut.detailed(service.casework.view(caller, id), service.clock.now())


@router.post("/cases/{id}/steps", summary="Take the next step", responses=problems(403, 404, 409))
def step(service: ServiceOf, caller: Officer, id: Id, body: schemas.StepIn) -> schemas.CaseOut:
    """Only along the seven steps; `steps_open` of the case says which are open, 409 why not."""
    view = service.casework.step(caller, id, body.order())
    return schemas.CaseOut.detailed(view, service.clock.now())
