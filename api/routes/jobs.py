"""What runs by the clock."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import CityWide, ServiceOf
from api.errors import problems
from api.schemas.jobs import ScheduleOut

router = APIRouter(tags=["operation"])


@router.get("/jobs", summary="What runs by the clock", responses=problems(403))
def jobs(
    service: ServiceOf,
    caller: CityWide,
    runs: Annotated[int, Query(ge=1, le=50, description="How many runs of each job.")] = 5,
) -> ScheduleOut:
    """Every job with its rule, when it runs next, its last runs and how they ended, what was
    missed, and which process holds the lease. For roles that see the whole city."""
    return ScheduleOut.of(service.jobs.list(caller, runs))
