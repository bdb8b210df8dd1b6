"""ArduPilot's waypoint files: plain text, "QGC WPL 110" (mavlink.io/en/file_formats)."""

from core.errors import InvalidInput
from core.route import Route
from planner.formats.items import Item, home, items
from planner.formats.listing import route_of
from planner.formats.site import Imported, Site

HEADER = "QGC WPL 110"
_FIELDS = 12


def write(route: Route, site: Site) -> str:
    """The text of a `.waypoints` file."""
    listed = [home(site.home, site.home_amsl_m), *items(route, site.spec.cruise_mps)]
    lines = [_line(number, item) for number, item in enumerate(listed)]
    return "\n".join([HEADER, *lines, ""])


def _line(number: int, item: Item) -> str:
    """Index, current, frame, command, four parameters, x, y, z, autocontinue; tabs between."""
    numbers = [f"{p:.6f}" for p in item.params]
    place = [f"{item.x:.8f}", f"{item.y:.8f}", f"{item.z:.6f}"]
    head = [str(number), str(int(number == 0)), str(item.frame), str(item.command)]
    return "\t".join([*head, *numbers, *place, "1"])


def read(text: str, where: str, cruise_mps: float | None = None) -> Imported:
    """The route of a waypoint file; its line 0 is the home, as ArduPilot means it.

    Raises:
        InvalidInput: not such a file, or a line that is none of it.
    """
    lines = text.splitlines()
    if not lines or not lines[0].startswith("QGC WPL"):
        raise InvalidInput(
            "the first line is not 'QGC WPL 110'",
            where=where,
            remedy="save the mission as a waypoint file",
        )
    found = [
        _item(line, f"{where}, line {number}")
        for number, line in enumerate(lines[1:], 2)
        if line.strip() and not line.startswith("#")
    ]
    base = found[0].z if found else 0.0
    return route_of(found[1:], where=where, cruise_mps=cruise_mps, home_amsl_m=base)


def _item(line: str, where: str) -> Item:
    fields = line.split()
    try:
        if len(fields) != _FIELDS:
            raise ValueError(f"{len(fields)} fields, not {_FIELDS}")
        a, b, c, d, x, y, z = (float(f) for f in fields[4:11])
        frame, command = int(fields[2]), int(fields[3])
    except ValueError as error:
        raise InvalidInput(f"no mission item: {error}", where=where, remedy="mend it") from error
    return Item(frame=frame, command=command, params=(a, b, c, d), x=x, y=y, z=z)
