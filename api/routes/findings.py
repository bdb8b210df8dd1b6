"""What was found: anomalies, events, alerts, and the report."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.auth import Caller, CityWide, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Limit
from api.schemas.base import PageOf
from api.schemas.findings import AlertOut, Anomalies, AnomalyFeature, EventOut

router = APIRouter(tags=["findings"])


@router.get("/anomalies", summary="Anomalies on the map", responses=problems())
def anomalies(service: ServiceOf, caller: Caller) -> Anomalies:
    """Places where something was found, each once, however often it was seen."""
    found = service.anomalies(caller)
    return Anomalies(features=[AnomalyFeature.from_entity(a) for a in found])


@router.get("/events", summary="Events", responses=problems())
def events(
    service: ServiceOf,
    caller: Caller,
    type: Annotated[str | None, Query(max_length=20, description="an event type's code")] = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[EventOut]:
    """Anomalies as one of the event types, shared with the departments that may know."""
    page = service.events(caller, event_type=type, after=after, limit=limit)
    return PageOf.of(page.items, page.next, EventOut.from_entity)


@router.get("/alerts", summary="The alert feed", responses=problems())
def alerts(
    service: ServiceOf, caller: Caller, after: After = None, limit: Limit = 50
) -> PageOf[AlertOut]:
    """Also part of the live socket's frames."""
    page = service.alerts(caller, after=after, limit=limit)
    return PageOf.of(page.items, page.next, AlertOut.from_entity)


@router.get("/report", summary="The day's figures so far", responses=problems(403))
def report(service: ServiceOf, caller: CityWide) -> dict[str, Any]:
    """For city-wide roles: the figures cover every department and county."""
    caller.require_whole_city()
    return dict(service.report())
