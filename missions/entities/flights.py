"""What flies: plans, applications, flights, orders to vehicles, shares of the cost."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from core.conformity import Conformity
from core.route import Route
from fleet.address import MAIN, Address
from fleet.orders import OrderState
from missions.entities.requests import Origin
from missions.entities.shapes import GeoJson


class FlightState(StrEnum):
    PLANNED = "planned"
    PREPARING = "preparing"
    FLYING = "flying"
    DONE = "done"
    DIVERTED = "diverted"
    CANCELLED = "cancelled"
    FAILED = "failed"


class FilingState(StrEnum):
    FILED = "filed"
    APPROVED = "approved"
    REFUSED = "refused"
    REVOKED = "revoked"
    """The authority took its approval back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """A released plan of one day; its flights are stored one by one."""

    id: str
    day: date
    made_at: datetime
    verified: bool
    value: float
    km: float
    km_separate: float
    flights_separate: int
    asked: int
    merged: int
    planned: int
    refused: int
    day_share: float
    km_separate_best: float | None = None
    """Of the best plan found in which no flight serves two departments; None until it is made."""
    flights_separate_best: int | None = None
    served_separate_best: int | None = None
    """Of the requests that the plan serves, how many that separate plan serves as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledVolume:
    """The air that an application asks for, for the flights of one dock.

    Attributes:
        area: GeoJSON Polygon or MultiPolygon, WGS-84.
        ceiling_m: above ground.
        start, end: when it is used.
    """

    dock: str
    area: GeoJson
    ceiling_m: float
    start: datetime
    end: datetime
    flights: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A flight activity application (飞行活动申请) and its answer.

    Attributes:
        volumes: what was applied for; nothing flies outside it.
        late: filed after the cut-off without being an emergency.
        number: the authority's own, as its answer gave it.
        remark: what the authority said with its answer.
    """

    id: str
    day: date
    emergency: bool
    filed_at: datetime
    filed_by: str
    state: FilingState = FilingState.FILED
    answered_at: datetime | None = None
    answered_by: str | None = None
    volumes: tuple[FiledVolume, ...] = ()
    late: bool = False
    purpose: str = ""
    number: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One drone's way out and back, for one or more tasks.

    Attributes:
        vehicle: the drone's id, the same as its home dock's.
        system_id, link: the drone's address in the fleet; records from before there were several
            links lack the link and mean the main one.
        start, end: planned take-off and landing.
        km: length of the route; after landing, what was flown.
        photos_taken: as the autopilot counted them.
        part_of: the flight that a pilot flew a part of by hand; None for flights of their own.
        lands_at: the dock where it landed, when that is not its own; None before, and at home.
        conformity: how closely it kept to its plan, measured from its log after landing.
    """

    id: str
    plan_id: str | None
    day: date
    origin: Origin
    dock: str
    vehicle: str
    system_id: int
    task_ids: tuple[str, ...]
    departments: tuple[str, ...]
    priority: int
    route: Route
    start: datetime
    end: datetime
    km: float
    landing_share: float
    state: FlightState = FlightState.PLANNED
    filing_id: str | None = None
    case_id: str | None = None
    took_off_at: datetime | None = None
    landed_at: datetime | None = None
    photos_taken: int = 0
    reason: str = ""
    reason_zh: str = ""
    link: str = MAIN
    part_of: str | None = None
    lands_at: str | None = None
    conformity: Conformity | None = None

    @property
    def address(self) -> Address:
        """The drone's identity in the fleet."""
        return Address(self.link, self.system_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """Something that was asked of a vehicle, as `fleet.orders.Order` tells it.

    Attributes:
        drone: the drone's id; empty for a vehicle that is none of ours.
        link, system_id: its address in the fleet.
        what: as a sentence says it.
        by: a person's name, or "service".
        reason: why it failed.
    """

    id: str
    drone: str
    link: str
    system_id: int
    what: str
    by: str
    given_at: datetime
    at: datetime
    state: OrderState
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """A department's share of a flight; the shares of a flight sum exactly to what was flown.

    Attributes:
        metres, seconds: whole numbers, so that sums are exact.
        day: of the flight; None in old records.
    """

    id: str
    flight_id: str
    department: str
    metres: int
    seconds: int
    day: date | None = None
