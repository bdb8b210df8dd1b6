"""What was photographed lately need not be flown again."""

from datetime import timedelta
from typing import Any

import pytest
import shapely
from shapely.geometry import mapping

from core.clock import ManualClock
from core.equipment import Sensor
from core.geo import LocalFrame, LonLat
from imagery.catalog import MediumState
from missions.demand.reuse import answered
from missions.entities import Origin, RequestState
from missions.store.protocol import Store

MIDDLE = LonLat(118.57, 28.56)
FRAME = LocalFrame(MIDDLE)
LENGTH, WIDTH = 60.0, 80.0
FRONT, SIDE = 0.7, 0.6


def place(metres: Any) -> Any:
    return mapping(FRAME.to_degrees(metres))


def photographed(make: Any, clock: ManualClock, half_m: float, **changes: Any) -> list[Any]:
    """Frames over a square, at the asked overlap."""
    step_x, step_y = WIDTH * (1 - SIDE), LENGTH * (1 - FRONT)
    found = []
    x = -half_m
    while x <= half_m + step_x / 2:
        y = -half_m
        while y <= half_m + step_y / 2:
            frame = shapely.box(x - WIDTH / 2, y - LENGTH / 2, x + WIDTH / 2, y + LENGTH / 2)
            given = {
                "footprint": place(frame),
                "position": FRAME.point(x, y),
                "taken_at": clock.now() - timedelta(hours=1),
                "sensor": Sensor.VISIBLE,
                "gsd_m": 0.05,
                "department": "forestry",
                "state": MediumState.KEPT,
                **changes,
            }
            found.append(make.medium(f"med-{len(found)}", sha256=f"{len(found):064x}", **given))
            y += step_y
        x += step_x
    return found


def wish(make: Any, clock: ManualClock, metres: Any, kind: str = "area", **changes: Any) -> Any:
    given = {
        "geometry": place(metres),
        "kind": kind,
        "sensor": Sensor.VISIBLE,
        "gsd_m": 0.05,
        "front_overlap": FRONT,
        "side_overlap": SIDE,
        "origin": Origin.ASKED,
        "task_ids": (),
        "department": "forestry",
        "earliest": clock.now(),
        "latest": clock.now() + timedelta(hours=4),
    }
    return make.request("req-asked", **{**given, **changes})


@pytest.fixture
def known(store: Store, make: Any, clock: ManualClock) -> Store:
    with store.unit() as unit:
        unit.media.add_all(photographed(make, clock, 200.0))
    return store


def test_fresh_imagery_of_all_of_the_place_answers_without_a_flight(
    known: Store, make: Any, clock: ManualClock
) -> None:
    for metres, kind in (
        (shapely.box(-150, -150, 150, 150), "area"),
        (shapely.LineString([(-150, 0), (150, 40)]), "corridor"),
        (shapely.MultiPoint([(0, 0), (100, -90)]), "points"),
    ):
        with known.view() as unit:
            found = answered(unit, wish(make, clock, metres, kind, width_m=30.0), 3.0, clock.now())
        assert found is not None, kind
        assert found.state is RequestState.ANSWERED
        assert found.answer is not None
        assert "no flight is needed" in found.answer.text
        assert "60 to 60 min" in found.answer.text


@pytest.mark.parametrize(
    "change",
    [
        {"gsd_m": 0.03},
        {"sensor": Sensor.THERMAL},
        {"department": "water"},
        {"front_overlap": 0.9, "side_overlap": 0.9},
    ],
)
def test_imagery_that_is_too_coarse_of_another_sensor_or_not_theirs_does_not(
    known: Store, make: Any, clock: ManualClock, change: dict[str, Any]
) -> None:
    asked = wish(make, clock, shapely.box(-150, -150, 150, 150), **change)
    with known.view() as unit:
        assert answered(unit, asked, 3.0, clock.now()) is None


def test_a_place_that_is_shown_in_part_or_too_long_ago_is_flown(
    known: Store, make: Any, clock: ManualClock
) -> None:
    with known.view() as unit:
        beyond = wish(make, clock, shapely.box(-150, -150, 300, 150))
        assert answered(unit, beyond, 3.0, clock.now()) is None
        inside = wish(make, clock, shapely.box(-150, -150, 150, 150))
        assert answered(unit, inside, 0.5, clock.now()) is None
        assert answered(unit, inside, 0.0, clock.now()) is None
