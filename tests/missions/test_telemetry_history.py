"""Where drones were: thinned truly, seen by whom a flight served, let go by rule, not before."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import flying_range as rig
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput, NotFound
from core.geo import FlatGround, distance_m
from fleet.links import tlog
from missions.access import Principal, Role
from missions.catalog.retention import load_retention
from missions.entities import Flight, FlightState
from missions.operations import conduct, flightlog
from missions.operations.flightlog import measure, path_of
from missions.presets import Preset
from missions.store import MemoryStore
from missions.telemetry import keeping
from missions.telemetry.history import TelemetryHistory
from missions.telemetry.rules import load_rules
from missions.telemetry.thinning import LONGEST_S, TOLERANCE_M, thinned
from missions.telemetry.track import Track, clipped

FOREST = Principal(name="Fang", role=Role.MEMBER, department="forestry")
WATER = Principal(name="Wu", role=Role.MEMBER, department="water")
NOW = datetime(2026, 5, 12, 1, tzinfo=UTC)


@given(
    st.lists(
        st.tuples(st.floats(0.05, 120), st.floats(-40, 40), st.floats(-40, 40), st.floats(-5, 5)),
        max_size=120,
    )
)
def test_a_thinned_track_is_never_farther_off_than_it_says(
    steps: list[tuple[float, float, float, float]],
) -> None:
    seconds = np.cumsum([s[0] for s in steps]) if steps else np.zeros(0)
    metres = np.cumsum([s[1:] for s in steps], axis=0) if steps else np.zeros((0, 3))
    keep = thinned(seconds, metres)
    if not steps:
        assert not len(keep)
        return
    assert keep[0]
    assert keep[-1]
    way = [np.interp(seconds, seconds[keep], metres[keep, k]) for k in range(3)]
    off_m = np.linalg.norm(np.column_stack(way) - metres, axis=1)
    assert float(off_m.max()) <= TOLERANCE_M + 1e-6
    at = np.flatnonzero(keep)
    for first, last in pairwise(at):
        assert last == first + 1 or seconds[last] - seconds[first] <= LONGEST_S


def test_a_straight_flight_needs_few_positions() -> None:
    seconds = np.arange(0, 300, 0.2)
    metres = np.column_stack((15 * seconds, 0 * seconds, 60 + 0 * seconds))
    assert thinned(seconds, metres).sum() <= 10


@pytest.fixture
async def flown(
    preset: Preset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Any, Flight]]:
    """A room, and a flight in it that was flown and measured."""

    class Flat:
        heights = FlatGround(0.0)

    monkeypatch.setattr(flightlog, "workbench", Flat)
    world = rig.Range(rig.with_docks(preset, rig.A, rig.B), tmp_path)
    room = await world.controller()
    ended = await conduct.conduct(room, rig.a_flight(room))
    await measure(room, ended)
    yield room, ended
    await world.stop()


async def test_the_track_of_a_flight_follows_its_log_and_is_small(flown: Any) -> None:
    room, flight = flown
    track = await TelemetryHistory(room).track(FOREST, flight.id)
    samples = tlog.flown(path_of(room, flight))
    assert track.fixes == len(samples)
    assert len(track.t_ds) < len(samples) / 4
    seconds = [(s.at - track.start).total_seconds() for s in samples]
    kept_s = np.array(track.t_ds) / 10
    lons = np.interp(seconds, kept_s, np.array(track.lon_e7) / 1e7)
    lats = np.interp(seconds, kept_s, np.array(track.lat_e7) / 1e7)
    off = [
        distance_m(s.position, type(s.position)(float(lon), float(lat)))
        for s, lon, lat in zip(samples, lons, lats, strict=True)
    ]
    assert max(off) < TOLERANCE_M + 1.0, "thinning, and a tenth of a second at cruise speed"
    assert all(0 <= b <= 100 for b in track.battery_pct)


async def test_replay_shows_a_span_of_time_and_only_what_one_may_see(flown: Any) -> None:
    room, flight = flown
    history = TelemetryHistory(room)
    whole = await history.track(FOREST, flight.id)
    middle = whole.start + (whole.end - whole.start) / 2
    span = {"start": middle, "end": middle + timedelta(seconds=30)}
    (seen,) = history.replay(FOREST, **span).items
    assert seen.id == flight.id
    assert 2 <= len(seen.t_ds) < len(whole.t_ds)
    assert not history.replay(WATER, **span).items
    with pytest.raises(NotFound):
        await history.track(WATER, flight.id)
    late = whole.end + timedelta(hours=1)
    assert not history.replay(FOREST, start=late, end=late + timedelta(hours=1)).items
    for first, last in ((late, late), (late, late - timedelta(1)), (late, late + timedelta(8))):
        with pytest.raises(InvalidInput, match=r"ends|week"):
            history.replay(FOREST, start=first, end=last)


def test_a_cut_reaches_over_both_its_ends() -> None:
    track = a_track("flt-1", NOW, points=10)
    cut = clipped(track, NOW + timedelta(seconds=32), NOW + timedelta(seconds=48))
    assert cut.t_ds == (300, 400, 500)


def left(logs: Path) -> list[str]:
    return sorted(p.name for p in logs.rglob("*.tlog"))


def a_track(flight_id: str, end: datetime, points: int = 3) -> Track:
    column = tuple(range(points))
    return Track(
        id=flight_id,
        vehicle="TC-01",
        day=end.date(),
        departments=("forestry",),
        start=end,
        end=end,
        t_ds=tuple(100 * n for n in column),
        lon_e7=column,
        lat_e7=column,
        alt_dm=column,
        heading_deg=column,
        speed_dmps=column,
        battery_pct=column,
        fixes=points,
        log_sha256="ab",
        log_bytes=10,
    )


async def test_logs_go_by_rule_incidents_later_and_tracks_last(flown: Any, tmp_path: Path) -> None:
    room, flight = flown
    logs = tmp_path / "other"
    store, rules = MemoryStore(), load_rules()
    retention = load_retention(room.preset.scenarios, strict=False)
    plain = replace(flight, id="flt-plain", state=FlightState.DONE, case_id=None)
    odd = replace(flight, id="flt-odd", state=FlightState.DIVERTED)
    with store.unit() as unit:
        for one in (plain, odd):
            unit.flights.add(one)
            keeping.keep(unit, a_track(one.id, NOW), NOW)
            path = keeping.path_of(logs, unit.tracks.get(one.id))
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_bytes(b"0123456789")

    def swept(after: timedelta) -> tuple[int, int]:
        gone = keeping.sweep(store, logs, rules, retention, NOW + after)
        return gone.logs, gone.tracks

    day = timedelta(days=1)
    assert swept(rules.logs - day) == (0, 0)
    assert swept(rules.logs + day) == (1, 0)
    assert left(logs) == ["flt-odd.tlog"]
    assert swept(rules.incident_logs + day) == (1, 0)
    assert swept(rules.tracks + day) == (0, 2)
    with store.view() as unit:
        assert not unit.tracks.count()
        said = [e.action for e in unit.log.find(subject="flt-odd")]
    assert said == ["telemetry.kept", "telemetry.log_deleted", "telemetry.track_deleted"]
