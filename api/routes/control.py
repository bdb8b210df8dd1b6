"""Flying by hand: taking and handing back the controls, drawing errands, flying them."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Response

from api.auth import Caller, Flyer, ServiceOf
from api.errors import problems
from api.routes.commands import COMMANDED, tell_where
from api.routes.parameters import Id
from api.schemas import control as schemas

router = APIRouter(tags=["flights"])

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=100)]


@router.get("/flights/{id}/control", summary="Who holds the controls", responses=problems(403, 404))
async def control(service: ServiceOf, caller: Caller, id: Id) -> schemas.ControlOut:
    """`holder` is null while the plan is flown."""
    return schemas.ControlOut.of(id, service.flying.control(caller, id), caller.name)


@router.post(
    "/flights/{id}/control",
    summary="Take the controls",
    responses=problems(403, 404, 409, 503),
)
async def take_control(
    service: ServiceOf, caller: Flyer, id: Id, body: schemas.TakeIn
) -> schemas.ControlOut:
    """One holder at a time: 409 names whoever holds them. Repeat it at least every two minutes of
    the vehicles' time: a holder who is silent for longer hands back by himself. From here to
    handing back is a flight of its own, with its track, photographs and share of the ledger."""
    held = service.flying.take(caller, id, body.reason, over=body.over)
    return schemas.ControlOut.of(id, held, caller.name)


@router.post(
    "/flights/{id}/control/ask",
    summary="Ask the holder for the controls",
    responses=problems(403, 404, 409),
)
async def ask_for_control(
    service: ServiceOf, caller: Flyer, id: Id, body: schemas.AskIn
) -> schemas.ControlOut:
    """30 s later the controls may be taken over, unless the holder refuses."""
    held = service.flying.ask(caller, id, body.reason)
    return schemas.ControlOut.of(id, held, caller.name)


@router.post(
    "/flights/{id}/control/keep",
    summary="Keep the controls from who asked",
    responses=problems(403, 404, 409),
)
async def keep_control(service: ServiceOf, caller: Flyer, id: Id) -> schemas.ControlOut:
    """For the holder."""
    return schemas.ControlOut.of(id, service.flying.keep(caller, id), caller.name)


@router.post(
    "/flights/{id}/control/hand-back",
    summary="Hand the controls back",
    responses=problems(403, 404, 409, 502, 503, 504),
)
async def hand_back_control(
    service: ServiceOf, caller: Flyer, id: Id, body: schemas.HandBackIn
) -> schemas.ControlOut:
    """The mission goes on where it was left, at the photograph that is due; if that is not proven
    any more (charge, wind, zones), or if it is asked for, the drone returns."""
    held = await service.flying.hand_back(caller, id, body.reason, body.then)
    return schemas.ControlOut.of(id, held, caller.name)


@router.post(
    "/flights/{id}/manoeuvres/preview",
    summary="How an errand would be flown",
    responses=problems(403, 404, 409, 503),
)
def preview_manoeuvre(
    service: ServiceOf,
    caller: Flyer,
    id: Id,
    body: Annotated[schemas.ErrandIn, Body()],
) -> schemas.PreviewOut:
    """Go to, orbit, change height, return: the path round the zones, proven against zones, ground,
    fence and charge. A refusal says why, and offers the nearest path that is proven."""
    return schemas.PreviewOut.of(service.flying.preview(caller, id, schemas.errand_of(body)))


@router.post(
    "/flights/{id}/manoeuvres",
    summary="Fly what was previewed",
    status_code=202,
    responses=problems(403, 404, 409, 502, 503, 504) | COMMANDED,
)
async def fly_manoeuvre(
    service: ServiceOf,
    caller: Flyer,
    id: Id,
    body: schemas.FlyIn,
    response: Response,
    key: Key = None,
) -> schemas.FlyOut:
    """For the holder of the controls. Exactly the previewed path is flown, proven again from where
    the drone is now; a later one replaces it in flight. The same Idempotency-Key again is the same
    order."""
    order = service.flying.fly(caller, id, body.token, key)
    tell_where(response, order.id)
    return schemas.FlyOut.of(order)
