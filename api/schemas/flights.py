"""Flights and the day's plan."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas.base import Body, Feature, Geometry, Latitude, Longitude, Model
from core.conformity import Conformity, Spread
from core.route import Route
from missions.entities import Flight, LedgerLine, LogEntry, Task
from missions.operations.point import PointAnswer
from missions.queries import FlightDetail, PlanDetail


class FlightRehearsal(Model):
    """What the rehearsal of its day showed of a flight."""

    verdict: Literal["ok", "late", "risky", "infeasible"]
    risk: float = Field(description="share of the draws of the weather in which it goes wrong")
    text: str
    text_zh: str
    landing: datetime | None = Field(description="as rehearsed, the median of the draws")
    landing_share_least: float | None = Field(description="least charge at landing, 0 to 1")
    change: str | None = Field(description="only what was rehearsed and came out ok")
    change_zh: str | None

    @classmethod
    def of(cls, shown: Mapping[str, Any] | None) -> "FlightRehearsal | None":
        return None if shown is None else cls(**shown)


class FlightRow(Model):
    """A flight in a list."""

    id: str
    day: date
    origin: str
    dock: str
    vehicle: str
    start: datetime
    end: datetime
    took_off_at: datetime | None
    landed_at: datetime | None
    state: str
    reason: str | None
    reason_zh: str | None
    tasks: list[str]
    departments: list[str]
    priority: int
    km: float
    landing_share: float = Field(description="endurance left at landing, 0 to 1")
    case_id: str | None
    part_of: str | None = Field(None, description="the flight that a pilot flew this part of")
    lands_at: str | None = Field(None, description="the dock where it landed, if not its own")
    rehearsal: FlightRehearsal | None

    @classmethod
    def from_entity(cls, f: Flight, shown: Mapping[str, Any] | None = None) -> "FlightRow":
        return cls(
            rehearsal=FlightRehearsal.of(shown),
            id=f.id,
            day=f.day,
            origin=f.origin,
            dock=f.dock,
            vehicle=f.vehicle,
            start=f.start,
            end=f.end,
            took_off_at=f.took_off_at,
            landed_at=f.landed_at,
            state=f.state,
            reason=f.reason or None,
            reason_zh=f.reason_zh or None,
            tasks=list(f.task_ids),
            departments=list(f.departments),
            priority=f.priority,
            km=f.km,
            landing_share=f.landing_share,
            case_id=f.case_id,
            part_of=f.part_of,
            lands_at=f.lands_at,
        )


class FlightTask(Model):
    """What a flight is for."""

    id: str
    scenarios: list[str]
    departments: list[str]
    sensors: list[str]

    @classmethod
    def from_entity(cls, t: Task) -> "FlightTask":
        return cls(
            id=t.id,
            scenarios=list(t.scenarios),
            departments=list(t.departments),
            sensors=[str(s) for s in t.sensors],
        )


class LogLine(Model):
    """Something that happened."""

    t: datetime
    text: str
    text_zh: str

    @classmethod
    def from_entity(cls, entry: LogEntry) -> "LogLine":
        return cls(t=entry.at, text=entry.text, text_zh=entry.text_zh)


class Photos(Model):
    """Photographs: asked by the route, counted by the autopilot, received."""

    expected: int
    taken: int
    kept: int
    dropped: int


class LedgerShare(Model):
    """A department's share of the flight."""

    department: str
    km: float
    minutes: float

    @classmethod
    def from_entity(cls, line: LedgerLine) -> "LedgerShare":
        return cls(department=line.department, km=line.metres / 1000, minutes=line.seconds / 60)


class SpreadOut(Model):
    """How far off, in metres."""

    median: float
    p95: float
    most: float

    @classmethod
    def of(cls, spread: Spread | None) -> "SpreadOut | None":
        if spread is None:
            return None
        return cls(median=spread.median, p95=spread.p95, most=spread.most)


class DeviationOut(Model):
    """A stretch of time outside the corridor; `worst` metres at the worst place."""

    kind: Literal["sideways", "height"]
    start: datetime
    end: datetime
    worst: float
    lon: float
    lat: float


class ConformityOut(Model):
    """How closely the flight kept to its plan, measured from its telemetry log."""

    as_planned: bool
    sideways_m: SpreadOut | None
    height_m: SpreadOut | None
    flown: float = Field(description="share of the route's length, 0 to 1")
    took_off_late_s: float
    landed_late_s: float
    pace: float | None = Field(description="seconds flown for every second planned on the route")
    deviations: list[DeviationOut]

    @classmethod
    def of(cls, found: Conformity | None) -> "ConformityOut | None":
        if found is None:
            return None
        return cls(
            as_planned=found.as_planned,
            sideways_m=SpreadOut.of(found.sideways_m),
            height_m=SpreadOut.of(found.height_m),
            flown=found.flown,
            took_off_late_s=found.took_off_late_s,
            landed_late_s=found.landed_late_s,
            pace=found.pace,
            deviations=[
                DeviationOut(
                    kind="sideways" if d.kind == "sideways" else "height",
                    start=d.start,
                    end=d.end,
                    worst=d.worst,
                    lon=d.place.lon,
                    lat=d.place.lat,
                )
                for d in found.deviations
            ],
        )


