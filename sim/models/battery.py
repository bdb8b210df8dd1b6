"""Lithium packs: charge, voltage under load, heat, age, and how a dock charges them.

Packs are of six cells in series. Open-circuit voltage by Chen and Rincon-Mora 2006 (IEEE Trans.
Energy Conversion 21(2), eq. 3); ageing is steeper at first (a power of 0.8), unlike the planner's
even fade; every pack has its own life, resistance and an odd cell.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

CELLS = 6
MEAN_CELL_V = 3.72
"""Mean of the open-circuit voltage over the charge (3.80), less 2 % sag."""
SAG_SHARE = 0.025
"""Voltage that a new pack loses at cruise power, over its own."""
WORN_OUT, FADE_POWER = 0.8, 0.8
AGED_RESISTANCE = 0.8
"""A worn-out pack's resistance is so much higher than a new one's."""
DEAD_CELL_V = 2.5
"""Below this under load the pack cuts out."""
HEAT_J_K_WH, COOLING_W_K_WH = 6.2, 0.0025
"""Heat capacity (1 kJ/kg K at 160 Wh/kg) and cooling by the slipstream, for each Wh."""
CHARGE_C = (3.0, 45.0)
"""Cells are charged between these temperatures only (makers' data sheets: 0 to 45 C)."""
TAPER_FROM, TAPER_FLOOR = 0.88, 0.03
"""Constant current up to here; then it falls with what is missing, not below this share."""
CHARGE_SHARE = 0.896
"""Constant-current rate times the data sheet's recharge time, so that 15 to 97 % takes it."""


class Packs(Protocol):
    """What does not change in a pack while it flies: arrays of shape (N,), `spread` (N, 6)."""

    @property
    def new_ah(self) -> Floats:
        """Capacity when new and warm."""
        ...

    @property
    def new_cell_ohm(self) -> Floats:
        """Resistance of a cell when new."""
        ...

    @property
    def life_cycles(self) -> Floats:
        """Full discharges after which it is worn out."""
        ...

    @property
    def offset_v(self) -> Floats:
        """Of every cell from the book's curve."""
        ...

    @property
    def spread(self) -> Floats:
        """Each cell's charge less the pack's, as a share."""
        ...


def drawn_packs(
    cruise_w: Floats, endurance_s: Floats, rng: np.random.Generator
) -> dict[str, Floats]:
    """The fields of `Packs` that carry `cruise_w` for `endurance_s` when new and warm."""
    n = len(cruise_w)
    amps = cruise_w / (CELLS * MEAN_CELL_V)
    ohm = SAG_SHARE * MEAN_CELL_V / amps
    return {
        "new_ah": amps * endurance_s / 3600,
        "new_cell_ohm": ohm * np.clip(rng.normal(1.0, 0.08, n), 0.8, 1.3),
        "life_cycles": np.clip(rng.normal(400.0, 50.0, n), 250.0, 600.0),
        "offset_v": rng.normal(0.0, 0.008, n),
        "spread": rng.normal(0.0, 0.004, (n, CELLS)),
    }


def open_cell_v(charge: Floats) -> Floats:
    """Open-circuit voltage of a cell, charge 0 to 1.

    >>> [round(float(v), 2) for v in open_cell_v(np.array([0.0, 0.5, 1.0]))]
    [2.65, 3.8, 4.1]
    """
    s = np.clip(charge, 0.0, 1.0)
    return np.asarray(3.685 - 1.031 * np.exp(-35 * s) + s * (0.2156 + s * (-0.1178 + 0.3201 * s)))


def health(cycles: Floats, packs: Packs) -> Floats:
    """Share of its first capacity that a pack still holds."""
    worn = (1 - WORN_OUT) * (cycles / packs.life_cycles) ** FADE_POWER
    return np.asarray(np.clip(1 - worn, 0.3, 1.0))


def health_of(cycles: float, life_cycles: float) -> float:
    """The same of one pack.

    >>> health_of(0.0, 400.0), round(health_of(400.0, 400.0), 3)
    (1.0, 0.8)
    """
    return max(0.3, 1 - (1 - WORN_OUT) * (cycles / life_cycles) ** FADE_POWER)


def capacity_ah(cycles: Floats, celsius: Floats, packs: Packs) -> Floats:
    """What a full pack gives now: faded, and less in the cold (0.8 % for each K below 20 C)."""
    cold = np.clip(1 - 0.008 * (20.0 - celsius), 0.5, 1.0)
    return np.asarray(packs.new_ah * health(cycles, packs) * cold)


def cell_ohm(cycles: Floats, celsius: Floats, packs: Packs) -> Floats:
    """Resistance of each pack's sound cells, higher with age and in the cold (3 % a K)."""
    aged = 1 + AGED_RESISTANCE * cycles / packs.life_cycles
    return np.asarray(packs.new_cell_ohm * aged * (1 + 0.03 * np.maximum(20.0 - celsius, 0.0)))


def drawn_a(watts: Floats, charge: Floats, ohm: Floats, packs: Packs) -> Floats:
    """Current that gives this power at the terminals: P = V I, V = E - R I.

    A power beyond the pack's most is cut to that.
    """
    e = CELLS * (open_cell_v(charge) + packs.offset_v)
    r = CELLS * ohm
    root = np.sqrt(np.maximum(e**2 - 4 * r * watts, 0.0))
    return np.asarray((e - root) / (2 * r))


def cells_v(charge: Floats, amps: Floats, ohms: Floats, packs: Packs) -> Floats:
    """Voltage of every cell under load, (N, 6); `ohms` is (N, 6), amps negative when charging."""
    each = open_cell_v(charge[:, None] + packs.spread) + packs.offset_v[:, None]
    return np.asarray(np.maximum(each - amps[:, None] * ohms, 0.0))


def warmed(
    celsius: Floats, amps: Floats, ohm: Floats, air_c: npt.ArrayLike, packs: Packs, dt_s: float
) -> Floats:
    """Temperature after `dt_s`: heated by its own resistance, cooled by the air."""
    wh = packs.new_ah * CELLS * MEAN_CELL_V
    heat = amps**2 * ohm * CELLS - COOLING_W_K_WH * wh * (celsius - np.asarray(air_c))
    return np.asarray(celsius + heat / (HEAT_J_K_WH * wh) * dt_s)


def charging_share_s(charge: Floats, celsius: Floats, recharge_s: Floats) -> Floats:
    """Charge gained in a second in a dock: constant current, then constant voltage."""
    taper = np.clip((1.0 - charge) / (1.0 - TAPER_FROM), TAPER_FLOOR, 1.0)
    allowed = (celsius > CHARGE_C[0]) & (celsius < CHARGE_C[1]) & (charge < 1.0)
    return np.asarray(np.where(allowed, CHARGE_SHARE / recharge_s * taper, 0.0))
