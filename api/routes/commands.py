"""What was asked of drones, and the links on which they are asked."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas.base import Items, PageOf
from api.schemas.commands import CommandState, LinkOut
from fleet.orders import OrderState

router = APIRouter(tags=["flights"])

COMMANDED: dict[int | str, dict[str, Any]] = {
    202: {
        "headers": {
            "Location": {
                "description": "Where the command can be read: `/api/v1/commands/{id}`.",
                "schema": {"type": "string"},
            }
        }
    }
}
"""What an answer to a command also has, for its description."""
Drone = Annotated[str | None, Query(max_length=80, description="id of a drone")]


def tell_where(response: Response, order_id: str | None) -> None:
    """Name the order's own address in the answer, where there is an order."""
    if order_id is not None:
        response.headers["Location"] = f"/api/v1/commands/{order_id}"


@router.get("/commands", summary="Commands", responses=problems(403))
def commands(
    service: ServiceOf,
    caller: Caller,
    vehicle: Drone = None,
    state: OrderState | None = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[CommandState]:
    """The latest first. For city-wide roles; the service's own commands are among them."""
    page = service.orders(caller, drone=vehicle, state=state, after=after, limit=limit)
    return PageOf.of(page.items, page.next, CommandState.from_entity)


@router.get("/commands/{id}", summary="How far a command is", responses=problems(403, 404))
def command_state(service: ServiceOf, caller: Caller, id: Id) -> CommandState:
    """`accepted`, `sent`, `acknowledged`, `executing`, then `done` or `failed` with the reason."""
    return CommandState.from_entity(service.order(caller, id))


@router.get("/links", summary="Links to the drones", responses=problems(403))
def links(service: ServiceOf, caller: Caller) -> Items[LinkOut]:
    """Up or down, how many sign, how much was refused or barred. For city-wide roles."""
    return Items(items=[LinkOut.from_state(state) for state in service.links(caller)])
