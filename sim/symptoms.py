"""What an autopilot can notice of its vehicle's faults: written into its `health`."""

from sim.autopilot.health import Health, Satellites
from sim.faults import Kind
from sim.troubles import Troubles

LOST_MOTOR = 0.2
"""From this share of the thrust on a motor counts as lost."""


def tell(health: Health, troubles: Troubles, index: int) -> None:
    """Write a vehicle's present faults into its autopilot's `health`."""

    def on(kind: Kind) -> bool:
        return troubles.of(kind, index) != 0

    health.gps = Satellites.NONE if on(Kind.GPS_LOST) else Satellites.GOOD
    health.compass_ok = not on(Kind.COMPASS)
    health.motors_lost = int(troubles.of(Kind.MOTOR, index) >= LOST_MOTOR)
    health.weak_cell = int(troubles.hurt.odd_cell[index]) if on(Kind.CELL) else None
    health.gimbal_stuck = on(Kind.GIMBAL)
    health.storage_full = on(Kind.STORAGE)
    health.obstacle = on(Kind.OBSTACLE)
    health.clock_error_s = troubles.of(Kind.CLOCK, index)
    health.icing = on(Kind.ICING)
