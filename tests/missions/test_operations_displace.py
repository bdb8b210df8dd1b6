"""An urgent flight moves its drone's later flights as little as possible."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from missions.operations.displace import displaced

RECHARGE = timedelta(minutes=27)


def day(make: Any, starts_min: list[int], start: datetime) -> list[Any]:
    """Flights of twenty minutes."""
    return [
        make.flight(
            f"flt-{n}",
            start=start + timedelta(minutes=m),
            end=start + timedelta(minutes=m + 20),
        )
        for n, m in enumerate(starts_min)
    ]


def test_flights_after_the_urgent_one_stay(make: Any, clock: Any) -> None:
    flights = day(make, [60, 120], clock.now())
    free = clock.now() + timedelta(minutes=50)
    ends = {f.id: f.end + timedelta(hours=5) for f in flights}
    assert displaced(flights, free_at=free, latest_end=ends, recharge=RECHARGE) == ()


def test_a_flight_in_the_way_moves_and_pushes_the_next_only_if_it_must(
    make: Any, clock: Any
) -> None:
    flights = day(make, [10, 60, 200], clock.now())
    free = clock.now() + timedelta(minutes=40)
    ends = {f.id: f.end + timedelta(hours=5) for f in flights}
    moved = displaced(flights, free_at=free, latest_end=ends, recharge=RECHARGE)
    assert [(m.flight.id, m.start) for m in moved] == [
        ("flt-0", free),
        ("flt-1", free + timedelta(minutes=20) + RECHARGE),
    ]


def test_a_flight_that_no_longer_fits_its_window_is_cancelled(make: Any, clock: Any) -> None:
    (flight,) = day(make, [10], clock.now())
    free = clock.now() + timedelta(minutes=40)
    moved = displaced([flight], free_at=free, latest_end={flight.id: flight.end}, recharge=RECHARGE)
    assert [(m.flight.id, m.start) for m in moved] == [("flt-0", None)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(gaps=st.lists(st.integers(50, 90), max_size=6), free_min=st.integers(0, 400))
def test_the_drone_is_never_wanted_twice(
    make: Any, clock: Any, gaps: list[int], free_min: int
) -> None:
    starts = [sum(gaps[: n + 1]) for n in range(len(gaps))]
    flights = day(make, starts, clock.now())
    free = clock.now() + timedelta(minutes=free_min)
    ends = {f.id: f.end + timedelta(hours=2) for f in flights}
    moves = {
        m.flight.id: m.start
        for m in displaced(flights, free_at=free, latest_end=ends, recharge=RECHARGE)
    }
    ready = free
    for flight in flights:
        start = moves.get(flight.id, flight.start)
        if start is None:
            continue
        assert start >= ready
        assert start + (flight.end - flight.start) <= ends[flight.id]
        ready = start + (flight.end - flight.start) + RECHARGE