class FlightOut(Model):
    """A flight with its route, log, photographs and ledger."""

    id: str
    day: date
    origin: str
    dock: str
    vehicle: str
    start: datetime
    end: datetime
    took_off_at: datetime | None
    landed_at: datetime | None
    state: str
    reason: str | None
    reason_zh: str | None
    departments: list[str]
    priority: int
    km: float
    landing_share: float
    case_id: str | None
    part_of: str | None
    lands_at: str | None
    tasks: list[FlightTask]
    route: Feature
    log: list[LogLine]
    photos: Photos
    ledger: list[LedgerShare]
    rehearsal: FlightRehearsal | None
    conformity: ConformityOut | None = Field(description="null until it was measured")

    @classmethod
    def from_detail(cls, detail: FlightDetail) -> "FlightOut":
        row = FlightRow.from_entity(detail.flight, detail.rehearsal).model_dump(exclude={"tasks"})
        photos = detail.photos
        return cls(
            **row,
            tasks=[FlightTask.from_entity(t) for t in detail.tasks],
            route=route(detail.flight.route, detail.flight.id),
            log=[LogLine.from_entity(entry) for entry in detail.log],
            photos=Photos(
                expected=photos.expected,
                taken=photos.taken,
                kept=photos.kept,
                dropped=photos.dropped,
            ),
            ledger=[LedgerShare.from_entity(line) for line in detail.ledger],
            conformity=ConformityOut.of(detail.flight.conformity),
        )


def route(value: Route, flight_id: str) -> Feature:
    """A route as a GeoJSON line over ground.

    Properties: `heights_m` above ground for each point; `photo_legs`, pairs of point indices
    between which photographs are taken; `photo_points`, indices where a single one is taken.
    """
    points = value.waypoints
    legs = [[i, i + 1] for i, w in enumerate(points[:-1]) if w.photo_spacing_m > 0]
    coordinates = [[round(w.position.lon, 7), round(w.position.lat, 7)] for w in points]
    if len(coordinates) == 1:
        coordinates *= 2  # a line needs two points
    return Feature(
        id=flight_id,
        geometry=Geometry(type="LineString", coordinates=coordinates),
        properties={
            "heights_m": [round(w.height_m, 1) for w in points],
            "photo_legs": legs,
            "photo_points": [i for i, w in enumerate(points) if w.photo],
            "length_km": round(value.length_m / 1000, 3),
        },
    )


class CommandIn(Body):
    """What a flight is to do."""

    command: Literal["launch", "hold", "resume", "return", "land", "photograph"]


class CommandOut(Model):
    """The flight's state after the vehicle acknowledged."""

    id: str
    state: str
    command_id: str | None = Field(description="see GET /commands/{id}; null for a launch")


class PointIn(Body):
    """Where to fly and why (point-and-fly, 指点飞行)."""

    lon: Longitude
    lat: Latitude
    height_m: float = Field(80.0, gt=0, le=1000, allow_inf_nan=False, description="above ground")
    vehicle: str | None = Field(None, max_length=40, description="left out: the nearest suitable")
    purpose: str = Field("", max_length=500)


class FilingOut(Model):
    """The flight activity application that goes with it."""

    state: str


class PointOut(Model):
    """Who comes and when."""

    flight_id: str | None
    vehicle: str
    eta_s: float
    distance_km: float
    filing: FilingOut

    @classmethod
    def from_answer(cls, answer: PointAnswer) -> "PointOut":
        return cls(
            flight_id=answer.flight_id,
            vehicle=answer.vehicle or "",
            eta_s=answer.eta_s or 0.0,
            distance_km=answer.distance_km or 0.0,
            filing=FilingOut(state=answer.filing),
        )


class Unserved(Model):
    """A task that is not flown, and why."""

    task: str
    code: str
    reason: str
    reason_zh: str
    departments: list[str]

    @classmethod
    def from_entity(cls, t: Task) -> "Unserved":
        refusal = t.refusal
        return cls(
            task=t.id,
            code=refusal.code if refusal else "",
            reason=refusal.text if refusal else "",
            reason_zh=refusal.text_zh if refusal else "",
            departments=list(t.departments),
        )


class TaskCounts(Model):
    """Looks asked for, tasks after merging, tasks planned and refused."""

    asked: int
    merged: int
    planned: int
    refused: int


class TerritoryShare(Model):
    """Share of the city's area that the routes photograph, computed from image footprints."""

    day_planned: float | None
    week_planned: float | None = Field(description="null until the week is planned")


class PlanOut(Model):
    """A day's plan; `id` is null when none was released for the day."""

    day: date | None
    id: str | None
    verified: bool
    value: float | None
    km: float | None
    km_separate: float | None
    flights: list[FlightRow]
    unserved: list[Unserved]
    tasks: TaskCounts
    territory_share: TerritoryShare

    @classmethod
    def from_detail(cls, detail: PlanDetail, day: date | None) -> "PlanOut":
        record = detail.record
        return cls(
            day=record.day if record else day,
            id=record.id if record else None,
            verified=bool(record and record.verified),
            value=record.value if record else None,
            km=record.km if record else None,
            km_separate=record.km_separate if record else None,
            flights=[FlightRow.from_entity(f, detail.rehearsals.get(f.id)) for f in detail.flights],
            unserved=[Unserved.from_entity(t) for t in detail.tasks if t.refusal is not None],
            tasks=TaskCounts(
                asked=record.asked if record else 0,
                merged=record.merged if record else 0,
                planned=record.planned if record else 0,
                refused=record.refused if record else 0,
            ),
            territory_share=TerritoryShare(
                day_planned=record.day_share if record else None,
                week_planned=detail.week_share,
            ),
        )
