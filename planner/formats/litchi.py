"""Litchi's mission files (flylitchi.com/hub): CSV with a line for each waypoint.

Columns and codes as the Hub exports them. An action belongs to the waypoint at which it happens;
distances between photographs and speeds belong to the leg that begins there.
"""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import InvalidInput
from core.geo import LonLat
from core.route import Route, Waypoint
from planner.formats.site import Imported, Site

ACTIONS = 15
STAY, PHOTO, TILT = 0, 1, 5
NO_ACTION = -1
ABOVE_GROUND = 1
"""altitudemode; 0 is above the take-off point."""
MOST = 99
"""Waypoints of one Litchi mission, at most."""
INTERPOLATE = 2
"""gimbalmode: from the angle of one waypoint to that of the next."""

COLUMNS = (
    "latitude",
    "longitude",
    "altitude(m)",
    "heading(deg)",
    "curvesize(m)",
    "rotationdir",
    "gimbalmode",
    "gimbalpitchangle",
    *(f"action{what}{n}" for n in range(1, ACTIONS + 1) for what in ("type", "param")),
    "altitudemode",
    "speed(m/s)",
    "poi_latitude",
    "poi_longitude",
    "poi_altitude(m)",
    "poi_altitudemode",
    "photo_timeinterval",
    "photo_distinterval",
)


@dataclass(frozen=True)
class Exported:
    """The text of the files, one a flight, and what they could not keep."""

    texts: tuple[str, ...]
    notes: tuple[str, ...] = ()


def write(route: Route, site: Site) -> Exported:
    """Litchi files for a route; a longer one than Litchi takes becomes several, one after another,
    each beginning where the one before ended."""
    notes = []
    if any(w.sensor is not None for w in route.waypoints):
        notes.append("which camera photographs is left out: Litchi knows only one")
    if any(w.amsl_m is not None for w in route.waypoints):
        notes.append("heights are above ground, as Litchi's own terrain data has it")
    points, step = route.waypoints, MOST - 1
    parts = [points[k : k + MOST] for k in range(0, max(1, len(points) - 1), step)]
    return Exported(tuple(_table(part, site) for part in parts), tuple(notes))


def _table(points: tuple[Waypoint, ...], site: Site) -> str:
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    table.writeheader()
    for point in points:
        table.writerow(_row(point, site))
    return out.getvalue()


def _row(point: Waypoint, site: Site) -> dict[str, object]:
    actions: list[tuple[int, float]] = [(TILT, round(point.gimbal_pitch_deg))]
    if point.hold_s > 0:
        actions.append((STAY, round(point.hold_s * 1000)))
    if point.photo:
        actions.append((PHOTO, 0))
    row: dict[str, object] = dict.fromkeys(COLUMNS, 0)
    for n in range(1, ACTIONS + 1):
        kind, value = actions[n - 1] if n <= len(actions) else (NO_ACTION, 0)
        row[f"actiontype{n}"], row[f"actionparam{n}"] = kind, value
    return row | {
        "latitude": f"{point.position.lat:.8f}",
        "longitude": f"{point.position.lon:.8f}",
        "altitude(m)": f"{point.height_m:.1f}",
        "heading(deg)": "" if point.heading_deg is None else f"{point.heading_deg:.1f}",
        "gimbalmode": INTERPOLATE,
        "gimbalpitchangle": round(point.gimbal_pitch_deg),
        "altitudemode": ABOVE_GROUND,
        "speed(m/s)": f"{point.speed_mps or site.spec.cruise_mps:.2f}",
        "photo_timeinterval": -1,
        "photo_distinterval": f"{point.photo_spacing_m:.2f}" if point.photo_spacing_m else -1,
    }


def read(text: str, where: str, cruise_mps: float | None = None) -> Imported:
    """The route of a Litchi mission.

    Raises:
        InvalidInput: a column is missing or a value is none.
    """
    table = csv.DictReader(io.StringIO(text))
    missing = [c for c in COLUMNS[:3] if c not in (table.fieldnames or ())]
    if missing:
        raise InvalidInput(
            f"no Litchi mission: the column {missing[0]!r} is missing",
            where=where,
            remedy="export the mission from Litchi Hub as CSV",
        )
    notes: dict[str, None] = {}
    points = []
    for number, row in enumerate(table, 2):
        try:
            points.append(_point(row, cruise_mps, notes))
        except (ValueError, TypeError) as error:
            spot = f"{where}, line {number}"
            raise InvalidInput(f"no waypoint: {error}", where=spot, remedy="mend it") from error
    if not points:
        raise InvalidInput("it holds no waypoint", where=where, remedy="export it again")
    return Imported(Route(tuple(points)), tuple(notes))


def _point(
    row: Mapping[str, str | None], cruise_mps: float | None, notes: dict[str, None]
) -> Waypoint:
    def number(name: str, default: float) -> float:
        text = row.get(name)
        value = default if text is None or not text.strip() else float(text)
        if not math.isfinite(value) and text:
            raise ValueError(f"{name} is {text}")
        return value

    if number("photo_timeinterval", -1) > 0:
        notes["photographs by time are left out: photographs are taken by distance"] = None
    if number("curvesize(m)", 0) > 0:
        notes["curves at waypoints are left out"] = None
    if number("altitudemode", 0) != ABOVE_GROUND:
        notes["heights above the take-off point are taken as heights above level ground"] = None
    pitch, hold, photo = number("gimbalpitchangle", -90.0), 0.0, False
    for n in range(1, ACTIONS + 1):
        kind, value = number(f"actiontype{n}", NO_ACTION), number(f"actionparam{n}", 0)
        hold += value / 1000 if kind == STAY else 0.0
        photo |= kind == PHOTO
        pitch = value if kind == TILT else pitch
    speed, heading = number("speed(m/s)", 0.0), number("heading(deg)", math.nan)
    same = cruise_mps is not None and abs(speed - cruise_mps) < 0.01
    return Waypoint(
        position=LonLat(number("longitude", math.nan), number("latitude", math.nan)),
        height_m=number("altitude(m)", math.nan),
        hold_s=hold,
        photo=photo,
        gimbal_pitch_deg=pitch,
        photo_spacing_m=max(0.0, number("photo_distinterval", -1)),
        speed_mps=None if same or speed <= 0 else speed,
        heading_deg=None if math.isnan(heading) else heading,
    )
