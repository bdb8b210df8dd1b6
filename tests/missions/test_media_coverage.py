"""What was really photographed: gaps are flown again, with an end; what is known is not flown."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from media_desk import Desk, opened
from shapely.geometry import mapping, shape

from core.clock import ManualClock
from core.equipment import Sensor
from core.geo import LocalFrame, LonLat
from imagery.quality import Quality
from missions.entities import Answer, FlightState, Origin, Request, RequestState, TaskState
from missions.media.refly import ATTEMPTS, close_gaps
from missions.presets import Preset
from missions.store import MemoryStore

MIDDLE = LonLat(118.57, 28.56)
FRAME = LocalFrame(MIDDLE)
WIDTH_M, LENGTH_M = 80.0, 60.0
FRONT, SIDE = 0.7, 0.6
HALF_M = 120.0


@pytest.fixture
async def desk(preset: Preset, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(preset, clock, MemoryStore(), tmp_path) as made:
        yield made


def frames(make: Any, clock: ManualClock, lost: Any = (), **changes: Any) -> list[Any]:
    """A lawn-mower flight's photographs over the square; ``lost`` holds (line, number)."""
    found = []
    for i, x in enumerate(np.arange(-HALF_M, HALF_M + 1, WIDTH_M * (1 - SIDE))):
        for j, y in enumerate(np.arange(-HALF_M, HALF_M + 1, LENGTH_M * (1 - FRONT))):
            if (i, j) in lost:
                continue
            w, h = WIDTH_M / 2, LENGTH_M / 2
            ring = [(x - w, y + h), (x + w, y + h), (x + w, y - h), (x - w, y - h)]
            given = {
                "footprint": mapping(FRAME.to_degrees(shapely.Polygon(ring))),
                "position": FRAME.point(x, y),
                "height_m": 80.0,
                "taken_at": clock.now() - timedelta(hours=1),
                "sensor": Sensor.VISIBLE,
                "gsd_m": 0.05,
                "department": "forestry",
                "tasks": ("tsk-1",),
                **changes,
            }
            found.append(make.medium(f"med-{i}-{j}", sha256=f"{i:032x}{j:032x}", **given))
    return found


def story(desk: Desk, make: Any, clock: ManualClock, media: Any, **changes: Any) -> Any:
    """A flown task with its request and photographs; returns the flight."""
    square = mapping(FRAME.to_degrees(shapely.box(-HALF_M, -HALF_M, HALF_M, HALF_M)))
    asked = {
        "geometry": square,
        "kind": "area",
        "sensor": Sensor.VISIBLE,
        "gsd_m": 0.05,
        "front_overlap": FRONT,
        "side_overlap": SIDE,
        "state": RequestState.ANSWERED,
        "answer": Answer(text="photographed", text_zh="已拍摄"),
        "task_ids": ("tsk-1",),
        "latest": clock.now() + timedelta(hours=4),
        **changes,
    }
    with desk.room.unit() as unit:
        unit.requests.add(make.request(**asked))
        unit.tasks.add(
            make.task(geometry=square, sensors=(Sensor.VISIBLE,), gsd_m=0.05, state=TaskState.FLOWN)
        )
        flight = make.flight(state=FlightState.DONE)
        unit.flights.add(flight)
        unit.media.add_all(media)
    return flight


def reflights(desk: Desk) -> list[Request]:
    with desk.room.view() as unit:
        return unit.requests.find(origin=Origin.REFLY)


async def test_a_flight_without_losses_orders_nothing(
    desk: Desk, make: Any, clock: ManualClock
) -> None:
    flight = story(desk, make, clock, frames(make, clock))
    assert await close_gaps(desk.room, flight) == []
    assert reflights(desk) == []


