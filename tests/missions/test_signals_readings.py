"""Readings: each gets its verdict, what crosses a rule becomes one signal, nothing is lost."""

import math
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from signals_city import GATEWAY, LAT, LON, City, city

from core.clock import ManualClock
from core.errors import InvalidInput, NotAllowed, NotFound
from missions.access import LOCAL_OPERATOR, Principal, Role
from missions.presets import Preset
from missions.signals.devices import DeviceDraft
from missions.signals.model import SignalState, Source
from missions.store import MemoryStore, SqlStore, Store


@pytest.fixture
def here(preset: Preset, clock: ManualClock, store: Store, tmp_path: Path) -> City:
    return city(preset, clock, store, tmp_path)


def test_every_bad_reading_says_why_and_the_rest_is_taken(here: City) -> None:
    here.device()
    naive = {"device": "D1", "at": "2026-05-12T01:00:00", "value": 1}
    rows: list[Any] = [
        "no object",
        {"device": "D1", "value": 1},
        here.row(math.nan),
        here.row("7"),
        here.row(True),
        here.row(10**400),
        naive,
        here.row(1, device="D9"),
        here.row(51),
        here.row(1, minutes=6),
        here.row(1, minutes=-60 * 169),
        here.row(1),
        here.row(2),
    ]
    answer = here.send(*rows)
    assert [v.code for v in answer.verdicts] == [
        *["malformed"] * 7,
        *("unknown_device", "out_of_range", "future", "ancient", "known"),
    ]
    assert answer.counts["taken"] == 1
    assert all(v.detail for v in answer.verdicts)
    assert [v.index for v in answer.verdicts] == [*range(11), 12]


def test_an_empty_or_a_huge_batch_is_refused_whole(here: City) -> None:
    for rows in ([], [1] * 10_001):
        with pytest.raises(InvalidInput, match="readings in one batch"):
            here.desk.send(GATEWAY, rows)


def test_sensorthings_observations_are_readings(here: City) -> None:
    here.device()
    at = here.clock.now().isoformat()
    series = {"Datastream": {"@iot.id": "D1"}, "phenomenonTime": f"{at}/{at}", "result": 4}
    assert here.send(series).counts == {"taken": 1}
    assert here.desk.devices.get(GATEWAY, "D1").gauge.value == 4.0


def test_a_batch_sent_again_changes_nothing(here: City) -> None:
    here.device()
    rows = [here.row(11, minutes=n - 5) for n in range(4)]
    first = here.send(*rows)
    again = here.send(*rows)
    assert len(first.signals) == 1
    assert again.counts == {"taken": 0, "known": 4}
    assert not again.signals
    assert here.desk.devices.get(GATEWAY, "D1").gauge.count == 4


def test_a_crossing_is_one_signal_until_the_value_is_well_back(here: City) -> None:
    here.device()

    def crossed(*values: float) -> int:
        made = 0
        for value in values:
            here.clock.advance(7200)  # beyond the time in which signals are one
            made += len(here.send(here.row(value)).signals)
        return made

    assert crossed(11) == 0  # two in a row are asked for
    assert crossed(12) == 1
    assert crossed(13, 9, 11, 12) == 0  # between clear and limit it stays raised
    assert crossed(7.9, 11, 12) == 1
    (first, _) = reversed(here.desk.list(GATEWAY).items)
    assert first.signal.cleared_at is not None


def test_one_high_reading_between_low_ones_is_no_crossing(here: City) -> None:
    here.device()
    values = [11, 7, 11, 9, 11, 7]
    answer = here.send(*(here.row(v, minutes=n - 10) for n, v in enumerate(values)))
    assert not answer.signals


def test_a_rise_is_judged_against_the_lowest_of_its_window(here: City) -> None:
    here.device("S1", "smoke")
    calm = [here.row(n % 2, minutes=n - 90, device="S1") for n in range(60)]
    assert not here.send(*calm).signals
    slow = here.send(here.row(4.9, minutes=-20, device="S1"))
    assert not slow.signals
    fast = here.send(here.row(5.2, minutes=-10, device="S1"))
    assert [s.rule for s in fast.signals] == ["rising"]
    assert fast.signals[0].value == pytest.approx(5.2)


def test_a_slow_rise_over_more_than_the_window_is_none(here: City) -> None:
    here.device("S1", "smoke")
    for n in range(40):  # 0.5 in 10 min: 3 an hour
        here.clock.advance(600)
        assert not here.send(here.row(0.5 * n, device="S1")).signals


def test_minutes_of_persistence_count_from_the_first_reading(here: City) -> None:
    here.device("N1", "noise")
    early = here.send(*(here.row(80, minutes=m - 30, device="N1") for m in (0, 5, 9)))
    late = here.send(here.row(80, minutes=-20, device="N1"))
    assert not early.signals
    (loud,) = late.signals
    assert loud.state is SignalState.ANSWERED
    assert loud.outcome is not None
    assert loud.outcome.code == "told"


