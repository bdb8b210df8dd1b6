"""What a province's platform takes over: cases as they change, without personal data."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.schemas.exchange import ExchangeOut
from missions.exchange.record import schema

router = APIRouter(tags=["cases"])


@router.get("/exchange/cases", summary="Cases for the province", responses=problems(403))
def exchange_cases(
    service: ServiceOf,
    caller: Caller,
    since: Annotated[
        str | None, Query(max_length=200, description="`next` of the page before, or a time")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> ExchangeOut:
    """For administrators and auditors. Each case once, in its present state, at the place of its
    last change; `op` "delete" withdraws one. To take a line in twice changes nothing."""
    page = service.exchange.since(caller, since, limit=limit)
    return ExchangeOut(items=list(page.records), next=page.next, more=page.more)


@router.get("/exchange/schema", summary="JSON Schema of a line", responses=problems(403))
def exchange_schema(caller: Caller) -> dict[str, Any]:
    """As it is in every exported file."""
    return dict(schema())
