"""Cases under random hands: nobody closes without proof, nothing leaves the table, time adds up.

A walk is made of a seed: thousands of steps a second, and a failure names the seed that shows it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box, mapping

from core.clock import ManualClock
from core.equipment import Sensor
from core.errors import FlyOnceError
from core.geo import LonLat
from imagery.catalog import Medium
from missions.access import Principal, Role
from missions.cases.deadlines import WAITING
from missions.cases.proof import missing_of
from missions.cases.recheck import reported_back_at
from missions.cases.steps import STEPS, TABLE, StepOrder, offers, refusal
from missions.cases.taking import take
from missions.cases.working_hours import due_at, hours_between
from missions.catalog.casework import CaseRules, Level
from missions.catalog.model import Department, EventType
from missions.entities import Case, CaseState, CaseStep
from missions.lifecycle import CASE
from missions.operations import escalation
from missions.presets import RecheckRules, WorkingHours
from missions.store import MemoryStore

START = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
HERE = LonLat(118.7, 28.7)
NAMES = ("urban", "ecology", "forestry")
WHO = [
    *(Principal(name=f"m-{d}", role=Role.MEMBER, department=d) for d in NAMES),
    Principal(name="chen", role=Role.DISPATCHER),
    Principal(name="adm", role=Role.ADMINISTRATOR),
    Principal(name="aud", role=Role.AUDITOR),
    Principal(name="pil", role=Role.PILOT),
    Principal(name="custom", role="clerk", department="urban", permissions=frozenset({"decide"})),
    Principal(name="nobody", role=Role.MEMBER),
]
CALENDAR = WorkingHours(
    hours=((time(8, 30), time(12)), (time(14), time(17, 30))),
    weekdays=(0, 1, 2, 3, 4),
    holidays=frozenset({date(2026, 5, 14)}),
    workdays=frozenset({date(2026, 5, 16)}),
)
KIND = EventType(
    code="06-01",
    class_code="06",
    class_name="Environment",
    class_name_zh="环境",
    name="Waste",
    name_zh="垃圾",
    sensor=Sensor.VISIBLE,
    detector="officer",
    severity=2,
    department="urban",
    deadline_h=5.0,
)
LEVELS = tuple(
    Level(number=n, name=f"l{n}", name_zh=f"级{n}", share=share, after_h=after, to="city")
    for n, (share, after) in enumerate(((0.8, 0.0), (1.0, 0.0), (1.0, 4.0)), 1)
)
PRESET: Any = SimpleNamespace(
    departments={n: Department(id=n, name=n, name_zh=n) for n in NAMES},
    event_types={"06-01": KIND},
    casework=CaseRules(escalation=LEVELS),
    calendar=CALENDAR,
    zone_info=ZONE,
    recheck_of=lambda _: RecheckRules(interval_min=8, passes=2, cold_below_c=50, max_h=6),
    county_at=lambda _: "",
)


def a_case() -> Case:
    return Case(
        id="cas-1",
        number="TC-1",
        event_type="06-01",
        title="Waste",
        title_zh="垃圾",
        department="urban",
        shared_with=("ecology",),
        position=HERE,
        severity=2,
        opened_at=START,
        due_at=due_at(START, 5.0, CALENDAR, ZONE),
        state=CaseState.DISPATCHED,
        steps=(CaseStep(step=CaseState.DISPATCHED, at=START, by="service"),),
        before=("med-before",),
        escalate_at=START + timedelta(hours=4),
    )


def a_medium(name: str, at: datetime, department: str, near: bool) -> Medium:
    lon = 118.7 if near else 118.8
    return Medium(
        id=name,
        sha256="0" * 64,
        key=name,
        size_bytes=1,
        received_at=at,
        taken_at=at,
        vehicle="TC-01",
        flight=None,
        camera="cam",
        sensor=Sensor.VISIBLE,
        position=HERE,
        altitude_m=100.0,
        department=department,
        footprint=mapping(box(lon - 0.001, 28.699, lon + 0.001, 28.701)),
    )


def orders(rng: Random, case: Case, known: list[str]) -> StepOrder:
    """A step, mostly one that begins where the case is."""
    fitting = [name for name, rule in TABLE.items() if case.state in rule.begins]
    return StepOrder(
        step=rng.choice(fitting if rng.random() < 0.8 and fitting else list(STEPS)),
        note=rng.choice(("", "  ", "because", "because", "because")),
        department=rng.choice((None, *NAMES, "navy")),
        media=tuple(rng.sample([*known, "none"], rng.choice((0, 0, 1, 1, 2)))),
        passed=rng.choice((None, True, False)),
        hours=rng.choice((None, 3.0, 3.0, 500.0)),
    )


def walk(
    seed: int,
) -> Iterator[tuple[Case, Principal, StepOrder, Case, FlyOnceError | None]]:
    """Random people take random steps; each try with the case before and after it."""
    rng, clock, store = Random(seed), ManualClock(START), MemoryStore()
    known = ["med-before"]
    with store.unit() as unit:
        unit.cases.add(a_case())
        unit.media.add(a_medium("med-before", START - timedelta(hours=1), "urban", True))
    for n in range(40):
        clock.advance(rng.choice((60.0, 3600.0, 20 * 3600.0)))
        if rng.random() < 0.5:
            known = [*known[-3:], f"med-{n}"]
            with store.unit() as unit:
                owner, near = rng.choice(NAMES), rng.random() < 0.8
                unit.media.add(a_medium(known[-1], clock.now(), owner, near))
        clock.advance(60.0)
        with store.view() as unit:
            before = unit.cases.get("cas-1")
        who, order, why = rng.choice(WHO), orders(rng, before, known), None
        try:
            with store.unit() as unit:
                take(unit, PRESET, clock, who, "cas-1", order)
        except FlyOnceError as error:
            why = error
        with store.view() as unit:
            yield before, who, order, unit.cases.get("cas-1"), why


SEEDS = st.integers(0, 2**32)


def test_the_walks_reach_every_step_and_every_end() -> None:
    taken, states = set(), set()
    for seed in range(80):
        for _, _, order, after, why in walk(seed):
            states.add(after.state)
            taken |= {order.step} if why is None else set()
    assert taken == set(STEPS)
    assert states >= set(CaseState) - {CaseState.COLLECTED, CaseState.OPENED}


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_nobody_closes_without_proof_or_a_named_reason(seed: int) -> None:
    for before, who, order, after, why in walk(seed):
        if why is not None:
            assert after == before
            continue
        if after.state is CaseState.CLOSED and before.state is not CaseState.CLOSED:
            lacks = missing_of(after, PRESET)
            assert not lacks or (who.city_wide and order.note.strip())
            assert after.steps[-1].by == who.name
            assert after.closed_at == after.steps[-1].at
            assert reported_back_at(before) is not None
        if after.after and after.state is CaseState.CLOSED:
            assert set(after.after).isdisjoint(after.before)


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_steps_stay_on_the_table_and_with_those_who_may(seed: int) -> None:
    for before, who, order, after, why in walk(seed):
        if why is not None:
            continue
        assert who.may("decide")
        assert who.sees(before)
        assert after.steps[: len(before.steps)] == before.steps
        state = before.state
        for taken in after.steps[len(before.steps) :]:
            reached = CaseState(taken.step)
            assert reached in CASE[state] or (taken.handed_over and state in WAITING)
            state = reached
        assert after.state is state
        assert after.department in NAMES
        assert after.department not in after.shared_with
        assert before.department in (after.department, *after.shared_with)
        assert refusal(before, PRESET, who, order.step) is None or order.media


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_what_is_offered_is_what_may_be_done(seed: int) -> None:
    for _, _, _, case, _ in walk(seed):
        for who in WHO:
            told = {o.step: o.is_open for o in offers(case, PRESET, who)}
            assert told == {s: refusal(case, PRESET, who, s) is None for s in STEPS}
            if not who.may("decide"):
                assert not any(told.values())


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_every_level_is_told_once_for_each_deadline(data: st.DataObject) -> None:
    clock, store = ManualClock(START), MemoryStore()
    room: Any = SimpleNamespace(preset=PRESET, now=clock.now, unit=store.unit)
    with store.unit() as unit:
        unit.cases.add(a_case())
    for hours in data.draw(st.lists(st.floats(0.01, 60.0), max_size=25)):
        clock.advance(hours * 3600)
        escalation.tick(room)
        if data.draw(st.booleans()):
            escalation.tick(room)
    with store.view() as unit:
        case = unit.cases.get("cas-1")
        levels = [e.level for e in case.escalations]
        assert levels == sorted(set(levels))
        assert case.escalation == max(levels, default=0)
        assert unit.alerts.count(kind="escalation") <= len(levels)


MOMENTS = st.integers(0, 365 * 24 * 3600).map(lambda s: START + timedelta(seconds=s))
HOURS = st.floats(0.0, 300.0)


@settings(max_examples=200, deadline=None)
@given(MOMENTS, HOURS, HOURS)
def test_more_hours_never_end_sooner_and_hours_add_up(
    start: datetime, hours: float, more: float
) -> None:
    first = due_at(start, hours, CALENDAR, ZONE)
    both = due_at(start, hours + more, CALENDAR, ZONE)
    assert start <= first <= both
    in_turn = due_at(first, more, CALENDAR, ZONE)
    assert abs((in_turn - both).total_seconds()) < 1e-3 or more == 0
    assert abs(hours_between(start, both, CALENDAR, ZONE) - (hours + more)) < 1e-6


@settings(max_examples=200, deadline=None)
@given(MOMENTS, MOMENTS, HOURS)
def test_who_begins_later_never_ends_sooner(one: datetime, other: datetime, hours: float) -> None:
    early, late = sorted((one, other))
    assert due_at(early, hours, CALENDAR, ZONE) <= due_at(late, hours, CALENDAR, ZONE)
    assert hours_between(early, late, CALENDAR, ZONE) == -hours_between(late, early, CALENDAR, ZONE)
    fewer = replace(CALENDAR, holidays=CALENDAR.holidays | {early.astimezone(ZONE).date()})
    assert due_at(early, hours, fewer, ZONE) >= due_at(early, hours, CALENDAR, ZONE)
