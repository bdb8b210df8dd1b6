"""Products: ask for temperature rasters and mosaics, and fetch them whole or in part."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse

from api.auth import Caller, Requester, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas.base import PageOf
from api.schemas.products import ProductIn, ProductOut
from imagery.products.product import ProductKind, ProductState
from imagery.products.stac import COG

router = APIRouter(tags=["catalogue"])

OWN = "private, max-age=31536000, immutable"
"""A product's file never changes: another one has another id."""


@router.post(
    "/products",
    summary="Ask for a product",
    status_code=202,
    responses=problems(403, 404) | {200: {"model": ProductOut, "description": "There already."}},
)
def ask_product(
    service: ServiceOf, caller: Requester, body: ProductIn, response: Response
) -> ProductOut:
    """Made in the background, once for the same photographs: look at `state` until it is `ready`.

    A temperature raster takes seconds, a mosaic minutes.
    """
    product = service.products.ask(
        caller,
        body.kind,
        medium=body.medium,
        flight=body.flight,
        task=body.task,
        request=body.request,
    )
    if product.state is ProductState.READY:
        response.status_code = 200
    return ProductOut.from_entity(product)


@router.get("/products", summary="Products", responses=problems())
def products(
    service: ServiceOf,
    caller: Caller,
    kind: ProductKind | None = None,
    state: ProductState | None = None,
    flight: Annotated[str | None, Query(max_length=80)] = None,
    medium: Annotated[str | None, Query(max_length=80)] = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[ProductOut]:
    """Products that the caller's department may see, the latest first."""
    page = service.products.listed(
        caller, kind=kind, state=state, flight=flight, medium=medium, after=after, limit=limit
    )
    return PageOf.of(page.items, page.next, ProductOut.from_entity)


@router.get("/products/{id}", summary="A product", responses=problems(404))
def product(service: ServiceOf, caller: Caller, id: Id) -> ProductOut:
    """How far it is, what it was made of, and what is amiss with it."""
    return ProductOut.from_entity(service.products.product(caller, id))


@router.head("/products/{id}/file", include_in_schema=False)
@router.get(
    "/products/{id}/file",
    summary="A product's GeoTIFF",
    response_class=FileResponse,
    responses=problems(404, 503)
    | {200: {"content": {"image/tiff": {}}}, 206: {"description": "The bytes asked for."}},
)
def product_file(service: ServiceOf, caller: Caller, id: Id) -> FileResponse:
    """A cloud-optimised GeoTIFF. Map programs read parts of it with HTTP ranges (`/vsicurl/`)."""
    found, path = service.products.file(caller, id)
    return FileResponse(
        path,
        media_type=COG,
        filename=f"{found.id}.tif",
        content_disposition_type="inline",
        headers={"Cache-Control": OWN},
    )
