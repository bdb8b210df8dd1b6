"""The officers' review queue: finds and looks, the pictures to decide by, decisions and undo."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api.auth import Caller, Officer, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas import reviews as schemas
from api.schemas.base import PageOf
from missions.entities import ReviewState

router = APIRouter(tags=["reviews"])

_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {}, "image/png": {}}, "description": "The picture."}
}
_Close = Annotated[bool, Query(description="only the surroundings of the find")]
_Marked = Annotated[bool, Query(description="with a frame round the find")]
_Kind = Annotated[Literal["jpg", "png"], Query(alias="format")]
_OWN = "private, max-age=3600"


@router.get("/reviews", summary="The review queue", responses=problems())
def reviews(
    service: ServiceOf,
    caller: Caller,
    state: ReviewState | None = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[schemas.ReviewOut]:
    """What officers have to look at: photographs to search, finds to confirm."""
    page = service.reviews(caller, state=state, after=after, limit=limit)
    return PageOf.of(page.items, page.next, schemas.ReviewOut.from_entity)


@router.get("/reviews/{id}", summary="A review", responses=problems(404))
def review(service: ServiceOf, caller: Caller, id: Id) -> schemas.ReviewOut:
    """With what the detector found and every mark so far."""
    return schemas.ReviewOut.from_entity(service.desk.get(caller, id))


@router.post("/reviews/{id}/decision", summary="Decide a review", responses=problems(403, 404, 409))
def decide(
    service: ServiceOf, caller: Officer, id: Id, body: schemas.DecisionIn
) -> schemas.ReviewOut:
    """Confirm, reclass and mark make an anomaly, an event and a case; a mark leaves a look open."""
    return schemas.ReviewOut.from_entity(service.desk.decide(caller, id, body.saying()))


@router.post(
    "/reviews/{id}/undo", summary="Take the latest word back", responses=problems(403, 404, 409)
)
def undo(service: ServiceOf, caller: Officer, id: Id) -> schemas.ReviewOut:
    """Within ten minutes, and only while nobody has begun on the case that it opened."""
    return schemas.ReviewOut.from_entity(service.desk.undo(caller, id))


@router.get(
    "/reviews/{id}/before",
    summary="A find's place before",
    response_class=Response,
    responses=problems(404) | _PICTURE,
)
def review_before(
    service: ServiceOf,
    caller: Caller,
    id: Id,
    close: _Close = False,
    marked: _Marked = False,
    kind: _Kind = "jpg",
) -> Response:
    """The earlier photograph; lies on `/after` pixel by pixel, ready for a swipe."""
    return _picture(service, caller, id, "before", close, marked, kind)


@router.get(
    "/reviews/{id}/after",
    summary="A find's place after",
    response_class=Response,
    responses=problems(404) | _PICTURE,
)
def review_after(
    service: ServiceOf,
    caller: Caller,
    id: Id,
    close: _Close = False,
    marked: _Marked = False,
    kind: _Kind = "jpg",
) -> Response:
    """The later photograph, laid on the earlier one."""
    return _picture(service, caller, id, "after", close, marked, kind)


@router.get(
    "/reviews/{id}/comparison",
    summary="A find, before and after",
    response_class=Response,
    responses=problems(404) | _PICTURE,
)
def review_comparison(
    service: ServiceOf, caller: Caller, id: Id, close: _Close = False, kind: _Kind = "jpg"
) -> Response:
    """Side by side, marked; a model's find is shown in its photograph."""
    return _picture(service, caller, id, "comparison", close, True, kind)


def _picture(
    service: ServiceOf, caller: Caller, id: str, view: str, close: bool, marked: bool, kind: str
) -> Response:
    data = service.desk.picture(caller, id, view, close=close, marked=marked, kind=kind)
    media_type = "image/png" if kind == "png" else "image/jpeg"
    return Response(data, media_type=media_type, headers={"Cache-Control": _OWN})
