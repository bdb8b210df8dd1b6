"""Requests: what the departments want to see."""

from typing import Annotated

from fastapi import APIRouter, Header

from api.auth import Caller, Requester, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas.base import PageOf
from api.schemas.requests import RequestIn, RequestOut
from missions.entities import RequestState

router = APIRouter(tags=["requests"])


@router.get("/requests", summary="Requests", responses=problems())
def requests(
    service: ServiceOf,
    caller: Caller,
    state: RequestState | None = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[RequestOut]:
    """Requests of the caller's department and those shared with it."""
    page = service.requests(caller, state=state, after=after, limit=limit)
    return PageOf.of(page.items, page.next, RequestOut.from_entity)


@router.get("/requests/{id}", summary="A request", responses=problems(404))
def request(service: ServiceOf, caller: Caller, id: Id) -> RequestOut:
    """With the answer that the requester can plan with."""
    return RequestOut.from_entity(service.request(caller, id))


@router.post(
    "/requests", summary="Ask for a look", status_code=201, responses=problems(403, 409, 503)
)
def ask(
    service: ServiceOf,
    caller: Requester,
    body: RequestIn,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> RequestOut:
    """The answer says which flight and when, or why not.

    The same Idempotency-Key again gives the same request, not a second one.
    """
    return RequestOut.from_entity(service.ask(caller, body.draft(), idempotency_key))
