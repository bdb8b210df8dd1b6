"""Joint inspections (综合查一次)."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from api.schemas.base import Body, Model
from missions.cases.inspection import Inspection, Separate
from missions.cases.inspections import InspectionView, Proposed
from missions.cases.visiting import InspectionOrder, Result
from missions.entities import Case


class SeparateOut(Model):
    """What going one by one would cost at least."""

    visits: int
    flights: int
    km: float = Field(description="nearest dock to a case and back for each department")
    minutes: float

    @classmethod
    def of(cls, s: Separate) -> "SeparateOut":
        return cls(visits=s.visits, flights=s.flights, km=s.km, minutes=s.minutes)


class InspectedCase(Model):
    """A case of an inspection."""

    id: str
    number: str
    title: str
    title_zh: str
    department: str
    state: str
    lon: float
    lat: float

    @classmethod
    def of(cls, c: Case) -> "InspectedCase":
        return cls(
            id=c.id,
            number=c.number,
            title=c.title,
            title_zh=c.title_zh,
            department=c.department,
            state=c.state,
            lon=c.position.lon,
            lat=c.position.lat,
        )


class ProposalOut(Model):
    """Open cases that one visit could settle together."""

    name: str
    name_zh: str
    county: str | None
    lon: float
    lat: float
    radius_m: float
    departments: list[str]
    cases: list[InspectedCase]
    separate: SeparateOut

    @classmethod
    def of(cls, p: Proposed) -> "ProposalOut":
        return cls(
            name=p.name,
            name_zh=p.name_zh,
            county=p.county or None,
            lon=p.group.position.lon,
            lat=p.group.position.lat,
            radius_m=p.group.radius_m,
            departments=list(p.group.departments),
            cases=[InspectedCase.of(c) for c in p.group.cases],
            separate=SeparateOut.of(p.separate),
        )


class InspectionRow(Model):
    """An inspection in a list."""

    id: str
    name: str
    name_zh: str
    state: str
    county: str | None
    lon: float
    lat: float
    radius_m: float
    departments: list[str]
    case_count: int
    proposed_at: datetime
    planned_for: datetime | None

    @classmethod
    def from_entity(cls, i: Inspection) -> "InspectionRow":
        return cls(
            id=i.id,
            name=i.name,
            name_zh=i.name_zh,
            state=i.state,
            county=i.county or None,
            lon=i.position.lon,
            lat=i.position.lat,
            radius_m=i.radius_m,
            departments=list(i.departments),
            case_count=len(i.case_ids),
            proposed_at=i.proposed_at,
            planned_for=i.planned_for,
        )


class SavedOut(Model):
    """One visit against many: what separate ones would cost at least, and what this one did."""

    separate: SeparateOut
    visits: int
    visits_saved: int
    flown_km: float | None = Field(description="of the shared flight; null before it has landed")
    flown_minutes: float | None


class InspectionOut(InspectionRow):
    """An inspection; of its cases those that the caller may see."""

    cases: list[InspectedCase]
    proposed_by: str
    called_at: datetime | None
    called_by: str | None
    done_at: datetime | None
    done_by: str | None
    note: str | None
    reason: str | None = Field(description="why it was cancelled")
    request_id: str | None = Field(description="the look from above that all departments share")
    request_state: str | None
    saved: SavedOut

    @classmethod
    def detailed(cls, view: InspectionView) -> "InspectionOut":
        i = view.inspection
        return cls(
            **InspectionRow.from_entity(i).model_dump(),
            cases=[InspectedCase.of(c) for c in view.cases],
            proposed_by=i.proposed_by,
            called_at=i.called_at,
            called_by=i.called_by or None,
            done_at=i.done_at,
            done_by=i.done_by or None,
            note=i.note or None,
            reason=i.reason or None,
            request_id=i.request_id,
            request_state=view.request.state if view.request else None,
            saved=SavedOut(
                separate=SeparateOut.of(i.separate),
                visits=1,
                visits_saved=i.separate.visits - 1,
                flown_km=view.flown_km,
                flown_minutes=view.flown_min,
            ),
        )


class InspectionIn(Body):
    """Open cases for one visit, from a proposal or chosen by hand."""

    case_ids: list[str] = Field(min_length=2, max_length=500, examples=[["cas-1", "cas-2"]])
    planned_for: AwareDatetime | None = None
    note: str = Field("", max_length=2000)


class InspectionStepIn(Body):
    """The next step of an inspection."""

    step: Literal["call", "done", "cancel"]
    note: str = Field("", max_length=2000)
    planned_for: AwareDatetime | None = Field(None, description="when they meet")
    flight: bool = Field(False, description="whether all share a look from above; with `call`")

    def order(self) -> InspectionOrder:
        """What the service is told."""
        return InspectionOrder(**self.model_dump())


class ResultIn(Body):
    """What was found of one case."""

    case_id: str = Field(max_length=80)
    found: bool | None = Field(None, description="whether the matter still stands")
    note: str = Field("", max_length=2000)
    media: list[str] = Field(default_factory=list, max_length=60)


class ResultsIn(Body):
    """What was found, case by case; each department writes into its own."""

    results: list[ResultIn] = Field(min_length=1, max_length=500)

    def all(self) -> list[Result]:
        """What the service is told."""
        return [Result(**{**r.model_dump(), "media": tuple(r.media)}) for r in self.results]
