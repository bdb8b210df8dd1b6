"""Duplicates within a place and a time are one, whatever the order in which they come."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.geo import LonLat, distance_m, offset
from missions.catalog.signals import LookRule
from missions.signals.entering import enter
from missions.signals.model import Signal, SignalState, Source
from missions.store import MemoryStore

START = datetime(2026, 5, 12, 1, tzinfo=UTC)
CENTRE = LonLat(118.6, 28.6)
RULE = LookRule(
    event_type="06-01",
    scenario="waste",
    within=timedelta(hours=1),
    radius_m=40.0,
    priority=3,
    fresh=timedelta(0),
    one_m=100.0,
    one=timedelta(minutes=60),
)
PRESET: Any = SimpleNamespace(signals=SimpleNamespace(looks={"06-01": RULE}))

Spot = tuple[float, float, float]
"""Metres east and north, minutes."""
spots = st.lists(
    st.tuples(st.floats(-400, 400), st.floats(-400, 400), st.floats(0, 240)),
    min_size=1,
    max_size=20,
)


def signal(number: int, spot: Spot) -> Signal:
    east, north, minutes = spot
    position = offset(offset(CENTRE, 90, east), 0, north)
    at = START + timedelta(minutes=minutes)
    return Signal(
        id=f"sgn-{number:03}",
        source=Source.REPORT,
        matter="06-01",
        kind="rubbish",
        at=at,
        received_at=at,
        position=position,
        county="",
        department="urban",
        shared_with=(),
        by="x",
        text="t",
        text_zh="t",
        severity=1,
    )


def entered(signals: list[Signal]) -> list[Signal]:
    """What signals become that come in this order."""
    store = MemoryStore()
    with store.unit() as unit:
        for one in signals:
            enter(unit, PRESET, one)
        return unit.signals.find()


def are_one(one: Signal, other: Signal) -> bool:
    """Whether two lie within the radius and the time of one another."""
    apart_s = abs((one.at - other.at).total_seconds())
    return distance_m(one.position, other.position) <= RULE.one_m and apart_s <= 3600


@settings(max_examples=60, deadline=None)
@given(spots, st.randoms(use_true_random=False))
def test_leaders_are_apart_and_members_are_near_their_leader(spots: list[Spot], order: Any) -> None:
    signals = [signal(n, spot) for n, spot in enumerate(spots)]
    order.shuffle(signals)
    kept = entered(signals)
    leaders = {s.id: s for s in kept if s.state is SignalState.RECEIVED}
    members = [s for s in kept if s.state is SignalState.DUPLICATE]
    assert len(leaders) + len(members) == len(signals)
    for member in members:
        assert member.joined is not None
        assert are_one(member, leaders[member.joined.id])
    for a in leaders.values():
        assert not any(are_one(a, b) for b in leaders.values() if b.id != a.id)
        assert a.members == sum(m.joined is not None and m.joined.id == a.id for m in members)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-34, 34), st.floats(-34, 34), st.floats(0, 59)), min_size=1, max_size=12
    ),
    st.randoms(use_true_random=False),
)
def test_what_is_all_near_one_another_is_one_in_any_order(spots: list[Spot], order: Any) -> None:
    signals = [signal(n, spot) for n, spot in enumerate(spots)]
    order.shuffle(signals)
    assert sum(s.state is SignalState.RECEIVED for s in entered(signals)) == 1


@settings(max_examples=40, deadline=None)
@given(spots, st.randoms(use_true_random=False))
def test_what_one_order_looks_at_another_looks_at_too(spots: list[Spot], order: Any) -> None:
    """Every signal, leaders of other orders among them, is one with a leader of this order."""
    signals = [signal(n, spot) for n, spot in enumerate(spots)]
    for _ in range(2):
        order.shuffle(signals)
        leaders = [s for s in entered(signals) if s.state is SignalState.RECEIVED]
        assert all(any(are_one(s, leader) for leader in leaders) for s in signals)


@pytest.mark.parametrize("step_m", [30.0, 60.0, 90.0])
def test_a_chain_makes_a_new_look_every_radius(step_m: float) -> None:
    """A fire that spreads along a line is not swallowed by its first report."""
    count = 60
    chain = [signal(n, (n * step_m - 1000, 0, 0)) for n in range(count)]
    leaders = sum(s.state is SignalState.RECEIVED for s in entered(chain))
    each = math.floor(RULE.one_m / step_m) + 1
    assert leaders == math.ceil(count / each)


def test_what_lasts_is_looked_at_again_after_the_time() -> None:
    lasting = [signal(n, (0, 0, 10.0 * n)) for n in range(30)]  # five hours
    leaders = sum(s.state is SignalState.RECEIVED for s in entered(lasting))
    assert leaders == math.ceil(30 / 7)


def test_other_matters_and_dismissed_leaders_are_never_joined() -> None:
    store = MemoryStore()
    with store.unit() as unit:
        first = enter(unit, PRESET, signal(1, (0, 0, 0)))
        unit.signals.put(replace(first, state=SignalState.DISMISSED))
        assert enter(unit, PRESET, signal(2, (0, 0, 0))).state is SignalState.RECEIVED
        other = replace(signal(3, (0, 0, 0)), matter="01-01")
        two: Any = SimpleNamespace(
            signals=SimpleNamespace(looks={"01-01": replace(RULE, event_type="01-01")})
        )
        assert enter(unit, two, other).state is SignalState.RECEIVED
