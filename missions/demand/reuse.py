"""Has this place been photographed well enough in the last hours? Then it needs no flight, or only
what is missing does."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

import shapely
from shapely.geometry import mapping, shape

from core.geo import LocalFrame, LonLat
from imagery.catalog import Medium, MediumState
from imagery.ground.overlap import Shot, overlap_of
from imagery.quality import judge
from missions.catalog.quality import load as load_quality
from missions.demand.ground import FLAT_KINDS, ground_of, overlaps_of
from missions.entities import Answer, Request, RequestState
from missions.lifecycle import move
from missions.store.protocol import Between, Unit

SHARE = 0.995
"""Of the place that photographs must show at the asked overlap: what routes are laid out to."""
ROUNDING = 1.02
"""Ground resolution and overlap as they were flown are a little off what was asked."""
REACH_DEG = 0.02
"""How far from a place a camera may have stood that saw it: 2 km, beyond any footprint."""
WORTH = 0.3
"""A flight over a part is only laid out where at least this share need not be flown again."""
_MARGIN_M = 5.0


class Verdict(StrEnum):
    YES = "yes"
    PARTLY = "partly"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reuse:
    """The answer.

    Attributes:
        share: of the place that photographs show well enough.
        missing: what they do not show (MultiPolygon, degrees).
        media: those that show it, the oldest first; `oldest` and `newest` are when they were taken.
        passed_over: why other photographs of the place do not count, and how many.
        why_not: why no photographs can answer this at all; empty otherwise.
    """

    verdict: Verdict
    share: float = 0.0
    missing: shapely.MultiPolygon = field(default_factory=shapely.MultiPolygon)
    media: tuple[Medium, ...] = ()
    oldest: datetime | None = None
    newest: datetime | None = None
    passed_over: Mapping[str, int] = field(default_factory=dict)
    why_not: str = ""


def look_up(unit: Unit, request: Request, hours: float, now: datetime) -> Reuse:
    """What photographs of the last hours show of a request's place, as its department may see.

    They count by age, sensor, resolution, the scenario's quality and the asked overlap.
    """
    if request.kind not in FLAT_KINDS:
        why = "views of what stands upright are not answered from earlier photographs"
        return Reuse(verdict=Verdict.NO, why_not=why)
    ground = ground_of(request)
    near = _near(unit, request, now - timedelta(hours=hours))
    near = [m for m in near if shape(m.footprint).intersects(ground)]
    judged = [(m, _too_poor(m, request)) for m in near]
    good = sorted((m for m, why in judged if not why), key=lambda m: m.taken_at or now)
    overlap = min(overlaps_of(request))
    found = overlap_of(
        ground, [_shot(m) for m in good], front=overlap, side=overlap, tolerance=ROUNDING
    )
    verdict = Verdict.YES if found.share >= SHARE else Verdict.PARTLY
    if not good or found.share <= 0.0:
        verdict = Verdict.NO
    times = [m.taken_at for m in good if m.taken_at is not None]
    return Reuse(
        verdict=verdict,
        share=found.share,
        missing=shapely.MultiPolygon() if verdict is Verdict.YES else found.gaps,
        media=tuple(good),
        oldest=min(times, default=None),
        newest=max(times, default=None),
        passed_over=dict(Counter(why for _, why in judged if why)),
    )


def served(unit: Unit, request: Request, fresh_h: float, now: datetime) -> Request:
    """The request as photographs of the last hours leave it: answered where they show all of it,
    for what is missing where they show a good part, and as it was otherwise."""
    if fresh_h <= 0:
        return request
    found = look_up(unit, request, fresh_h, now)
    if found.verdict is Verdict.YES:
        return _answered(request, found, now)
    if found.verdict is Verdict.PARTLY and found.share >= WORTH and request.kind == "area":
        return replace(
            request,
            geometry=mapping(_grown(found.missing, ground_of(request))),
            asked_for=request.geometry,
            reused=tuple(m.id for m in found.media),
        )
    return request


def answered(unit: Unit, request: Request, fresh_h: float, now: datetime) -> Request | None:
    """The request answered by photographs that the department may see and that were taken within
    so many hours; None where they do not show all of the place as it was asked."""
    found = served(unit, request, fresh_h, now)
    return found if found.state is RequestState.ANSWERED else None


def _answered(request: Request, found: Reuse, now: datetime) -> Request:
    newest, oldest = _ages(found, now)
    return move(
        request,
        RequestState.ANSWERED,
        answer=Answer(
            text=f"{len(found.media)} photographs of {newest} to {oldest} min ago show all of it: "
            "no flight is needed",
            text_zh=f"{newest}至{oldest}分钟前的{len(found.media)}张影像已完整覆盖，无需飞行",
            code="imagery",
            flight_id=found.media[-1].flight,
        ),
        reused=tuple(m.id for m in found.media),
    )


def _near(unit: Unit, request: Request, since: datetime) -> list[Medium]:
    """Photographs near the place, of the asked sensor, that the department may see."""
    west, south, east, north = shape(request.geometry).bounds
    found: list[Medium] = unit.media.find(
        audience=request.department,
        state=MediumState.KEPT,
        sensor=request.sensor,
        taken_at=Between(low=since),
        lon=Between(low=west - REACH_DEG, high=east + REACH_DEG),
        lat=Between(low=south - REACH_DEG, high=north + REACH_DEG),
    )
    return [m for m in found if m.footprint is not None and m.position is not None]


def _too_poor(medium: Medium, request: Request) -> str:
    """Why a photograph of the place does not count; empty where it does."""
    if medium.gsd_m is None or medium.gsd_m > request.gsd_m * ROUNDING:
        return "too coarse"
    if medium.quality is not None:
        limits = load_quality().of(request.scenario)
        if judge(medium.quality, limits):
            return "not good enough for the scenario"
    return ""


def _shot(medium: Medium) -> Shot:
    assert medium.position is not None  # noqa: S101 - `_near` lets no others pass
    return Shot(
        footprint=shape(medium.footprint), position=medium.position, height_m=medium.height_m
    )


def _grown(missing: shapely.Geometry, whole: shapely.Geometry) -> shapely.Geometry:
    """What is missing, a little more, within what was asked."""
    frame = LocalFrame(LonLat(missing.centroid.x, missing.centroid.y))
    metres = frame.to_metres(missing).buffer(_MARGIN_M, join_style="mitre").simplify(1.0)
    cut = frame.to_degrees(metres).intersection(whole)
    polygons = [p for p in shapely.get_parts(cut) if p.geom_type == "Polygon"]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _ages(found: Reuse, now: datetime) -> tuple[int, int]:
    """Minutes since the newest and the oldest photograph."""
    newest, oldest = (round((now - (t or now)).total_seconds() / 60) for t in (
        found.newest, found.oldest
    ))  # fmt: skip
    return newest, oldest
