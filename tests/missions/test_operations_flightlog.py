"""A flown flight has a log that others replay, and is told how closely it kept to its plan."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flying_range as rig
import pytest
from pymavlink import mavutil

from core.conformity import Conformity, Deviation, Limits, Spread
from core.geo import FlatGround, LonLat
from missions.entities import FlightState
from missions.operations import conduct, flightlog
from missions.operations.flightlog import measure, path_of, told
from missions.presets import Preset

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
HERE = LonLat(118.8, 28.9)


@pytest.fixture
async def world(preset: Preset, tmp_path: Path) -> AsyncIterator[Any]:
    made = rig.Range(rig.with_docks(preset, rig.A, rig.B), tmp_path)
    yield made
    await made.stop()


class _Flat:
    """A worker's bench over flat ground."""

    heights = FlatGround(0.0)


async def test_a_flight_is_logged_and_measured_against_its_plan(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flightlog, "workbench", _Flat)
    room = await world.controller()
    flight = rig.a_flight(room)
    ended = await conduct.conduct(room, flight)
    assert ended.state is FlightState.DONE
    await measure(room, ended)
    found = rig.stored(room, flight.id).conformity
    assert found is not None
    assert found.flown == 1.0
    assert found.sideways_m is not None
    assert found.sideways_m.p95 < Limits().sideways_m
    assert found.height_m is not None
    assert found.height_m.p95 < Limits().height_m
    with room.view() as unit:
        diary = [entry.text for entry in unit.log.find(subject=flight.id)]
    assert any("100% of the route" in line for line in diary)
    kinds = _replayed(path_of(room, flight))
    for wanted in ("GLOBAL_POSITION_INT", "COMMAND_ACK", "MISSION_ITEM_INT", "COMMAND_LONG"):
        assert wanted in kinds


def _replayed(path: Path) -> set[str]:
    """The kinds of message that mavutil, which MAVProxy replays logs with, finds in a log."""
    log: Any = mavutil.mavlink_connection(str(path))
    kinds = set()
    while (message := log.recv_match()) is not None:
        kinds.add(message.get_type())
    log.close()
    return kinds


async def test_a_folder_that_cannot_be_written_grounds_no_drone(world: Any) -> None:
    room = await world.controller()
    room.logs.write_text("a file where the folder should be")
    ended = await conduct.conduct(room, rig.a_flight(room, legs=1))
    assert ended.state is FlightState.DONE
    with room.view() as unit:
        said = [a.text for a in unit.alerts.find()]
    assert any("no telemetry log is kept" in text for text in said)
    await measure(room, ended)
    assert rig.stored(room, ended.id).conformity is None


def test_a_sentence_names_what_was_off() -> None:
    spread = Spread(median=1.0, p95=2.0, most=30.0)
    good = Conformity(
        sideways_m=spread, height_m=spread, flown=1.0, took_off_late_s=3.0, landed_late_s=-60.0,
        pace=1.0, deviations=(), as_planned=True,
    )  # fmt: skip
    assert told(good)[0].startswith("flown as planned: 100% of the route")
    off = Deviation(kind="sideways", start=NOW, end=NOW, worst=30.0, place=HERE)
    text, text_zh = told(replace(good, flown=0.4, deviations=(off,), as_planned=False))
    assert text.startswith("not flown as planned: 40% of the route")
    assert "at most 30 m (sideways)" in text
    assert text_zh.startswith("偏离计划")
