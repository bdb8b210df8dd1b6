"""A joint inspection (综合查一次): one visit for open cases of several departments."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from core.errors import IllegalTransition
from core.geo import LonLat


class InspectionState(StrEnum):
    PROPOSED = "proposed"
    CALLED = "called"
    """The departments are called together; the flight, if one is wanted, is asked for."""
    DONE = "done"
    CANCELLED = "cancelled"


TABLE: Mapping[InspectionState, frozenset[InspectionState]] = {
    InspectionState.PROPOSED: frozenset({InspectionState.CALLED, InspectionState.CANCELLED}),
    InspectionState.CALLED: frozenset({InspectionState.DONE, InspectionState.CANCELLED}),
    InspectionState.DONE: frozenset(),
    InspectionState.CANCELLED: frozenset(),
}
"""Which state may follow which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Separate:
    """What separate visits would have cost.

    Attributes:
        visits: one for each department that has a case there.
        flights: as many, where each asks for its own look.
        km, minutes: of these flights from the nearest dock and back at cruising speed: a lower
            bound, for no photograph is counted.
    """

    visits: int
    flights: int
    km: float
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One joint inspection.

    Attributes:
        position, radius_m: the middle of its cases, and how far the farthest lies from it.
        departments: that take part, each with a case of its own there.
        planned_for: when they meet.
        request_id: of the look from above that all of them share; None where none is wanted.
        separate: the cost of going one by one, as it was when it was proposed.
        reason: why it was cancelled.
    """

    id: str
    name: str
    name_zh: str
    position: LonLat
    radius_m: float
    county: str
    case_ids: tuple[str, ...]
    departments: tuple[str, ...]
    proposed_at: datetime
    proposed_by: str
    separate: Separate
    state: InspectionState = InspectionState.PROPOSED
    planned_for: datetime | None = None
    request_id: str | None = None
    called_at: datetime | None = None
    called_by: str = ""
    done_at: datetime | None = None
    done_by: str = ""
    note: str = ""
    reason: str = ""

    @property
    def department(self) -> str:
        """The first of the participants: an inspection belongs to all of them alike."""
        return self.departments[0] if self.departments else ""

    @property
    def shared_with(self) -> tuple[str, ...]:
        """The other participants."""
        return self.departments[1:]


def moved(item: Inspection, state: InspectionState, **changes: object) -> Inspection:
    """The inspection in its new state.

    Raises:
        IllegalTransition: its table does not allow the step.
    """
    allowed = TABLE[item.state]
    if state not in allowed:
        onward = ", ".join(sorted(allowed)) or "nothing: it is final"
        raise IllegalTransition(
            f"cannot go from {item.state} to {state}",
            where=item.id,
            remedy=f"from {item.state} it may go to {onward}",
        )
    return replace(item, state=state, **changes)  # type: ignore[arg-type]
