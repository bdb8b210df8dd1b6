"""What a step of flight draws from the packs, and what a step in a dock gives them."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sim.kinds import Kinds
from sim.models import battery, power
from sim.models.battery import CELLS
from sim.state import Air, Hurt, State

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

STANDBY_W = 15.0
ICE_GONE_S = 600.0
"""Ice melts on the ground with this time constant."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How the vehicles moved in a step: velocity over ground, push of the rotors, attitude."""

    east: Floats
    north: Floats
    wing: Bools
    push_g: Floats
    roll_deg: Floats
    pitch_deg: Floats


def spent(
    state: State,
    kinds: Kinds,
    air: Air,
    hurt: Hurt,
    moved: Moved,
    up: Floats,
    powered: Bools,
    docked: Bools,
    dt_s: float,
) -> State:
    """Power drawn, the packs after it, ice; or the packs after a step of charging."""
    packs = kinds
    ice = np.where(
        state.flying, state.ice + hurt.icing_per_s * dt_s, state.ice * np.exp(-dt_s / ICE_GONE_S)
    )
    watts = np.where(powered, _watts(state, kinds, air, hurt, moved, up), STANDBY_W)
    sound = battery.cell_ohm(state.cycles, state.pack_c, packs)
    mean = sound * (1 + (hurt.cell_factor - 1) / CELLS)
    holds = battery.capacity_ah(state.cycles, state.pack_c, packs)
    rate = battery.charging_share_s(state.battery, state.pack_c, kinds.recharge_s)
    plugged = docked & ~state.flying
    drawn = battery.drawn_a(watts, state.battery, mean, packs)
    amps = np.where(plugged, -rate * holds * 3600, drawn)
    left = np.clip(state.battery - amps / 3600 * dt_s / holds, 0.0, 1.0)
    ohms = np.repeat(sound[:, None], CELLS, axis=1)
    ohms[np.arange(len(sound)), hurt.odd_cell] *= hurt.cell_factor
    used = np.maximum(amps, 0.0) / 3600 * dt_s
    return replace(
        state,
        battery=left,
        watts=watts,
        current_a=amps,
        cells_v=battery.cells_v(left, amps, ohms, packs),
        pack_c=battery.warmed(state.pack_c, amps, mean, air.celsius, packs, dt_s),
        cycles=state.cycles + used / packs.new_ah,
        consumed_ah=np.where(
            left >= 1.0, 0.0, np.maximum(state.consumed_ah + amps * dt_s / 3600, 0)
        ),
        ice=ice,
    )


def _watts(state: State, kinds: Kinds, air: Air, hurt: Hurt, moved: Moved, up: Floats) -> Floats:
    """Electrical power of flight."""
    lean = np.hypot(1.0, moved.push_g) / np.maximum(1.0 - 0.5 * hurt.thrust_lost, 0.3)
    thin = power.density_ratio(air.celsius, state.altitude_m)
    rotor = power.rotor_w_kg(state.airspeed_mps, lean, up, kinds.drag_per_m * thin, kinds.weight)
    watts_kg = rotor / np.sqrt(thin)
    if moved.wing.any():
        load = 1.0 / np.cos(np.radians(np.clip(moved.roll_deg, -60, 60)))
        wing = power.wing_w_kg(state.airspeed_mps, kinds.cruise_mps, up, load, kinds.weight)
        watts_kg = np.where(moved.wing, wing, watts_kg)
    weather = power.weather_factor(state.ice, air.rain_mmph)
    return np.asarray(watts_kg * kinds.watt_per_model * weather)