def test_old_readings_are_history_and_raise_nothing(here: City) -> None:
    here.device()
    old = here.send(*(here.row(20, minutes=m - 300) for m in range(3)))
    assert old.counts == {"taken": 3}
    assert not old.signals
    still = here.send(here.row(20))  # and still high now: that is a warning
    assert len(still.signals) == 1


def test_a_devices_own_limit_goes_before_the_kinds(here: City) -> None:
    here.device("A", limits={"high": {"limit": 30, "clear": 25}})
    here.device("B", lon=LON + 0.05, limits={"own": {"limit": 2, "clear": 1}})
    answer = here.send(
        *(here.row(20, minutes=m - 3, device="A") for m in range(3)),
        here.row(3, device="B"),
    )
    assert [(s.device_id, s.rule) for s in answer.signals] == [("B", "own")]


def test_readings_round_a_crossing_are_kept_as_evidence(here: City) -> None:
    here.device()
    values = [1, 2, 3, 4, 5, 11, 12, 13, 14, 15, 16, 17]
    (made,) = here.send(*(here.row(v, minutes=n - 30) for n, v in enumerate(values))).signals
    here.send(here.row(18))
    trace = here.desk.trace(GATEWAY, made.id)
    assert [v for _, v in trace.readings] == [3, 4, 5, 11, 12, 13, 14, 15, 16]


def test_hours_are_thinned_to_count_mean_lowest_and_highest(here: City) -> None:
    here.device()
    here.clock.advance(24 * 3600)
    begin = -60 * 25  # from 00:00 UTC of the day before on
    sent = [here.row(n % 7, minutes=begin + 10 * n) for n in range(150)]
    here.send(*sent)
    hours = here.desk.devices.history(GATEWAY, "D1", days=3)
    assert sum(h.count for _, h in hours) == 150
    assert {h.count for _, h in hours} == {6}
    values = [n % 7 for n in range(6)]
    assert (hours[0][1].low, hours[0][1].high) == (0, 5)
    assert hours[0][1].mean == pytest.approx(sum(values) / 6)


def test_an_old_day_gives_its_place_to_a_new_one(here: City) -> None:
    here.device()
    for _ in range(6):  # the ring holds three days
        here.clock.advance(24 * 3600)
        here.send(here.row(1))
    with here.store.view() as unit:
        assert unit.gauge_days.count(device="D1") == 3


def test_a_device_in_calibration_is_set_aside(here: City) -> None:
    here.device()
    here.desk.devices.set_state(LOCAL_OPERATOR, "D1", "calibration", "new probe")
    answer = here.send(here.row(40), here.row(41, minutes=1))
    assert answer.counts == {"taken": 0, "set_aside": 2}
    here.desk.devices.set_state(LOCAL_OPERATOR, "D1", "in_service")
    assert here.send(here.row(5, minutes=2)).counts == {"taken": 1}
    with here.store.view() as unit:
        assert unit.log.count(action="device.state") == 2


def test_nobody_sends_for_another_department_or_with_another_machines_key(here: City) -> None:
    here.device()
    here.device("K1", key="pump house")
    stranger = Principal(name="gateway", role=Role.MACHINE, department="ecology")
    homeless = Principal(name="gateway", role=Role.MACHINE)
    for other in (stranger, homeless):
        assert here.send(here.row(1), by=other).counts == {"taken": 0, "unknown_device": 1}
    assert here.send(here.row(1, device="K1")).counts == {"taken": 0, "unknown_device": 1}
    pump = Principal(name="pump house", role=Role.MACHINE, department="urban")
    assert here.send(here.row(1, device="K1"), by=pump).counts == {"taken": 1}
    with pytest.raises(NotFound):
        here.desk.devices.get(stranger, "D1")
    with pytest.raises(NotAllowed):
        here.send(here.row(1), by=Principal(name="p", role=Role.PILOT))


