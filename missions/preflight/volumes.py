"""What a flight activity application asks for: the air that flights use, and whether it covers one.

A dock's flights of a day share a volume: the hull of their routes, with the room that a pilot may
use beside them, without the no-fly zones, up to the highest of them.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

import shapely
from shapely.geometry import mapping, shape

from core.geo import LocalFrame
from missions.entities import FiledVolume, Filing, Flight, Origin
from missions.presets import Preset

ROOM_M = {False: 600.0, True: 1500.0}
"""How far round its route a pilot may fly a drone by hand; further for flights that were ordered to
be flown by hand (point-and-fly). Beyond it a new flight is ordered."""
LATER = timedelta(hours=2)
"""How much later than planned a flight may end within what was filed for it."""
EARLIER = timedelta(minutes=10)
"""Slack before the take-off, for a clock and a pilot who are ahead of the plan."""
_SIMPLE_M = 5.0
_ON_THE_EDGE_DEG = 1e-6
"""About a decimetre: what rounding moves a corner by."""


def volumes_of(
    flights: Iterable[Flight],
    preset: Preset,
    window: tuple[datetime, datetime] | None = None,
) -> tuple[FiledVolume, ...]:
    """The air to apply for, dock by dock.

    Args:
        window: the hours applied for, widened where a flight needs more; those of the flights where
            it is left out.
    """
    by_dock: dict[str, list[Flight]] = defaultdict(list)
    for flight in flights:
        by_dock[flight.dock].append(flight)
    return tuple(_volume(dock, by_dock[dock], preset, window) for dock in sorted(by_dock))


def not_covered(filing: Filing, flight: Flight) -> str:
    """Why a filing does not cover a flight as it is to be flown; empty when it does."""
    mine = [v for v in filing.volumes if v.dock == flight.dock]
    if not mine:
        return f"nothing was filed for flights from {flight.dock}"
    reasons = [_outside(volume, flight) for volume in mine]
    return "" if "" in reasons else reasons[-1]


def _volume(
    dock: str, flights: list[Flight], preset: Preset, window: tuple[datetime, datetime] | None
) -> FiledVolume:
    starts = [f.start - EARLIER for f in flights]
    ends = [f.end + LATER for f in flights]
    if window is not None:
        starts.append(window[0])
        ends.append(window[1])
    return FiledVolume(
        dock=dock,
        area=mapping(_area(flights, preset)),
        ceiling_m=max(w.height_m for f in flights for w in f.route.waypoints),
        start=min(starts),
        end=max(ends),
        flights=len(flights),
    )


def _area(flights: list[Flight], preset: Preset) -> shapely.Geometry:
    """The hull of the routes and the dock, with a pilot's room, without the zones."""
    home = preset.dock(flights[0].dock).position
    frame = LocalFrame(home)
    by_hand = any(f.origin is Origin.POINT for f in flights)
    points = [frame.point_xy(w.position) for f in flights for w in f.route.waypoints]
    hull = shapely.MultiPoint([*points, frame.point_xy(home)]).convex_hull
    roomy = hull.buffer(ROOM_M[by_hand], quad_segs=8).simplify(_SIMPLE_M)
    start, end = min(f.start for f in flights), max(f.end for f in flights)
    zones = [frame.to_metres(z.polygon) for z in preset.zones if z.holds(start, end)]
    clear = shapely.difference(roomy, shapely.unary_union(zones)) if zones else roomy
    return frame.to_degrees(clear)


def _outside(volume: FiledVolume, flight: Flight) -> str:
    if flight.start < volume.start or flight.end > volume.end:
        return f"{flight.start:%H:%M}-{flight.end:%H:%M} UTC is outside the hours that were filed"
    top_m = max(w.height_m for w in flight.route.waypoints)
    if top_m > volume.ceiling_m:
        return f"{top_m:.0f} m is above the {volume.ceiling_m:.0f} m that were filed"
    points = shapely.MultiPoint([(w.position.lon, w.position.lat) for w in flight.route.waypoints])
    if not shape(volume.area).buffer(_ON_THE_EDGE_DEG).covers(points):
        return "its route leaves the area that was filed"
    return ""
