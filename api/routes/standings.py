"""Standing orders: looks that are wanted again and again."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import Caller, Requester, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas.base import PageOf
from api.schemas.standings import OccurrenceOut, OccurrencesOut, StandingIn, StandingOut
from missions.demand.standing import StandingState

router = APIRouter(tags=["requests"])


@router.get("/standings", summary="Standing orders", responses=problems())
def list_standings(
    service: ServiceOf,
    caller: Caller,
    state: StandingState | None = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[StandingOut]:
    """Those of the caller's department and those shared with it, the latest first."""
    page = service.standings.list(caller, state=state, after=after, limit=limit)
    return PageOf.of(page.items, page.next, StandingOut.from_entity)


@router.post(
    "/standings",
    summary="Ask for a look again and again",
    status_code=201,
    responses=problems(403, 409),
)
def create_standing(service: ServiceOf, caller: Requester, body: StandingIn) -> StandingOut:
    """Each occurrence becomes a request of its own, once, when its day comes into the week that is
    planned; local times are kept when clocks change."""
    made = service.standings.create(caller, body.draft(), body.recurrence.recurrence())
    return StandingOut.from_entity(made)


@router.get("/standings/{id}", summary="A standing order", responses=problems(404))
def standing(service: ServiceOf, caller: Caller, id: Id) -> StandingOut:
    """With how many of its occurrences became requests."""
    return StandingOut.from_entity(service.standings.get(caller, id))


@router.get("/standings/{id}/occurrences", summary="Its occurrences", responses=problems(404))
def standing_occurrences(
    service: ServiceOf,
    caller: Caller,
    id: Id,
    limit: Annotated[int, Query(ge=1, le=100, description="most of each")] = 20,
) -> OccurrencesOut:
    """The latest that became requests, and the next to come."""
    order = service.standings.get(caller, id)
    made, coming = service.standings.occurrences(caller, id, limit=limit)
    return OccurrencesOut(
        made=[OccurrenceOut.from_entity(one, order) for one in made],
        coming=[OccurrenceOut.from_entity(one, order) for one in coming],
    )


@router.post(
    "/standings/{id}/pause", summary="Pause a standing order", responses=problems(403, 404, 409)
)
def pause_standing(service: ServiceOf, caller: Requester, id: Id) -> StandingOut:
    """No more requests until it is resumed."""
    return StandingOut.from_entity(service.standings.pause(caller, id))


@router.post(
    "/standings/{id}/resume", summary="Resume a standing order", responses=problems(403, 404, 409)
)
def resume_standing(service: ServiceOf, caller: Requester, id: Id) -> StandingOut:
    """What fell into the pause is left out."""
    return StandingOut.from_entity(service.standings.resume(caller, id))


@router.post(
    "/standings/{id}/end", summary="End a standing order", responses=problems(403, 404, 409)
)
def end_standing(service: ServiceOf, caller: Requester, id: Id) -> StandingOut:
    """For good. Requests that it made already stay and can be withdrawn one by one."""
    return StandingOut.from_entity(service.standings.end(caller, id))
