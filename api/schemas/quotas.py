"""What a department may have in a month, and what it has had."""

from datetime import datetime

from pydantic import Field

from api.schemas.base import Body, Model
from missions.quotas import Standing


class Figures(Model):
    """Requests, minutes and emergency requests of a month."""

    requests: int
    flight_minutes: float
    emergency_requests: int


class QuotaOut(Model):
    """A department's month."""

    department: str = Field(examples=["water"])
    month: str = Field(examples=["2026-05"], description="calendar month of the city")
    allowed: Figures
    used: Figures
    left: Figures
    renews_at: datetime = Field(description="when the next month begins")
    raised: bool = Field(description="whether an administrator changed this month's figures")

    @classmethod
    def from_standing(cls, s: Standing) -> "QuotaOut":
        allowed = Figures(
            requests=s.quota.requests,
            flight_minutes=s.quota.flight_minutes,
            emergency_requests=s.quota.emergency_requests,
        )
        used = Figures(
            requests=s.used.requests,
            flight_minutes=round(s.used.flight_s / 60, 1),
            emergency_requests=s.used.emergency_requests,
        )
        left = {
            name: max(0, round(getattr(allowed, name) - getattr(used, name), 1))
            for name in Figures.model_fields
        }
        return cls(
            department=s.department,
            month=s.month,
            allowed=allowed,
            used=used,
            left=Figures(**left),
            renews_at=s.renews_at,
            raised=s.raised,
        )


class QuotaIn(Body):
    """New figures for this month; those left out stay as they are."""

    requests: int | None = Field(None, ge=0, le=100_000_000, examples=[800])
    flight_minutes: int | None = Field(None, ge=0, le=100_000_000)
    emergency_requests: int | None = Field(None, ge=0, le=100_000_000)
    reason: str = Field(
        min_length=1,
        max_length=500,
        examples=["flood season"],
        description="kept in the audit trail",
    )
