"""The audit trail over HTTP: to read, never to change."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from api.auth import Auditor, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas.audit import EntryOut
from api.schemas.base import PageOf

router = APIRouter(tags=["access"], prefix="/audit")

_Text = Annotated[str | None, Query(max_length=200)]


@router.get("", summary="The audit trail", responses=problems(403))
def trail(
    service: ServiceOf,
    caller: Auditor,
    actor: _Text = None,
    action: _Text = None,
    subject: _Text = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[EntryOut]:
    """Who did what to which thing, the latest first. For auditors and administrators of the whole
    city. `flyonce audit verify` checks the seals."""
    page = service.identity.trail.entries(
        caller,
        actor=actor,
        action=action,
        subject=subject,
        since=since,
        until=until,
        after=after,
        limit=limit,
    )
    return PageOf.of(page.items, page.next, EntryOut.of)


@router.get("/{id}", summary="One entry of the trail", responses=problems(403, 404))
def entry(service: ServiceOf, caller: Auditor, id: Id) -> EntryOut:
    """With its seal."""
    return EntryOut.of(service.identity.trail.entry(caller, id))
