"""Cases, step by step."""

from fastapi import APIRouter

from api.auth import Caller, Officer, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas import cases as schemas
from api.schemas.base import PageOf
from missions.entities import Case, CaseState

router = APIRouter(tags=["cases"])


@router.get("/cases", summary="Cases", responses=problems())
def cases(
    service: ServiceOf,
    caller: Caller,
    state: CaseState | None = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[schemas.CaseRow]:
    """Cases of the caller's department and those shared with it."""
    page = service.cases(caller, state=state, after=after, limit=limit)
    now = service.clock.now()

    def row(case: Case) -> schemas.CaseRow:
        return schemas.CaseRow.from_entity(case, now)

    return PageOf.of(page.items, page.next, row)


@router.get("/cases/{id}", summary="A case", responses=problems(404))
def case(service: ServiceOf, caller: Caller, id: Id) -> schemas.CaseOut:
    """With its steps, photographs and re-checks, and how far the watch over its place has come."""
    found = service.case(caller, id)
    return schemas.CaseOut.detailed(found, service.clock.now(), service.watch(found))


@router.post("/cases/{id}/steps", summary="Take the next step", responses=problems(403, 404, 409))
def step(service: ServiceOf, caller: Officer, id: Id, body: schemas.StepIn) -> schemas.CaseOut:
    """Only along the seven steps; 409 names the steps that are open."""
    taken = service.step(caller, id, body.step, body.note, body.found)
    return schemas.CaseOut.detailed(taken, service.clock.now(), service.watch(taken))
