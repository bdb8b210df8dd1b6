"""The report counts what the records hold, and nothing else."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from shapely.geometry import box, mapping

from core.clock import ManualClock
from core.equipment import Sensor
from imagery.catalog import MediumState
from missions.entities import (
    Answer,
    CaseState,
    CaseStep,
    FlightState,
    Recheck,
    RequestState,
    TaskState,
    Verdict,
)
from missions.operations.room import ControlRoom, Watchers
from missions.presets import Preset
from missions.report import Reporter
from missions.store import MemoryStore

PROMISED = {
    "drones",
    "scenarios",
    "tasks",
    "flights",
    "km_flown",
    "km_separate",
    "territory_share",
    "media",
    "anomalies",
    "events",
    "cases",
    "fire",
}


@pytest.fixture
def room(preset: Preset, clock: ManualClock) -> ControlRoom:
    nothing: Any = None
    fleet: Any = SimpleNamespace(states=dict)
    return ControlRoom(
        preset=preset,
        clock=clock,
        records=MemoryStore(),
        media=nothing,
        logs=nothing,
        fleet=fleet,
        pool=nothing,
        planning=nothing,
        watchers=Watchers(),
    )


def test_an_empty_day_reports_zeros_and_no_claims(room: ControlRoom) -> None:
    figures = Reporter(room).figures()
    assert set(figures) >= PROMISED
    assert figures["flights"] == 0
    assert figures["km_separate"] is None
    assert figures["territory_share"] == {"day": 0.0, "day_planned": None, "week_planned": None}
    assert figures["fire"] == {"cases": 0, "timeline": []}


def test_flights_tasks_and_refusals_are_counted(room: ControlRoom, make: Any) -> None:
    why = Answer(text="no drone", text_zh="无", code="no_capacity")
    with room.unit() as unit:
        unit.requests.add(make.request("req-1", state=RequestState.ANSWERED))
        unit.tasks.add(make.task("tsk-1", state=TaskState.FLOWN, flight_id="flt-1"))
        unit.tasks.add(make.task("tsk-2", state=TaskState.REFUSED, refusal=why))
        unit.flights.add(make.flight("flt-1", state=FlightState.DONE, photos_taken=3, km=10.0))
        unit.flights.add(make.flight("flt-2", state=FlightState.PLANNED, km=99.0))
    figures = Reporter(room).figures()
    assert (figures["flights"], figures["km_flown"]) == (1, 10.0)
    assert figures["tasks"]["flown"] == 1
    assert figures["tasks"]["refused"] == {"no_capacity": 1}
    assert figures["media"]["taken"] == 3
    assert figures["scenarios"]["flown"] == 1


@pytest.mark.parametrize(("gsd_m", "counted"), [(0.05, True), (0.5, False)])
def test_only_photographs_sharp_enough_count_for_the_territory(
    room: ControlRoom, make: Any, gsd_m: float, counted: bool
) -> None:
    ground = mapping(box(118.5, 28.5, 118.6, 28.6))
    seen = {"sensor": Sensor.VISIBLE, "footprint": ground, "gsd_m": gsd_m, "tasks": ("tsk-1",)}
    with room.unit() as unit:
        unit.tasks.add(make.task("tsk-1", gsd_m=0.1))
        unit.media.add(make.medium("med-1", state=MediumState.KEPT, **seen))
        unit.media.add(make.medium("med-2", sha256="2", state=MediumState.DROPPED, **seen))
    reporter = Reporter(room)
    share = reporter.figures()["territory_share"]["day"]
    assert (share > 0.03) == counted
    assert reporter.figures()["territory_share"]["day"] == share


def test_the_fires_minutes_run_from_its_alert_to_the_last_verdict(
    room: ControlRoom, make: Any
) -> None:
    start = room.now()
    looks = tuple(
        Recheck(
            at=start,
            request_id="req-1",
            verdict=verdict,
            peak_c=peak,
            looked_at=start + timedelta(minutes=minutes),
        )
        for minutes, verdict, peak in ((40, Verdict.HOT, 90.0), (70, Verdict.COLD, 30.0))
    )
    case = make.case(
        event_type="01-01",
        opened_at=start,
        state=CaseState.CLOSED,
        closed_at=start + timedelta(minutes=70),
        rechecks=looks,
        steps=(CaseStep(step="collected", at=start, by="service"),),
    )
    with room.unit() as unit:
        unit.cases.add(case)
    fire = Reporter(room).figures()["fire"]
    assert (fire["alert_to_recheck_min"], fire["verdict"]) == (70.0, Verdict.COLD)
    times = [line["at"] for line in fire["timeline"]]
    assert times == sorted(times)
    assert len(times) == 3
