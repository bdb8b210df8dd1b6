"""ArduCopter's flight modes, as far as the simulation flies them."""

from enum import IntEnum

from pymavlink.dialects.v20 import ardupilotmega as wire


class Mode(IntEnum):
    """Mode numbers of ArduCopter (HEARTBEAT.custom_mode)."""

    STABILIZE = wire.COPTER_MODE_STABILIZE
    ALT_HOLD = wire.COPTER_MODE_ALT_HOLD
    AUTO = wire.COPTER_MODE_AUTO
    GUIDED = wire.COPTER_MODE_GUIDED
    LOITER = wire.COPTER_MODE_LOITER
    RTL = wire.COPTER_MODE_RTL
    LAND = wire.COPTER_MODE_LAND
    POSHOLD = wire.COPTER_MODE_POSHOLD
    BRAKE = wire.COPTER_MODE_BRAKE


ARMABLE = frozenset({Mode.STABILIZE, Mode.ALT_HOLD, Mode.GUIDED, Mode.LOITER, Mode.POSHOLD})
"""Modes that arm without an option; AUTO needs bit 0 of AUTO_OPTIONS."""
