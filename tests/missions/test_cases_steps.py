"""A case's seven steps: who may take them, when, and what they leave behind."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.clock import ManualClock
from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from core.geo import LonLat
from missions.access import SERVICE, Principal, Role
from missions.cases.cases import is_overdue, open_case
from missions.cases.steps import STEPS, StepOrder
from missions.cases.taking import take as take_step
from missions.entities import Case, CaseState, Verdict
from missions.presets import Preset
from missions.store import Store

Member = Callable[[str], Principal]


@pytest.fixture
def case(store: Store, preset: Preset, clock: ManualClock, make: Any) -> Case:
    with store.unit() as unit:
        return open_case(unit, preset, clock, "01-01", make.anomaly(), ("med-1",))[0]


def take(
    store: Store, preset: Preset, clock: ManualClock, who: Principal, case: Case, *names: str
) -> Case:
    with store.unit() as unit:
        for name in names:
            clock.advance(60)
            case = take_step(unit, preset, clock, who, case.id, StepOrder(step=name))
            if name == "verify":  # a look that showed the place
                unit.cases.put(case := replace(case, after=("med-2",)))
    return case


def test_opening_collects_opens_and_dispatches(
    store: Store, preset: Preset, clock: ManualClock, make: Any
) -> None:
    with store.unit() as unit:
        case, event = open_case(unit, preset, clock, "01-01", make.anomaly(), ("med-1",))
    assert case.number == "TC-20260512-0001"
    assert case.state is CaseState.DISPATCHED
    assert [s.step for s in case.steps] == ["collected", "opened", "dispatched"]
    assert case.due_at == clock.now() + timedelta(hours=1)
    assert (case.department, case.shared_with) == ("forestry", ("emergency",))
    assert "Wood 1" in case.title
    assert "林1" in case.title_zh
    with store.view() as unit:
        assert unit.cases.find() == [case]
        assert unit.events.find(case_id=case.id) == [event]
        assert unit.anomalies.get("ano-1").case_id == case.id
        assert unit.log.count(subject=case.id) == 1


def test_numbers_count_by_local_day(
    store: Store, preset: Preset, clock: ManualClock, make: Any
) -> None:
    numbers = []
    for n in range(3):
        with store.unit() as unit:
            anomaly = make.anomaly(f"ano-{n}")
            numbers.append(open_case(unit, preset, clock, "01-01", anomaly, ())[0].number)
        clock.advance(8 * 3600)
    assert numbers == ["TC-20260512-0001", "TC-20260512-0002", "TC-20260513-0001"]


def test_a_case_goes_to_its_end(
    store: Store, preset: Preset, clock: ManualClock, case: Case, member: Member
) -> None:
    who = member("forestry")
    done = take(
        store, preset, clock, who, case, "handle", "report_back", "verify", "close", "evaluate"
    )
    assert done.state is CaseState.EVALUATED
    assert done.score == 100.0
    assert done.closed_at is not None
    assert done.steps[-1].by == "officer of forestry"
    with store.view() as unit:
        assert unit.cases.get(case.id) == done
        assert unit.log.count(subject=case.id) == 6


def test_late_and_repeated_work_scores_less(
    store: Store, preset: Preset, clock: ManualClock, case: Case
) -> None:
    clock.advance(3 * 3600)
    with store.view() as unit:
        assert is_overdue(unit.cases.get(case.id), clock.now())
    take(store, preset, clock, SERVICE, case, "handle", "report_back", "verify", "dispatch")
    clock.advance(24 * 3600)
    done = take(
        store, preset, clock, SERVICE, case, "handle", "report_back", "verify", "close", "evaluate"
    )
    assert done.score == 50.0
    assert not is_overdue(done, clock.now())


IN_TURN = {"handle", "reject", "hand_over", "ask_extension"}


@pytest.mark.parametrize("name", [n for n in STEPS if n not in IN_TURN])
def test_a_step_out_of_turn_is_refused(
    store: Store, preset: Preset, clock: ManualClock, case: Case, name: str
) -> None:
    with pytest.raises(IllegalTransition, match=r"cannot go|no extension"):
        take(store, preset, clock, SERVICE, case, name)
    with store.view() as unit:
        assert unit.cases.get(case.id) == case


def test_an_unknown_step_is_refused(
    store: Store, preset: Preset, clock: ManualClock, case: Case
) -> None:
    with pytest.raises(InvalidInput, match="report_back"):
        take(store, preset, clock, SERVICE, case, "forget")


def test_who_may_take_a_step(
    store: Store, preset: Preset, clock: ManualClock, case: Case, member: Member
) -> None:
    with pytest.raises(NotFound):
        take(store, preset, clock, member("urban"), case, "handle")
    auditor = Principal(name="a", role=Role.AUDITOR)
    with pytest.raises(NotAllowed):
        take(store, preset, clock, auditor, case, "handle")
    take(store, preset, clock, member("emergency"), case, "handle", "report_back", "verify")
    with pytest.raises(NotAllowed, match="forestry"):
        take(store, preset, clock, member("emergency"), case, "close")


def test_a_warm_case_does_not_close(
    store: Store, preset: Preset, clock: ManualClock, case: Case, member: Member, make: Any
) -> None:
    take(store, preset, clock, SERVICE, case, "handle", "report_back", "verify")
    hot = make.recheck(5, verdict=Verdict.HOT)
    with store.unit() as unit:
        unit.cases.put(replace(unit.cases.get(case.id), rechecks=(hot,)))
    with pytest.raises(IllegalTransition, match="cold"):
        take(store, preset, clock, member("forestry"), case, "close")
    with pytest.raises(IllegalTransition, match="cold"):
        take(store, preset, clock, SERVICE, case, "close")
    with store.unit() as unit:
        order = StepOrder(step="close", note="crew stays on site")
        closed = take_step(unit, preset, clock, SERVICE, case.id, order)
    assert closed.state is CaseState.CLOSED


def test_an_unknown_event_type_opens_nothing(
    store: Store, preset: Preset, clock: ManualClock, make: Any
) -> None:
    with pytest.raises(InvalidInput, match="99-99"), store.unit() as unit:
        open_case(unit, preset, clock, "99-99", make.anomaly(), ())
    with store.view() as unit:
        assert unit.cases.count() == unit.anomalies.count() == 0


def test_a_find_far_from_every_place_is_named_after_its_county(
    store: Store, preset: Preset, clock: ManualClock, make: Any
) -> None:
    with store.unit() as unit:
        anomaly = make.anomaly(position=LonLat(118.45, 28.85))
        case, _ = open_case(unit, preset, clock, "01-01", anomaly, ())
    assert case.title == "Forest fire, A"
