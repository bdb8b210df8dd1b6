"""Requests: what the departments want to see."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from api.auth import Caller, Requester, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas.base import PageOf
from api.schemas.requests import PreviewOut, ReceivedOut, RequestIn, RequestOut
from core.errors import InvalidInput
from missions.entities import RequestState

router = APIRouter(tags=["requests"])
files = APIRouter(tags=["requests"])
"""Takes larger bodies than the rest."""

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}, "crs": {"type": "string"}},
    }
}


@router.get("/requests", summary="Requests", responses=problems())
def requests(
    service: ServiceOf,
    caller: Caller,
    state: RequestState | None = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[RequestOut]:
    """Requests of the caller's department and those shared with it."""
    page = service.requests(caller, state=state, after=after, limit=limit)
    return PageOf.of(page.items, page.next, RequestOut.from_entity)


@router.get("/requests/{id}", summary="A request", responses=problems(404))
def request(service: ServiceOf, caller: Caller, id: Id) -> RequestOut:
    """With the answer that the requester can plan with."""
    return RequestOut.from_entity(service.request(caller, id))


@router.post(
    "/requests", summary="Ask for a look", status_code=201, responses=problems(403, 409, 503)
)
def ask(
    service: ServiceOf,
    caller: Requester,
    body: RequestIn,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> RequestOut:
    """The answer says which flight and when, or why not and what could be had instead.

    The same Idempotency-Key again gives the same request, not a second one.
    """
    return RequestOut.from_entity(service.ask(caller, body.draft(), idempotency_key))


@router.post(
    "/requests/preview", summary="What asking would be answered", responses=problems(403, 409)
)
def preview_request(service: ServiceOf, caller: Requester, body: RequestIn) -> PreviewOut:
    """The same answer as asking gives, and what it costs in kilometres and minutes; nothing is
    stored, and nobody's place in the plan is taken."""
    return PreviewOut.from_entity(service.demand.preview(caller, body.draft()))


@router.post(
    "/requests/{id}/accept",
    summary="Take up a counter-offer",
    status_code=201,
    responses=problems(403, 404, 409, 503),
)
def accept_request(service: ServiceOf, caller: Requester, id: Id) -> RequestOut:
    """Of a refused request: asks as the offer has it, and answers. Again it gives the same
    request; where another took the flight meanwhile the new request says what is left."""
    return RequestOut.from_entity(service.demand.accept(caller, id))


@router.post(
    "/requests/{id}/withdraw", summary="Take a request back", responses=problems(403, 404, 409)
)
def withdraw_request(service: ServiceOf, caller: Requester, id: Id) -> RequestOut:
    """A planned flight that serves nobody else is cancelled; all others fly as planned. 409 once
    its flight has begun."""
    return RequestOut.from_entity(service.demand.withdraw(caller, id))


@files.post(
    "/requests/geometry",
    summary="Read a file as geometry",
    responses=problems(403, 413),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/geo+json": {"schema": {"type": "object"}},
                "application/vnd.google-earth.kml+xml": _BINARY,
                "application/octet-stream": _BINARY,
                "multipart/form-data": _FORM,
            },
        }
    },
)
async def request_geometry(
    request: Request,
    service: ServiceOf,
    caller: Requester,
    crs: Annotated[
        str | None, Query(max_length=20, description="WGS84, GCJ02 or BD09, where it is known")
    ] = None,
    name: Annotated[str, Query(max_length=200, description="of the file")] = "",
) -> ReceivedOut:
    """GeoJSON, KML, KMZ or a zipped shapefile, as the body itself or as `file` of a form.

    Shapefiles are reprojected as their .prj says. Outlines of up to 100,000 vertices are simplified
    and `notes` say by how much. `suspected` says where WGS-84 degrees look like GCJ-02 or BD-09:
    nothing is moved unless `crs` says so. The answer's `geometry` is what POST /requests takes.
    """
    content, title, said = await _content(request)
    got = await run_in_threadpool(
        service.demand.receive, caller, content, name or title, crs or said
    )
    return ReceivedOut.from_entity(got)


async def _content(request: Request) -> tuple[bytes, str, str | None]:
    """The file's bytes, its name, and what a form says of its coordinates."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        return await request.body(), "", None
    async with request.form(max_files=1, max_fields=4) as form:
        file, crs = form.get("file"), form.get("crs")
        if not isinstance(file, UploadFile):
            raise InvalidInput(
                "the form has no file", where="file", remedy="name the part with the file 'file'"
            )
        said: Any = crs[:20] if isinstance(crs, str) and crs else None
        return await file.read(), (file.filename or "")[:200], said
