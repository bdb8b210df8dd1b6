"""One transition table per entity: which state may follow which."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

from core.errors import IllegalTransition
from imagery.products.product import ProductState
from missions.demand.standing import StandingState
from missions.entities import (
    AnomalyState,
    CaseState,
    FilingState,
    FlightState,
    RequestState,
    ReviewState,
    TaskState,
)
from missions.signals.model import SignalState

Table = Mapping[StrEnum, frozenset[StrEnum]]
Entity = TypeVar("Entity")

REQUEST: Table = {
    RequestState.ASKED: frozenset(
        {
            RequestState.PLANNED,
            RequestState.REFUSED,
            RequestState.ANSWERED,
            RequestState.EXPIRED,
            RequestState.WITHDRAWN,
        }
    ),
    RequestState.PLANNED: frozenset(
        {
            RequestState.FLOWN,
            RequestState.ASKED,
            RequestState.REFUSED,
            RequestState.EXPIRED,
            RequestState.WITHDRAWN,
        }
    ),
    RequestState.FLOWN: frozenset({RequestState.ANSWERED, RequestState.ASKED}),
    RequestState.REFUSED: frozenset({RequestState.ASKED, RequestState.WITHDRAWN}),
    RequestState.ANSWERED: frozenset(),
    RequestState.EXPIRED: frozenset(),
    RequestState.WITHDRAWN: frozenset(),
}
STANDING: Table = {
    StandingState.ACTIVE: frozenset({StandingState.PAUSED, StandingState.ENDED}),
    StandingState.PAUSED: frozenset({StandingState.ACTIVE, StandingState.ENDED}),
    StandingState.ENDED: frozenset(),
}
TASK: Table = {
    TaskState.OPEN: frozenset({TaskState.PLANNED, TaskState.REFUSED}),
    TaskState.PLANNED: frozenset({TaskState.FLOWN, TaskState.OPEN, TaskState.REFUSED}),
    TaskState.FLOWN: frozenset(),
    TaskState.REFUSED: frozenset({TaskState.OPEN}),
}
FLIGHT: Table = {
    FlightState.PLANNED: frozenset({FlightState.PREPARING, FlightState.CANCELLED}),
    FlightState.PREPARING: frozenset(
        {FlightState.FLYING, FlightState.PLANNED, FlightState.CANCELLED, FlightState.FAILED}
    ),
    FlightState.FLYING: frozenset({FlightState.DONE, FlightState.DIVERTED, FlightState.FAILED}),
    FlightState.DIVERTED: frozenset(),
    FlightState.DONE: frozenset(),
    FlightState.CANCELLED: frozenset(),
    FlightState.FAILED: frozenset(),
}
FILING: Table = {
    FilingState.FILED: frozenset({FilingState.APPROVED, FilingState.REFUSED}),
    FilingState.APPROVED: frozenset({FilingState.REVOKED}),
    FilingState.REFUSED: frozenset(),
    FilingState.REVOKED: frozenset(),
}
ANOMALY: Table = {
    AnomalyState.OPEN: frozenset({AnomalyState.COLD, AnomalyState.DISMISSED}),
    AnomalyState.COLD: frozenset({AnomalyState.OPEN}),
    AnomalyState.DISMISSED: frozenset({AnomalyState.OPEN}),
}
CASE: Table = {
    CaseState.COLLECTED: frozenset({CaseState.OPENED, CaseState.REJECTED}),
    CaseState.OPENED: frozenset({CaseState.DISPATCHED, CaseState.REJECTED}),
    CaseState.DISPATCHED: frozenset({CaseState.HANDLING, CaseState.REJECTED}),
    CaseState.HANDLING: frozenset({CaseState.REPORTED_BACK}),
    CaseState.REPORTED_BACK: frozenset({CaseState.VERIFYING}),
    CaseState.VERIFYING: frozenset({CaseState.CLOSED, CaseState.DISPATCHED}),
    CaseState.CLOSED: frozenset({CaseState.EVALUATED, CaseState.DISPATCHED}),
    CaseState.EVALUATED: frozenset({CaseState.DISPATCHED}),
    CaseState.REJECTED: frozenset(),
}
REVIEW: Table = {
    ReviewState.OPEN: frozenset({ReviewState.DONE}),
    ReviewState.DONE: frozenset({ReviewState.OPEN}),  # undone within the stated time
}
PRODUCT: Table = {
    ProductState.WANTED: frozenset({ProductState.MAKING}),
    ProductState.MAKING: frozenset({ProductState.READY, ProductState.FAILED, ProductState.WANTED}),
    ProductState.READY: frozenset({ProductState.WITHDRAWN}),
    ProductState.FAILED: frozenset({ProductState.WANTED}),
    ProductState.WITHDRAWN: frozenset(),
}
SIGNAL: Table = {
    SignalState.RECEIVED: frozenset(
        {
            SignalState.ASKED,
            SignalState.ANSWERED,
            SignalState.DISMISSED,
            SignalState.DUPLICATE,
        }
    ),
    SignalState.ASKED: frozenset({SignalState.LOOKED, SignalState.ANSWERED, SignalState.DISMISSED}),
    SignalState.LOOKED: frozenset({SignalState.ANSWERED, SignalState.DISMISSED}),
    SignalState.ANSWERED: frozenset(),
    SignalState.DISMISSED: frozenset(),
    SignalState.DUPLICATE: frozenset(),
}
_TABLES: Mapping[type[StrEnum], Table] = {
    RequestState: REQUEST,
    StandingState: STANDING,
    TaskState: TASK,
    FlightState: FLIGHT,
    FilingState: FILING,
    AnomalyState: ANOMALY,
    CaseState: CASE,
    ReviewState: REVIEW,
    ProductState: PRODUCT,
    SignalState: SIGNAL,
}


def move(entity: Entity, state: StrEnum, **changes: Any) -> Entity:
    """The entity in its new state, with other fields changed on the way.

    Raises:
        IllegalTransition: its table does not allow the step.
    """
    item: Any = entity
    allowed = _TABLES[type(state)][item.state]
    if state not in allowed:
        onward = ", ".join(sorted(allowed)) or "nothing: it is final"
        raise IllegalTransition(
            f"cannot go from {item.state} to {state}",
            where=item.id,
            remedy=f"from {item.state} it may go to {onward}",
        )
    changed: Entity = replace(item, state=state, **changes)
    return changed
