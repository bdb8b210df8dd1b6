"""Docks and battery packs: what they are like now, and people's locks on packs."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.auth import CityWide, Flyer, ServiceOf
from api.errors import problems
from api.schemas.base import Items
from api.schemas.docks import DockOut, PackLock, PackOut

router = APIRouter(tags=["flights"])

Name = Annotated[str, Path(max_length=100)]


@router.get("/docks", summary="The docks now", responses=problems(403))
def docks(service: ServiceOf, caller: CityWide) -> Items[DockOut]:
    """Doors, chargers, pads and weather of every dock that is spoken with, for city-wide roles."""
    now = service.clock.now()
    rows = [DockOut.from_state(state, now, refusal) for state, refusal in service.docks(caller)]
    return Items(items=rows)


@router.get("/packs", summary="Battery packs", responses=problems(403))
def packs(service: ServiceOf, caller: CityWide) -> Items[PackOut]:
    """Every battery pack that was ever heard, with what speaks for and against it."""
    return Items(items=[PackOut.from_view(view) for view in service.packs(caller)])


@router.get(
    "/vehicles/{vehicle}/packs", summary="A drone's battery packs", responses=problems(403, 404)
)
def packs_of(vehicle: Name, service: ServiceOf, caller: CityWide) -> Items[PackOut]:
    """Those in it now, and those that flew in it last."""
    return Items(items=[PackOut.from_view(view) for view in service.packs(caller, vehicle)])


@router.put("/packs/{pack}/lock", summary="Lock a pack out", responses=problems(403, 404))
def lock(pack: Name, body: PackLock, service: ServiceOf, caller: Flyer) -> PackOut:
    """Take a pack out of service with a reason, or put it back with an empty one."""
    return PackOut.from_view(service.lock_pack(caller, pack, body.reason))
