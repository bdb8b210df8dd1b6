"""Requests: a department's wishes for a look, and what it is told."""

from datetime import datetime
from typing import Any, Literal

import shapely
from pydantic import AwareDatetime, Field

from api.schemas.base import Body, Geometry, Model, geometry
from core.equipment import Sensor
from missions.demand.asking import RequestDraft
from missions.demand.received import Received
from missions.entities import Answer, CounterOffer, Request


class RequestIn(Body):
    """A wish for a look. A scenario fills in what is left out."""

    scenario: str | None = Field(None, max_length=40, examples=["water-01"])
    geometry: dict[str, Any] = Field(
        description="GeoJSON: a geometry, a Feature or a FeatureCollection of areas, of lines or "
        "of points (one kind); WGS-84 unless `crs` says otherwise",
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
    crs: str | None = Field(
        None,
        max_length=20,
        description="what the coordinates are in: WGS84, GCJ02 or BD09, which are converted. Left "
        "out, they are WGS-84, and refused where they look like a Chinese map's",
        examples=["GCJ02"],
    )
    share_with: list[str] = Field(
        [],
        max_length=30,
        description="departments that may see what is photographed, besides the scenario's own",
        examples=[["emergency"]],
    )

    def draft(self) -> RequestDraft:
        """The wish as the use case takes it."""
        return RequestDraft(**{**dict(self), "share_with": tuple(self.share_with)})


class ConstraintOut(Model):
    """One of the fewest constraints that cannot hold together."""

    rule: str = Field(description="resolution, sensor, window, endurance, docks, flights, zone:ID")
    text: str
    text_zh: str


class OfferOut(Model):
    """What could be had instead: solved, not guessed. POST /requests/{id}/accept takes it up."""

    change: str = Field(description="window, day, resolution, overlap, sensor or part")
    instead: dict[str, Any] = Field(description="the request's fields that change")
    text: str
    text_zh: str
    dock: str
    start: datetime
    accepted_as: str | None = Field(description="the request that took it up")

    @classmethod
    def from_entity(cls, offer: CounterOffer) -> "OfferOut":
        return cls(
            change=offer.change,
            instead=dict(offer.instead),
            text=offer.text,
            text_zh=offer.text_zh,
            dock=offer.dock,
            start=offer.start,
            accepted_as=offer.accepted_as,
        )


class SlotOut(Model):
    """A flight that serves a request or a part of it."""

    flight_id: str
    dock: str
    start: datetime
    end: datetime


class AnswerOut(Model):
    """What the requester can plan with: which flights and when, or why not and what instead."""

    state: str
    code: str = Field(
        description="planned, joined (a flight that sees it anyway), imagery (photographs answer "
        "it), waiting (see `due`), answered, not_flown, withdrawn, expired; of a refusal the rule"
    )
    text: str
    text_zh: str
    flight_id: str | None
    start: datetime | None
    flights: list[SlotOut]
    conflict: list[ConstraintOut]
    offer: OfferOut | None
    due: datetime | None = Field(description="when the answer comes at the latest")
    km: float | None = Field(description="flown because of this request alone; 0 where it joined")
    minutes: float | None
    with_departments: list[str] = Field(description="whom it shares its flights with")
    cut_short: bool = Field(
        description="of a refusal: not every alternative was tried, for want of time"
    )

    @classmethod
    def from_entity(cls, answer: Answer, state: str) -> "AnswerOut":
        return cls(
            state=state,
            code=answer.code,
            text=answer.text,
            text_zh=answer.text_zh,
            flight_id=answer.flight_id,
            start=answer.start,
            flights=[
                SlotOut(flight_id=s.flight_id, dock=s.dock, start=s.start, end=s.end)
                for s in answer.flights
            ],
            conflict=[
                ConstraintOut(rule=c.rule, text=c.text, text_zh=c.text_zh) for c in answer.conflict
            ],
            offer=OfferOut.from_entity(answer.offer) if answer.offer else None,
            due=answer.due,
            km=None if answer.km is None else round(answer.km, 2),
            minutes=None if answer.minutes is None else round(answer.minutes, 1),
            with_departments=list(answer.with_departments),
            cut_short=answer.cut_short,
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
    standing_id: str | None
    instead_of: str | None

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
            standing_id=r.standing,
            instead_of=r.instead_of,
        )


class PreviewOut(Model):
    """What asking would be answered now. Nothing is stored."""

    kind: str
    geometry: Geometry
    answer: AnswerOut
    reused: list[str] = Field(description="photographs that answer it, or a part of it")

    @classmethod
    def from_entity(cls, r: Request) -> "PreviewOut":
        assert r.answer is not None  # noqa: S101 - every preview is answered
        return cls(
            kind=r.kind,
            geometry=geometry(dict(r.geometry)),
            answer=AnswerOut.from_entity(r.answer, r.state),
            reused=list(r.reused),
        )


class DrawnOut(Model):
    """One place of a file."""

    name: str
    kind: str
    geometry: Geometry
    size: float = Field(description="m2 of an area, m of a corridor, number of points")
    vertices: int


class SuspicionOut(Model):
    """What the coordinates seem to be instead of WGS-84."""

    crs: str
    why: str
    remedy: str


class ReceivedOut(Model):
    """A file as geometry to ask with. Nothing is stored."""

    format: str
    crs: str = Field(description="what the coordinates were taken for")
    geometry: Geometry | None = Field(
        description="all of it, for POST /requests; null where it takes several requests"
    )
    features: list[DrawnOut]
    suspected: SuspicionOut | None
    notes: list[str]

    @classmethod
    def from_entity(cls, got: Received) -> "ReceivedOut":
        return cls(
            format=got.format,
            crs=got.crs,
            geometry=geometry(dict(got.geometry)) if got.geometry else None,
            features=[
                DrawnOut(
                    name=one.name,
                    kind=one.kind,
                    geometry=geometry(one.place),
                    size=round(one.size, 1),
                    vertices=_vertices(one.place),
                )
                for one in got.drawn
            ],
            suspected=_suspected(got),
            notes=list(got.notes),
        )


def _suspected(got: Received) -> SuspicionOut | None:
    if got.suspicion is None:
        return None
    crs = got.suspicion.crs
    remedy = f"send it again with crs={crs} to have it converted, or crs=WGS84 to keep it"
    return SuspicionOut(crs=crs, why=got.suspicion.why, remedy=remedy)


def _vertices(place: Any) -> int:
    return int(shapely.get_num_coordinates(place))
