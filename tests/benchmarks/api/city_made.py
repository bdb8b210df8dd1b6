"""A big city's year: so many cases, over its counties, departments and types, most of them settled.

Two thirds of the cases lie in the towns (gamma-spread round eight centres), the rest anywhere; they
are opened by day more than by night, answered and settled after log-normal times, 98 of a hundred
on time, some sent back, the last weeks' still open. What is measured does not depend on any of it
being true of a city; that many things crowd in few places and days does matter.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from core.geo import LonLat
from missions.entities import Case, CaseState, CaseStep
from missions.presets import Preset

NOW = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
"""When the year ends and everything is asked."""
YEAR_H = 365 * 24
_STATES = (CaseState.DISPATCHED, CaseState.HANDLING, CaseState.REPORTED_BACK, CaseState.CLOSED)


def cases(preset: Preset, count: int, seed: int) -> Iterator[Case]:
    """The cases, in the order of their opening."""
    draw = random.Random(seed)
    types = sorted(preset.event_types)
    weights = [1.0 / (1 + n % 12) for n in range(len(types))]
    centres = [
        preset.territory[name].polygon.representative_point() for name in sorted(preset.territory)
    ]
    centres += [dock.position for dock in preset.docks[:2]]
    boxes = [county.polygon.bounds for county in preset.territory.values()]
    names = sorted(preset.territory)
    for number in range(count):
        at = NOW - timedelta(hours=YEAR_H * (1 - number / count))
        at += timedelta(hours=draw.triangular(0, 12, 3))
        at = min(at, NOW - timedelta(minutes=1))
        kind = preset.event_types[draw.choices(types, weights)[0]]
        if draw.random() < 0.67:
            centre = centres[int(draw.random() ** 2 * len(centres))]
            lon, lat = _point(centre)
            lon += draw.gauss(0, 0.02) * draw.random()
            lat += draw.gauss(0, 0.02) * draw.random()
        else:
            west, south, east, north = boxes[int(draw.random() * len(boxes))]
            lon, lat = draw.uniform(west, east), draw.uniform(south, north)
        county = names[int(draw.random() ** 1.5 * len(names))]
        yield _case(draw, number, at, kind.code, kind.department, LonLat(lon, lat), county)


def _point(place: object) -> tuple[float, float]:
    if isinstance(place, LonLat):
        return place.lon, place.lat
    return place.x, place.y  # type: ignore[attr-defined]  # shapely's


def _case(
    draw: random.Random,
    number: int,
    at: datetime,
    event_type: str,
    department: str,
    place: LonLat,
    county: str,
) -> Case:
    answer = at + timedelta(minutes=draw.lognormvariate(3.5, 1.0))
    back = answer + timedelta(hours=draw.lognormvariate(1.5, 0.8))
    closed = back + timedelta(hours=draw.lognormvariate(1.0, 0.8))
    due = back + timedelta(hours=draw.uniform(0, 24) if draw.random() < 0.98 else -1)
    steps = [
        CaseStep(step=state.value, at=at, by="service")
        for state in (CaseState.COLLECTED, CaseState.OPENED, CaseState.DISPATCHED)
    ]
    state, closed_at = CaseState.DISPATCHED, None
    for when, then in (
        (answer, CaseState.HANDLING),
        (back, CaseState.REPORTED_BACK),
        (closed, CaseState.VERIFYING),
        (closed, CaseState.CLOSED),
    ):
        if when >= NOW or draw.random() < 0.0005:
            break
        steps.append(CaseStep(step=then.value, at=when, by=f"{department} officer"))
        state = then
        closed_at = when if then is CaseState.CLOSED else None
    return Case(
        id=f"cas-{number:08d}",
        number=f"BIG-{at:%Y%m%d}-{number:07d}",
        event_type=event_type,
        title="A case of the big city",
        title_zh="大城市案件",
        department=department,
        shared_with=("urban",) if department != "urban" and draw.random() < 0.3 else (),
        position=place,
        severity=1 + number % 4,
        opened_at=at,
        due_at=due,
        state=state,
        steps=tuple(steps),
        before=(f"med-{number:08d}",),
        closed_at=closed_at,
        county=county,
    )