async def test_lost_photographs_are_flown_again_and_only_they(
    desk: Desk, make: Any, clock: ManualClock, member: Any
) -> None:
    lost = {(i, j) for i in (2, 3) for j in (4, 5, 6)}
    flight = story(desk, make, clock, frames(make, clock, lost))
    made = await close_gaps(desk.room, flight)
    assert await close_gaps(desk.room, flight) == []  # settled twice is asked once
    assert [r.id for r in reflights(desk)] == [r.id for r in made]
    again = made[0]
    assert (again.refly_of, again.attempt, again.origin) == ("req-1", 1, Origin.REFLY)
    assert (again.scenario, again.department) == ("fire", "forestry")
    gap = FRAME.to_metres(shape(again.geometry))
    holes = len(lost) * WIDTH_M * (1 - SIDE) * LENGTH_M * (1 - FRONT)
    assert holes * 0.7 < gap.area < holes * 1.8
    assert gap.area < 0.25 * (2 * HALF_M) ** 2
    with desk.room.view() as unit:
        answer = unit.requests.get("req-1").answer
    assert answer is not None
    assert again.id in answer.text
    async with desk.client(member("forestry")) as client:
        told = (await client.get("/api/v1/requests/req-1/coverage?counts=true")).json()
        same = (await client.get("/api/v1/tasks/tsk-1/coverage")).json()
    async with desk.client(member("urban")) as other:
        for where in ("tasks/tsk-1", "requests/req-1"):
            assert (await other.get(f"/api/v1/{where}/coverage")).status_code == 404
    kinds = [f["properties"]["what"] for f in told["features"]]
    assert kinds[:2] == ["task", "gap"]
    assert "count" in kinds
    facts = told["features"][0]["properties"]
    assert 0.8 < facts["share"] < 0.98
    assert facts["seen"] > 0.99  # neighbours show nearly all of it, at a smaller overlap
    assert same["features"][0]["properties"] == facts


async def test_a_part_that_is_still_to_be_flown_is_no_gap(
    desk: Desk, make: Any, clock: ManualClock
) -> None:
    lost = {(i, j) for i in range(4, 9) for j in range(20)}
    both = ("tsk-1", "tsk-2")
    flight = story(desk, make, clock, frames(make, clock, lost), task_ids=both)
    with desk.room.unit() as unit:
        whole = unit.tasks.get("tsk-1")
        unit.tasks.add(replace(whole, id="tsk-2", state=TaskState.PLANNED))
    assert await close_gaps(desk.room, flight) == []
    with desk.room.unit() as unit:
        unit.tasks.put(replace(whole, id="tsk-2"))
        for medium in frames(make, clock, tasks=("tsk-2",)):
            if not unit.media.exists(medium.id):
                unit.media.add(medium)
    assert await close_gaps(desk.room, flight) == []  # the other part's photographs count


async def test_photographs_too_coarse_do_not_count(
    desk: Desk, make: Any, clock: ManualClock
) -> None:
    flight = story(desk, make, clock, frames(make, clock, gsd_m=0.08))
    made = await close_gaps(desk.room, flight)
    assert len(made) == 1
    assert FRAME.to_metres(shape(made[0].geometry)).area > 0.9 * (2 * HALF_M) ** 2


async def test_re_flights_end_and_a_person_is_told(
    desk: Desk, make: Any, clock: ManualClock
) -> None:
    flight = story(desk, make, clock, [], attempt=ATTEMPTS, origin=Origin.REFLY)
    assert await close_gaps(desk.room, flight) == []
    with desk.room.view() as unit:
        texts = [a.text for a in unit.alerts.find()]
    assert len(texts) == 1
    assert "somebody must decide" in texts[0]


async def test_a_closing_window_is_not_flown_into(
    desk: Desk, make: Any, clock: ManualClock
) -> None:
    soon = clock.now() + timedelta(minutes=10)
    flight = story(desk, make, clock, [], latest=soon)
    assert await close_gaps(desk.room, flight) == []
    with desk.room.view() as unit:
        assert "not flown again" in unit.alerts.find()[0].text


