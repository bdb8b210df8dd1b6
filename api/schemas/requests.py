"""Requests: a department's wishes for a look, and what it is told."""

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from api.schemas.base import Body, Geometry, Model, geometry
from core.equipment import Sensor
from missions.demand.asking import RequestDraft
from missions.entities import Answer, Request


class RequestIn(Body):
    """A wish for a look. A scenario fills in what is left out."""

    scenario: str | None = Field(None, max_length=40, examples=["water-01"])
    geometry: dict[str, Any] = Field(
        description="GeoJSON Polygon, MultiPolygon, LineString, Point or MultiPoint in WGS-84",
        examples=[
            {
                "type": "Polygon",
                "coordinates": [
                    [[118.86, 28.94], [118.88, 28.94], [118.88, 28.96], [118.86, 28.94]]
                ],
            }
        ],
    )
    sensor: Sensor | None = None
    gsd_m: float | None = Field(
        None, gt=0, le=10, allow_inf_nan=False, description="ground sampling distance, m a pixel"
    )
    earliest: AwareDatetime
    latest: AwareDatetime
    width_m: float | None = Field(
        None, gt=0, le=1000, allow_inf_nan=False, description="breadth of a corridor"
    )
    priority: int | None = Field(None, ge=1, le=5, description="1 (least) to 5")
    purpose: str = Field("", max_length=500)
    department: str | None = Field(
        None, max_length=40, description="on whose behalf a city-wide role asks"
    )
    kind: Literal["orbit", "facade"] | None = Field(
        None,
        description="an orbit round a point, or a facade along a line; else as the geometry is",
    )
    radius_m: float | None = Field(
        None, gt=0, le=500, allow_inf_nan=False, description="of an orbit"
    )
    base_m: float | None = Field(
        None, ge=0, le=1000, allow_inf_nan=False, description="lowest height that an upright shows"
    )
    top_m: float | None = Field(
        None, gt=0, le=1000, allow_inf_nan=False, description="highest height that an upright shows"
    )
    fresh_h: float = Field(
        0.0,
        ge=0,
        le=744,
        allow_inf_nan=False,
        description="photographs taken within so many hours will do; 0 for a flight anyway",
    )

    def draft(self) -> RequestDraft:
        """The wish as the use case takes it."""
        return RequestDraft(**dict(self))


class AnswerOut(Model):
    """What the requester can plan with: which flight and when, or why not."""

    state: str
    code: str
    text: str
    text_zh: str
    flight_id: str | None
    start: datetime | None

    @classmethod
    def from_entity(cls, answer: Answer, state: str) -> "AnswerOut":
        return cls(
            state=state,
            code=answer.code,
            text=answer.text,
            text_zh=answer.text_zh,
            flight_id=answer.flight_id,
            start=answer.start,
        )


class RequestOut(Model):
    """A request and its answer."""

    id: str
    scenario: str | None
    department: str
    shared_with: list[str]
    place: str
    geometry: Geometry
    sensor: str
    gsd_m: float
    earliest: datetime
    latest: datetime
    priority: int
    state: str
    origin: str
    purpose: str
    task_ids: list[str]
    case_id: str | None
    created_at: datetime
    answer: AnswerOut | None
    refly_of: str | None
    attempt: int
    asked_for: Geometry | None
    reused: list[str]

    @classmethod
    def from_entity(cls, r: Request) -> "RequestOut":
        return cls(
            id=r.id,
            scenario=r.scenario or None,
            department=r.department,
            shared_with=list(r.shared_with),
            place=r.place,
            geometry=geometry(dict(r.geometry)),
            sensor=r.sensor,
            gsd_m=r.gsd_m,
            earliest=r.earliest,
            latest=r.latest,
            priority=r.priority,
            state=r.state,
            origin=r.origin,
            purpose=r.purpose,
            task_ids=list(r.task_ids),
            case_id=r.case_id,
            created_at=r.created_at,
            answer=AnswerOut.from_entity(r.answer, r.state) if r.answer else None,
            refly_of=r.refly_of,
            attempt=r.attempt,
            asked_for=geometry(dict(r.asked_for)) if r.asked_for else None,
            reused=list(r.reused),
        )
