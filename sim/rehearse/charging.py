"""How full a drone is after a while in its dock, by the simulator's charging curve."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sim.models.battery import charging_share_s

STEP_S = 5.0
ROOM_C = 25.0
"""Temperature of a pack in its dock; outside the charger's range it would not charge at all."""
MOST_STEPS = 20_000


def charged(battery: float, seconds: float, recharge_s: float) -> float:
    """Charge after so many seconds on the charger, 0 to 1.

    >>> charged(1.0, 60.0, 1800.0)
    1.0
    """
    if battery >= 1.0 or seconds <= 0.0:
        return min(1.0, battery)
    at_s, share = _curve(recharge_s)
    begun = float(np.interp(battery, share, at_s))
    return float(np.interp(begun + seconds, at_s, share))


@lru_cache(maxsize=64)
def _curve(recharge_s: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Charge by time from empty on."""
    found, room, whole = [0.0], np.array([ROOM_C]), np.array([recharge_s])
    while found[-1] < 0.9999 and len(found) < MOST_STEPS:
        gain = float(charging_share_s(np.array([found[-1]]), room, whole)[0])
        found.append(min(1.0, found[-1] + gain * STEP_S))
    found.append(1.0)
    return np.arange(len(found), dtype=np.float64) * STEP_S, np.array(found)
