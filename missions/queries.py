"""What may be seen: lists in pages and single things, each filtered by who asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Generic, TypeVar

from core.equipment import Sensor
from core.errors import InvalidInput, NotFound
from imagery.catalog import Medium, MediumState
from missions.access import Principal
from missions.demand.week import WEEK_KEY
from missions.entities import (
    Alert,
    Anomaly,
    Case,
    CaseState,
    Event,
    Flight,
    FlightState,
    LedgerLine,
    LogEntry,
    PlanRecord,
    Request,
    RequestState,
    Review,
    ReviewState,
    Task,
)
from missions.operations.reports import kept, told
from missions.store.protocol import Between, Repository, Unit

T = TypeVar("T")

MAX_LIMIT = 1000
Bbox = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list; ``next`` is where the following part begins, None at the end."""

    items: tuple[T, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoCount:
    """A flight's photographs: asked by the route, counted by the autopilot, received."""

    expected: int
    taken: int
    kept: int
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightDetail:
    """A flight with everything about it that the caller may see."""

    flight: Flight
    tasks: tuple[Task, ...]
    log: tuple[LogEntry, ...]
    ledger: tuple[LedgerLine, ...]
    photos: PhotoCount
    rehearsal: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDetail:
    """A day's plan; ``record`` is None when none was released.

    ``week_share`` is the share of the territory that the week's plan photographs, once known.
    """

    record: PlanRecord | None
    flights: tuple[Flight, ...]
    tasks: tuple[Task, ...]
    week_share: float | None = None
    rehearsals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def list_requests(
    unit: Unit,
    principal: Principal,
    *,
    state: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[Request]:
    """Requests, the latest first."""
    chosen = _chosen(state=_state(RequestState, state))
    return page_of(unit.requests, principal, after, limit, chosen)


def list_flights(
    unit: Unit,
    principal: Principal,
    *,
    day: date | None = None,
    state: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[Flight]:
    """Flights, the latest planned first."""
    chosen = _chosen(day=day, state=_state(FlightState, state))
    page = page_of(unit.flights, principal, after, limit, chosen)
    return Page(_with_own_tasks(unit, principal, page.items), page.next)


def list_media(
    unit: Unit,
    principal: Principal,
    *,
    flight: str | None = None,
    task: str | None = None,
    bbox: Bbox | None = None,
    sensor: Sensor | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[Medium]:
    """Photographs, the latest first; of a box, those whose footprint's box reaches into it."""
    chosen = _chosen(flight=flight, tasks=task, sensor=sensor)
    if bbox is not None:
        west, south, east, north = bbox
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise InvalidInput(
                "no such box", where="bbox", remedy="give west,south,east,north in degrees"
            )
        chosen |= {"west": Between(high=east), "east": Between(low=west)}
        chosen |= {"south": Between(high=north), "north": Between(low=south)}
    return page_of(unit.media, principal, after, limit, chosen)


def list_anomalies(unit: Unit, principal: Principal) -> list[Anomaly]:
    """Every anomaly, in the order of discovery."""
    return unit.anomalies.find(audience=principal.audience())


def list_events(
    unit: Unit,
    principal: Principal,
    *,
    event_type: str | None = None,
    department: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[Event]:
    """Events, the latest first."""
    chosen = _chosen(event_type=event_type, department=department)
    return page_of(unit.events, principal, after, limit, chosen)


def list_cases(
    unit: Unit,
    principal: Principal,
    *,
    state: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[Case]:
    """Cases, the latest first."""
    return page_of(unit.cases, principal, after, limit, _chosen(state=_state(CaseState, state)))


def list_reviews(
    unit: Unit,
    principal: Principal,
    *,
    state: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[Review]:
    """The review queue, the oldest first: who waits longest comes first."""
    chosen = _chosen(state=_state(ReviewState, state))
    return page_of(unit.reviews, principal, after, limit, chosen, newest_first=False)


def list_alerts(
    unit: Unit, principal: Principal, *, after: str | None = None, limit: int = 50
) -> Page[Alert]:
    """The feed, the oldest first: what came after an alert, or the last ones.

    ``next`` always names the last alert, so that a reader goes on from where it stopped.
    """
    _check_limit(limit)
    audience = principal.audience()
    if after is None:
        found = unit.alerts.find(audience=audience, limit=limit, newest_first=True)[::-1]
    else:
        found = unit.alerts.find(audience=audience, limit=limit, after=after)
    return Page(tuple(found), found[-1].id if found else after)


def request_detail(unit: Unit, principal: Principal, request_id: str) -> Request:
    """One request. Raises NotFound, also when the caller may not see it."""
    found: Request = principal.checked(unit.requests.get(request_id))
    return found


def medium_detail(unit: Unit, principal: Principal, medium_id: str) -> Medium:
    """One photograph's record. Raises NotFound, also when the caller may not see it."""
    found: Medium = principal.checked(unit.media.get(medium_id))
    return found


def case_detail(unit: Unit, principal: Principal, case_id: str) -> Case:
    """One case. Raises NotFound, also when the caller may not see it."""
    found: Case = principal.checked(unit.cases.get(case_id))
    return found


def flight_detail(unit: Unit, principal: Principal, flight_id: str) -> FlightDetail:
    """A flight with its tasks, diary, ledger and photographs.

    A department sees a flight that serves it, and of its tasks those that serve it.

    Raises:
        NotFound: no such flight for this principal.
    """
    flight = unit.flights.get(flight_id)
    if not principal.sees(flight):
        raise NotFound("no such thing", where=flight_id)
    received = unit.media.count(flight=flight_id)
    kept = unit.media.count(flight=flight_id, state=MediumState.KEPT)
    return FlightDetail(
        flight=flight,
        tasks=tuple(t for t in tasks_of(unit, flight) if principal.sees(t)),
        log=tuple(unit.log.find(subject=flight_id)),
        ledger=tuple(unit.ledger.find(flight_id=flight_id)),
        photos=PhotoCount(
            expected=flight.route.photos,
            taken=flight.photos_taken,
            kept=kept,
            dropped=received - kept,
        ),
        rehearsal=told(unit, [flight]).get(flight_id),
    )


def plan_detail(unit: Unit, principal: Principal, day: date) -> PlanDetail:
    """A day's latest plan with all flights and tasks of the day that the caller may see."""
    records = unit.plans.find(day=day, newest_first=True, limit=1)
    audience = principal.audience()
    flights = tuple(unit.flights.find(day=day, audience=audience))
    return PlanDetail(
        record=records[0] if records else None,
        flights=_with_own_tasks(unit, principal, flights),
        rehearsals=told(unit, flights),
        tasks=tuple(unit.tasks.find(day=day, audience=audience)),
        week_share=unit.settings.get(WEEK_KEY, {}).get("share"),
    )


def rehearsal(unit: Unit, principal: Principal, day: date | None) -> Mapping[str, Any]:
    """The report of a day's rehearsal, or the one made last, with the flights that one may see.

    Raises:
        NotFound: there is none.
    """
    report = kept(unit, day)
    if report is None:
        raise NotFound("no rehearsal", where=str(day or "latest"))
    made_for = date.fromisoformat(report["day"])
    mine = {f.id for f in unit.flights.find(day=made_for, audience=principal.audience())}
    return {**report, "flights": [f for f in report["flights"] if f["id"] in mine]}


def tasks_of(unit: Unit, flight: Flight) -> list[Task]:
    """A flight's tasks, in the order of flying."""
    found = {task.id: task for task in unit.tasks.find(id=flight.task_ids)}
    return [found[task_id] for task_id in flight.task_ids if task_id in found]


def _with_own_tasks(
    unit: Unit, principal: Principal, flights: tuple[Flight, ...]
) -> tuple[Flight, ...]:
    """Flights that name only those of their tasks that the caller may see."""
    if principal.sees_all:
        return flights
    wanted = tuple({task_id for flight in flights for task_id in flight.task_ids})
    seen = {task.id for task in unit.tasks.find(id=wanted, audience=principal.audience())}
    return tuple(replace(f, task_ids=tuple(t for t in f.task_ids if t in seen)) for f in flights)


def page_of(
    repository: Repository[T],
    principal: Principal,
    after: str | None,
    limit: int,
    chosen: Mapping[str, Any],
    *,
    newest_first: bool = True,
) -> Page[T]:
    """A page of what a principal may see of a repository."""
    _check_limit(limit)
    found: list[Any] = repository.find(
        audience=principal.audience(),
        after=after,
        limit=limit + 1,
        newest_first=newest_first,
        **chosen,
    )
    items = tuple(found[:limit])
    return Page(items, items[-1].id if len(found) > limit else None)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput(
            f"a page of {limit}", where="limit", remedy=f"ask for 1 to {MAX_LIMIT} at a time"
        )


def _chosen(**conditions: Any) -> dict[str, Any]:
    """The conditions that were given."""
    return {name: value for name, value in conditions.items() if value is not None}


def _state(kind: Any, name: str | None) -> Any:
    if name is not None and name not in list(kind):
        known = ", ".join(kind)
        raise InvalidInput(f"no such state: {name[:80]}", where="state", remedy=f"use {known}")
    return name
