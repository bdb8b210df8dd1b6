"""One place is one anomaly, one case; an urgent find raises the alarm once."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from core.clock import ManualClock
from core.geo import LonLat, offset
from missions.entities import AnomalyState, CaseState
from missions.operations.finds import Finds
from missions.operations.room import ControlRoom, Watchers
from missions.presets import Preset
from missions.store import MemoryStore
from thermal.detection.check import Find
from thermal.detection.detect import Kind
from thermal.places.locate import Ellipse

PLACE = LonLat(118.55, 28.505)


@pytest.fixture
def room(preset: Preset, clock: ManualClock) -> ControlRoom:
    nothing: Any = None
    return ControlRoom(
        preset=preset,
        clock=clock,
        records=MemoryStore(),
        media=nothing,
        logs=nothing,
        fleet=nothing,
        pool=nothing,
        planning=nothing,
        watchers=Watchers(),
    )


def find(
    position: LonLat = PLACE,
    peak_c: float = 400.0,
    pixel: tuple[float, float] = (4.0, 4.0),
) -> Find:
    return Find(
        event_type="01-01",
        position=position,
        altitude_m=100.0,
        error=Ellipse(semi_major_m=6.0, semi_minor_m=5.0, bearing_deg=0.0),
        peak_c=peak_c,
        background_c=25.0,
        contrast_k=peak_c - 25.0,
        score=50.0,
        area_px=9,
        pixel=pixel,
        frame=(128, 160),
        kind=Kind.HOT,
        severity=4,
    )


def seen(*found: Find) -> Any:
    """What the thermal check says of a photograph."""
    pose = SimpleNamespace(horizontal_sigma_m=2.0)
    return SimpleNamespace(
        finds=found,
        inspected=SimpleNamespace(metadata=SimpleNamespace(pose=pose)),
        stats=SimpleNamespace(corrected=True),
    )


def take(room: ControlRoom, finds: Finds, make: Any, name: str, *found: Find) -> None:
    """One photograph that showed these."""
    medium = make.medium(name, sha256=name, taken_at=room.now())
    checked = seen(*found)
    with room.unit() as unit:
        unit.media.add(medium)
        finds.take(unit, medium, checked)
    finds.announce()


def test_overlapping_frames_make_one_anomaly_one_case_and_one_alarm(
    room: ControlRoom, make: Any
) -> None:
    alarms: list[str] = []
    finds = Finds(room)
    finds.on_urgent = alarms.append
    for n, metres in enumerate((0.0, 4.0, 7.0)):
        take(room, finds, make, f"med-{n}", find(offset(PLACE, 90.0, metres)))
    with room.unit() as unit:
        (anomaly,) = unit.anomalies.find()
        (case,) = unit.cases.find()
        (event,) = unit.events.find()
        assert [m.cases for m in unit.media.find()] == [(case.id,)] * 3
    assert anomaly.sightings == 3
    assert [h.medium_id for h in anomaly.history] == ["med-0", "med-1", "med-2"]
    assert alarms == [case.id] == [anomaly.case_id] == [event.case_id]
    assert case.state is CaseState.DISPATCHED


def test_a_second_spot_of_the_same_fire_joins_its_case(room: ControlRoom, make: Any) -> None:
    finds = Finds(room)
    take(room, finds, make, "med-0", find())
    take(room, finds, make, "med-1", find(offset(PLACE, 0.0, 90.0)))
    with room.unit() as unit:
        assert unit.anomalies.count() == 2
        (case,) = unit.cases.find()
    assert len(case.anomaly_ids) == 2


def test_fires_far_apart_are_two_cases(room: ControlRoom, make: Any) -> None:
    finds = Finds(room)
    take(room, finds, make, "med-0", find(), find(offset(PLACE, 0.0, 900.0)))
    with room.unit() as unit:
        assert unit.cases.count() == 2


def test_a_cold_place_that_burns_again_reopens_its_case(
    room: ControlRoom, make: Any, clock: ManualClock
) -> None:
    finds = Finds(room)
    take(room, finds, make, "med-0", find())
    with room.unit() as unit:
        (case,) = unit.cases.find()
        (anomaly,) = unit.anomalies.find()
        closed = replace(case, state=CaseState.CLOSED)
        unit.cases.put(closed)
        unit.anomalies.put(replace(anomaly, state=AnomalyState.COLD))
    clock.advance(timedelta(hours=1).total_seconds())
    take(room, finds, make, "med-1", find(peak_c=180.0))
    with room.unit() as unit:
        (again,) = unit.cases.find()
        (anomaly,) = unit.anomalies.find()
        kinds = [a.kind for a in unit.alerts.find()]
    assert again.id == case.id
    assert again.state is CaseState.DISPATCHED
    assert anomaly.state is AnomalyState.OPEN
    assert kinds == ["find", "reignition"]


def test_what_is_found_is_shared_with_those_who_may_see_the_photograph(
    room: ControlRoom, make: Any
) -> None:
    finds = Finds(room)
    medium = make.medium("med-0", department="urban", shared_with=("ecology",))
    checked = seen(find())
    with room.unit() as unit:
        unit.media.add(medium)
        finds.take(unit, medium, checked)
        (case,) = unit.cases.find()
    assert {case.department, *case.shared_with} >= {"urban", "ecology"}


def test_the_case_shows_the_find_in_the_middle_of_a_photograph(
    room: ControlRoom, make: Any
) -> None:
    finds = Finds(room)
    take(room, finds, make, "med-edge", find())
    take(room, finds, make, "med-middle", find(pixel=(82.0, 60.0)))
    take(room, finds, make, "med-edge-again", find())
    with room.unit() as unit:
        (case,) = unit.cases.find()
    assert case.before == ("med-middle", "med-edge")
