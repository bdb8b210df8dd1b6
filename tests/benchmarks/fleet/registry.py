"""What can be measured of the fleet: groups of cases, each a function from a setting to tables.

@group("controllers", "CPU and memory of a controller for each vehicle")
def controllers(setting: Setting) -> Iterator[Table]:
    ...
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.groups import Cell, Groups, Row, Skipped, Table

__all__ = ["Cell", "Row", "Setting", "Skipped", "Table", "group", "groups", "run"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a run is asked.

    Attributes:
        seconds: that each controller is watched, of the wall clock.
        peers: whether dronekit and MAVSDK run beside our fleet.
        vehicles: so many in place of a group's own numbers.
        items: missions of so many items in place of 100 and 800.
        repeat: how often each upload and latency is measured; the median counts.
        tell: takes one line about what goes on.
    """

    seconds: float = 15.0
    peers: bool = True
    vehicles: tuple[int, ...] = ()
    items: tuple[int, ...] = (100, 800)
    repeat: int = 3
    tell: Callable[[str], None] = field(default=lambda line: None)

    @property
    def settle_s(self) -> float:
        """So long a controller has to itself before it is watched."""
        return min(3.0, 4.0 * self.seconds)

    def fleets(self, *usual: int) -> tuple[int, ...]:
        """The numbers of vehicles to measure."""
        return self.vehicles or usual


_CASES: Groups[Setting] = Groups("benchmarks.fleet")
group, groups, run = _CASES.group, _CASES.groups, _CASES.run
