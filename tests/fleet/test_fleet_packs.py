"""Battery packs: what a flight tells, what is kept, and when a pack must not fly."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fleet.messages import BatteryStatus, SmartBatteryInfo
from fleet.packs.pack_rules import Level, judge
from fleet.packs.pack_trace import NO_TRACES, Trace, Traces, charge_at, told
from fleet.packs.packs import PackRecord, name_of, new_record

START = datetime(2026, 5, 12, tzinfo=UTC)
CAPACITY_MAH, CELLS, OHMS = 10_000.0, 6, 0.03


def open_circuit_v(charge: float) -> float:
    """A cell that is not the book's: a straight line."""
    return 3.4 + 0.75 * charge


class Flyer:
    """A vehicle that reports a pack once a second."""

    def __init__(self, capacity_mah: float = CAPACITY_MAH, ohms: float = OHMS) -> None:
        self.capacity_mah, self.ohms = capacity_mah, ohms
        self.drawn_mah, self.charge, self.at = 0.0, 1.0, START
        self.traces: Traces = NO_TRACES
        self.weak_v = 0.0
        self.celsius = 25.0

    def run(self, seconds: int, amps: float) -> None:
        for _ in range(seconds):
            self.at += timedelta(seconds=1)
            self.drawn_mah += amps / 3.6
            self.charge -= amps / 3.6 / self.capacity_mah
            each = open_circuit_v(self.charge) - amps * self.ohms / CELLS
            cells = [each] * (CELLS - 1) + [each - self.weak_v]
            self.traces = told(
                self.traces,
                BatteryStatus(
                    pack=0,
                    battery=self.charge,
                    voltages_v=tuple(cells),
                    current_a=amps,
                    consumed_mah=self.drawn_mah,
                    temperature_c=self.celsius,
                ),
                self.at,
            )

    def flight(self) -> None:
        """Rest, ten minutes of flying with a changing load, rest."""
        self.run(90, 0.5)
        for _ in range(10):
            self.run(30, 30.0)
            self.run(30, 20.0)
        self.run(90, 0.5)

    def charged(self) -> None:
        self.charge = 1.0

    @property
    def trace(self) -> Trace:
        return self.traces[0]


def flown(flights: int, flyer: Flyer) -> PackRecord:
    record: PackRecord | None = None
    for _ in range(flights):
        flyer.charged()
        flyer.flight()
        record = (record or new_record("T-1", flyer.trace)).after(flyer.trace)
    assert record is not None
    return record


def healthy() -> tuple[PackRecord, Trace]:
    flyer = Flyer()
    flyer.run(5, 0.5)
    return new_record("T-1", flyer.trace), flyer.trace


def test_resistance_is_found_from_steps_of_the_load() -> None:
    flyer = Flyer()
    flyer.flight()
    assert flyer.trace.resistance_mohm == pytest.approx(OHMS * 1000 / CELLS, rel=0.05)


def test_charge_is_counted_once_though_the_trace_goes_on() -> None:
    flyer = Flyer()
    record = flown(3, flyer)
    assert record.drawn_mah == pytest.approx(flyer.drawn_mah, rel=0.01)
    assert record.flights == 3
    assert replace(record, rated_mah=CAPACITY_MAH).cycles == pytest.approx(
        flyer.drawn_mah / CAPACITY_MAH, rel=0.01
    )


def test_lost_capacity_is_seen_against_the_packs_own_first_flights() -> None:
    flyer = Flyer()
    record = flown(6, flyer)
    flyer.capacity_mah = 0.75 * CAPACITY_MAH
    for _ in range(25):
        flyer.charged()
        flyer.flight()
        record = record.after(flyer.trace)
    assert record.health is not None
    assert record.health < 0.85
    verdict = judge(record, flyer.trace, flyer.at)
    assert verdict.level is Level.WARNING
    assert "by our estimate" in verdict.findings[0].text


