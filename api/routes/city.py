"""What never changes while the service runs, and who is asking."""

import hashlib
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.schemas import city as schemas
from api.schemas.base import Items, Model
from core.clock import SystemClock
from missions.service import Service

router = APIRouter(tags=["city"])

_NO_CHANGE: dict[int | str, dict[str, Any]] = {304: {"description": "Not changed."}}


@router.get("/health", summary="Whether the service works")
def health(service: ServiceOf) -> schemas.Health:
    """Needs no token. `time` is the service's clock, which follows a simulation."""
    return schemas.Health(wall=SystemClock().now(), **service.health())


@router.get(
    "/city",
    summary="Territory, docks, zones, places, departments and drones",
    response_model=schemas.City,
    responses=problems() | _NO_CHANGE,
)
def city(request: Request, service: ServiceOf, _caller: Caller) -> Response:
    """All that the map draws besides what flies; carries an ETag."""
    return _constant(request, service, schemas.City.from_preset)


@router.get(
    "/scenarios",
    summary="The catalogue's scenarios",
    response_model=Items[schemas.Scenario],
    responses=problems() | _NO_CHANGE,
)
def scenarios(request: Request, service: ServiceOf, _caller: Caller) -> Response:
    """Why the city flies: what each department wants to see, how sharply and how often."""
    return _constant(request, service, schemas.scenarios)


@router.get(
    "/event-types",
    summary="The catalogue's event types",
    response_model=Items[schemas.EventType],
    responses=problems() | _NO_CHANGE,
)
def event_types(request: Request, service: ServiceOf, _caller: Caller) -> Response:
    """What can be found, by whom, and who has to settle it within how many working hours."""
    return _constant(request, service, schemas.event_types)


def _constant(request: Request, service: Service, build: Callable[[Any], Model]) -> Response:
    """A part of the preset, serialised once; 304 when the caller has it."""
    kept: dict[str, tuple[bytes, str]] = request.app.state.constants
    if build.__qualname__ not in kept:
        body = build(service.preset).model_dump_json().encode()
        kept[build.__qualname__] = body, f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
    body, tag = kept[build.__qualname__]
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
