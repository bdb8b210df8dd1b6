"""What is broken in a vehicle now: faults write it, the autopilot reacts to it."""

from dataclasses import dataclass
from enum import StrEnum


class Satellites(StrEnum):
    """What the satellite receiver has."""

    GOOD = "good"
    NONE = "none"


@dataclass(slots=True, kw_only=True)
class Health:
    """The present troubles of one vehicle; all is well by default.

    Attributes:
        gps: drift and jumps come as errors of the position (`Senses.gps_error`), not here.
        motors_lost: 1 leaves a quadrotor nothing but the way down.
        weak_cell: index of the battery cell that sags, None for none.
        gimbal_stuck: it stays where it looks.
        storage_full: no photograph can be stored.
        obstacle: something is in the way; the vehicle holds and does not resume by itself.
        clock_error_s: added to the time of day that the vehicle tells.
        icing: ice on the rotors (told; what it costs is the body's affair).
    """

    gps: Satellites = Satellites.GOOD
    compass_ok: bool = True
    motors_lost: int = 0
    weak_cell: int | None = None
    gimbal_stuck: bool = False
    storage_full: bool = False
    obstacle: bool = False
    clock_error_s: float = 0.0
    icing: bool = False
