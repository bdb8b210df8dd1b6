"""Photographs: delivery by cameras and docks, and what is known of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from api.auth import Caller, Deliverer, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas.base import PageOf
from api.schemas.media import DeliveredOut, MediumOut
from core.equipment import Sensor
from core.errors import InvalidInput
from imagery.evidence.digest import declared_sha256

router = APIRouter(tags=["media"])
delivery = APIRouter(tags=["media"])

_OWN = "private, max-age=31536000, immutable"
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {}, "image/png": {}}, "description": "The picture."}
}
_Name = Annotated[str, Header(min_length=1, max_length=80)]


@delivery.post(
    "/media",
    summary="Deliver a photograph",
    status_code=201,
    response_model=DeliveredOut,
    responses=problems(403, 413, 415, 503)
    | {200: {"model": DeliveredOut, "description": "Known already: delivered before."}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def deliver(
    request: Request,
    service: ServiceOf,
    caller: Deliverer,
    x_vehicle: _Name,
    x_camera: _Name,
    content_digest: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """The file as the camera wrote it, as the body. Safe to repeat: it is known by its hash.

    `Content-Digest` (RFC 9530) is the SHA-256 that the camera took at capture: a file that does
    not have it is refused. Without one the chain of custody begins at the receipt.
    """
    data = await request.body()
    if not data:
        raise InvalidInput("the body is empty", where="body", remedy="send the file as the body")
    declared = declared_sha256(content_digest)
    delivered = await service.deliver(
        caller, data, vehicle=x_vehicle, camera=x_camera, declared=declared
    )
    medium = delivered.medium
    receipt = DeliveredOut(
        id=medium.id, sha256=medium.sha256, state=medium.state, reason=medium.reason or None
    )
    # a ready response: FastAPI would check the model a second time, 100 times a second
    return Response(
        receipt.model_dump_json(), 201 if delivered.created else 200, media_type="application/json"
    )


@router.get("/media", summary="Photographs", responses=problems())
def media(
    service: ServiceOf,
    caller: Caller,
    flight: Annotated[str | None, Query(max_length=80)] = None,
    task: Annotated[str | None, Query(max_length=80)] = None,
    bbox: Annotated[
        str | None, Query(max_length=120, description="west,south,east,north in degrees")
    ] = None,
    sensor: Sensor | None = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[MediumOut]:
    """Photographs that the caller's department may see."""
    page = service.media(
        caller,
        flight=flight,
        task=task,
        bbox=_box(bbox),
        sensor=sensor,
        after=after,
        limit=limit,
    )
    return PageOf.of(page.items, page.next, MediumOut.from_entity)


@router.get("/media/{id}", summary="A photograph", responses=problems(404))
def medium(service: ServiceOf, caller: Caller, id: Id) -> MediumOut:
    """What a photograph shows, when and from where it was taken."""
    return MediumOut.from_entity(service.medium(caller, id))


@router.get(
    "/media/{id}/file",
    summary="A photograph's original file",
    response_class=Response,
    responses=problems(404, 503) | _PICTURE,
)
def medium_file(service: ServiceOf, caller: Caller, id: Id) -> Response:
    """Byte for byte as the camera wrote it."""
    data, content_type = service.medium_file(caller, id)
    name = f'inline; filename="{"".join(c for c in id if c.isalnum() or c in "-_.")}.jpg"'
    return Response(
        data,
        media_type=content_type,
        headers={"Cache-Control": _OWN, "Content-Disposition": name},
    )


@router.get(
    "/media/{id}/preview",
    summary="A photograph to look at",
    response_class=Response,
    responses=problems(404, 503) | _PICTURE,
)
def medium_preview(service: ServiceOf, caller: Caller, id: Id) -> Response:
    """Small, and with a palette when the original holds temperatures."""
    data = service.medium_preview(caller, id)
    kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    return Response(data, media_type=kind, headers={"Cache-Control": _OWN})


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west = south = east = north = float("nan")
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise InvalidInput(
            f"{text!r} is no box", where="?bbox", remedy="give west,south,east,north in degrees"
        )
    return west, south, east, north
