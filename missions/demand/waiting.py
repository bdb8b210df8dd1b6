"""What a department is told when the answer is still to come, or would be another day."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import planner
from missions.demand.planning import PLANNED_BY
from missions.entities import Answer, CounterOffer, Request, RequestState
from missions.presets import Preset
from missions.store.protocol import Store

A_MINUTE = timedelta(minutes=1)
SOON = timedelta(minutes=10)
"""A day that should be planned already is being planned: with its rehearsal within this time."""


def waiting(preset: Preset, request: Request, day: date, now: datetime) -> Request:
    """The request, told when the day that may serve it is planned."""
    zone = preset.zone_info
    by = datetime.combine(day - timedelta(days=1), PLANNED_BY, tzinfo=zone)
    due = max(by, now + SOON).astimezone(zone)
    answer = Answer(
        code="waiting",
        text=f"{day:%m-%d} is planned by {due:%m-%d %H:%M}; the answer comes then",
        text_zh=f"{day:%m-%d} 的飞行计划将于 {due:%m-%d %H:%M} 前排定，届时答复",
        due=due.astimezone(UTC),
    )
    return replace(request, answer=answer)


def later(store: Store, request: Request, now: datetime) -> Request:
    """Keep a request for the job that answers what waits (`answering`), and say so: many ask at
    once."""
    told = Answer(
        code="waiting",
        text="many ask at once; the answer comes within a minute",
        text_zh="当前请求较多，一分钟内答复",
        due=now + A_MINUTE,
    )
    with store.unit() as unit:
        current = unit.requests.get(request.id)
        if current.state is not RequestState.ASKED:
            return current
        kept = replace(current, answer=told)
        unit.requests.put(kept)
    return kept


def offered_day(
    preset: Preset, refusal: Answer, moved: Request, flights: Sequence[planner.Flight]
) -> Answer:
    """A refusal with the same look on another day, which was really solved."""
    first = min(flights, key=lambda f: f.start)
    when = first.start.astimezone(preset.zone_info)
    offer = CounterOffer(
        change="day",
        text=f"on {when:%m-%d}: {when:%H:%M} from {first.station}",
        text_zh=f"改在{when:%m-%d}：{when:%H:%M}由{first.station}起飞",
        instead={"earliest": moved.earliest.isoformat(), "latest": moved.latest.isoformat()},
        dock=first.station,
        start=first.start,
    )
    return replace(
        refusal,
        text=f"{refusal.text}. Possible: {offer.text}",
        text_zh=f"{refusal.text_zh}。可行方案：{offer.text_zh}",
        offer=offer,
    )
