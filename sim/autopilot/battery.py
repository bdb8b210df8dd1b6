"""What the battery monitor reads: cells under load, what was used, how old the pack is.

A body that models its pack tells it itself (`Body.pack`); of any other, only how full it is is
known, and the rest follows from the open-circuit voltage of a lithium cell by its charge: Chen and
Rincon-Mora 2006 (IEEE TEC 21(2), eq. 2, without the slow terms).
"""

import math
from dataclasses import replace

from sim.body import Body, Pack

CELLS = 6
DESIGN_MAH = 10_000.0
"""Of a pack that does not say."""
LOW_SHARE, CRITICAL_SHARE = 0.14, 0.06
"""Where an integrator sets ArduPilot's battery failsafes, before anybody else does."""
CELL_OHM = 0.003
"""Internal resistance of a cell of a 10 Ah pack, new."""
HOVER_A, REST_A = 18.0, 0.5
WEAK_SAG_V = 0.25
"""A weak cell is so much lower under load, and a fifth of it at rest."""


def open_circuit_v(share: float) -> float:
    """Voltage of a resting cell, 0 empty to 1 full.

    >>> round(open_circuit_v(1.0), 2), round(open_circuit_v(0.1), 2)
    (4.1, 3.67)
    """
    s = min(1.0, max(0.0, share))
    return 3.685 - 1.031 * math.exp(-35 * s) + 0.2156 * s - 0.1178 * s**2 + 0.3201 * s**3


def read(body: Body, *, design_mah: float, weak_cell: int | None, serial: str) -> Pack:
    """The pack of a vehicle now."""
    if body.pack is not None:
        return body.pack
    pack = _plain(body, design_mah, serial)
    if weak_cell is None:
        return pack
    cells = list(pack.cells_v)
    cells[weak_cell % len(cells)] -= WEAK_SAG_V * (1.0 if body.flying else 0.2)
    return replace(pack, cells_v=tuple(cells))


def left_mah(body: Body, pack: Pack) -> float:
    """What is left in it, as its monitor reckons."""
    return body.battery * pack.full_mah


def _plain(body: Body, design_mah: float, serial: str) -> Pack:
    amps = HOVER_A if body.flying else REST_A
    cell = open_circuit_v(body.battery) - amps * CELL_OHM
    return Pack(
        cells_v=(cell,) * CELLS,
        current_a=amps,
        consumed_mah=(1.0 - body.battery) * design_mah,
        capacity_mah=design_mah,
        full_mah=design_mah,
        cycles=0,
        temperature_c=25.0,
        serial=serial,
    )
