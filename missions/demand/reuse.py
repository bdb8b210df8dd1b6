"""A request that recent imagery already answers needs no flight."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import shapely
from shapely.affinity import scale
from shapely.geometry import shape

from core.geo import LocalFrame, LonLat
from imagery.catalog import Medium, MediumState
from missions.entities import Answer, Request, RequestState
from missions.lifecycle import move
from missions.store.protocol import Between, Unit

SHARE = 0.995
"""Of the place that photographs must show at the asked overlap: what routes are laid out to."""
ROUNDING = 1.02
"""Ground resolution and overlap as they were flown are a little off what was asked."""
REACH_DEG = 0.02
"""How far from a place a camera may have stood that saw it: 2 km, beyond any footprint."""
POINT_M = 10.0
"""Around a point, what a photograph of it must show."""


def answered(unit: Unit, request: Request, fresh_h: float, now: datetime) -> Request | None:
    """The request answered by photographs that the department may see and that were taken within
    so many hours; None where they do not show all of the place as it was asked."""
    if fresh_h <= 0:
        return None
    media = _recent(unit, request, now - timedelta(hours=fresh_h))
    shown = _showing(request, media)
    if not shown:
        return None
    times = [m.taken_at for m in shown if m.taken_at is not None]
    ages = [round((now - t).total_seconds() / 60) for t in (max(times), min(times))]
    return move(
        request,
        RequestState.ANSWERED,
        answer=Answer(
            text=f"{len(shown)} photographs of {ages[0]} to {ages[1]} min ago show all of it: "
            "no flight is needed",
            text_zh=f"{ages[0]}至{ages[1]}分钟前的{len(shown)}张影像已完整覆盖，无需飞行",
            code="imagery",
            flight_id=shown[-1].flight,
        ),
    )


def _recent(unit: Unit, request: Request, since: datetime) -> list[Medium]:
    """Photographs near the place, fine enough and of the asked sensor."""
    west, south, east, north = shape(request.geometry).bounds
    found: list[Medium] = unit.media.find(
        audience=request.department,
        state=MediumState.KEPT,
        sensor=request.sensor,
        taken_at=Between(low=since),
        lon=Between(low=west - REACH_DEG, high=east + REACH_DEG),
        lat=Between(low=south - REACH_DEG, high=north + REACH_DEG),
    )
    finest = request.gsd_m * ROUNDING
    return [m for m in found if m.footprint is not None and (m.gsd_m or 1e9) <= finest]


def _showing(request: Request, media: Sequence[Medium]) -> list[Medium]:
    """The photographs that show the place, if together they show all of it."""
    place = shape(request.geometry)
    frame = LocalFrame(LonLat(place.centroid.x, place.centroid.y))
    wanted = _wanted(request, frame.to_metres(place))
    overlap = min(request.front_overlap, request.side_overlap)
    share = 1.0 if request.kind == "points" else min(1.0, (1 - overlap) * ROUNDING)
    prints = [_middle(frame.to_metres(shape(m.footprint)), share) for m in media]
    kept = [k for k, seen in enumerate(prints) if shapely.intersects(seen, wanted)]
    if not kept:
        return []
    seen = shapely.union_all([prints[k] for k in kept])
    whole = wanted.area
    return [media[k] for k in kept] if seen.intersection(wanted).area >= SHARE * whole else []


def _wanted(request: Request, metres: Any) -> Any:
    """What must be shown, as an area in metres."""
    if request.kind == "points":
        return metres.buffer(POINT_M)
    if request.kind == "corridor":
        return metres.buffer(max(request.width_m / 2, 1.0), cap_style="flat")
    return metres


def _middle(footprint: Any, share: float) -> Any:
    """The part of a footprint that no neighbour shows at the asked overlap: footprints so cut fit
    edge to edge where the overlap was kept."""
    return scale(footprint, share, share, origin="centroid")
