"""One anomaly: what is known of it, and its temperature history."""

from fastapi import APIRouter

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas.anomalies import AnomalyOut, SightingOut
from api.schemas.base import PageOf

router = APIRouter(tags=["findings"])


@router.get("/anomalies/{id}", summary="An anomaly", responses=problems(404))
def anomaly(service: ServiceOf, caller: Caller, id: Id) -> AnomalyOut:
    """With its case's number and its temperature curve (at most 200 points, oldest first)."""
    return AnomalyOut.detailed(service.places.detail(caller, id))


@router.get("/anomalies/{id}/history", summary="Every sighting", responses=problems(404))
def anomaly_history(
    service: ServiceOf, caller: Caller, id: Id, after: After = None, limit: Limit = 100
) -> PageOf[SightingOut]:
    """Finds, officers' marks, and looks that showed the place without a find; latest first."""
    page = service.places.history(caller, id, after=after, limit=limit)
    return PageOf.of(page.items, page.next, SightingOut.from_record)
