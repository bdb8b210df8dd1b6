"""What a vehicle must do by itself when something goes wrong, as parameters of its autopilot.

Nothing is assumed: before every launch each is read, set where it differs, and read again
(`fleet.setup.parameters`). ArduPilot's ground-station failsafe, for one, is off by default.

Sources: ArduCopter and ArduPlane full parameter lists 4.5 to 4.8 (ardupilot.org), the renaming of
Copter's return parameters in 4.7 (ArduPilot pull request 31970), PX4 user guide "Parameter
Reference" 1.15 and "Safety (Failsafe) Configuration".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import InvalidInput, NotReady

GROUND_LOSS_S = 10.0
"""Silence of the ground after which a vehicle returns: PX4's own default. ArduPilot's 5 s is for a
pilot in sight; a mobile network takes seconds to hand a vehicle over."""

LOW_SHARE = 0.75
"""Of the reserve: charge at which the autopilot itself returns. The controller turns back first,
while it still can choose; this is for when it cannot."""

CRITICAL_SHARE = 0.35
"""Of the reserve: charge at which the autopilot lands where it is."""

FENCE_MARGIN_M = 5.0
"""ArduPilot begins to turn so far inside; legs keep at least so far inside the fence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failsafes:
    """What is wanted of one flight.

    Attributes:
        return_height_m: least height of a return: above the ground where `follows_ground`, else
            above home.
        ceiling_m: greatest height above home.
        follows_ground: whether returns follow the ground.
        reserve: share of the charge that a flight must bring home.

    Raises:
        InvalidInput: a height or share makes no sense.
    """

    return_height_m: float
    ceiling_m: float
    follows_ground: bool = True
    reserve: float = 0.2
    ground_loss_s: float = GROUND_LOSS_S

    def __post_init__(self) -> None:
        bad = (
            (not 5 <= self.return_height_m < 3000, f"a return height of {self.return_height_m} m"),
            (not 5 <= self.ceiling_m < 10_000, f"a ceiling of {self.ceiling_m} m"),
            (not 0 < self.reserve < 0.9, f"a reserve of {self.reserve}"),
            (not 2 <= self.ground_loss_s <= 120, f"{self.ground_loss_s} s of silence"),
        )
        for wrong, what in bad:
            if wrong:
                raise InvalidInput(f"{what} cannot be set", where="failsafes")


READ_FIRST: Mapping[str, tuple[str, ...]] = {
    "ArduCopter": ("BATT_MONITOR", "BATT_CAPACITY", "FS_OPTIONS"),
    "ArduPlane": ("BATT_MONITOR", "BATT_CAPACITY"),
    "PX4": (),
}
"""What must be known of a vehicle before it can be said what to set."""


def wanted(make: str, failsafes: Failsafes, known: Mapping[str, float]) -> dict[str, float]:
    """The parameters, newest names, that make a vehicle do it.

    Args:
        make: the autopilot's name.
        known: values of `READ_FIRST`.

    Raises:
        NotReady: it measures no battery, so its battery failsafe can never act.
    """
    if make == "PX4":
        return _px4(failsafes)
    common = _battery(failsafes, known) | _fence(failsafes)
    return common | (_plane(failsafes) if make == "ArduPlane" else _copter(failsafes, known))


def _battery(f: Failsafes, known: Mapping[str, float]) -> dict[str, float]:
    if known["BATT_MONITOR"] == 0 or not known["BATT_CAPACITY"] > 0:
        raise NotReady(
            "it measures no battery, so it would not return for a low one",
            where="BATT_MONITOR, BATT_CAPACITY",
            remedy="set up its battery monitor and the capacity of its pack",
        )
    capacity_mah = known["BATT_CAPACITY"]
    return {
        "BATT_LOW_MAH": float(round(capacity_mah * f.reserve * LOW_SHARE)),
        "BATT_CRT_MAH": float(round(capacity_mah * f.reserve * CRITICAL_SHARE)),
        "BATT_FS_LOW_ACT": 2.0,  # RTL
        "BATT_FS_CRT_ACT": 1.0,  # land
    }


def _fence(f: Failsafes) -> dict[str, float]:
    return {
        "FENCE_ENABLE": 1.0,
        "FENCE_TYPE": 5.0,  # greatest height (1), polygons and circles (4)
        "FENCE_ACTION": 1.0,  # return, or land
        "FENCE_ALT_MAX": f.ceiling_m,
        "FENCE_MARGIN": FENCE_MARGIN_M,
        "RALLY_LIMIT_KM": 0.0,  # the nearest counts, however far
        "RALLY_INCL_HOME": 1.0,
    }


def _copter(f: Failsafes, known: Mapping[str, float]) -> dict[str, float]:
    go_on_in_auto = 2
    return {
        "FS_GCS_ENABLE": 1.0,  # return
        "FS_GCS_TIMEOUT": f.ground_loss_s,
        "FS_OPTIONS": float(int(known["FS_OPTIONS"]) & ~go_on_in_auto),
        "FS_EKF_ACTION": 1.0,  # land
        "FS_CRASH_CHECK": 1.0,
        "RTL_ALT_M": f.return_height_m,
        "RTL_ALT_TYPE": 1.0 if f.follows_ground else 0.0,
        "RTL_ALT_FINAL_M": 0.0,  # land; above zero it would hover
        "TERRAIN_ENABLE": 1.0,
        "DISARM_DELAY": 10.0,
    }


def _plane(f: Failsafes) -> dict[str, float]:
    """A QuadPlane: flies home as a plane and lands as a copter."""
    return {
        "FS_GCS_ENABL": 1.0,
        "FS_LONG_ACTN": 1.0,  # return
        "FS_LONG_TIMEOUT": f.ground_loss_s,
        "RTL_ALTITUDE": f.return_height_m,
        "TERRAIN_FOLLOW": 1.0 if f.follows_ground else 0.0,
        "Q_RTL_MODE": 1.0,
    }


def _px4(f: Failsafes) -> dict[str, float]:
    return {
        "NAV_DLL_ACT": 2.0,  # return
        "COM_DL_LOSS_T": f.ground_loss_s,
        "COM_LOW_BAT_ACT": 3.0,  # return when critical, land when in emergency
        "BAT_LOW_THR": round(f.reserve * 0.9, 3),
        "BAT_CRIT_THR": round(f.reserve * LOW_SHARE, 3),
        "BAT_EMERGEN_THR": round(f.reserve * CRITICAL_SHARE, 3),
        "GF_ACTION": 3.0,  # return
        "GF_MAX_VER_DIST": f.ceiling_m,
        "GF_MAX_HOR_DIST": 0.0,  # the polygons bound it
        "RTL_TYPE": 0.0,  # nearest of home and rally points
        "RTL_RETURN_ALT": f.return_height_m,
        "RTL_CONE_ANG": 0.0,  # climb to the return height wherever it is
        "RTL_LAND_DELAY": 0.0,  # land; -1 would hover
    }
