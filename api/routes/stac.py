"""The catalogue as a STAC API 1.0: collections and items, searched by place, time and more.

https://github.com/radiantearth/stac-api-spec (1.0.0). Everything is filtered by who asks: extents
of collections too are those of what the caller may see.
"""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.routes.parameters import Id
from api.routes.stac_query import DIALECT, Search, StacRoute, of_get, of_post
from api.routes.stac_render import GEOJSON, OPENAPI, Pages, Renderer
from imagery.products.stac import COLLECTIONS
from missions.media.archive import FIELDS, NUMBERS
from missions.media.archive import Query as ArchiveQuery

router = APIRouter(prefix="/stac", tags=["catalogue"], route_class=StacRoute)

CONFORMANCE = (
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/ogcapi-features",
    "https://api.stacspec.org/v1.0.0/item-search",
    "https://api.stacspec.org/v1.0.0/item-search#query",
    "https://api.stacspec.org/v1.0.0/item-search#sort",
    "https://api.stacspec.org/v1.0.0/ogcapi-features#sort",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
)

_Text = Annotated[str | None, Query(max_length=20_000)]
_Word = Annotated[str | None, Query(max_length=80)]
_FEATURES: dict[int | str, dict[str, Any]] = {200: {"content": {GEOJSON: {}}}}


@router.get("", summary="The catalogue", responses=problems())
def landing(request: Request, caller: Caller) -> dict[str, Any]:
    """Where everything is, and what of the STAC API is served."""
    return Renderer(request, caller).landing(CONFORMANCE)


@router.get("/conformance", summary="What of the STAC API is served", responses=problems())
def conformance(_caller: Caller) -> dict[str, Any]:
    """Conformance classes."""
    return {"conformsTo": list(CONFORMANCE)}


@router.get("/api", include_in_schema=False)
def description(request: Request, _caller: Caller) -> JSONResponse:
    """The OpenAPI document under the media type that STAC clients ask for."""
    return JSONResponse(request.app.openapi(), media_type=OPENAPI)


@router.get("/queryables", summary="What items can be searched by", responses=problems())
def queryables(request: Request, _caller: Caller) -> dict[str, Any]:
    """A JSON schema of the properties that `query` takes."""
    texts = {name: {"type": "string"} for name in FIELDS.values()}
    numbers = {name: {"type": "number"} for name in NUMBERS.values()}
    return {
        "$schema": DIALECT,
        "$id": str(request.url),
        "type": "object",
        "title": "Queryables of the catalogue",
        "properties": {**texts, **numbers},
        "additionalProperties": False,
    }


@router.get("/collections", summary="Collections of the catalogue", responses=problems())
def collections(request: Request, service: ServiceOf, caller: Caller) -> dict[str, Any]:
    """By sensor and kind of product, with the ground and time of what the caller may see."""
    renderer = Renderer(request, caller)
    each = [(c, service.archive.extent(caller, c)) for c in COLLECTIONS.values()]
    return renderer.collections(each, service.preset)


@router.get("/collections/{id}", summary="A collection", responses=problems(400, 404))
def collection(request: Request, service: ServiceOf, caller: Caller, id: Id) -> dict[str, Any]:
    """One collection, with the ground and time of what the caller may see of it."""
    described = service.archive.collection(id)
    extent = service.archive.extent(caller, described)
    return Renderer(request, caller).collection(described, extent, service.preset)


@router.get(
    "/collections/{id}/items",
    summary="Items of a collection",
    response_class=JSONResponse,
    responses=problems(400, 404) | _FEATURES,
)
def items(
    request: Request,
    service: ServiceOf,
    caller: Caller,
    id: Id,
    bbox: _Text = None,
    datetime: _Text = None,
    limit: int = 10,
    token: _Text = None,
    sortby: _Text = None,
) -> JSONResponse:
    """Newest first, in pages: follow the link `next`."""
    service.archive.collection(id)
    search = Search(bbox=bbox, datetime=datetime, limit=limit, token=token, sortby=sortby)
    wanted = of_get(search.model_copy(update={"collections": id}))
    return _found(request, service, caller, wanted, Pages.by_get(request), collection_id=id)


@router.get(
    "/collections/{id}/items/{item}",
    summary="An item",
    response_class=JSONResponse,
    responses=problems(400, 404) | _FEATURES,
)
def item(request: Request, service: ServiceOf, caller: Caller, id: Id, item: Id) -> JSONResponse:
    """A photograph or a product, with the addresses of its files."""
    entry = service.archive.entry(caller, id, item)
    return JSONResponse(Renderer(request, caller).item(entry), media_type=GEOJSON)


@router.get(
    "/search", summary="Search", response_class=JSONResponse, responses=problems(400) | _FEATURES
)
def search(
    request: Request,
    service: ServiceOf,
    caller: Caller,
    bbox: _Text = None,
    intersects: _Text = None,
    datetime: _Text = None,
    ids: _Text = None,
    collections: _Text = None,
    query: _Text = None,
    sortby: _Text = None,
    limit: int = 10,
    token: _Text = None,
    sensor: _Word = None,
    scenario: _Word = None,
    flight: _Word = None,
    task: _Word = None,
    case: _Word = None,
    department: _Word = None,
) -> JSONResponse:
    """By place (exact, on footprints), time and properties; newest first unless `sortby` is
    `+datetime`. Besides STAC's own parameters: sensor, scenario, flight, task, case, department."""
    plain = {
        "sensor": sensor,
        "scenario": scenario,
        "flight": flight,
        "task": task,
        "case": case,
        "department": department,
    }
    asked = Search(
        bbox=bbox,
        intersects=intersects,
        datetime=datetime,
        ids=ids,
        collections=collections,
        query=query,
        sortby=sortby,
        limit=limit,
        token=token,
    )
    wanted = of_get(asked, {name: value for name, value in plain.items() if value})
    return _found(request, service, caller, wanted, Pages.by_get(request))


@router.post(
    "/search",
    summary="Search with a body",
    response_class=JSONResponse,
    responses=problems(400) | _FEATURES,
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": {}}}}},
)
async def search_by_body(request: Request, service: ServiceOf, caller: Caller) -> JSONResponse:
    """The same as by GET, as JSON: bbox, intersects, datetime, ids, collections, query, sortby,
    limit, token."""
    from anyio import to_thread

    body = await request.body() or b"{}"
    wanted = of_post(body)
    pages = Pages.by_post(request, json.loads(body))
    return await to_thread.run_sync(_found, request, service, caller, wanted, pages)


def _found(
    request: Request,
    service: Any,
    caller: Any,
    wanted: ArchiveQuery,
    pages: Pages,
    collection_id: str | None = None,
) -> JSONResponse:
    found = service.archive.search(caller, wanted)
    content = Renderer(request, caller).found(found, pages, collection_id)
    return JSONResponse(content, media_type=GEOJSON)
