"""Who goes to a fire."""

from datetime import timedelta

import pytest
from planner_city import COPTER, END, FRAME, START, VTOL, ZOOMER, station, zone

from core.clearance import conflicts
from core.energy import Wind
from core.equipment import Sensor
from core.geo import distance_m
from planner import Airborne, Problem, Refusal, Response, responder

HEAT = frozenset({Sensor.THERMAL})
NOON = START + timedelta(hours=4)
DOCKS = (station("near", 0, 0), station("fast", 9000, 0, VTOL), station("zoom", -6000, 0, ZOOMER))


def problem(*zones: object, wind: Wind | None = None, docks: tuple = DOCKS) -> Problem:
    return Problem(
        stations=docks,
        tasks=(),
        zones=tuple(zones),
        start=START,
        end=END,
        wind=wind or Wind(),  # type: ignore[arg-type]
    )


def test_the_nearest_ready_drone_goes() -> None:
    target = FRAME.point(1000, 500)
    found = responder(problem(), (), target, HEAT, NOON, {})
    assert isinstance(found, Response)
    assert found.station == "near"
    assert not found.airborne
    assert found.route.exit == target
    assert found.eta_s == pytest.approx(
        1118 / COPTER.cruise_mps + 1.4 * 100 / COPTER.climb_mps, rel=0.01
    )
    busy = responder(problem(), (), target, HEAT, NOON, {"near": NOON + timedelta(minutes=10)})
    assert isinstance(busy, Response)
    assert busy.station != "near"


def test_a_drone_in_the_air_goes_if_it_gets_home() -> None:
    target = FRAME.point(5000, 0)
    aloft = Airborne(station="near", position=FRAME.point(4500, 0), remaining_s=1500)
    found = responder(problem(), (aloft,), target, HEAT, NOON, {})
    assert isinstance(found, Response)
    assert found.airborne
    assert found.station == "near"
    empty = Airborne(station="near", position=FRAME.point(4500, 0), remaining_s=300)
    other = responder(problem(), (empty,), target, HEAT, NOON, {})
    assert isinstance(other, Response)
    assert other.station != "near"


def test_only_one_with_the_sensor_goes_and_round_the_zones() -> None:
    target = FRAME.point(3000, 0)
    closed = zone("Z", -1500, 0, 800)
    found = responder(problem(closed), (), target, frozenset({Sensor.ZOOM}), NOON, {})
    assert isinstance(found, Response)
    assert found.station == "zoom"
    path = [w.position for w in found.route.waypoints]
    assert len(path) > 2
    assert conflicts(path, [closed], height_m=100) == []
    assert distance_m(path[0], DOCKS[2].position) < 1


def test_why_nobody_goes() -> None:
    def code(*args: object, **kwargs: object) -> str:
        found = responder(problem(*kwargs.pop("zones", ()), **kwargs), *args)  # type: ignore[arg-type, misc]
        assert isinstance(found, Refusal)
        assert found.reason_zh
        return found.code

    here, far = FRAME.point(500, 0), FRAME.point(80_000, 0)
    late = dict.fromkeys(("near", "fast", "zoom"), END)
    assert code((), here, HEAT, NOON, late) == "no_capacity"
    assert code((), here, HEAT, NOON, {}, wind=Wind(20.0, 0.0)) == "no_capacity"
    assert code((), far, HEAT, NOON, {}) == "no_reach"
    assert code((), here, HEAT, NOON, {}, docks=()) == "no_sensor"
    assert code((), here, HEAT, NOON, {}, zones=(zone("Z", 700, 0, 400),)) == "zone"