def test_a_unit_that_breaks_loses_and_keeps_all_of_a_batch(
    here: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.device()
    rows = [here.row(11, minutes=m - 3) for m in range(3)]

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("missions.signals.readings._Batch._keep", broken)
        with pytest.raises(RuntimeError):
            here.send(*rows)
    with here.store.view() as unit:
        assert not unit.gauges.find()
        assert not unit.signals.find()
        assert not unit.alerts.find()
    assert len(here.send(*rows).signals) == 1


def test_rule_states_outlive_the_process(
    preset: Preset, clock: ManualClock, tmp_path: Path
) -> None:
    store = SqlStore(tmp_path / "f.db")
    first = city(preset, clock, store, tmp_path)
    first.device()
    first.send(first.row(11))
    store.close()
    clock.advance(60)
    store = SqlStore(tmp_path / "f.db")
    second = city(preset, clock, store, tmp_path)
    assert len(second.send(second.row(12)).signals) == 1
    store.close()


def test_a_silent_device_is_told_once_and_heard_again(here: City) -> None:
    here.device("S1", "smoke")
    listen = here.desk._listener.run
    here.send(here.row(1, device="S1"))
    assert not listen()
    here.clock.advance(31 * 60)
    (silent,) = listen()
    assert (silent.source, silent.matter) == (Source.SILENCE, "01-01")
    here.clock.advance(600)
    assert not listen()
    assert here.desk.devices.get(GATEWAY, "S1").gauge.silent == silent.id
    here.send(here.row(1, device="S1"))
    assert here.desk.devices.get(GATEWAY, "S1").gauge.silent == ""
    assert here.desk.get(GATEWAY, silent.id).signal.cleared_at is not None


def test_many_devices_silent_at_once_are_one_outage(here: City) -> None:
    for n in range(6):
        here.device(f"S{n}", "smoke", lon=LON + n / 100)
    here.send(*(here.row(1, device=f"S{n}") for n in range(6)))
    here.desk._listener.run()
    here.clock.advance(3600)
    (one,) = here.desk._listener.run()
    assert one.source is Source.OUTAGE
    assert "6 devices" in one.text
    assert not here.desk._listener.run()


def test_a_service_that_stood_still_takes_nobody_for_silent(here: City) -> None:
    here.device("S1", "smoke")
    here.send(here.row(1, device="S1"))
    here.clock.advance(86_400)
    assert not here.desk._listener.run()  # the first look after the start
    here.clock.advance(1900)
    assert here.desk._listener.run()


Draft = Callable[..., DeviceDraft]


def test_bad_devices_are_refused_one_by_one(here: City) -> None:
    plain = {"kind": "level", "lon": LON, "lat": LAT, "department": "urban"}
    drafts = [
        DeviceDraft(id="ok", **plain),
        DeviceDraft(id="no/good", **plain),
        DeviceDraft(id="k", **{**plain, "kind": "x"}),
        DeviceDraft(id="far", **{**plain, "lon": 10.0}),
        DeviceDraft(id="swapped", **{**plain, "lon": LAT, "lat": LON}),
        DeviceDraft(id="nan", **{**plain, "lon": math.nan}),
        DeviceDraft(id="d", **{**plain, "department": "x"}),
        DeviceDraft(id="r", **plain, limits={"x": {"limit": 1, "clear": 1}}),
        DeviceDraft(id="c", **plain, limits={"high": {"limit": 5, "clear": 6}}),
        DeviceDraft(id="b", **plain, limits={"high": {"limit": 5}}),
        DeviceDraft(id="h", **plain, limits={"high": {"limit": 500, "clear": 6}}),
    ]
    verdicts = here.desk.devices.register(LOCAL_OPERATOR, drafts)
    assert [v.verdict for v in verdicts] == ["new", *["refused"] * 10]
    assert all(v.detail and v.remedy for v in verdicts[1:])
    assert [v.device.id for v in here.desk.devices.list(LOCAL_OPERATOR).items] == ["ok"]


def test_registering_again_changes_and_is_in_the_trail(here: City) -> None:
    here.device()
    here.device()
    here.device(name="Bridge", limits={"high": {"limit": 30, "clear": 25}})
    view = here.desk.devices.get(GATEWAY, "D1")
    assert view.device.name == "Bridge"
    assert view.device.county == "a"
    with here.store.view() as unit:
        actions = [e.action for e in unit.log.find() if e.action.startswith("device.")]
    assert actions == ["device.register", "device.change"]
    with pytest.raises(NotAllowed):
        here.desk.devices.register(GATEWAY, [DeviceDraft(id="x", kind="level", lon=LON, lat=LAT)])


def test_ten_thousand_devices_are_taken_at_once(
    preset: Preset, clock: ManualClock, tmp_path: Path
) -> None:
    here = city(preset, clock, MemoryStore(), tmp_path)
    drafts = [
        DeviceDraft(id=f"D{n}", kind="level", lon=LON, lat=LAT, department="urban")
        for n in range(10_000)
    ]
    verdicts = here.desk.devices.register(LOCAL_OPERATOR, drafts)
    assert {v.verdict for v in verdicts} == {"new"}
    answer = here.send(*(here.row(1, device=f"D{n}") for n in range(10_000)))
    assert answer.counts == {"taken": 10_000}
    assert clock.now() - here.desk.devices.get(GATEWAY, "D1").gauge.received_at == timedelta(0)
