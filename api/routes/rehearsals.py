"""What rehearsals of the days' plans showed."""

from datetime import date

from fastapi import APIRouter

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.schemas.rehearsals import RehearsalOut

router = APIRouter(tags=["flights"])


@router.get(
    "/rehearsals/latest", summary="The rehearsal that was made last", responses=problems(404)
)
def latest_rehearsal(service: ServiceOf, caller: Caller) -> RehearsalOut:
    """Of whatever day; 404 before the first one is done."""
    return RehearsalOut.of(service.rehearsal(caller, None))


@router.get("/rehearsals/{day}", summary="A day's rehearsal", responses=problems(404))
def rehearsal(service: ServiceOf, caller: Caller, day: date) -> RehearsalOut:
    """Every flight of the day's plan as flown in simulation with the day's forecast, before it
    flew for real. `state` says plainly when a plan was released without one.
    """
    return RehearsalOut.of(service.rehearsal(caller, day))
