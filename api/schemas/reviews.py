"""The officers' review queue, labels, and detectors with their measured precision."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.base import Body, Geometry, Latitude, Longitude, Model, geometry
from core.geo import LonLat
from missions.cases.reviews import Saying
from missions.entities import Decision, Found, Label, Mark, PictureBox, Review
from missions.media.detectors import DetectorView, Precision


class BoxOut(Model):
    """A place in a photograph, pixels of it as stored; no size for a point."""

    medium_id: str
    x: float
    y: float
    w: float
    h: float

    @classmethod
    def from_entity(cls, b: PictureBox) -> "BoxOut":
        return cls(medium_id=b.medium_id, x=b.x, y=b.y, w=b.w, h=b.h)


class DecisionOut(Model):
    """An officer's word."""

    decision: str
    by: str
    at: datetime
    event_type: str | None
    lon: float | None
    lat: float | None
    note: str | None

    @classmethod
    def from_entity(cls, d: Decision) -> "DecisionOut":
        at: LonLat | None = d.position
        return cls(
            decision=d.decision,
            by=d.by,
            at=d.at,
            event_type=d.event_type,
            lon=at.lon if at else None,
            lat=at.lat if at else None,
            note=d.note or None,
        )


class MarkOut(Model):
    """Something that an officer marked in a look."""

    id: str
    decision: DecisionOut
    case_id: str | None
    box: BoxOut | None

    @classmethod
    def from_entity(cls, m: Mark) -> "MarkOut":
        return cls(
            id=m.id,
            decision=DecisionOut.from_entity(m.said),
            case_id=m.case_id,
            box=BoxOut.from_entity(m.box) if m.box else None,
        )


class FoundOut(Model):
    """What a detector found."""

    detector: str = Field(description='"change" or "onnx:NAME"')
    version: str
    score: float
    kind: str | None = Field(description='of a change: "new", "gone" or "altered"')
    label: str | None
    area_m2: float | None
    seen: int = Field(description="in how many photographs or pairs")
    boxes: list[BoxOut]
    has_before: bool = Field(description="whether /before, /after and /comparison are there")

    @classmethod
    def from_entity(cls, f: Found) -> "FoundOut":
        return cls(
            detector=f.detector,
            version=f.version,
            score=f.score,
            kind=f.kind or None,
            label=f.label or None,
            area_m2=f.area_m2,
            seen=f.seen,
            boxes=[BoxOut.from_entity(b) for b in f.boxes],
            has_before=bool(f.transform),
        )


class ReviewOut(Model):
    """Something that an officer must look at."""

    id: str
    kind: str
    event_types: list[str]
    task_id: str | None
    place: str
    lon: float
    lat: float
    geometry: Geometry | None
    media: list[str]
    created_at: datetime
    department: str
    state: str
    decision: DecisionOut | None
    case_id: str | None
    found: FoundOut | None
    marks: list[MarkOut]
    remark: str | None
    remark_zh: str | None

    @classmethod
    def from_entity(cls, r: Review) -> "ReviewOut":
        return cls(
            id=r.id,
            kind=r.kind,
            event_types=list(r.event_types),
            task_id=r.task_id,
            place=r.place,
            lon=r.position.lon,
            lat=r.position.lat,
            geometry=geometry(dict(r.geometry)) if r.geometry else None,
            media=list(r.media),
            created_at=r.created_at,
            department=r.department,
            state=r.state,
            decision=DecisionOut.from_entity(r.decision) if r.decision else None,
            case_id=r.case_id,
            found=FoundOut.from_entity(r.found) if r.found else None,
            marks=[MarkOut.from_entity(m) for m in r.marks],
            remark=r.remark or None,
            remark_zh=r.remark_zh or None,
        )


class BoxIn(Body):
    """A place in one of the review's photographs, pixels of it as stored."""

    medium_id: str = Field(min_length=1, max_length=80)
    x: float = Field(ge=0, le=100_000)
    y: float = Field(ge=0, le=100_000)
    w: float = Field(0.0, ge=0, le=100_000)
    h: float = Field(0.0, ge=0, le=100_000)


class DecisionIn(Body):
    """An officer's word: confirm a find, give it another type, reject it; mark in a look as often
    as needed, then say done."""

    decision: Literal["confirm", "reclass", "reject", "mark", "done"]
    event_type: str | None = Field(None, max_length=20, examples=["01-01"])
    lon: Longitude | None = None
    lat: Latitude | None = None
    note: str = Field("", max_length=2000)
    box: BoxIn | None = None

    def saying(self) -> Saying:
        """As the use case takes it."""
        box = PictureBox(**self.box.model_dump()) if self.box else None
        return Saying(**{**self.model_dump(exclude={"box"}), "box": box})


class LabelOut(Model):
    """What a person said of a find."""

    id: str
    at: datetime
    by: str
    verdict: str
    detector: str
    version: str
    score: float | None
    event_type: str
    said_type: str | None
    lon: float | None
    lat: float | None
    medium_id: str | None
    box: BoxOut | None
    review_id: str | None
    case_id: str | None
    department: str

    @classmethod
    def from_entity(cls, x: Label) -> "LabelOut":
        return cls(
            id=x.id,
            at=x.at,
            by=x.by,
            verdict=x.verdict,
            detector=x.detector,
            version=x.version,
            score=x.score,
            event_type=x.event_type,
            said_type=x.said_type,
            lon=x.position.lon if x.position else None,
            lat=x.position.lat if x.position else None,
            medium_id=x.medium_id,
            box=BoxOut.from_entity(x.box) if x.box else None,
            review_id=x.review_id,
            case_id=x.case_id,
            department=x.department,
        )


class PrecisionOut(Model):
    """Confirmed of all that people said something of, with the Wilson 95 % interval."""

    confirmed: int
    rejected: int
    reclassed: int
    precision: float | None
    low: float
    high: float

    @classmethod
    def of(cls, p: Precision) -> "PrecisionOut":
        return cls(
            confirmed=p.confirmed,
            rejected=p.rejected,
            reclassed=p.reclassed,
            precision=p.share,
            low=p.low,
            high=p.high,
        )


class DetectorOut(Model):
    """A detector, its state, and how good it was."""

    id: str
    kind: str
    state: str = Field(description='"loaded", "refused", or "none": no model, an officer looks')
    version: str | None
    name: str | None
    event_types: list[str]
    precision: PrecisionOut
    by_event_type: dict[str, PrecisionOut]
    marked_by_hand: dict[str, int] = Field(description="finds of officers alone, by event type")
    reason: str | None
    remedy: str | None
    source: str | None
    licence: str | None
    training: str | None

    @classmethod
    def from_view(cls, v: DetectorView) -> "DetectorOut":
        return cls(
            id=v.id,
            kind=v.kind,
            state=v.state,
            version=v.version or None,
            name=v.card.name if v.card else None,
            event_types=list(v.event_types),
            precision=PrecisionOut.of(v.precision),
            by_event_type={code: PrecisionOut.of(p) for code, p in v.by_event_type},
            marked_by_hand=dict(v.missed),
            reason=v.reason or None,
            remedy=v.remedy or None,
            source=v.card.source if v.card else None,
            licence=v.card.licence if v.card else None,
            training=v.card.training if v.card else None,
        )