def test_a_pack_that_keeps_its_capacity_is_not_locked_by_a_wrong_curve() -> None:
    flyer = Flyer()
    record = flown(12, flyer)
    assert record.health == pytest.approx(1.0, abs=0.02)
    assert judge(record, flyer.trace, flyer.at).level is Level.OK


def test_a_pack_is_its_serial_number_whatever_it_flies_in() -> None:
    _, trace = healthy()
    assert name_of("T-1", trace) == "T-1#0"
    info = SmartBatteryInfo(pack=0, serial="SN7", cycles=12, rated_mah=1e4)
    traces = told({0: trace}, info, START)
    assert name_of("T-9", traces[0]) == "SN7"
    other = told(traces, replace(info, serial="SN8"), START)
    assert other[0].drawn_mah == 0.0


def test_the_integral_of_the_current_counts_where_the_pack_does_not() -> None:
    traces: Traces = NO_TRACES
    for second in range(3601):
        status = BatteryStatus(pack=0, battery=0.5, voltages_v=(24.0,), current_a=10.0)
        traces = told(traces, status, START + timedelta(seconds=second))
    assert traces[0].drawn_mah == pytest.approx(10_000, rel=0.001)
    assert traces[0].cells_v == ()


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({}, Level.OK, ""),
        ({"told_cycles": 200}, Level.WARNING, "200 cycles"),
        ({"told_cycles": 400}, Level.LOCKED, "400 cycles"),
        ({"rated_mah": 1e4, "full_mah": 8.4e3}, Level.WARNING, "capacity at 84%"),
        ({"rated_mah": 1e4, "full_mah": 7.9e3}, Level.LOCKED, "capacity at 79%"),
        ({"first_mohm": (2.0,) * 5, "now_mohm": 4.0}, Level.LOCKED, "resistance 2.0 times"),
        ({"spread_v": 0.06}, Level.WARNING, "60 mV"),
        ({"spread_v": 0.11}, Level.LOCKED, "110 mV"),
        ({"faults": 4}, Level.LOCKED, "a cell has failed"),
        ({"made_on": "20230101"}, Level.WARNING, "years old"),
        ({"made_on": "tomorrow"}, Level.OK, ""),
        ({"locked": "swollen"}, Level.LOCKED, "swollen"),
    ],
)
def test_each_rule_has_its_level_and_its_sentence(
    changes: dict[str, object], level: Level, words: str
) -> None:
    record, trace = healthy()
    verdict = judge(replace(record, **changes), trace, START)  # type: ignore[arg-type]
    assert verdict.level is level
    assert not words or words in verdict.findings[0].text
    assert bool(verdict.refusals) is (level is Level.LOCKED)


@pytest.mark.parametrize(
    ("celsius", "level"),
    [(-1.0, Level.LOCKED), (10.0, Level.WARNING), (25.0, Level.OK), (46.0, Level.LOCKED)],
)
def test_temperature_counts_at_take_off(celsius: float, level: Level) -> None:
    record, trace = healthy()
    felt = replace(trace, status=replace(trace.status, temperature_c=celsius))
    assert judge(record, felt, START).level is level


def test_what_is_not_known_does_not_fly() -> None:
    record, trace = healthy()
    assert judge(record, None, START).refusals
    late = START + timedelta(seconds=120)
    assert "nothing was heard" in judge(record, trace, late).refusals[0]
    mute = replace(trace, status=BatteryStatus(pack=0, battery=None))
    assert "neither" in judge(record, mute, START).refusals[0]


def test_cells_that_differ_are_seen_at_rest() -> None:
    flyer = Flyer()
    flyer.weak_v = 0.12
    flyer.run(90, 0.5)
    record = new_record("T-1", flyer.trace)
    assert record.spread_v == pytest.approx(0.12)
    assert judge(record, flyer.trace, flyer.at).level is Level.LOCKED


def test_the_curve_is_that_of_the_paper() -> None:
    assert charge_at(4.103) == pytest.approx(1.0, abs=0.01)
    assert 0.0 < charge_at(3.7) < 0.3
