"""Filings, groundings, weather and go / no-go as the API tells them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from api.schemas.base import Body, Feature, FeatureCollection, Model, geometry
from missions.entities import FiledVolume, Filing, FilingState, Flight
from missions.lifecycle import FILING
from missions.preflight.forecast import Outlook
from missions.preflight.model import Check, Grounding, Preflight, Word

Reason = Annotated[str, Field(min_length=1, max_length=500, examples=["thunderstorm warning"])]


class CheckOut(Model):
    """One thing that was looked at: filing, grounding, airspace, weather, or launch at the dock."""

    name: str = Field(examples=["weather"])
    word: Word
    text: str
    text_zh: str

    @classmethod
    def from_value(cls, check: Check) -> "CheckOut":
        return cls(name=check.name, word=check.word, text=check.text, text_zh=check.text_zh)


class PreflightOut(Model):
    """Whether a flight may go; `decided` when it was said at the dock for a launch."""

    flight_id: str
    at: datetime
    word: Word
    decided: bool
    checks: list[CheckOut]

    @classmethod
    def from_value(cls, preflight: Preflight) -> "PreflightOut":
        return cls(
            flight_id=preflight.flight_id,
            at=preflight.at,
            word=preflight.word,
            decided=preflight.decided,
            checks=[CheckOut.from_value(c) for c in preflight.checks],
        )


class ToGoOut(PreflightOut):
    """A flight still to go, with its preflight."""

    dock: str
    start: datetime
    end: datetime

    @classmethod
    def of(cls, flight: Flight, preflight: Preflight) -> "ToGoOut":
        said = PreflightOut.from_value(preflight)
        return cls(**said.model_dump(), dock=flight.dock, start=flight.start, end=flight.end)


class FilingRow(Model):
    """An application in short. `late`: filed after the cut-off without being an emergency."""

    id: str
    day: date
    emergency: bool
    late: bool
    state: FilingState
    purpose: str
    filed_at: datetime
    filed_by: str
    answered_at: datetime | None
    answered_by: str | None
    number: str
    remark: str

    @classmethod
    def from_entity(cls, filing: Filing) -> "FilingRow":
        return cls(**{name: getattr(filing, name) for name in cls.model_fields})


class FilingOut(FilingRow):
    """An application, the flights under it, and what may become of it."""

    flights: list[str]
    next: list[FilingState]

    @classmethod
    def of(cls, filing: Filing, flights: Sequence[Flight]) -> "FilingOut":
        row = FilingRow.from_entity(filing)
        return cls(
            **row.model_dump(),
            flights=[f.id for f in flights],
            next=sorted(FilingState(state) for state in FILING[filing.state]),
        )


class ClockOut(Model):
    """The filing clock of the day after today."""

    now: datetime
    day: date
    cutoff: datetime
    seconds_left: float
    filed: bool
    states: list[FilingState]
    unanswered: int
    answered_by_people: bool

    @classmethod
    def from_value(cls, clock: Mapping[str, Any]) -> "ClockOut":
        return cls(**{**clock, "states": list(clock["states"])})


class AnswerIn(Body):
    """What the air authority answered: an approval has a number, a refusal a remark."""

    approved: bool
    number: Annotated[str, Field(max_length=100, examples=["ZJ-2026-0512-0017"])] = ""
    remark: Annotated[str, Field(max_length=500)] = ""


class RevokeIn(Body):
    """Why the authority took its approval back."""

    remark: Reason


class GroundIn(Body):
    """For the whole city, or only a county, a dock or a flight."""

    reason: Reason
    starts: AwareDatetime | None = None
    ends: AwareDatetime | None = None
    county: Annotated[str | None, Field(max_length=80)] = None
    dock: Annotated[str | None, Field(max_length=80, examples=["QZ-01"])] = None
    flight_id: Annotated[str | None, Field(max_length=80)] = None

    def value(self, now: datetime) -> Grounding:
        """The grounding that is wanted; who, when and its id come later."""
        return Grounding(
            id="",
            reason=self.reason,
            starts=self.starts or now,
            ends=self.ends,
            by="",
            made_at=now,
            county=self.county,
            dock=self.dock,
            flight_id=self.flight_id,
        )


class GroundingOut(Model):
    """Nothing takes off there from `starts` to `ends`, unless it was lifted."""

    id: str
    reason: str
    starts: datetime
    ends: datetime | None
    by: str
    made_at: datetime
    county: str | None
    dock: str | None
    flight_id: str | None
    lifted_at: datetime | None
    lifted_by: str | None

    @classmethod
    def from_value(cls, grounding: Grounding) -> "GroundingOut":
        return cls(**{name: getattr(grounding, name) for name in cls.model_fields})


class OutlookOut(Model):
    """The weather at a time; null for what the source does not say."""

    at: datetime
    wind_mps: float
    gust_mps: float
    rain_mmph: float
    visibility_m: float | None
    temperature_c: float | None
    source: str
    issued_at: datetime

    @classmethod
    def from_value(cls, outlook: Outlook) -> "OutlookOut":
        return cls(**{name: getattr(outlook, name) for name in cls.model_fields})


class WeatherOut(Model):
    """The weather ahead at a dock; no hours where nothing is known."""

    dock: str
    now: datetime
    hours: list[OutlookOut]


def application(filing: Filing) -> FeatureCollection:
    """What was applied for, as GeoJSON: one volume for each dock."""
    return FeatureCollection(features=[_volume(filing, volume) for volume in filing.volumes])


def _volume(filing: Filing, volume: FiledVolume) -> Feature:
    return Feature(
        id=f"{filing.id}:{volume.dock}",
        geometry=geometry(volume.area),
        properties={
            "filing": filing.id,
            "dock": volume.dock,
            "flights": volume.flights,
            "floor_m": 0,
            "ceiling_m": volume.ceiling_m,
            "height_datum": "above ground",
            "start": volume.start.isoformat(),
            "end": volume.end.isoformat(),
            "emergency": filing.emergency,
            "purpose": filing.purpose,
        },
    )
