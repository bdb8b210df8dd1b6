"""The rehearsal of a day's plan."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas.base import Model

Verdict = Literal["ok", "late", "risky", "infeasible"]


class Finding(Model):
    """One thing that is wrong with a flight."""

    code: str
    verdict: Verdict
    share: float = Field(description="of the draws of the weather in which it happens")
    text: str
    text_zh: str


class Planned(Model):
    """The flight as planned."""

    take_off: datetime
    landing: datetime
    duration_s: float
    landing_share: float = Field(description="of a full battery, 0 to 1")


class Flown(Model):
    """The flight as rehearsed: medians over the draws in which it took off."""

    take_off: datetime
    landing: datetime
    landing_latest: datetime
    duration_s: float
    battery_start: float
    landing_share: float
    landing_share_least: float
    cut_short: int = Field(description="draws in which it was broken off")
    failsafes: list[str] = Field(description="what the vehicle's own failsafes said")


class PhotoCounts(Model):
    """Photographs."""

    planned: int
    taken: int = Field(description="the fewest of all draws")


class ZoneNear(Model):
    """The nearest no-fly zone."""

    name: str
    apart_m: float
    required_m: float


class DroneNear(Model):
    """The flight that came too near."""

    flight: str
    apart_m: float
    climb_m: float


class Tried(Model):
    """A change that was flown again, and how it came out."""

    text: str
    text_zh: str
    proven: bool
    came_out: str


class Change(Model):
    """What to change; only a change that was rehearsed and came out ok."""

    kind: str
    text: str
    text_zh: str
    proven: bool


class RehearsedFlight(Model):
    """A flight of the plan."""

    id: str
    vehicle: str
    verdict: Verdict
    risk: float
    text: str
    text_zh: str
    findings: list[Finding]
    planned: Planned
    rehearsed: Flown | None = Field(description="null when it took off in no draw")
    photos: PhotoCounts
    clearance_m: float | None = Field(description="least height above ground away from its dock")
    zone: ZoneNear | None
    nearest: DroneNear | None
    wind_mps: float
    light_left_s: float | None
    change: Change | None
    tried: list[Tried]


class RehearsalOut(Model):
    """A day's rehearsal; `reason` says why there is none where `state` is not-rehearsed."""

    day: date
    at: datetime
    state: Literal["rehearsed", "not-rehearsed"]
    reason: str | None = None
    reason_zh: str | None = None
    forecast: str | None = None
    members: int | None = Field(None, description="draws of the forecast's error")
    seed: int | None = None
    wall_s: float | None = None
    counts: dict[str, int]
    timing: dict[str, float] = Field({}, description="durations and charges against the plan's")
    flights: list[RehearsedFlight]

    @classmethod
    def of(cls, report: Mapping[str, Any]) -> "RehearsalOut":
        return cls.model_validate(dict(report))
