"""What people said of finds, for training and measuring; and each detector's precision."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Limit
from api.schemas.base import PageOf
from api.schemas.reviews import DetectorOut, LabelOut
from core.errors import InvalidInput
from missions.media.coco import coco, table

router = APIRouter(tags=["reviews"])

_Detector = Annotated[str | None, Query(max_length=80, examples=["change", "onnx:debris"])]
_Code = Annotated[str | None, Query(max_length=20, examples=["02-02"])]
_Since = Annotated[datetime | None, Query(description="from this time on, with its offset")]
_Until = Annotated[datetime | None, Query(description="up to this time, with its offset")]


@router.get(
    "/labels",
    summary="Labels",
    responses=problems()
    | {200: {"content": {"text/csv": {}, "application/json": {}}, "description": "The labels."}},
    response_model=None,
)
def labels(
    service: ServiceOf,
    caller: Caller,
    format: Literal["json", "coco", "csv"] = "json",
    detector: _Detector = None,
    event_type: _Code = None,
    since: _Since = None,
    until: _Until = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[LabelOut] | Response:
    """Pages as JSON; everything at once as COCO or CSV. Only what the department may see."""
    _aware(since, until)
    asked: dict[str, Any] = {
        "detector": detector,
        "event_type": event_type,
        "since": since,
        "until": until,
    }
    if format == "json":
        found = service.labels.find(caller, limit=limit + 1, after=after, **asked)
        following = found[limit - 1].id if len(found) > limit else None
        return PageOf.of(found[:limit], following, LabelOut.from_entity)
    known, media = service.labels.export(caller, **asked)
    if format == "coco":
        return JSONResponse(coco(known, media, service.labels.preset), headers=_name("json"))
    return Response(table(known, media), media_type="text/csv", headers=_name("csv"))


@router.get("/detectors", summary="Detectors", responses=problems())
def detectors(
    service: ServiceOf,
    caller: Caller,
    event_type: _Code = None,
    since: _Since = None,
    until: _Until = None,
) -> PageOf[DetectorOut]:
    """Each detector's state, and its precision by what officers and crews said of its finds."""
    _aware(since, until)
    views = service.detectors.all(caller, event_type=event_type, since=since, until=until)
    return PageOf.of(views, None, DetectorOut.from_view)


def _aware(*times: datetime | None) -> None:
    if any(t is not None and t.tzinfo is None for t in times):
        raise InvalidInput(
            "a time without a zone", where="?since", remedy="write 2026-05-12T08:00:00+08:00"
        )


def _name(ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="flyonce-labels.{ending}"'}
