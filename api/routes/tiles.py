"""Tiles of products through titiler's rendering and rio-tiler's reader.

titiler's own router takes any address and any size from the caller; here a product is named by its
id, the caller's rights are checked at each tile, sizes are bounded, and a few are drawn at once.
Names of parameters are titiler's, so that its clients work.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from fastapi import APIRouter, Path, Query, Request, Response

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.routes.parameters import Id
from api.routes.products import OWN
from api.schemas.base import Latitude, Longitude
from api.schemas.products import RasterStatistics, ValueAt
from core.errors import InvalidInput, NotFound

router = APIRouter(tags=["catalogue"])

T = TypeVar("T")
AT_ONCE = 2
"""Tiles drawn at the same time; others wait without holding a thread."""
_limiter: RunVar[CapacityLimiter] = RunVar("flyonce_tiles")
_NOTHING: dict[int | str, dict[str, Any]] = {204: {"description": "Nothing is shown there."}}
_PNG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {}}, "description": "The tile."}
}
PALETTE = "inferno"
"""Perceptually even, and readable without colour."""

Rescale = Annotated[
    str | None,
    Query(max_length=60, description="values at the ends of the palette: `low,high`"),
]
Palette = Annotated[
    str | None, Query(max_length=40, description="a palette by name, such as `inferno`")
]
Smooth = Annotated[
    Literal["nearest", "bilinear"], Query(description="`nearest` shows measured values only")
]


@router.get(
    "/products/{id}/tiles/WebMercatorQuad/{z}/{x}/{y}.png",
    summary="A map tile of a product",
    response_class=Response,
    responses=problems(404, 503) | _PNG | _NOTHING,
)
async def tile(
    service: ServiceOf,
    caller: Caller,
    id: Id,
    z: Annotated[int, Path(ge=0, le=24)],
    x: Annotated[int, Path(ge=0, lt=1 << 24)],
    y: Annotated[int, Path(ge=0, lt=1 << 24)],
    rescale: Rescale = None,
    colormap_name: Palette = None,
    tilesize: Literal[256, 512] = 256,
    resampling: Smooth = "nearest",
) -> Response:
    """PNG with transparency; temperatures in a palette. Outside the product: 204."""
    span, colours = _span(rescale), _colours(colormap_name)

    def draw() -> bytes | None:
        from imagery.products import tiles

        found, path = service.products.file(caller, id)
        smooth = resampling == "bilinear"
        image = tiles.tile(path, z, x, y, size_px=tilesize, smooth=smooth)
        if image is None:
            return None
        usual = found.details.get("statistics", {})
        return _painted(image, span or tiles.palette(usual), colours)

    picture = await _in_turn(draw)
    if picture is None:
        return Response(status_code=204, headers={"Cache-Control": OWN})
    return Response(picture, media_type="image/png", headers={"Cache-Control": OWN})


@router.get(
    "/products/{id}/WebMercatorQuad/tilejson.json",
    summary="How a product's tiles lie",
    responses=problems(404, 503),
)
async def tilejson(
    request: Request,
    service: ServiceOf,
    caller: Caller,
    id: Id,
    rescale: Rescale = None,
    colormap_name: Palette = None,
    tilesize: Literal[256, 512] = 256,
    resampling: Smooth = "nearest",
) -> dict[str, Any]:
    """TileJSON 3.0; the style asked for here is that of the tiles it names."""
    _span(rescale), _colours(colormap_name)

    def read() -> Any:
        from imagery.products.tiles import lies

        return lies(service.products.file(caller, id)[1])

    found = await _in_turn(read)
    style = f"?{request.url.query}" if request.url.query else ""
    base = f"{request.base_url}api/v1/products/{id}/tiles/WebMercatorQuad"
    return _tilejson(id, found, f"{base}/{{z}}/{{x}}/{{y}}.png{style}")


@router.get(
    "/products/{id}/point/{lon},{lat}",
    summary="The value at a place",
    responses=problems(404, 503),
)
async def value_at(
    service: ServiceOf, caller: Caller, id: Id, lon: Longitude, lat: Latitude
) -> ValueAt:
    """As it is in the file: of a temperature raster, what the decoder read at that pixel."""

    def read() -> list[float] | None:
        from imagery.products.tiles import point

        return point(service.products.file(caller, id)[1], lon, lat)

    values = await _in_turn(read)
    if values is None:
        raise NotFound("the product shows nothing there", where=f"{lon},{lat}")
    return ValueAt(lon=lon, lat=lat, values=values)


@router.get(
    "/products/{id}/statistics",
    summary="Range and spread of a product's values",
    responses=problems(404),
)
def raster_statistics(service: ServiceOf, caller: Caller, id: Id) -> RasterStatistics:
    """Of every pixel of a temperature raster, counted when it was made."""
    found, _ = service.products.file(caller, id)
    if not found.details.get("statistics"):
        raise NotFound("a picture has no statistics of temperatures", where=id)
    return RasterStatistics(**found.details["statistics"])


async def _in_turn(work: Callable[[], T]) -> T:
    """Run something heavy in a thread, a few at once."""
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(AT_ONCE)
        _limiter.set(limiter)
    return await anyio.to_thread.run_sync(partial(work), limiter=limiter)


def _painted(image: Any, span: tuple[float, float], colours: str | None) -> bytes:
    """A tile as PNG: temperatures in a palette, pictures as they are."""
    from rio_tiler.colormap import cmap
    from titiler.core.resources.enums import ImageType
    from titiler.core.utils import render_image

    palette = None
    if image.array.dtype.kind == "f":
        image.rescale(in_range=(span,))
        palette = cmap.get(colours or PALETTE)
    return render_image(image, output_format=ImageType.png, colormap=palette)[0]


def _tilejson(id: str, found: Any, address: str) -> dict[str, Any]:
    from titiler.core.models.mapbox import TileJSON

    west, south, east, north = found.bounds
    document = TileJSON(
        name=id,
        bounds=[west, south, east, north],
        center=((west + east) / 2, (south + north) / 2, found.maxzoom),
        minzoom=found.minzoom,
        maxzoom=found.maxzoom,
        tiles=[address],
    )
    content: dict[str, Any] = document.model_dump(exclude_none=True)
    if found.palette is not None:
        content["palette"] = list(found.palette)
    return content


def _span(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = float("nan")
    if not -1e6 < low < high < 1e6:
        raise InvalidInput(f"{text!r} is no span", where="?rescale", remedy="give low,high")
    return low, high


def _colours(name: str | None) -> str | None:
    if name is None:
        return None
    from rio_tiler.colormap import cmap

    if name not in cmap.list():
        raise InvalidInput(
            f"no such palette: {name}", where="?colormap_name", remedy="use inferno, magma, viridis"
        )
    return name
