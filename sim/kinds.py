"""What each vehicle really can do: its data sheet, spoilt a little by the seed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.equipment import VehicleSpec
from sim.models import motion, power
from sim.models.battery import drawn_packs

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TOP_SPEED = 1.35
"""Airspeed at which a multirotor leans as far as it may, over its cruise speed."""
MASS_KG = (6.0, 12.0)
"""Assumed of a multirotor and of a VTOL whose data sheet does not say."""
DRIVE = 0.75
"""Electrical power that a drive turns into shaft power."""


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """What each of the N vehicles can do: arrays of shape (N,)."""

    cruise_mps: Floats
    climb_mps: Floats
    descent_mps: Floats
    recharge_s: Floats
    vtol: Bools
    power_error: Floats
    """Real power over the power that the data sheet promises."""
    drag_per_m: Floats
    """Drag acceleration over airspeed squared."""
    weight: Floats
    """Real take-off weight over that of the data sheet: payloads are not quite what they say."""
    cruise_w: Floats
    """Electrical power of the plain vehicle at cruise, as the data sheet has it."""
    watt_per_model: Floats
    """Electrical watts for each W/kg of `sim.models.power`."""
    new_ah: Floats
    new_cell_ohm: Floats
    life_cycles: Floats
    offset_v: Floats
    spread: Floats
    """These five as `sim.models.battery.Packs` has them."""

    @classmethod
    def of(cls, specs: list[VehicleSpec], seed: int) -> "Kinds":
        """The data sheets, each spoilt a little (1 sigma): power 3 %, airspeed 1 %, drag 5 %,
        weight 1.5 %.
        """
        rng = np.random.default_rng([seed, 11])
        n = len(specs)
        stated = np.array([s.cruise_mps for s in specs])
        cruise = stated * rng.normal(1.0, 0.01, n)
        error = np.clip(rng.normal(1.0, 0.03, n), 0.9, 1.1)
        vtol = np.array([s.vtol for s in specs], bool)
        mass = np.array([s.mass_kg or MASS_KG[s.vtol] for s in specs])
        drag = motion.LEAN_PUSH * power.G_MPS2 / (TOP_SPEED * stated) ** 2
        modelled = _cruise_w_kg(stated, drag, vtol)
        endurance = np.array([s.endurance_s for s in specs])
        spoilt = np.clip(rng.normal(1.0, 0.05, n), 0.85, 1.15)
        weight = np.clip(rng.normal(1.0, 0.015, n), 0.95, 1.05)
        return cls(
            cruise_mps=cruise,
            climb_mps=np.array([s.climb_mps for s in specs]),
            descent_mps=np.array([s.descent_mps for s in specs]),
            recharge_s=np.array([s.recharge_s for s in specs]),
            vtol=vtol,
            power_error=error,
            drag_per_m=drag * spoilt,
            weight=weight,
            cruise_w=modelled * mass / DRIVE,
            watt_per_model=mass / DRIVE * error,
            **drawn_packs(modelled * mass / DRIVE, endurance, np.random.default_rng([seed, 12])),
        )


def _cruise_w_kg(cruise: Floats, drag: Floats, vtol: Bools) -> Floats:
    """The model's power at the data sheet's cruise: still air, 15 C, sea level."""
    one, none = np.ones_like(cruise), np.zeros_like(cruise)
    lean = drag * cruise**2 / power.G_MPS2
    rotor = power.rotor_w_kg(cruise, np.hypot(1.0, lean), none, drag, one)
    return np.where(vtol, power.wing_w_kg(cruise, cruise, none, one, one), rotor)
