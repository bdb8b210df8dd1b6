"""Photographs of a case: which may be named as evidence, and which shows the place of which."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from shapely.geometry import Point, shape

from core.equipment import Sensor
from core.errors import InvalidInput, NotFound
from core.geo import LonLat, distance_m
from imagery.catalog import Medium, MediumState
from missions.access import Principal
from missions.cases.records import PicturePair
from missions.cases.shown import note_case
from missions.catalog.casework import VerifyRules
from missions.entities import Case
from missions.store.protocol import Between, Unit

MOST = 60
"""Photographs that one step may name."""
NEAR_M = 200.0
"""A photograph without a footprint shows a place when it was taken no farther away."""
_SEARCHED = 200
"""The latest photographs of a place that are compared."""


def named(
    unit: Unit, principal: Principal, ids: Sequence[str], *, since: datetime, near: LonLat | None
) -> list[Medium]:
    """The photographs that a caller names, each good as evidence of what happened since a time.

    Args:
        near: the place that they must show; None where any place will do.

    Raises:
        NotFound: no such photograph for this caller.
        InvalidInput: too many, twice the same, of no use, too old, or of another place.
    """
    if len(ids) > MOST or len(set(ids)) < len(ids):
        raise InvalidInput(
            f"{len(ids)} photographs, or one of them twice",
            where="media",
            remedy=f"name at most {MOST}, each once",
        )
    found = {m.id: m for m in unit.media.find(id=tuple(ids))} if ids else {}
    media = []
    for name in ids:
        if name not in found or not principal.sees(found[name]):
            raise NotFound("no such photograph", where=name[:80], remedy="bring it in first")
        media.append(_usable(found[name], since, near))
    return media


def _usable(medium: Medium, since: datetime, near: LonLat | None) -> Medium:
    if medium.state is not MediumState.KEPT:
        raise _unfit(medium, f"the photograph is {medium.state}", "name one that is kept")
    if (medium.taken_at or medium.received_at) < since:
        raise _unfit(
            medium,
            "the photograph was taken before that",
            f"name one that was taken after {since.isoformat(timespec='seconds')}",
        )
    if near is not None and not shows(medium, near):
        raise _unfit(medium, "the photograph shows another place", "name one of the case's place")
    return medium


def shows(medium: Medium, place: LonLat) -> bool:
    """Whether a photograph shows a place: by its footprint, else by where it was taken from."""
    if medium.footprint is not None:
        return bool(shape(medium.footprint).covers(Point(place.lon, place.lat)))
    return medium.position is not None and distance_m(medium.position, place) <= NEAR_M


def since(
    unit: Unit, case: Case, sensor: Sensor, after: datetime, until: datetime | None = None
) -> list[Medium]:
    """Photographs of the case's place that were taken after a time, and that its department may
    see; the latest first."""
    here = case.position
    found: list[Medium] = unit.media.find(
        audience=case.department,
        state=MediumState.KEPT,
        sensor=sensor,
        taken_at=Between(low=after, high=until),
        west=Between(high=here.lon),
        east=Between(low=here.lon),
        south=Between(high=here.lat),
        north=Between(low=here.lat),
        newest_first=True,
        limit=_SEARCHED,
    )
    return [m for m in found if m.footprint is not None and shows(m, here)]


def matched(
    before: Iterable[Medium], after: Sequence[Medium], rules: VerifyRules
) -> tuple[PicturePair, ...]:
    """For each photograph before, the one after that shows most of the same ground, the same kind
    of camera preferred. None where nothing shows enough of it, or only far coarser or finer."""
    found = []
    for one in before:
        scored = [(_pair(one, other), other) for other in after if _comparable(one, other, rules)]
        good = [pair for pair, _ in scored if pair.share >= rules.pair_share]
        if good:
            found.append(max(good, key=lambda pair: (pair.same_camera, pair.share)))
    return tuple(sorted(found, key=lambda pair: -pair.share))


def _pair(one: Medium, other: Medium) -> PicturePair:
    ground = shape(one.footprint)
    common = ground.intersection(shape(other.footprint)).area
    return PicturePair(
        before=one.id,
        after=other.id,
        share=round(common / ground.area, 3) if ground.area else 0.0,
        same_camera=one.camera == other.camera,
    )


def _comparable(one: Medium, other: Medium, rules: VerifyRules) -> bool:
    if one.footprint is None or other.footprint is None or one.sensor is not other.sensor:
        return False
    if not one.gsd_m or not other.gsd_m:
        return True
    ratio = one.gsd_m / other.gsd_m
    return 1 / rules.gsd_ratio <= ratio <= rules.gsd_ratio


def best(
    media: Sequence[Medium], pairs: Sequence[PicturePair], place: LonLat, most: int
) -> tuple[str, ...]:
    """The ids of the photographs that a case keeps: matched ones first, then those with the place
    nearest to their middle."""

    def away(medium: Medium) -> float:
        middle = shape(medium.footprint).centroid if medium.footprint else None
        if middle is not None:
            return distance_m(LonLat(middle.x, middle.y), place)
        return distance_m(medium.position, place) if medium.position else float("inf")

    ordered = [p.after for p in pairs] + [m.id for m in sorted(media, key=away)]
    return tuple(dict.fromkeys(ordered))[:most]


def keep(unit: Unit, principal: Principal, case: Case, media: Sequence[Medium]) -> None:
    """Tie photographs to a case, and share those of the caller's department with the case's."""
    readers = tuple(dict.fromkeys((case.department, *case.shared_with)))
    for medium in media:
        owned = principal.city_wide or medium.department == principal.department
        more = [d for d in readers if d not in (medium.department, *medium.shared_with)]
        if owned and more:
            unit.media.put(replace(medium, shared_with=(*medium.shared_with, *more)))
    note_case(unit, [m.id for m in media], case.id)


def _unfit(medium: Medium, what: str, remedy: str) -> InvalidInput:
    return InvalidInput(what, where=medium.id, remedy=remedy)
