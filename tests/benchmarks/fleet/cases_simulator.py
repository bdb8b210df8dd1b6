"""How fast the simulator goes over sockets, and whether its cost grows linearly."""

import asyncio
import os
from collections.abc import Iterator

from benchmarks.fleet.registry import Row, Setting, Table, group
from benchmarks.fleet.simulated import Seen, measure

FLEETS = (51, 255, 500)
GOALS = {51: 10.0, 500: 1.0}
"""Times real time on two cores (issue 4)."""


@group("simulator", "Simulated seconds in a second over sockets, with our fleet as the client")
def speed(setting: Setting) -> Iterator[Table]:
    """All in the air, position and attitude at 10 Hz of simulated time."""
    rows: list[Row] = []
    first: tuple[int, Seen] | None = None
    for vehicles in setting.fleets(*FLEETS):
        setting.tell(f"simulator and fleet, {vehicles} vehicles")
        seen = asyncio.run(measure(vehicles, seconds=setting.seconds))
        first = first or (vehicles, seen)
        rows.append(
            {
                "vehicles": vehicles,
                "times real time": seen.times,
                "goal": GOALS.get(vehicles),
                "flying": seen.armed,
                "packets/s": seen.packets_s,
                "simulator ms CPU/s a vehicle": 1e3 / seen.sim_core / vehicles,
                "fleet ms CPU/s a vehicle": 1e3 / seen.client_core / vehicles,
                "simulator MB": seen.sim_rss_mb,
                "cost to first": vehicles_ratio(first, vehicles, seen),
                "load": os.getloadavg()[0],
            }
        )
    yield Table(
        title="Simulator over TCP at full speed, our fleet listening in another process",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            "ms CPU/s a vehicle: milliseconds of one core in a simulated second, for each vehicle; "
            "does not depend on other work on the machine, as times real time does.",
            "cost to first: simulator's cost of a vehicle over that in the first row; 1 is linear.",
        ),
    )


def vehicles_ratio(first: tuple[int, Seen], vehicles: int, seen: Seen) -> float:
    """The simulator's cost for each vehicle over that of the first row."""
    return (first[0] * first[1].sim_core) / (vehicles * seen.sim_core)
