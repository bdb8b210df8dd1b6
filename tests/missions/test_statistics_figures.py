"""What each figure counts, exactly; who gets which; and the index of a county."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.clock import ManualClock
from core.errors import InvalidInput, NotAllowed, NotFound
from missions.access import LOCAL_OPERATOR, Principal, Role
from missions.entities import Case, CaseState, CaseStep, FlightState, LedgerLine, Origin, PlanRecord
from missions.presets import Preset
from missions.statistics import index
from missions.statistics.desk import Question, Statistics
from missions.statistics.figures import Figures
from missions.statistics.measures import quantile_min, rows_of
from missions.statistics.periods import Period, pieces
from missions.store import Store

START = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
MAY = Period(date(2026, 5, 1), date(2026, 5, 31))


def stepped(case: Case, *steps: tuple[CaseState, float]) -> Case:
    """The case with steps so many hours after its opening."""
    for state, hours in steps:
        at = case.opened_at + timedelta(hours=hours)
        step = CaseStep(step=state.value, at=at, by="x")
        closed = at if state is CaseState.CLOSED else case.closed_at
        case = replace(case, state=state, steps=(*case.steps, step), closed_at=closed)
    return case


@pytest.fixture
def desk(store: Store, preset: Preset) -> Statistics:
    made = Statistics(store, preset, ManualClock(START + timedelta(days=3)))
    made.prepare()
    return made


def total(desk: Statistics, period: Period = MAY, p: Principal = LOCAL_OPERATOR) -> Figures:
    return desk.answer(p, Question(period=period)).total


def test_handled_and_on_time_shares_are_of_the_cases_that_were_due(
    store: Store, desk: Statistics, make: Any
) -> None:
    D, H, R = CaseState.DISPATCHED, CaseState.HANDLING, CaseState.REPORTED_BACK
    in_time = stepped(make.case("c1"), (D, 0), (H, 0.2), (R, 0.5), (CaseState.CLOSED, 2))
    late = stepped(make.case("c2"), (D, 0), (H, 0.2), (R, 3))
    never = stepped(make.case("c3"), (D, 0))
    rejected = stepped(make.case("c4"), (D, 0), (CaseState.REJECTED, 0.1))
    later = stepped(make.case("c5", due_at=START + timedelta(days=5)), (D, 0))
    with store.unit() as unit:
        unit.cases.add_all([in_time, late, never, rejected, later])
    told = total(desk)
    assert (told.opened, told.rejected, told.due, told.handled, told.on_time) == (5, 1, 3, 2, 1)
    assert told.handled_share == pytest.approx(2 / 3, abs=1e-4)
    assert told.on_time_share == pytest.approx(1 / 3, abs=1e-4)
    assert (told.closed, told.answered) == (1, 3)


def test_today_counts_as_due_only_what_is_handled_until_the_day_is_over(
    store: Store, preset: Preset, make: Any
) -> None:
    clock = ManualClock(START)
    desk = Statistics(store, preset, clock)
    desk.prepare()
    with store.unit() as unit:
        unit.cases.add(stepped(make.case("c1"), (CaseState.DISPATCHED, 0)))
        unit.cases.add(stepped(make.case("c2"), (CaseState.REPORTED_BACK, 0.1)))
    assert (total(desk).due, total(desk).handled) == (1, 1)
    clock.advance(86400)
    assert (total(desk).due, total(desk).handled) == (2, 1)


def test_a_case_sent_back_is_no_longer_handled_and_has_its_new_deadline(
    store: Store, desk: Statistics, make: Any
) -> None:
    D, R = CaseState.DISPATCHED, CaseState.REPORTED_BACK
    case = stepped(make.case("c1"), (D, 0), (R, 0.5))
    with store.unit() as unit:
        unit.cases.add(case)
    assert total(desk).handled == 1
    with store.unit() as unit:
        again = stepped(case, (CaseState.VERIFYING, 1), (D, 2))
        unit.cases.put(replace(again, due_at=START + timedelta(days=1)))
    told = total(desk)
    assert (told.due, told.handled, told.returned) == (1, 0, 1)


def test_minutes_are_right_to_their_class(store: Store, desk: Statistics, make: Any) -> None:
    minutes = [10 + n for n in range(41)]  # the median is 30
    with store.unit() as unit:
        for n, each in enumerate(minutes):
            unit.cases.add(stepped(make.case(f"c{n}"), (CaseState.HANDLING, each / 60)))
    told = total(desk)
    assert told.answer_median_min == pytest.approx(30, rel=0.13)
    assert told.answer_p90_min == pytest.approx(46, rel=0.13)
    assert told.close_median_min is None  # nothing was closed: unknown, not 0


def test_days_are_the_citys_own(store: Store, desk: Statistics, make: Any) -> None:
    evening = datetime(2026, 5, 12, 16, 30, tzinfo=UTC)  # past midnight in the city
    with store.unit() as unit:
        unit.cases.add(make.case("c1", opened_at=evening))
    groups = desk.answer(LOCAL_OPERATOR, Question(period=MAY, by="day")).groups
    assert [g.key for g in groups if g.figures.opened] == ["2026-05-13"]


@pytest.mark.parametrize("by", ["day", "week", "month", "department", "county", "class", "type"])
def test_the_parts_sum_to_the_whole(store: Store, desk: Statistics, make: Any, by: str) -> None:
    with store.unit() as unit:
        for n in range(60):
            unit.cases.add(
                make.case(
                    f"c{n}",
                    opened_at=START - timedelta(days=2 * n),
                    due_at=START - timedelta(days=2 * n - 1),
                    event_type=("01-01", "06-01")[n % 2],
                    department=("forestry", "urban", "water")[n % 3],
                    county=("a", "")[n % 2],
                )
            )
    period = Period(date(2026, 2, 3), date(2026, 5, 14))
    answer = desk.answer(LOCAL_OPERATOR, Question(period=period, by=by))
    assert answer.total.opened == 50
    assert sum(g.figures.opened or 0 for g in answer.groups) == 50
    assert sum(g.figures.due or 0 for g in answer.groups) == answer.total.due


def test_the_comparable_period_is_as_many_months_or_days() -> None:
    assert MAY.previous() == Period(date(2026, 4, 1), date(2026, 4, 30))
    quarter = Period(date(2026, 1, 1), date(2026, 3, 31)).previous()
    assert quarter == Period(date(2025, 10, 1), date(2025, 12, 31))
    week = Period(date(2026, 5, 4), date(2026, 5, 10)).previous()
    assert week == Period(date(2026, 4, 27), date(2026, 5, 3))


def test_the_pieces_of_a_period_cover_each_day_once() -> None:
    today = date(2026, 5, 15)
    for first in (date(2026, 1, 1), date(2026, 1, 17), date(2025, 12, 31)):
        for last in (date(2026, 2, 28), date(2026, 5, 15), date(2026, 1, 31), date(2026, 6, 30)):
            days = set()
            for piece in pieces(Period(first, last), today):
                found = {
                    day
                    for day in (first + timedelta(days=n) for n in range((last - first).days + 1))
                    if piece.low <= day.isoformat()[: len(piece.low)] <= piece.high
                }
                assert not days & found
                days |= found
            assert len(days) == (last - first).days + 1


def test_flights_by_department_are_its_shares_by_the_ledger(
    store: Store, desk: Statistics, make: Any, member: Callable[[str], Principal]
) -> None:
    flown = make.flight(state=FlightState.DONE, photos_taken=70, departments=("forestry", "fire"))
    lines = (
        LedgerLine(id="l1", flight_id=flown.id, department="forestry", metres=8000, seconds=600),
        LedgerLine(id="l2", flight_id=flown.id, department="fire", metres=4346, seconds=600),
    )
    with store.unit() as unit:
        unit.flights.add(flown)
        unit.ledger.add_all(lines)
        unit.flights.add(make.flight("flt-2", state=FlightState.FAILED))
    told = total(desk)
    assert (told.flights, told.km, told.photos, told.flights_failed) == (1, 12.346, 70, 1)
    own = total(desk, p=member("forestry"))
    assert (own.flights, own.km, own.minutes_flown, own.photos) == (1, 8.0, 10.0, None)
    counties = desk.answer(LOCAL_OPERATOR, Question(period=MAY, by="county")).groups
    assert [(g.key, g.figures.km) for g in counties] == [("a", 12.346)]


def test_savings_are_of_the_last_plan_of_each_day(store: Store, desk: Statistics) -> None:
    plan = PlanRecord(
        id="p1",
        day=START.date(),
        made_at=START,
        verified=True,
        value=1.0,
        km=10.0,
        km_separate=40.0,
        flights_separate=9,
        asked=9,
        merged=4,
        planned=9,
        refused=0,
        day_share=0.2,
    )
    with store.unit() as unit:
        unit.plans.add(replace(plan, id="p2", km=30.0, made_at=START + timedelta(hours=1)))
        unit.plans.add(plan)
    told = total(desk)
    assert (told.km_planned, told.km_saved, told.saved_share) == (30.0, 10.0, 0.25)
    assert told.territory_share == 0.2


def test_requests_by_signals_are_told(store: Store, desk: Statistics, make: Any) -> None:
    with store.unit() as unit:
        unit.requests.add(make.request("r1", origin=Origin.SIGNAL))
        unit.requests.add(make.request("r2"))
    told = total(desk)
    assert (told.requests, told.signals, told.signals_answered) == (2, 1, 0)


def test_a_department_gets_its_own_figures_and_no_others(
    store: Store, desk: Statistics, make: Any, member: Callable[[str], Principal]
) -> None:
    with store.unit() as unit:
        unit.cases.add(make.case("c1", department="forestry", shared_with=("urban",)))
        unit.cases.add(make.case("c2", department="urban", county="a"))
    assert total(desk, p=member("urban")).opened == 1
    with pytest.raises(NotFound):
        desk.answer(member("urban"), Question(period=MAY, department="forestry"))
    machine = Principal(name="dock", role=Role.MACHINE)
    with pytest.raises(NotAllowed):
        desk.answer(machine, Question(period=MAY))
    local = Principal(name="d", role=Role.DISPATCHER, counties=frozenset({"a"}))
    assert total(desk, p=local).opened == 1
    assert total(desk, p=local).km_saved is None  # what plans save is the whole city's
    elsewhere = replace(local, counties=frozenset({"b"}))
    with pytest.raises(NotFound):
        desk.answer(elsewhere, Question(period=MAY, county="a"))


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"by": "moon"}, "by"),
        ({"department": "nobody"}, "department"),
        ({"county": "x"}, "county"),
        ({"event_class": "zz"}, "class"),
    ],
)
def test_what_is_not_there_is_named(desk: Statistics, changes: dict[str, str], where: str) -> None:
    with pytest.raises(InvalidInput) as said:
        desk.answer(LOCAL_OPERATOR, Question(period=MAY, **changes))
    assert said.value.where == where


def test_a_period_is_bounded() -> None:
    for first, last in (
        (date(2026, 5, 2), date(2026, 5, 1)),
        (date(2020, 1, 1), date(2026, 1, 1)),
        (date(1, 1, 1), date(1, 1, 2)),
        (date(9999, 12, 1), date(9999, 12, 31)),
    ):
        with pytest.raises(InvalidInput):
            Period(first, last)


def test_an_index_leaves_out_what_nobody_measured() -> None:
    rules = index.load()
    full = Figures(
        opened=10, handled_share=1.0, on_time_share=0.85, returned=0, recurring=1,
        answer_median_min=15.0, rechecks=0, rechecks_looked=0,
    )  # fmt: skip
    told = index.index_of(full, rules)
    points = {s.component.figure: s.points for s in told.scores}
    assert points["on_time_share"] == 50.0
    assert points["looked_share"] is None
    expected = (30 * 100 + 30 * 50 + 15 * 100 + 10 * 100 + 10 * 50) / 95
    assert told.value == pytest.approx(expected, abs=0.05)
    assert index.index_of(Figures(opened=0), rules).value is None


def test_broken_weights_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "statistics.yaml"
    line = "{figure: %s, name: n, name_zh: z, weight: %s, worst: %s, best: 1}"
    for figure, weight, worst in (("moon", 1, 0), ("due", -1, 0), ("due", 1, 1), ("due", 0, 0)):
        path.write_text(f"least_weight: 0.5\ncomponents: [{line % (figure, weight, worst)}]\n")
        index.load.cache_clear()
        with pytest.raises(InvalidInput, match=r"statistics\.yaml"):
            index.load(path)


def test_a_quantile_of_nothing_is_unknown() -> None:
    assert quantile_min(rows_of([], 50).sum(axis=0), 0.5) is None
