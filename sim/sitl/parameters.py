"""What a fresh SITL vehicle is told before it boots: calibrated sensors, a battery, cameras.

A new ArduPilot refuses to arm until its sensors are calibrated. The simulated ones have fixed
errors, so "calibrated" means fixed values here; nothing is skipped (ARMING_SKIPCHK stays 0).
Failsafes, fence and speeds are not set: that is the ground's work, before every flight.
"""

from collections.abc import Mapping
from pathlib import Path

_SENSORS: Mapping[str, float] = {
    **{f"COMPASS_OFS{n}_{axis}": value
       for n in ("", "2", "3") for axis, value in (("X", 5), ("Y", 13), ("Z", -18))},
    **{f"INS_ACC{n}OFFS_{axis}": 0.001 for n in ("", "2") for axis in "XYZ"},
    **{f"INS_ACC{n}SCAL_{axis}": 1.001 for n in ("", "2") for axis in "XYZ"},
    **{f"RC{n}_{what}": value
       for n in range(1, 9) for what, value in (("MIN", 1000), ("MAX", 2000), ("TRIM", 1500))},
    "BATT_MONITOR": 4, "BATT_CAPACITY": 20000,
}  # fmt: skip
"""Offsets of the simulated compass and accelerometers (SITL's own), sticks, battery by voltage
and current."""

_GIMBAL: Mapping[str, float] = {
    "MNT1_TYPE": 1, "MNT1_PITCH_MIN": -90, "MNT1_PITCH_MAX": 30,
    "SERVO9_FUNCTION": 10, "SERVO10_FUNCTION": 6, "SERVO11_FUNCTION": 7,
}  # fmt: skip
"""A servo gimbal that looks from straight down to 30 degrees up, and a servo on the shutter."""

MOST_CAMERAS = 2
"""ArduPilot knows no more; each is triggered by a servo and reports CAMERA_FEEDBACK."""

_FRAME: Mapping[str, float] = {
    "FRAME_CLASS": 1, "FRAME_TYPE": 0, "MOT_BAT_VOLT_MAX": 12.8, "MOT_BAT_VOLT_MIN": 9.6,
    "MOT_THST_HOVER": 0.39,
}  # fmt: skip
"""A quadcopter in plus configuration; the voltages and the hover thrust are those of SITL's own
3-cell model."""


def copter(cameras: int) -> Mapping[str, float]:
    """The parameters of a quadcopter with so many cameras (at most `MOST_CAMERAS` are fitted)."""
    fitted = {f"CAM{n}_TYPE": 1 for n in range(1, min(cameras, MOST_CAMERAS) + 1)}
    return {**_FRAME, **_SENSORS, **(_GIMBAL if fitted else {}), **fitted}


def write(path: Path, parameters: Mapping[str, float]) -> None:
    """A file for ``--defaults``: one name and value a line."""
    path.write_text("".join(f"{name} {value:g}\n" for name, value in parameters.items()))
