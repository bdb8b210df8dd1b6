"""The day's plan, its flights, commands to them, and point-and-fly."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from api.auth import Caller, Flyer, ServiceOf
from api.errors import problems
from api.routes.commands import COMMANDED, tell_where
from api.routes.parameters import After, Id, Limit
from api.schemas import flights as schemas
from api.schemas.base import Latitude, Longitude, PageOf
from missions.entities import FlightState
from missions.operations.point import PointAnswer

router = APIRouter(tags=["flights"])


@router.get("/plan", summary="A day's plan", responses=problems())
def plan(service: ServiceOf, caller: Caller, day: date | None = None) -> schemas.PlanOut:
    """Today's when no day is given. `verified`: an independent checker accepted it."""
    return schemas.PlanOut.from_detail(service.plan(caller, day), day)


@router.get("/flights", summary="Flights", responses=problems())
def flights(
    service: ServiceOf,
    caller: Caller,
    day: date | None = None,
    state: FlightState | None = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[schemas.FlightRow]:
    """Flights that serve the caller's department, or all of them for city-wide roles."""
    page = service.flights(caller, day=day, state=state, after=after, limit=limit)
    shown = service.rehearsals_of(page.items)
    return PageOf.of(
        page.items, page.next, lambda f: schemas.FlightRow.from_entity(f, shown.get(f.id))
    )


@router.get("/flights/{id}", summary="A flight", responses=problems(404))
def flight(service: ServiceOf, caller: Caller, id: Id) -> schemas.FlightOut:
    """With its route, log, photographs and the shares of the departments."""
    return schemas.FlightOut.from_detail(service.flight(caller, id))


@router.get(
    "/flights/{id}/log.tlog",
    summary="A flight's telemetry log",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **problems(404)},
)
def flight_log(service: ServiceOf, caller: Caller, id: Id) -> Response:
    """Every MAVLink packet from and to the drone, as QGroundControl and MAVProxy replay it."""
    return Response(
        service.flight_log(caller, id),
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{id}.tlog"'},
    )


@router.post(
    "/flights/{id}/commands",
    summary="Launch, hold, resume or return",
    status_code=202,
    responses=problems(403, 404, 409, 502, 503, 504) | COMMANDED,
)
async def command(
    service: ServiceOf, caller: Flyer, id: Id, body: schemas.CommandIn, response: Response
) -> schemas.CommandOut:
    """Answers when the vehicle acknowledged; a refusal names the autopilot's reasons. `Location`
    is where the command's further way can be read; a launch has none, its flight tells it."""
    done = await service.command(caller, id, body.command)
    tell_where(response, done["command_id"])
    return schemas.CommandOut(**done)


@router.get(
    "/point/preview", summary="Who would come to a point, and when", responses=problems(403, 409)
)
def preview_point(
    service: ServiceOf,
    caller: Flyer,
    lon: Annotated[Longitude, Query()],
    lat: Annotated[Latitude, Query()],
    height_m: Annotated[float, Query(gt=0, le=1000, allow_inf_nan=False)] = 80.0,
) -> schemas.PointOut:
    """The answer of point-and-fly, without flying; 409 names the reason when nobody can."""
    return _possible(service.preview_point(caller, lon=lon, lat=lat, height_m=height_m))


@router.post(
    "/point",
    summary="Point and fly",
    status_code=201,
    responses=problems(403, 409, 502, 503, 504),
)
async def point(service: ServiceOf, caller: Flyer, body: schemas.PointIn) -> schemas.PointOut:
    """Sends the nearest suitable drone (指点飞行); 409 names the reason when none can."""
    answer = await service.point(
        caller,
        lon=body.lon,
        lat=body.lat,
        height_m=body.height_m,
        vehicle=body.vehicle,
        purpose=body.purpose,
    )
    return _possible(answer)


def _possible(answer: PointAnswer) -> schemas.PointOut:
    if answer.reason:
        raise HTTPException(409, answer.reason)
    return schemas.PointOut.from_answer(answer)
