"""Telemetry history: what the time bar replays."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas.base import PageOf
from api.schemas.telemetry import TrackOut

router = APIRouter(tags=["flights"])

_EXAMPLES = ["2026-05-12T01:00:00Z"]


@router.get("/flights/{id}/track", summary="Where a flight was", responses=problems(404))
async def track(service: ServiceOf, caller: Caller, id: Id) -> TrackOut:
    """Thinned and kept for years; of a flight in the air, as far as it is recorded."""
    return TrackOut.from_entity(await service.telemetry.track(caller, id))


@router.get("/replay", summary="Replay a span of time", responses=problems())
def replay(
    service: ServiceOf,
    caller: Caller,
    start: Annotated[AwareDatetime, Query(alias="from", examples=_EXAMPLES)],
    end: Annotated[AwareDatetime, Query(alias="to", examples=_EXAMPLES)],
    vehicle: Annotated[str | None, Query(max_length=100)] = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[TrackOut]:
    """The tracks of everybody who was in the air between two times (a week at most), cut to them;
    of flights that have landed and that the caller may see."""
    page = service.telemetry.replay(
        caller, start=start, end=end, vehicle=vehicle, after=after, limit=limit
    )
    return PageOf.of(page.items, page.next, TrackOut.from_entity)
