"""Motion and energy of the point masses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.equipment import VehicleSpec
from sim.vehicle import Commands, Kinds, State, power_ratio, step

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
    seconds: float, *, wind: tuple[float, float] = (0.0, 0.0), **aim: float
) -> tuple[State, Kinds]:
    """A vehicle that starts 50 m up and flies to the given offset in degrees."""
    kinds = Kinds.of([spec()], seed=1)
    n = np.ones(1)
    state = State.parked(LON * n, LAT * n, (GROUND + 50) * n)
    commands = Commands.idle(state)
    commands.lift[:] = True
    commands.to_lon += aim.get("east", 0.0)
    commands.to_lat += aim.get("north", 0.0)
    commands.altitude_m[:] = GROUND + aim.get("height", 50.0)
    commands.speed_mps[:] = 15.0
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
        )
        commands.lift[:] = False
    return state, kinds


def test_it_arrives_and_stops() -> None:
    state, _ = fly(120, east=0.01)
    assert state.lon[0] == pytest.approx(LON + 0.01, abs=2e-5)
    assert state.lat[0] == pytest.approx(LAT, abs=2e-5)
    assert abs(state.east_mps[0]) < 0.3


def test_head_wind_slows_it_down_by_the_wind_triangle() -> None:
    state, kinds = fly(20, east=0.05, wind=(-5.0, 0.0))
    assert state.east_mps[0] == pytest.approx(kinds.cruise_mps[0] - 5.0, abs=0.3)


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


def test_cruise_costs_about_what_the_data_sheet_says() -> None:
    state, kinds = fly(600, east=0.2)
    used = 1.0 - state.battery[0]
    assert used == pytest.approx(600 / 2400 * kinds.power_error[0], rel=0.06)


def test_a_vtol_hangs_dearly_and_flies_cheaply() -> None:
    kinds = Kinds.of([spec(vtol=True)], seed=1)
    still, none = np.zeros(1), np.zeros(1)
    assert power_ratio(still, none, none, kinds)[0] > 1.4
    assert power_ratio(kinds.cruise_mps, none, none, kinds)[0] == pytest.approx(1.0)


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
    assert np.hypot(state.east_mps[0], state.north_mps[0]) <= 15.1
    assert all(np.isfinite(v).all() for v in (state.lon, state.lat, state.altitude_m))
    assert 0.0 <= state.battery[0] <= 1.0
