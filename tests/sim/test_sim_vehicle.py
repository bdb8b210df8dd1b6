"""Motion of the bodies: legs, wind, landings, wings, and what faults do to them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.equipment import VehicleSpec
from sim.models import motion
from sim.vehicle import Commands, Hurt, Kinds, State, step

LON, LAT, GROUND = 118.8, 28.9, 100.0


def spec(**changes: object) -> VehicleSpec:
    fields: dict[str, object] = {
        "id": "x",
        "name": "x",
        "name_zh": "x",
        "vtol": False,
        "cruise_mps": 15.0,
        "climb_mps": 5.0,
        "descent_mps": 4.0,
        "endurance_s": 2400.0,
        "recharge_s": 1200.0,
        "wind_limit_mps": 12.0,
        "cameras": (),
    }
    return VehicleSpec(**{**fields, **changes})  # type: ignore[arg-type]


def fly(
    seconds: float,
    *,
    wind: tuple[float, float] = (0.0, 0.0),
    hurt: Hurt | None = None,
    vtol: bool = False,
    cruise: float = 15.0,
    track: list[State] | None = None,
    **aim: float,
) -> tuple[State, Kinds]:
    """A vehicle that starts 50 m up and flies to the given offset in degrees."""
    kinds = Kinds.of([spec(vtol=vtol, cruise_mps=cruise)], seed=1)
    n = np.ones(1)
    state = State.parked(LON * n, LAT * n, (GROUND + 50) * n)
    commands = Commands.idle(state)
    commands.lift[:] = True
    commands.to_lon += aim.get("east", 0.0)
    commands.to_lat += aim.get("north", 0.0)
    commands.altitude_m[:] = GROUND + aim.get("height", 50.0)
    commands.speed_mps[:] = cruise
    commands.end_mps[:] = aim.get("end", 0.0)
    commands.landing[:] = bool(aim.get("landing", 0))
    for _ in range(round(seconds / 0.2)):
        state = step(
            state,
            commands,
            kinds,
            dt_s=0.2,
            wind_east_mps=wind[0] * n,
            wind_north_mps=wind[1] * n,
            ground_m=GROUND * n,
            docked=np.array([True]),
            hurt=hurt,
        )
        commands.lift[:] = False
        if track is not None:
            track.append(state)
    return state, kinds


def hurt(**changes: float) -> Hurt:
    found = Hurt.none(1)
    for name, value in changes.items():
        getattr(found, name)[:] = value
    return found


def test_it_arrives_and_stops() -> None:
    state, _ = fly(120, east=0.01)
    assert state.lon[0] == pytest.approx(LON + 0.01, abs=2e-5)
    assert state.lat[0] == pytest.approx(LAT, abs=2e-5)
    assert abs(state.east_mps[0]) < 0.3


def test_a_light_head_wind_costs_lean_and_a_strong_one_costs_speed() -> None:
    light, _ = fly(20, east=0.05, wind=(-3.0, 0.0))
    assert light.east_mps[0] == pytest.approx(15.0, abs=0.3)
    strong, kinds = fly(30, east=0.05, wind=(-12.0, 0.0))
    top = np.sqrt(motion.LEAN_PUSH * 9.80665 / kinds.drag_per_m[0])
    assert strong.east_mps[0] == pytest.approx(top - 12.0, abs=0.3)
    assert strong.watts[0] > 1.3 * light.watts[0]


def test_a_wind_beyond_its_lean_carries_it_away() -> None:
    state, _ = fly(20, east=0.05, wind=(-25.0, 0.0))
    assert state.east_mps[0] < -2.0


def test_cross_wind_does_not_blow_it_off_its_line() -> None:
    state, _ = fly(40, east=0.05, wind=(0.0, 6.0))
    assert abs(state.lat[0] - LAT) * 111_000 < 1.0


def test_landing_ends_on_the_ground_and_charges() -> None:
    state, _ = fly(60, landing=1)
    assert not state.flying[0]
    assert state.altitude_m[0] == GROUND
    assert state.battery[0] > 0.99


def test_the_last_ten_metres_of_a_landing_are_slow() -> None:
    state, _ = fly(14, landing=1)
    assert state.flying[0]
    assert state.up_mps[0] == pytest.approx(-0.5, abs=0.1)


def test_a_vtol_speeds_up_onto_its_wing_and_hovers_over_its_goal() -> None:
    track: list[State] = []
    state, kinds = fly(150, vtol=True, cruise=23.0, east=0.02, track=track)
    winged = [s for s in track if s.wing[0]]
    stall = motion.STALL * kinds.cruise_mps[0]
    assert len(winged) > 200
    assert min(s.airspeed_mps[0] for s in winged) > stall
    assert not state.wing[0]
    assert state.lon[0] == pytest.approx(LON + 0.02, abs=3e-5)
    hovering, cruising = state.watts[0], min(s.watts[0] for s in winged)
    assert hovering > 2 * cruising


def test_a_wing_turns_in_a_circle_that_its_bank_allows() -> None:
    kinds = Kinds.of([spec(vtol=True, cruise_mps=23.0)], seed=1)
    n, none = np.ones(1), np.zeros(1)
    way = motion.guide(none, -1000 * n, none, -900 * n, 23 * n, 23 * n)
    east, north, turned = none, 23 * n, 0.0
    for _ in range(300):
        before = np.arctan2(east, north)
        east, north, bank = motion.wing(
            east, north, way, wind=(none, none), cruise_mps=kinds.cruise_mps, dt_s=0.2
        )
        change = abs(float((np.arctan2(east, north) - before)[0]))
        turned += min(change, 2 * np.pi - change)
        radius = np.hypot(east, north)[0] * 0.2 / max(change, 1e-9)
        assert radius > 0.95 * np.hypot(east, north)[0] ** 2 / (9.81 * motion.BANK_PUSH)
        assert abs(bank[0]) < motion.BANK_DEG + 1
    assert turned == pytest.approx(np.pi, abs=0.2)


def test_a_wrong_compass_makes_it_circle_but_arrive_and_a_wrong_fix_shifts_it() -> None:
    state, _ = fly(180, east=0.005, hurt=hurt(compass_deg=50.0))
    assert abs(state.lon[0] - LON - 0.005) < 1e-4
    shifted, _ = fly(120, east=0.01, hurt=hurt(fix_north_m=30.0))
    assert (shifted.lat[0] - LAT) * 111_000 == pytest.approx(-30.0, abs=1.0)


def test_an_obstacle_stops_it_where_it_is() -> None:
    state, _ = fly(30, east=0.05, hurt=hurt(blocked=True))
    assert abs(state.lon[0] - LON) < 1e-6
    assert state.flying[0]


def test_lost_thrust_weakens_then_sinks_then_breaks_it() -> None:
    well, _ = fly(20, height=150.0)
    weak, _ = fly(20, height=150.0, hurt=hurt(thrust_lost=0.25))
    assert well.altitude_m[0] > weak.altitude_m[0] + 20 > GROUND + 50
    sinking, _ = fly(60, hurt=hurt(thrust_lost=0.55))
    assert not sinking.flying[0]
    assert not sinking.crashed[0]
    falling, _ = fly(60, hurt=hurt(thrust_lost=1.0))
    assert falling.crashed[0]


def test_an_empty_battery_ends_in_a_crash_that_nothing_undoes() -> None:
    kinds = Kinds.of([spec()], seed=1)
    n = np.ones(1)
    state = State.parked(LON * n, LAT * n, (GROUND + 50) * n)
    state.battery[:] = 0.001
    commands = Commands.idle(state)
    commands.lift[:] = True
    for _ in range(300):
        state = step(
            state,
            commands,
            kinds,
            dt_s=0.2,
            wind_east_mps=0 * n,
            wind_north_mps=0 * n,
            ground_m=GROUND * n,
            docked=np.array([True]),
        )
    assert state.crashed[0]
    assert not state.flying[0]


def test_ground_that_rises_into_its_way_breaks_it() -> None:
    kinds = Kinds.of([spec()], seed=1)
    n = np.ones(1)
    state = State.parked(LON * n, LAT * n, (GROUND + 50) * n)
    commands = Commands.idle(state)
    commands.lift[:] = True
    still = dict.fromkeys(("wind_east_mps", "wind_north_mps"), 0 * n)
    docked = np.array([False])
    up = step(state, commands, kinds, dt_s=0.2, ground_m=GROUND * n, docked=docked, **still)
    hill = step(up, commands, kinds, dt_s=0.2, ground_m=(GROUND + 60) * n, docked=docked, **still)
    assert hill.crashed[0]


def test_every_vehicle_has_its_own_error_and_the_seed_fixes_it() -> None:
    first, again = Kinds.of([spec()] * 5, seed=3), Kinds.of([spec()] * 5, seed=3)
    assert len(set(first.power_error.tolist())) == 5
    assert np.array_equal(first.power_error, again.power_error)


@settings(max_examples=25, deadline=None)
@given(
    east=st.floats(-0.02, 0.02),
    north=st.floats(-0.02, 0.02),
    wind=st.tuples(st.floats(-8, 8), st.floats(-8, 8)),
)
def test_it_never_flies_faster_than_told_and_stays_finite(
    east: float, north: float, wind: tuple[float, float]
) -> None:
    state, _ = fly(8, east=east, north=north, wind=wind)
    assert np.hypot(state.east_mps[0], state.north_mps[0]) <= 15.5
    assert all(np.isfinite(v).all() for v in (state.lon, state.lat, state.altitude_m))
    assert 0.0 <= state.battery[0] <= 1.0
