"""One route for one geometry: area, corridor, points, orbit or façade, clear of zones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.energy import CALM, Wind
from core.equipment import CameraSpec
from core.errors import InvalidInput
from core.geo import LocalFrame, LonLat
from core.route import Route, Waypoint
from planner.routes import trimming
from planner.routes.airspace import Airspace
from planner.routes.area import Stretch
from planner.routes.corridor import follow, sharpened
from planner.routes.facade import beside, facade, rows_m, standoff_m
from planner.routes.layouts import area_path
from planner.routes.orbit import levels, orbit, step_deg
from planner.routes.outline import RouteKind
from planner.routes.pace import Pace
from planner.routes.points import HOVER_S, PHOTOS, visit

Floats = npt.NDArray[np.float64]

BRAKES_MPS2 = 2.5
"""Acceleration of an ordinary autopilot set-up (ArduPilot's WPNAV_ACCEL is 2.5 m/s2)."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What one route is asked for.

    Attributes:
        geometry: shapely, WGS-84 degrees, checked.
        camera: needed for orbits and façades; elsewhere the spacings say enough.
        height_m: above ground; of an orbit None for rings up the whole object.
        base_m, top_m: of what an orbit or a façade shows.
    """

    name: str
    kind: RouteKind
    geometry: Any
    line_spacing_m: float = 0.0
    photo_spacing_m: float = 0.0
    height_m: float | None = None
    camera: CameraSpec | None = None
    gsd_m: float | None = None
    front_overlap: float = 0.7
    side_overlap: float = 0.6
    width_m: float = 0.0
    angle_deg: float | None = None
    speed_mps: float = 10.0
    wind: Wind = CALM
    radius_m: float = 30.0
    base_m: float = 0.0
    top_m: float = 0.0
    every_deg: float | None = None


@dataclass(frozen=True, kw_only=True)
class Flown:
    """A part of the way: (K, 3) metres east, north and up, photographed or only flown."""

    xyz: Floats
    photo: bool
    heading_deg: float | None = None
    pitch_deg: float = -90.0
    hold_s: float = 0.0
    shots: tuple[tuple[float, float], ...] = ()
    """Heading and pitch at each point, where each is one photo by itself."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A route with its figures.

    Attributes:
        covered: share of what was asked that is photographed at the asked overlap; None for
            points, orbits and façades.
    """

    ask: Ask
    route: Route
    frame: LocalFrame
    parts: tuple[Flown, ...]
    covered: float | None
    length_m: float
    ideal_m: float | None
    seconds: float
    notes: tuple[str, ...] = field(default=())


def answer(ask: Ask, sky: Airspace) -> Answer:
    """The route for what is asked, in the frame of the airspace.

    Raises:
        InvalidInput: zones leave nothing, or cut it apart; an orbit or a façade without a camera
            or of impossible measures.
    """
    metres = sky.frame.to_metres(shapely.force_2d(ask.geometry))
    whole = metres
    notes: list[str] = []
    if not sky.blocked.is_empty and shapely.intersects(sky.blocked, metres):
        metres = shapely.difference(metres, sky.blocked.buffer(2.0))
        if metres.is_empty:
            raise InvalidInput("lies wholly inside a zone", where=ask.name, remedy="move it")
        notes.append("zones cut off a part")
    made = _MAKERS[ask.kind](ask, metres, whole, sky)
    parts, covered, ideal = made
    _stay_out(ask, parts, sky)
    xyz = [p.xyz for p in parts]
    pace = Pace(speed_mps=ask.speed_mps, wind=ask.wind, turn_s=ask.speed_mps / BRAKES_MPS2)
    holds = sum(p.hold_s * len(p.xyz) for p in parts)
    return Answer(
        ask=ask,
        route=_route(ask, parts, sky.frame),
        frame=sky.frame,
        parts=tuple(parts),
        covered=covered,
        length_m=sum(float(np.sqrt((np.diff(p, axis=0) ** 2).sum(axis=1)).sum()) for p in xyz),
        ideal_m=ideal,
        seconds=pace.path_s([p[:, :2] for p in xyz]) + holds,
        notes=tuple(notes),
    )


Made = tuple[list[Flown], float | None, float | None]


def _area(ask: Ask, metres: Any, whole: Any, sky: Airspace) -> Made:
    solid = shapely.union_all([p for p in shapely.get_parts(metres) if p.geom_type == "Polygon"])
    path = area_path(
        solid,
        line_spacing_m=ask.line_spacing_m,
        speed_mps=ask.speed_mps,
        wind=ask.wind,
        angle_deg=ask.angle_deg,
        blocked=sky.blocked,
    )
    covered = path.covered * float(solid.area / whole.area)
    return _at_height(ask, path.stretches), covered, float(whole.area) / ask.line_spacing_m


def _corridor(ask: Ask, metres: Any, whole: Any, sky: Airspace) -> Made:
    runs = follow(
        metres,
        width_m=ask.width_m,
        swath_m=ask.line_spacing_m,
        line_spacing_m=ask.line_spacing_m,
        blocked=sky.blocked,
    )
    runs = [r for run in runs for r in sharpened(run, ask.line_spacing_m / 2)]
    if not runs:
        raise InvalidInput("has no length outside the zones", where=ask.name, remedy="move it")
    stretches: list[Stretch] = []
    for k, run in enumerate(runs):
        if k:
            stretches.append(Stretch(xy=_way(ask, sky, runs[k - 1][-1], run[0]), photo=False))
        stretches.append(Stretch(xy=run, photo=True))
    ground = whole.buffer(max(ask.width_m, 1.0) / 2, cap_style="flat", join_style="mitre")
    missed = trimming.uncovered(ground, runs, ask.line_spacing_m)
    ideal = max(float(whole.length), float(ground.area) / ask.line_spacing_m)
    return _at_height(ask, stretches), 1 - float(missed.area / ground.area), ideal


def _points(ask: Ask, metres: Any, whole: Any, sky: Airspace) -> Made:
    spots = visit(metres, sky.blocked)
    if not len(spots):
        raise InvalidInput("lies wholly inside a zone", where=ask.name, remedy="move it")
    height = ask.height_m or 100.0
    parts: list[Flown] = []
    for k, spot in enumerate(spots):
        if k:
            way = _raised(_way(ask, sky, spots[k - 1], spot), height)
            parts.append(Flown(xyz=way, photo=False))
        stay = np.repeat([[*spot, height]], PHOTOS, axis=0)
        parts.append(Flown(xyz=stay, photo=True, hold_s=HOVER_S, shots=((np.nan, -90.0),) * PHOTOS))
    return parts, None, None


def _orbit(ask: Ask, metres: Any, whole: Any, sky: Airspace) -> Made:
    camera = _camera(ask)
    tall = camera.footprint_m(ask.radius_m)[1]
    heights = (
        [ask.height_m]
        if ask.height_m is not None
        else levels(ask.base_m, max(ask.top_m, ask.base_m + 1.0), tall, ask.side_overlap)
    )
    step = ask.every_deg or step_deg(camera, ask.radius_m, ask.radius_m, ask.front_overlap)
    centre = shapely.get_coordinates(metres.centroid)[0]
    try:
        shots = orbit(
            centre, radius_m=ask.radius_m, heights_m=heights, top_m=ask.top_m, every_deg=step
        )
    except ValueError as why:
        raise InvalidInput(str(why), where=ask.name, remedy="change the orbit") from why
    parts: list[Flown] = []
    each = len(shots) // len(heights)
    for k in range(0, len(shots), each):
        ring = shots[k : k + each]
        xyz = np.array([s[:3] for s in ring])
        if parts:
            parts.append(Flown(xyz=np.array([parts[-1].xyz[-1], xyz[0]]), photo=False))
        parts.append(Flown(xyz=xyz, photo=True, shots=tuple((s[3], s[4]) for s in ring)))
    return parts, None, None


def _facade(ask: Ask, metres: Any, whole: Any, sky: Airspace) -> Made:
    camera = _camera(ask)
    away = max(5.0, ask.radius_m) if ask.gsd_m is None else standoff_m(camera, ask.gsd_m)
    wide, tall = camera.footprint_m(away)
    try:
        heights = rows_m(ask.base_m, ask.top_m, tall, ask.side_overlap)
        rows = facade(metres, heights_m=heights, away_m=away)
    except ValueError as why:
        raise InvalidInput(str(why), where=ask.name, remedy="give --facade BASE,TOP") from why
    parts: list[Flown] = []
    spacing = wide * (1 - ask.front_overlap)
    ways = beside(metres, away)
    for leg, height, heading in rows:
        count = int(np.ceil(np.hypot(*(leg[1] - leg[0])) / spacing)) + 1
        xyz = _raised(np.linspace(leg[0], leg[1], count), height)
        if parts:
            found = ways.way(parts[-1].xyz[-1, :2], leg[0])
            if found is None:
                raise InvalidInput("has a corner too narrow", where=ask.name, remedy="split it")
            corners = _raised(found[1], height)
            way = np.concatenate([parts[-1].xyz[-1:], corners, xyz[:1]])
            parts.append(Flown(xyz=way, photo=False))
        parts.append(Flown(xyz=xyz, photo=True, shots=((heading, 0.0),) * count))
    return parts, None, None


_MAKERS = {
    "area": _area,
    "corridor": _corridor,
    "points": _points,
    "orbit": _orbit,
    "facade": _facade,
}


def _camera(ask: Ask) -> CameraSpec:
    if ask.camera is None:
        raise InvalidInput(
            f"an {ask.kind} needs a camera", where=ask.name, remedy="give --camera or --hfov"
        )
    return ask.camera


def _way(ask: Ask, sky: Airspace, a: Floats, b: Floats) -> Floats:
    found = sky.way(a, b)
    if found is None:
        raise InvalidInput("zones cut it apart", where=ask.name, remedy="split it at the zone")
    return np.concatenate([a[None], found[1], b[None]])


def _raised(xy: Floats, height_m: float) -> Floats:
    return np.column_stack([xy, np.full(len(xy), height_m)])


def _at_height(ask: Ask, stretches: Sequence[Stretch]) -> list[Flown]:
    height = ask.height_m or 100.0
    return [Flown(xyz=_raised(s.xy, height), photo=s.photo) for s in stretches]


def _stay_out(ask: Ask, parts: Sequence[Flown], sky: Airspace) -> None:
    """Refuse rather than fly a metre through a zone."""
    for part in parts:
        if sky.crosses(part.xyz[:-1, :2], part.xyz[1:, :2]).any():
            raise InvalidInput(
                "cannot be flown without crossing a zone",
                where=ask.name,
                remedy="split it at the zone, or move it away",
            )


def _route(ask: Ask, parts: Sequence[Flown], frame: LocalFrame) -> Route:
    """The parts as waypoints; photo legs with their spacing, single photos with their aim."""
    points: list[Waypoint] = []
    for k, part in enumerate(parts):
        lon, lat = frame.lonlat(part.xyz[:, 0], part.xyz[:, 1])
        last = len(lon) - 1
        for n, (x, y, up) in enumerate(zip(lon, lat, part.xyz[:, 2], strict=True)):
            if n == last and not part.shots and k + 1 < len(parts):
                continue  # the next part begins here
            aim = part.shots[n] if part.shots else None
            shoot = part.photo and not part.shots and n < last
            points.append(
                Waypoint(
                    position=LonLat(float(x), float(y)),
                    height_m=float(up),
                    photo_spacing_m=ask.photo_spacing_m if shoot else 0.0,
                    photo=part.photo and aim is not None,
                    hold_s=part.hold_s,
                    gimbal_pitch_deg=-90.0 if aim is None else aim[1],
                    heading_deg=None if aim is None or np.isnan(aim[0]) else aim[0],
                    speed_mps=ask.speed_mps,
                )
            )
    kept = [p for p, q in pairwise(points) if p.photo or q.position != p.position]
    return Route((*kept, points[-1]))
