"""Walks through the transition tables: no way out of the tables, no dead end, no hidden state."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import IllegalTransition
from missions import lifecycle
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

TABLES: Mapping[type[StrEnum], lifecycle.Table] = {
    RequestState: lifecycle.REQUEST,
    TaskState: lifecycle.TASK,
    StandingState: lifecycle.STANDING,
    FlightState: lifecycle.FLIGHT,
    FilingState: lifecycle.FILING,
    AnomalyState: lifecycle.ANOMALY,
    CaseState: lifecycle.CASE,
    ReviewState: lifecycle.REVIEW,
}
START: Mapping[type[StrEnum], StrEnum] = {
    RequestState: RequestState.ASKED,
    TaskState: TaskState.OPEN,
    StandingState: StandingState.ACTIVE,
    FlightState: FlightState.PLANNED,
    FilingState: FilingState.FILED,
    AnomalyState: AnomalyState.OPEN,
    CaseState: CaseState.COLLECTED,
    ReviewState: ReviewState.OPEN,
}
FINAL: Mapping[type[StrEnum], frozenset[StrEnum]] = {
    RequestState: frozenset({RequestState.ANSWERED, RequestState.EXPIRED, RequestState.WITHDRAWN}),
    TaskState: frozenset({TaskState.FLOWN}),
    StandingState: frozenset({StandingState.ENDED}),
    FlightState: frozenset(
        {FlightState.DONE, FlightState.DIVERTED, FlightState.CANCELLED, FlightState.FAILED}
    ),
    FilingState: frozenset({FilingState.REFUSED, FilingState.REVOKED}),
    AnomalyState: frozenset(),
    CaseState: frozenset({CaseState.REJECTED}),
    ReviewState: frozenset(),  # a decision can be undone for ten minutes
}
KINDS = sorted(TABLES, key=lambda kind: kind.__name__)
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@dataclass(frozen=True)
class Thing:
    id: str
    state: StrEnum
    note: str = ""


def reachable(kind: type[StrEnum], start: StrEnum) -> set[StrEnum]:
    seen, todo = {start}, [start]
    while todo:
        for state in TABLES[kind][todo.pop()] - seen:
            seen.add(state)
            todo.append(state)
    return seen


@each_kind
def test_a_table_names_every_state_of_its_own_and_no_other(kind: type[StrEnum]) -> None:
    table = TABLES[kind]
    assert set(table) == set(kind)
    assert all(isinstance(state, kind) for onward in table.values() for state in onward)
    assert all(state not in onward for state, onward in table.items())


@each_kind
def test_every_state_can_be_reached(kind: type[StrEnum]) -> None:
    assert reachable(kind, START[kind]) == set(kind)


@each_kind
def test_only_the_known_ends_are_ends(kind: type[StrEnum]) -> None:
    ends = {state for state, onward in TABLES[kind].items() if not onward}
    assert ends == FINAL[kind]


@each_kind
def test_an_end_is_within_reach_of_every_state(kind: type[StrEnum]) -> None:
    if FINAL[kind] and kind is not CaseState:
        assert all(reachable(kind, state) & FINAL[kind] for state in kind)


def test_a_case_in_work_always_reaches_its_evaluation() -> None:
    for state in set(CaseState) - {CaseState.REJECTED}:
        assert CaseState.EVALUATED in reachable(CaseState, state)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_walks_stay_on_the_table(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    thing = Thing("x-1", START[kind])
    for wanted in data.draw(st.lists(st.sampled_from(list(kind)), max_size=12)):
        allowed = TABLES[kind][thing.state]
        if wanted in allowed:
            moved = lifecycle.move(thing, wanted, note=f"to {wanted}")
            assert (moved.id, moved.state, moved.note) == ("x-1", wanted, f"to {wanted}")
            thing = moved
        else:
            with pytest.raises(IllegalTransition) as refused:
                lifecycle.move(thing, wanted)
            assert refused.value.where == "x-1"
            assert all(str(state) in str(refused.value) for state in allowed)
            if not allowed:
                assert "final" in str(refused.value)
