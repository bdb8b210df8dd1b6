"""The officers' review queue: confirm a find, mark one in photographs, or reject."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from shapely.geometry import Point, shape

from core.clock import Clock
from core.errors import InvalidInput
from core.geo import LonLat, distance_m
from core.ids import new_id
from missions.access import Principal
from missions.cases.cases import known_type, open_case
from missions.entities import (
    Alert,
    Anomaly,
    AnomalyState,
    Case,
    Decision,
    LogEntry,
    Review,
    ReviewState,
)
from missions.lifecycle import move
from missions.presets import Preset
from missions.store.protocol import Between, Unit

DECISIONS = ("confirm", "reject", "mark")
SAME_PLACE_M = 30.0
"""Two finds of one type no farther apart are one anomaly: the error of a drone's position and of a
click in a picture together."""
_SAME_PLACE_DEG = 0.001
_MARGIN_DEG = 0.02
"""About two kilometres: a mark farther from what was photographed is a slip of the hand."""
_ERROR_M = 10.0
"""How far off an officer's mark may be (95 %): a click in a picture at its footprint's accuracy."""
_SHOWN = 6


def decide(
    unit: Unit,
    preset: Preset,
    clock: Clock,
    principal: Principal,
    review_id: str,
    *,
    decision: str,
    event_type: str | None = None,
    lon: float | None = None,
    lat: float | None = None,
    note: str = "",
) -> Review:
    """An officer's word on a review; confirm and mark make an anomaly, an event and a case.

    A find at an open anomaly of the same type joins it.

    Args:
        event_type: code; needed when the review names several types.
        lon, lat: where it is; the review's position when left out.

    Raises:
        NotFound: no such review for this principal.
        NotAllowed: the role may not decide.
        InvalidInput: unknown decision or type, or a place far from what was photographed.
        IllegalTransition: it was decided already.
    """
    principal.require("decide")
    review: Review = principal.checked(unit.reviews.get(review_id))
    now = clock.now()
    if decision not in DECISIONS:
        raise InvalidInput(
            f"no such decision: {decision[:80]}",
            where="decision",
            remedy=f"use one of {', '.join(DECISIONS)}",
        )
    found = decision != "reject"
    code = _event_type(preset, review, event_type) if found else event_type
    position = _position(review, lon, lat) if found else None
    said = Decision(
        decision=decision, by=principal.name, at=now, event_type=code, position=position, note=note
    )
    done = move(review, ReviewState.DONE, decision=said)
    if code is not None and position is not None:
        case_id = _find(unit, preset, clock, principal, review, code, position)
        done = replace(done, case_id=case_id)
    unit.reviews.put(done)
    _note(unit, now, principal, done, decision)
    return done


def _event_type(preset: Preset, review: Review, code: str | None) -> str:
    if code is None:
        if len(review.event_types) != 1:
            raise InvalidInput(
                "which type of event is it?",
                where="event_type",
                remedy=f"name one of {', '.join(review.event_types)}",
            )
        code = review.event_types[0]
    return known_type(preset, code).code


def _position(review: Review, lon: float | None, lat: float | None) -> LonLat:
    if lon is None and lat is None:
        return review.position
    if lon is None or lat is None:
        missing = "lon" if lon is None else "lat"
        raise InvalidInput("half a position", where=missing, remedy="give lon and lat, or neither")
    try:
        position = LonLat(lon, lat)
    except ValueError as error:
        raise InvalidInput(str(error), where="lon", remedy="give degrees, WGS-84") from error
    if shape(review.geometry).distance(Point(lon, lat)) > _MARGIN_DEG:
        raise InvalidInput(
            "the mark lies more than two kilometres from what was photographed",
            where="lon",
            remedy="check that longitude and latitude are not exchanged",
        )
    return position


def _find(
    unit: Unit,
    preset: Preset,
    clock: Clock,
    principal: Principal,
    review: Review,
    code: str,
    position: LonLat,
) -> str:
    """The case of what was found: that of a known anomaly, or a new one."""
    now = clock.now()
    media = _showing(unit, review.media, position)
    known = same_place(unit, code, position)
    if known is not None:
        known = replace(known, last_seen=now, sightings=known.sightings + 1)
        if known.case_id is not None:
            unit.anomalies.put(known)
            return known.case_id
    anomaly = known or Anomaly(
        id=new_id("ano", now),
        event_type=code,
        position=position,
        error_m=_ERROR_M,
        first_seen=now,
        last_seen=now,
        sightings=1,
        severity=preset.event_types[code].severity,
        department=review.department,
        shared_with=review.shared_with,
    )
    case, _ = open_case(unit, preset, clock, code, anomaly, media, by=principal.name)
    _alert(unit, now, case)
    return case.id


def same_place(
    unit: Unit, event_type: str, position: LonLat, within_m: float = SAME_PLACE_M
) -> Anomaly | None:
    """The nearest open anomaly of a type within some metres, if any."""
    box = _SAME_PLACE_DEG * max(1.0, within_m / SAME_PLACE_M)
    near = unit.anomalies.find(
        event_type=event_type,
        state=AnomalyState.OPEN,
        lon=Between(position.lon - box, position.lon + box),
        lat=Between(position.lat - box, position.lat + box),
    )
    apart = [(distance_m(a.position, position), a) for a in near]
    close = [(metres, a) for metres, a in apart if metres <= within_m]
    return min(close, key=lambda pair: pair[0])[1] if close else None


def _showing(unit: Unit, media: Sequence[str], position: LonLat) -> tuple[str, ...]:
    """The photographs whose footprint holds the place; else the first few."""
    point = Point(position.lon, position.lat)
    shown = [
        m.id
        for m in unit.media.find(id=tuple(media))
        if m.footprint is not None and shape(m.footprint).covers(point)
    ]
    return tuple(shown[:_SHOWN]) or tuple(media[:_SHOWN])


def _alert(unit: Unit, now: datetime, case: Case) -> None:
    unit.alerts.add(
        Alert(
            id=new_id("alt", now),
            at=now,
            kind="case",
            severity=case.severity,
            text=f"{case.number}: {case.title}",
            text_zh=f"{case.number}：{case.title_zh}",
            department=case.department,
            shared_with=case.shared_with,
            event_type=case.event_type,
            position=case.position,
            case_id=case.id,
        )
    )


def _note(unit: Unit, now: datetime, principal: Principal, review: Review, decision: str) -> None:
    unit.log.add(
        LogEntry(
            id=new_id("log", now),
            at=now,
            actor=principal.name,
            action=f"review.{decision}",
            subject=review.id,
            text=f"{review.place}: {decision}",
            text_zh=f"{review.place}：{_WORDS_ZH[decision]}",
            department=review.department,
        )
    )


_WORDS_ZH = {"confirm": "确认", "reject": "排除", "mark": "标注"}
