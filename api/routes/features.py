"""OGC API - Features 1.0: flights, their lines, anomalies and cases for QGIS and other systems.

https://docs.ogc.org/is/17-069r4/17-069r4.html. Everything is filtered by who asks.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.routes.features_openapi import document
from api.routes.features_query import of_request, shape_of
from api.routes.features_render import GEOJSON, OPENAPI, SCHEMA, Renderer
from api.routes.parameters import Id
from api.routes.stac_query import StacRoute
from missions.features.collections import COLLECTIONS

router = APIRouter(prefix="/ogc", tags=["features"], route_class=StacRoute)

CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/ogcapi-{name}"
    for name in (
        "features-1/1.0/conf/core",
        "features-1/1.0/conf/oas30",
        "features-1/1.0/conf/geojson",
        "common-1/1.0/conf/core",
        "common-2/1.0/conf/collections",
    )
)
_SCHEMA: dict[int | str, dict[str, Any]] = {
    200: {"description": "A JSON schema.", "content": {SCHEMA: {"schema": {"type": "object"}}}}
}
_FEATURES: dict[int | str, dict[str, Any]] = {200: {"content": {GEOJSON: {}}}}
_Text = Annotated[str | None, Query(max_length=2000)]


@router.get("", summary="What is served", responses=problems())
def features_landing(request: Request, _caller: Caller) -> dict[str, Any]:
    """Where everything is, the STAC catalogue of photographs too."""
    return Renderer(request).landing()


@router.get("/conformance", summary="What of the standard is served", responses=problems())
def features_conformance(_caller: Caller) -> dict[str, Any]:
    """Conformance classes."""
    return {"conformsTo": list(CONFORMANCE)}


@router.get(
    "/api",
    summary="These addresses as OpenAPI 3.0",
    responses=problems()
    | {200: {"content": {OPENAPI: {"schema": {"type": "object"}}}, "description": "It."}},
)
def features_description(request: Request, _caller: Caller) -> JSONResponse:
    """The standard asks for version 3.0; the whole API is described in version 3.1."""
    return JSONResponse(document(str(request.base_url).rstrip("/")), media_type=OPENAPI)


@router.get("/collections", summary="Collections", responses=problems())
def features_collections(request: Request, service: ServiceOf, _caller: Caller) -> dict[str, Any]:
    """What there is to be read."""
    return Renderer(request).collections(COLLECTIONS.values(), service.preset)


@router.get("/collections/{id}", summary="A collection", responses=problems(404))
def features_collection(
    request: Request, service: ServiceOf, _caller: Caller, id: Id
) -> dict[str, Any]:
    """One of them."""
    return Renderer(request).collection(service.features.collection(id), service.preset)


@router.get(
    "/collections/{id}/queryables",
    summary="Filters",
    response_class=JSONResponse,
    responses=problems(404) | _SCHEMA,
)
def features_queryables(
    request: Request, service: ServiceOf, _caller: Caller, id: Id
) -> JSONResponse:
    """A JSON schema of the properties that items can be searched by."""
    found = service.features.collection(id)
    return JSONResponse(Renderer(request).queryables(found), media_type=SCHEMA)


@router.get(
    "/collections/{id}/items",
    summary="Features",
    response_class=JSONResponse,
    responses=problems(400, 404) | _FEATURES,
)
def features_items(
    request: Request,
    service: ServiceOf,
    caller: Caller,
    id: Id,
    bbox: _Text = None,
    datetime: _Text = None,
    limit: _Text = None,
    after: _Text = None,
    properties: _Text = None,
    skipGeometry: _Text = None,
) -> JSONResponse:
    """By box (`west,south,east,north`), time (an instant, or a span with `..` for an open end) and
    properties (`state=...`, see queryables), the latest first; follow the link `next`."""
    found = service.features.collection(id)
    query, shape = of_request(request, found), shape_of(request)
    page = service.features.find(caller, found, query)
    body = Renderer(request, shape).page(found, page)
    return JSONResponse(body, media_type=GEOJSON, headers=_CRS)


@router.get(
    "/collections/{id}/items/{item}",
    summary="A feature",
    response_class=JSONResponse,
    responses=problems(400, 404) | _FEATURES,
)
def features_item(
    request: Request, service: ServiceOf, caller: Caller, id: Id, item: Id
) -> JSONResponse:
    """One feature."""
    found = service.features.collection(id)
    thing = service.features.one(caller, found, item)
    return JSONResponse(Renderer(request).one(found, thing), media_type=GEOJSON, headers=_CRS)


_CRS = {"Content-Crs": "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"}
