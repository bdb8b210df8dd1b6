"""What a department may have in a month, what it has had, and who raised it.

Usage is counted where it arises, in the same transaction: a request in the unit that keeps it, a
flight's minutes in the unit that writes the ledger. So two requests at once cannot both be the last
one. A month is the city's calendar month by the service's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import Clock
from core.errors import InvalidInput, NotAllowed, NotFound
from missions.access import Principal
from missions.catalog.limits import Quota
from missions.entities import LedgerLine, Request
from missions.ledger import CITY
from missions.operations.journal import note
from missions.presets import Preset
from missions.store import codec
from missions.store.observed import Observers
from missions.store.protocol import Store, Unit

URGENT = 5
"""The priority of an emergency request."""
_MOST = 100_000_000


class QuotaUsedUp(NotAllowed):
    """The department has had its month's share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a department has had in a month; flight time in seconds, as the ledger has it."""

    requests: int = 0
    emergency_requests: int = 0
    flight_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A department's month: what it may have, what it has had, and when it begins anew.

    Attributes:
        month: such as 2026-05; raised: whether somebody changed the figures for this month.
    """

    department: str
    month: str
    quota: Quota
    used: Used
    renews_at: datetime
    raised: bool


def spend(unit: Unit, preset: Preset, request: Request, now: datetime) -> None:
    """Count a department's request, in the unit that keeps it.

    Raises:
        QuotaUsedUp: the department's month is used up; it says when it renews and who can raise it.
    """
    if request.department == CITY:
        return
    standing = standing_of(unit, preset, request.department, now)
    urgent = request.priority >= URGENT
    used, quota = standing.used, standing.quota
    if urgent and used.emergency_requests >= quota.emergency_requests:
        raise _used_up(standing, preset, f"{quota.emergency_requests} emergency requests")
    if not urgent and used.requests >= quota.requests:
        raise _used_up(standing, preset, f"{quota.requests} requests")
    if not urgent and used.flight_s >= quota.flight_minutes * 60:
        raise _used_up(standing, preset, f"{quota.flight_minutes} flight minutes")
    more = (
        replace(used, emergency_requests=used.emergency_requests + 1)
        if urgent
        else replace(used, requests=used.requests + 1)
    )
    unit.settings.set(_used_name(request.department, standing.month), codec.encode(more))


def charged(unit: Unit, before: LedgerLine | None, after: LedgerLine) -> None:
    """Observer of the ledger: count a flight's seconds in the month of its day."""
    if not unit.flights.exists(after.flight_id):
        return  # a line without its flight has no day
    flight = unit.flights.get(after.flight_id)
    name = _used_name(after.department, f"{flight.day:%Y-%m}")
    used = _used(unit, name)
    more = after.seconds - (before.seconds if before else 0)
    unit.settings.set(name, codec.encode(replace(used, flight_s=used.flight_s + more)))


def observers() -> Observers:
    """What watches the store for the quotas' sake."""
    return {"ledger": (charged,)}


def standing_of(unit: Unit, preset: Preset, department: str, now: datetime) -> Standing:
    """A department's month as it stands."""
    month, renews_at = _month(now, preset.zone_info)
    raised = unit.settings.get(_raised_name(department, month))
    return Standing(
        department=department,
        month=month,
        quota=codec.decode(Quota, raised) if raised else preset.limits.quota_of(department),
        used=_used(unit, _used_name(department, month)),
        renews_at=renews_at,
        raised=raised is not None,
    )


class Quotas:
    """What departments and administrators do with quotas."""

    def __init__(self, records: Store, preset: Preset, clock: Clock) -> None:
        self._records = records
        self._preset = preset
        self._clock = clock

    def list(self, p: Principal) -> list[Standing]:
        """Of every department that the caller may see."""
        seen = self._preset.departments if p.city_wide else filter(None, [p.department])
        with self._records.view() as unit:
            return [standing_of(unit, self._preset, name, self._clock.now()) for name in seen]

    def of(self, p: Principal, department: str) -> Standing:
        """Of one department. Raises NotFound, also where the caller may not see it."""
        self._check(p, department)
        with self._records.view() as unit:
            return standing_of(unit, self._preset, department, self._clock.now())

    def set(
        self, p: Principal, department: str, figures: Mapping[str, int | None], reason: str
    ) -> Standing:
        """Change a department's figures for this month; those left out stay. For administrators.

        Raises:
            NotAllowed: the caller is none.
            InvalidInput: a figure is out of range, or nobody would know why.
        """
        p.require("administer")
        self._check(p, department)
        if not reason.strip():
            raise InvalidInput("no reason", where="reason", remedy="say why; it is kept for good")
        now = self._clock.now()
        with self._records.unit() as unit:
            before = standing_of(unit, self._preset, department, now)
            quota = replace(before.quota, **_checked(figures))
            name = _raised_name(department, before.month)
            unit.settings.set(name, codec.encode(quota))
            said = ", ".join(
                f"{field} {getattr(before.quota, field)} -> {getattr(quota, field)}"
                for field in _FIELDS
                if getattr(before.quota, field) != getattr(quota, field)
            )
            note(
                unit,
                now,
                f"{department}/{before.month}",
                "quota.change",
                f"quota of {department} for {before.month}: {said or 'unchanged'}; {reason}",
                f"{department} {before.month} 月度额度：{said or '不变'}；{reason}",
                p.name,
            )
        return replace(before, quota=quota, raised=True)

    def _check(self, p: Principal, department: str) -> None:
        known = department in self._preset.departments
        if not known or not (p.city_wide or p.department == department):
            raise NotFound("no such department", where=department[:80])


_FIELDS = ("requests", "flight_minutes", "emergency_requests")


def _checked(figures: Mapping[str, int | None]) -> dict[str, int]:
    given = {name: figure for name, figure in figures.items() if figure is not None}
    for name, figure in given.items():
        if not 0 <= figure <= _MOST:
            raise InvalidInput(f"{figure}", where=name, remedy=f"give 0 to {_MOST}")
    return given


def _used_up(standing: Standing, preset: Preset, what: str) -> QuotaUsedUp:
    renews = standing.renews_at.astimezone(preset.zone_info)
    return QuotaUsedUp(
        f"{standing.department} has used up its {what} of {standing.month}",
        where="department",
        remedy=f"it renews on {renews:%Y-%m-%d %H:%M} ({preset.zone_info}); an administrator can "
        f"raise it before: PUT /api/v1/quotas/{standing.department}",
    )


def _month(now: datetime, zone: ZoneInfo) -> tuple[str, datetime]:
    """The city's month, and the first moment of the next one."""
    local = now.astimezone(zone)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    return f"{local:%Y-%m}", datetime(year, month, 1, tzinfo=zone)


def _used(unit: Unit, name: str) -> Used:
    body: Any = unit.settings.get(name)
    return codec.decode(Used, body) if body else Used()


def _used_name(department: str, month: str) -> str:
    return f"quota/{month}/used/{department}"[:100]


def _raised_name(department: str, month: str) -> str:
    return f"quota/{month}/raised/{department}"[:100]
