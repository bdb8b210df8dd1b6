"""Whatever comes back in a transfer, asks for ground, or calls itself a dock: named or nothing."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.geo import FlatGround, HeightGrid, LonLat
from fleet.docks.dock_messages import read_answer, read_report
from fleet.messages import (
    Message,
    MissionAck,
    MissionCount,
    MissionItem,
    MissionRequest,
    TerrainRequest,
)
from fleet.plans.fence import Circle, Fence
from fleet.plans.flightplan import FlightPlan
from fleet.plans.mission import Mission
from fleet.plans.rally import RallyPoint
from fleet.terrain import answers
from fleet.uploads.gate import Emptying, Gate, Inventory
from fleet.uploads.transfer import Clear, Download, Recount, Upload

EFFORT = max(1, int(os.environ.get("FLYONCE_FUZZ", "1")))
HOME = LonLat(118.87, 28.95)
STEPS_MOST = 4000
F32 = st.floats(width=32)
ITEMS = tuple(
    MissionItem(seq=n, command=c, frame=6, x=289500000, y=1188700000, z=30.0)
    for n, c in enumerate((16, 22, 16, 20))
)
PLAN = FlightPlan(
    Mission(ITEMS),
    Fence(inclusions=(Circle(HOME, 500.0),)),
    (RallyPoint(HOME, 40),),
)
KIND = st.integers(0, 2) | st.integers(0, 255)
SEQ = st.integers(0, 6) | st.integers(0, 65535)
REPLIES: st.SearchStrategy[Message | None] = st.none() | st.one_of(
    st.builds(MissionCount, count=SEQ, mission_type=KIND),
    st.builds(MissionRequest, seq=SEQ, mission_type=KIND, old=st.booleans()),
    st.builds(MissionAck, result=st.integers(0, 15) | st.integers(0, 255), mission_type=KIND),
    st.builds(
        MissionItem,
        seq=SEQ,
        command=st.sampled_from((16, 20, 22, 5000, 5001, 5003, 5100, 65535)),
        frame=st.integers(0, 255),
        params=st.tuples(F32, F32, F32, F32),
        x=st.integers(-(2**31), 2**31 - 1),
        y=st.integers(-(2**31), 2**31 - 1),
        z=F32,
        mission_type=KIND,
    ),
)


def machines() -> list[Any]:
    return [
        Upload(ITEMS), Download(), Download(window=8), Clear(), Recount(3),
        Gate(PLAN), Gate(PLAN, window=8, home_item=False), Inventory(), Emptying(),
    ]  # fmt: skip


@settings(max_examples=60 * EFFORT, deadline=None)
@given(st.lists(REPLIES, max_size=80))
def test_no_sequence_of_replies_breaks_or_hangs_a_transfer(replies: list[Message | None]) -> None:
    for machine in machines():
        machine.begin()
        for reply in replies:
            if machine.finished:
                break
            machine.overdue() if reply is None else machine.receive(reply)
        for _ in range(STEPS_MOST):
            if machine.finished:
                break
            machine.overdue()
        assert machine.finished


@settings(max_examples=60 * EFFORT, deadline=None)
@given(st.lists(REPLIES, max_size=80))
def test_the_gate_never_passes_a_plan_that_was_not_read_back(replies: list[Message | None]) -> None:
    gate = Gate(PLAN)
    gate.begin()
    for reply in replies:
        if not gate.finished:
            gate.overdue() if reply is None else gate.receive(reply)
    if gate.finished and gate.problem is None:
        assert {k: len(v) for k, v in gate.stored.items()} == {
            k: len(v) for k, v in PLAN.items.items()
        }


RIDGE = HeightGrid(
    heights_m=np.linspace(0, 3000, 64).reshape(8, 8), west=118.0, south=28.0, step=0.2
)


@settings(max_examples=60 * EFFORT, deadline=None)
@given(
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(0, 65535),
    st.frozensets(st.integers(0, 63), max_size=6),
    st.sampled_from((FlatGround(70.0), RIDGE)),
)
def test_ground_is_told_for_any_place(
    lat_e7: int, lon_e7: int, spacing_m: int, wanted: frozenset[int], ground: Any
) -> None:
    asked = TerrainRequest(
        lat_e7=lat_e7, lon_e7=lon_e7, spacing_m=spacing_m, wanted=tuple(sorted(wanted))
    )
    for square in answers(asked, ground):
        assert len(square.heights_m) == 16
        assert all(-500 <= height <= 9000 for height in square.heights_m)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
REPORT: dict[str, Any] = {
    "v": 1, "dock": "T-1", "boot": "a", "seq": 7, "age_s": 0.1, "door": "closed",
    "door_travel_s": 20.0, "pad": "occupied", "occupant": "T-1", "charger": "charging",
    "charge": 0.5, "emergency_stop": False, "faults": [],
    "command": {"id": "c", "state": "done", "reason": None},
    "weather": {
        "age_s": 1.0, "wind_mps": 3.0, "gust_mps": 5.0, "wind_from_deg": 90, "rain_mmph": 0.0,
        "temperature_c": 20.0,
    },
}  # fmt: skip


@settings(max_examples=150 * EFFORT, deadline=None)
@given(
    st.sampled_from(sorted(REPORT)), JSON, st.sampled_from(sorted(REPORT["weather"])), JSON, JSON
)
def test_a_dock_is_believed_or_refused_by_name(
    field: str, value: Any, reading: str, measured: Any, whole: Any
) -> None:
    at = datetime(2026, 5, 12, tzinfo=UTC)
    weather = {**REPORT["weather"], reading: measured}
    for body in ({**REPORT, field: value}, {**REPORT, "weather": weather}, whole):
        for read in (lambda b: read_report(b, at), read_answer):
            with suppress(InvalidInput):
                read(body)
