"""Energy and batteries: what flying costs, how packs age, sag, warm up and charge."""

from typing import Any

import numpy as np
import pytest

from core import power as planned
from core.energy import CLIMB_FACTOR
from sim import territory
from sim.kinds import Kinds
from sim.models import battery, power
from sim.state import Hurt, State
from sim.territory import MULTIROTOR, VTOL
from sim.vehicle import Commands, step

N = np.ones(1)
NONE = np.zeros(1)


def kinds(spec: Any = MULTIROTOR) -> Kinds:
    return Kinds.of([spec], seed=4)


def flown(
    seconds: float,
    *,
    spec: Any = MULTIROTOR,
    cycles: float = 0.0,
    pack_c: float = 22.0,
    hurt: Hurt | None = None,
    **air: Any,
) -> State:
    """A vehicle that flies straight at cruise speed for so long."""
    state = State.parked(118.8 * N, 28.9 * N, 160 * N, cycles * N)
    state.pack_c[:] = pack_c
    commands = Commands.idle(state)
    commands.lift[:] = True
    commands.to_lat += 1.0
    commands.speed_mps[:] = spec.cruise_mps
    for _ in range(round(seconds / 0.2)):
        state = step(
            state,
            commands,
            _KINDS[spec.id],
            dt_s=0.2,
            wind_east_mps=NONE,
            wind_north_mps=NONE,
            ground_m=60 * N,
            docked=np.zeros(1, bool),
            hurt=hurt,
            **air,
        )
    return state


_KINDS = {spec.id: kinds(spec) for spec in (MULTIROTOR, VTOL)}


@pytest.mark.parametrize("spec", [MULTIROTOR, VTOL])
def test_cruise_lasts_about_as_long_as_the_data_sheet_says(spec: Any) -> None:
    state = flown(600, spec=spec)
    used = (1.0 - state.battery[0]) / (600 / spec.endurance_s)
    assert used == pytest.approx(_KINDS[spec.id].power_error[0], rel=0.08)


def test_the_models_of_planner_and_simulator_differ() -> None:
    k = _KINDS[MULTIROTOR.id]
    drag, one = k.drag_per_m, N

    def ratio(speed: float, up: float = 0.0) -> float:
        lean = np.hypot(1.0, drag * speed**2 / power.G_MPS2)
        cruise_lean = np.hypot(1.0, drag * 15.0**2 / power.G_MPS2)
        here = power.rotor_w_kg(speed * N, lean, up * N, drag, one)
        return float((here / power.rotor_w_kg(15.0 * N, cruise_lean, NONE, drag, one))[0])

    assert ratio(0.0) == pytest.approx(0.85, abs=0.05)
    assert planned.power_ratio(0.0, MULTIROTOR) == pytest.approx(1.0, abs=0.01)
    assert ratio(15.0, up=6.0) > CLIMB_FACTOR + 0.05
    assert ratio(15.0, up=-4.0) < 0.95


def test_an_old_pack_holds_less_sags_more_and_ends_a_flight_sooner() -> None:
    new, old = flown(300), flown(300, cycles=350.0)
    assert old.battery[0] < new.battery[0] - 0.01
    assert old.cells_v[0].mean() < new.cells_v[0].mean() - 0.02
    assert old.cycles[0] > 350.0
    health = battery.health(np.array([0.0, 100.0, 400.0]), _KINDS[MULTIROTOR.id])
    assert health[0] == 1.0
    assert 1 - health[1] > (1 - health[2]) / 4


def test_cold_icing_and_rain_cost_more() -> None:
    mild = flown(200).battery[0]
    ice = Hurt.none(1)
    ice.icing_per_s[:] = 0.1 / 60
    assert flown(200, pack_c=-10.0).battery[0] < mild - 0.005
    assert flown(200, rain_mmph=20.0).battery[0] < mild
    iced = flown(200, hurt=ice)
    assert iced.ice[0] == pytest.approx(0.1 / 60 * 200, rel=0.01)
    assert iced.battery[0] < mild - 0.005


def test_a_weak_cell_is_the_one_that_sags() -> None:
    weak = Hurt.none(1)
    weak.cell_factor[:], weak.odd_cell[:] = 4.0, 2
    cells = flown(60, hurt=weak).cells_v[0]
    assert cells.argmin() == 2
    assert np.delete(cells, 2).min() - cells[2] > 0.2


def test_a_dock_charges_fast_then_slowly_and_not_when_too_hot() -> None:
    state = State.parked(118.8 * N, 28.9 * N, 60 * N)
    state.battery[:] = 0.15
    commands = Commands.idle(state)
    levels, volts = [], []
    for _ in range(round(MULTIROTOR.recharge_s)):
        state = step(
            state,
            commands,
            _KINDS[MULTIROTOR.id],
            dt_s=1.0,
            wind_east_mps=NONE,
            wind_north_mps=NONE,
            ground_m=60 * N,
            docked=np.ones(1, bool),
        )
        levels.append(float(state.battery[0]))
        volts.append(float(state.cells_v[0].mean()))
    assert levels[-1] == pytest.approx(0.97, abs=0.01)
    assert levels[100] - levels[0] > 2.5 * (levels[-1] - levels[-101])
    assert state.current_a[0] < 0
    assert volts[300] > battery.open_cell_v(np.array([levels[300]]))[0]
    rate = battery.charging_share_s(0.5 * N, 50.0 * N, 1620.0 * N)
    assert rate[0] == 0.0


def test_every_vehicle_has_its_own_error_and_the_seed_fixes_it() -> None:
    world = territory.made(5, seed=3)
    specs = [d.vehicle for d in world.docks]
    first, again, other = Kinds.of(specs, 3), Kinds.of(specs, 3), Kinds.of(specs, 4)
    for name in ("power_error", "drag_per_m", "weight", "life_cycles", "offset_v"):
        values = getattr(first, name)
        assert len(set(values.tolist())) == 5
        assert np.array_equal(values, getattr(again, name))
        assert not np.array_equal(values, getattr(other, name))
