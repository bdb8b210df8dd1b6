"""What the departments may have in a month."""

from fastapi import APIRouter

from api.auth import Administrator, Caller, ServiceOf
from api.errors import problems
from api.routes.parameters import Id
from api.schemas.base import Items
from api.schemas.quotas import QuotaIn, QuotaOut

router = APIRouter(tags=["operation"])


@router.get("/quotas", summary="The departments' months", responses=problems())
def quotas(service: ServiceOf, caller: Caller) -> Items[QuotaOut]:
    """What the caller's department may have in this month and has had; of every department for
    city-wide roles."""
    return Items(items=[QuotaOut.from_standing(s) for s in service.quotas.list(caller)])


@router.get("/quotas/{id}", summary="A department's month", responses=problems(404))
def quota(service: ServiceOf, caller: Caller, id: Id) -> QuotaOut:
    """What one department may have in this month and has had; `id` is the department's."""
    return QuotaOut.from_standing(service.quotas.of(caller, id))


@router.put("/quotas/{id}", summary="Change a department's month", responses=problems(403, 404))
def set_quota(service: ServiceOf, caller: Administrator, id: Id, body: QuotaIn) -> QuotaOut:
    """For administrators: new figures for this month, with a reason that is kept in the audit
    trail. The city's limits.yaml holds for the months after it."""
    figures = body.model_dump(exclude={"reason"})
    return QuotaOut.from_standing(service.quotas.set(caller, id, figures, body.reason))