async def test_the_photographs_of_the_first_flight_count_for_its_re_flight(
    desk: Desk, make: Any, clock: ManualClock
) -> None:
    lost = {(i, j) for i in (2, 3) for j in (4, 5, 6)}
    flight = story(desk, make, clock, frames(make, clock, lost))
    again = (await close_gaps(desk.room, flight))[0]
    whole = {m.id: m for m in frames(make, clock)}
    with desk.room.unit() as unit:
        unit.requests.put(replace(again, state=RequestState.ANSWERED, task_ids=("tsk-2",)))
        unit.tasks.add(
            make.task(
                "tsk-2",
                request_ids=(again.id,),
                geometry=again.geometry,
                sensors=(Sensor.VISIBLE,),
                gsd_m=0.05,
                state=TaskState.FLOWN,
            )
        )
        second = make.flight("flt-2", task_ids=("tsk-2",), state=FlightState.DONE)
        unit.flights.add(second)
        for i, j in lost:
            unit.media.add(replace(whole[f"med-{i}-{j}"], tasks=("tsk-2",)))
    assert await close_gaps(desk.room, second) == []


# --- reuse ---------------------------------------------------------------------------------


def question(half_m: float, **changes: Any) -> dict[str, Any]:
    place = mapping(FRAME.to_degrees(shapely.box(-half_m, -half_m, half_m, half_m)))
    return {
        "geometry": place,
        "hours": 3.0,
        "sensor": "visible",
        "gsd_m": 0.05,
        "scenario": "fire",
        **changes,
    }


async def test_whether_a_place_was_photographed_well_enough_is_answered(
    desk: Desk, make: Any, clock: ManualClock, member: Any
) -> None:
    with desk.room.unit() as unit:
        unit.media.add_all(frames(make, clock))
    async with desk.client(member("forestry")) as client:

        async def ask(**body: Any) -> Any:
            return (await client.post("/api/v1/media/answers", json=body)).json()

        yes = await ask(**question(100.0))
        assert (yes["answer"], yes["missing"]) == ("yes", None)
        assert yes["oldest"] == yes["newest"]
        partly = await ask(**question(180.0))
        assert partly["answer"] == "partly"
        missing = FRAME.to_metres(shape(partly["missing"]))
        assert missing.area == pytest.approx((1 - partly["share"]) * 360**2, rel=0.03)
        assert not missing.contains(shapely.Point(0, 0))
        assert (await ask(**question(100.0, hours=0.5)))["answer"] == "no"
        finer = await ask(**question(100.0, gsd_m=0.02))
        assert finer["answer"] == "no"
        assert finer["passed_over"]["too coarse"] > 20
        assert (await client.post("/api/v1/media/answers", json=question(9, hours=0))).is_error
    async with desk.client(member("ecology")) as other:
        answer = await other.post("/api/v1/media/answers", json=question(100.0))
        assert answer.json()["answer"] == "no"  # another department's photographs


async def test_blurred_photographs_do_not_answer(
    desk: Desk, make: Any, clock: ManualClock, member: Any
) -> None:
    blurred = Quality(fine_detail=0.02, contrast=40.0, sharpness=1.0, blur_px=30.0)
    with desk.room.unit() as unit:
        unit.media.add_all(frames(make, clock, quality=blurred))
    async with desk.client(member("forestry")) as client:
        told = (await client.post("/api/v1/media/answers", json=question(100.0))).json()
    assert told["answer"] == "no"
    assert "not good enough for the scenario" in told["passed_over"]


async def test_a_request_flies_only_what_earlier_photographs_do_not_show(
    desk: Desk, make: Any, clock: ManualClock, member: Any
) -> None:
    with desk.room.unit() as unit:
        unit.media.add_all(frames(make, clock))
    body = question(150.0)
    fresh = {"fresh_h": body.pop("hours")}
    window = {
        "earliest": clock.now().isoformat(),
        "latest": (clock.now() + timedelta(hours=3)).isoformat(),
    }
    async with desk.client(member("forestry")) as client:
        made = (await client.post("/api/v1/requests", json={**body, **fresh, **window})).json()
    asked, flown = (FRAME.to_metres(shape(made[name])).area for name in ("asked_for", "geometry"))
    assert asked == pytest.approx(300**2, rel=0.01)
    assert flown < 0.5 * asked
    assert len(made["reused"]) > 20
