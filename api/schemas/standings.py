"""Standing orders: looks that are wanted again and again."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, Field

from api.schemas.base import Body, Geometry, Model, geometry
from api.schemas.requests import RequestIn
from core.equipment import Sensor
from missions.demand.asking import RequestDraft
from missions.demand.standing import Standing
from missions.demand.standings import Occurrence, Recurrence


class RecurrenceIn(Body):
    """When a look is wanted again."""

    rrule: str = Field(
        min_length=1,
        max_length=500,
        description="RRULE of iCalendar (RFC 5545); at most 24 times a day",
        examples=["FREQ=WEEKLY;BYDAY=MO,WE"],
    )
    zone: str = Field(
        min_length=1,
        max_length=60,
        description="IANA zone whose wall clock it keeps",
        examples=["Asia/Shanghai"],
    )
    until: AwareDatetime | None = Field(None, description="the last moment, if not in the rule")
    count: int | None = Field(None, ge=1, le=5000, description="how often, if not in the rule")

    def recurrence(self) -> Recurrence:
        """As the use case takes it."""
        return Recurrence(**dict(self))


class StandingIn(RequestIn):
    """A look that is wanted again and again: `earliest` to `latest` is the first window, whose
    length and time of day the others have."""

    recurrence: RecurrenceIn

    def draft(self) -> RequestDraft:
        """The wish of the first occurrence."""
        own = {name: getattr(self, name) for name in RequestIn.model_fields}
        return RequestDraft(**{**own, "share_with": tuple(self.share_with)})


class StandingOut(Model):
    """A standing order."""

    id: str
    state: str
    reason: str
    reason_zh: str
    rrule: str
    zone: str
    first: datetime
    window_min: float
    department: str
    shared_with: list[str]
    scenario: str | None
    geometry: Geometry
    sensor: Sensor
    gsd_m: float
    priority: int
    purpose: str
    fresh_h: float
    made: int = Field(description="occurrences that became requests")
    missed: int = Field(description="occurrences that were too late to")
    through: datetime | None = Field(description="start of the last occurrence dealt with")
    created_at: datetime
    created_by: str

    @classmethod
    def from_entity(cls, s: Standing) -> "StandingOut":
        own: dict[str, Any] = {
            name: getattr(s, name)
            for name in ("id", "state", "reason", "reason_zh", "zone", "first", "department")
        }
        wish = s.wish
        return cls(
            **own,
            rrule=s.rule,
            window_min=round(s.window.total_seconds() / 60, 1),
            shared_with=list(s.shared_with),
            scenario=wish.scenario or None,
            geometry=geometry(dict(wish.geometry)),
            sensor=wish.sensor,
            gsd_m=wish.gsd_m,
            priority=wish.priority,
            purpose=wish.purpose,
            fresh_h=s.fresh_h,
            made=s.made,
            missed=s.missed,
            through=s.through,
            created_at=s.created_at,
            created_by=s.created_by,
        )


class OccurrenceOut(Model):
    """One occurrence; `request_id` and `state` once it is a request."""

    start: datetime
    latest: datetime
    local: str = Field(description="start on the order's own wall clock")
    request_id: str | None
    state: str | None

    @classmethod
    def from_entity(cls, one: Occurrence, standing: Standing) -> "OccurrenceOut":
        return cls(
            start=one.start,
            latest=one.latest,
            local=f"{one.start.astimezone(standing.zone_info):%Y-%m-%dT%H:%M%z}",
            request_id=one.request.id if one.request else None,
            state=one.request.state if one.request else None,
        )


class OccurrencesOut(Model):
    """What a standing order was and will be."""

    made: list[OccurrenceOut] = Field(description="the latest first")
    coming: list[OccurrenceOut]
