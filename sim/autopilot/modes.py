"""The flight modes that the simulation flies, whatever their firmware calls them."""

from enum import IntEnum

from pymavlink.dialects.v20 import ardupilotmega as wire


class Mode(IntEnum):
    """Numbers of ArduCopter (HEARTBEAT.custom_mode); PX4 has its own (`sim.autopilot.px4`)."""

    STABILIZE = wire.COPTER_MODE_STABILIZE
    ALT_HOLD = wire.COPTER_MODE_ALT_HOLD
    AUTO = wire.COPTER_MODE_AUTO
    GUIDED = wire.COPTER_MODE_GUIDED
    LOITER = wire.COPTER_MODE_LOITER
    RTL = wire.COPTER_MODE_RTL
    CIRCLE = wire.COPTER_MODE_CIRCLE
    LAND = wire.COPTER_MODE_LAND
    POSHOLD = wire.COPTER_MODE_POSHOLD
    BRAKE = wire.COPTER_MODE_BRAKE
    SMART_RTL = wire.COPTER_MODE_SMART_RTL
    TAKEOFF = 101
    """PX4 alone; ArduCopter takes off in GUIDED."""


ARMABLE = frozenset({Mode.STABILIZE, Mode.ALT_HOLD, Mode.GUIDED, Mode.LOITER, Mode.POSHOLD})
"""Modes in which ArduCopter arms without an option; AUTO needs bit 0 of AUTO_OPTIONS."""

BLIND = frozenset({Mode.STABILIZE, Mode.ALT_HOLD, Mode.LAND})
"""Modes that do without a position."""

PILOTED = frozenset({Mode.STABILIZE, Mode.ALT_HOLD, Mode.LOITER, Mode.POSHOLD})
"""Modes that ArduCopter counts as a pilot's, not the autopilot's (Mode::is_autopilot)."""
