"""ArduPilot's waypoint files: plain text, "QGC WPL 110" (mavlink.io/en/file_formats)."""

from core.geo import LonLat
from core.route import Route
from planner.formats.items import Item, home, items

HEADER = "QGC WPL 110"


def write(route: Route, *, dock: LonLat, altitude_m: float, cruise_mps: float) -> str:
    """The text of a `.waypoints` file.

    Args:
        altitude_m: of the dock above mean sea level.
        cruise_mps: the vehicle's speed where the route asks for none.
    """
    listed = [home(dock, altitude_m), *items(route, cruise_mps)]
    lines = [_line(number, item) for number, item in enumerate(listed)]
    return "\n".join([HEADER, *lines, ""])


def _line(number: int, item: Item) -> str:
    """Index, current, frame, command, four parameters, x, y, z, autocontinue; tabs between."""
    numbers = [f"{p:.6f}" for p in item.params]
    place = [f"{item.x:.8f}", f"{item.y:.8f}", f"{item.z:.6f}"]
    head = [str(number), str(int(number == 0)), str(item.frame), str(item.command)]
    return "\t".join([*head, *numbers, *place, "1"])
