"""The HTTP application: routes, guards and the console, around a service."""

from types import SimpleNamespace
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from api import docs, errors
from api.console import Console
from api.guard import Guard
from api.live import Hub
from api.manners.addresses import PREFIX, Addresses
from api.manners.asking import asked_rightly
from api.manners.desk import Desk
from api.manners.limits import Limiter
from api.manners.metrics import Metrics
from api.manners.reception import Reception
from api.routes import (
    accounts,
    anomalies,
    audit,
    cases,
    city,
    commands,
    control,
    coverage,
    docks,
    evidence,
    exchange,
    features,
    feed,
    findings,
    flights,
    health,
    inspections,
    jobs,
    labels,
    ledger,
    live,
    media,
    preflight,
    products,
    provider,
    quotas,
    rehearsals,
    requests,
    reviews,
    signals,
    signin,
    stac,
    standings,
    statistics,
    telemetry,
    tiles,
    uploads,
    webhooks,
)
from api.settings import Settings, load
from missions.catalog.limits import shipped
from missions.service import Service

_STANDARD = (features, stac, tiles, provider)
"""They follow standards that say themselves what becomes of query parameters and bodies."""


def create_app(service: Service, settings: Settings) -> FastAPI:
    """The application around a service; it starts and stops nothing itself."""
    app = FastAPI(
        title="FlyOnce",
        summary="综合飞一次: one flight serves every department of a city",
        description=docs.INTRODUCTION,
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        openapi_tags=docs.TAGS,
    )
    app.state.service = service
    app.state.settings = settings
    app.state.hub = Hub(service, interval_s=1 / settings.live_hz)
    app.state.constants = {}
    app.state.limiter = Limiter(service.preset.limits, scale=settings.rate_limits)
    app.state.metrics = Metrics(service.pulse.figures)
    errors.install(app)
    # first, because routes are tried in order and this one is used 100 times a second
    app.include_router(media.delivery, prefix=PREFIX, max_body_size=settings.media_max_mb << 20)
    app.include_router(uploads.router, prefix=PREFIX, max_body_size=settings.media_max_mb << 20)
    app.include_router(requests.files, prefix=PREFIX, max_body_size=settings.media_max_mb << 20)
    routers = [media.delivery, uploads.router, requests.files]
    for module in (
        city,
        signin,
        provider,
        accounts,
        audit,
        health,
        jobs,
        quotas,
        flights,
        preflight,
        telemetry,
        commands,
        rehearsals,
        control,
        coverage,
        docks,
        signals,
        requests,
        standings,
        media,
        products,
        tiles,
        stac,
        findings,
        anomalies,
        statistics,  # before the cases: /cases/map is no id
        cases,
        inspections,
        exchange,
        reviews,
        labels,
        ledger,
        evidence,
        features,
        feed,
        webhooks,
        live,
    ):
        app.include_router(
            module.router,
            prefix=PREFIX,
            max_body_size=settings.body_max_kb << 10,
            dependencies=[] if module in _STANDARD else [Depends(asked_rightly)],
        )
        routers.append(module.router)
    _describe(app)
    app.add_api_route("/metrics", health.figures, include_in_schema=False)
    app.router.default = Console(settings.console)  # not a mount: it would hide 405s
    app.add_middleware(
        Desk,
        service=service,
        settings=settings,
        addresses=Addresses(routers),
        limiter=app.state.limiter,
    )
    app.add_middleware(
        GZipMiddleware,
        minimum_size=1024,
        compresslevel=5,
        # GeoTIFFs are packed already, and are read by their bytes' places
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, "image/tiff"),
    )
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Reception, metrics=app.state.metrics)
    return app


def document() -> dict[str, Any]:
    """The OpenAPI document, made from the routes alone."""
    nobody: Any = SimpleNamespace(
        preset=SimpleNamespace(limits=shipped()), pulse=SimpleNamespace(figures=list), answers=None
    )
    return create_app(nobody, load()).openapi()


def _operation_id(route: APIRoute) -> str:
    return route.name


def _describe(app: FastAPI) -> None:
    """Serve the OpenAPI document and its readable form."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = docs.finish(plain())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's own way to extend it

    @app.get(f"{PREFIX}/openapi.json", include_in_schema=False)
    @app.get("/openapi.json", include_in_schema=False)
    def openapi(_request: Request) -> JSONResponse:
        return JSONResponse(app.openapi())

    @app.get("/docs", include_in_schema=False)
    def page(_request: Request) -> HTMLResponse:
        return HTMLResponse(docs.page(app.openapi()))

    @app.get("/docs.css", include_in_schema=False)
    def style(_request: Request) -> Response:
        return Response(docs.STYLE, media_type="text/css")
