"""What was really photographed, and whether it will do."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import Caller, Requester, ServiceOf
from api.errors import problems
from api.routes.parameters import Id
from api.schemas.base import FeatureCollection
from api.schemas.coverage import ReuseIn, ReuseOut, coverage_of

router = APIRouter(tags=["coverage"])
Counted = Annotated[bool, Query(description="also the ground by number of photographs")]


@router.get(
    "/tasks/{id}/coverage", summary="What of a task was photographed", responses=problems(404)
)
async def of_task(
    service: ServiceOf, caller: Caller, id: Id, counts: Counted = False
) -> FeatureCollection:
    """GeoJSON: share at the asked overlap, how many photographs show the ground, the gaps."""
    return coverage_of([await service.coverage.of_task(caller, id, mapped=counts)])


@router.get(
    "/requests/{id}/coverage", summary="What of a request was photographed", responses=problems(404)
)
async def of_request(
    service: ServiceOf, caller: Caller, id: Id, counts: Counted = False
) -> FeatureCollection:
    """GeoJSON as for a task, for every task that serves the request."""
    _, parts = await service.coverage.of_request(caller, id, mapped=counts)
    return coverage_of(parts)


@router.post(
    "/media/answers",
    summary="Has this place been photographed well enough lately?",
    responses=problems(403),
)
def answers(service: ServiceOf, caller: Requester, body: ReuseIn) -> ReuseOut:
    """yes; partly, with the missing part as geometry; or no. Nothing is asked for and nothing
    flown: a request with `fresh_h` does that."""
    return ReuseOut.from_entity(service.coverage.answers(caller, body.draft(), body.hours))
