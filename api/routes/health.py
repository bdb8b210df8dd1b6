"""Whether the service works: for people, load balancers and Prometheus."""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse

from api.auth import ServiceOf, SettingsOf, get_principal
from api.errors import problems
from api.manners.metrics import Metrics
from api.schemas.health import Alive, Readiness
from api.settings import is_loopback
from core.errors import NotAllowed

router = APIRouter(tags=["operation"])

_METRICS = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/health/live", summary="Whether the process answers")
async def live() -> Alive:
    """Needs no token and touches nothing: a process that does not answer must be started anew."""
    return Alive()


@router.get(
    "/health/ready",
    summary="Whether the service can take work",
    responses={503: {"model": Readiness, "description": "Not ready; `checks` says why."}},
)
def ready(service: ServiceOf, response: Response) -> Readiness:
    """Needs no token. 200 when everything needed is there, else 503: the day's plan, a database
    that takes writes, migrations, disk space; links and leases are told of but not needed."""
    found = Readiness.from_checks(service.pulse.checks())
    response.status_code = 200 if found.ready else 503
    return found


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=PlainTextResponse,
    responses=problems(403)
    | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Figures."}},
)
async def metrics(request: Request, service: ServiceOf, settings: SettingsOf) -> Response:
    """Requests by route, method and status; vehicles, flights, queues, checks, connections, the
    process. Counts only. For callers on this machine, or with the right to audit or administer;
    also at `/metrics`."""
    return await figures(request, service, settings)


async def figures(request: Request, service: ServiceOf, settings: SettingsOf) -> Response:
    """The figures, for whoever may have them.

    Raises:
        NotAllowed: the caller comes from elsewhere and may neither audit nor administer.
    """
    if not _is_here(request):
        principal = await get_principal(request, service, settings)
        if not (principal.may("audit") or principal.may("administer")):
            raise NotAllowed(
                f"the role {principal.role} may not read the figures",
                remedy="ask from the machine itself, or with an auditor's token",
            )
    kept: Metrics = request.app.state.metrics
    return Response(await run_in_threadpool(kept.text), headers={"Content-Type": _METRICS})


def _is_here(request: Request) -> bool:
    """Whether the caller is on this machine, and no proxy that speaks for others."""
    proxied = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return not proxied and request.client is not None and is_loopback(request.client.host)
