"""Leading signals ask for a look, right after they came in and never while their sender waits.

The request and the signal's word of it are written in one unit, so that a service killed at any
moment asks once. Serving the request (the planner's second) comes after; if that is broken off,
`missions.demand.answering` does it.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from shapely.geometry import Point, mapping

from core.errors import InvalidInput, PlanRejected, Unavailable
from core.geo import LocalFrame
from core.ids import new_id
from imagery.catalog import Medium
from missions.access import SERVICE
from missions.demand.asking import RequestDraft, checked
from missions.demand.inserting import insert
from missions.demand.planning import horizon, morning
from missions.demand.reuse import served
from missions.entities import Origin, Request, RequestState, Review
from missions.lifecycle import move
from missions.operations.journal import note
from missions.operations.room import ControlRoom
from missions.signals.model import Outcome, Signal, SignalState
from missions.store.protocol import Unit

logger = logging.getLogger("flyonce.signals")
ROUND = 20
"""Signals of one round, the most urgent first: what comes in meanwhile waits no longer."""
LATE = timedelta(hours=24)
"""A signal that waited so long (the service stood still) is history: asking again is a person's."""
SHORTEST = timedelta(minutes=30)
"""Less of the day left than this: a look that may wait longer begins the next morning."""
_CORNERS = 4
"""Of a quarter of the disc: sixteen corners in all."""


class Asker:
    """Asks for the looks of signals that have come in."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def waiting(self) -> list[str]:
        """Ids of the signals to ask for next, the most urgent first."""
        with self._room.view() as unit:
            found = unit.signals.find(state=SignalState.RECEIVED)
        found.sort(key=lambda s: (-s.priority, s.received_at, s.id))
        return [signal.id for signal in found[:ROUND]]

    def ask(self, signal_id: str) -> None:
        """Ask for one signal's look and have it planned; blocks for as long as planning takes."""
        with self._room.unit() as unit:
            signal = unit.signals.get(signal_id)
            if signal.state is not SignalState.RECEIVED:
                return
            request = self._asked(unit, signal)
        if request is not None and request.state is RequestState.ASKED:
            self.plan(request)

    def plan(self, request: Request) -> None:
        """Serve a request in its day's plan; where that cannot be now, it stays asked."""
        try:
            room = self._room
            insert(room.records, room.preset, request, room.now(), room.answering)
        except (PlanRejected, Unavailable) as why:
            logger.error("%s: %s", request.id, why)

    def _asked(self, unit: Unit, signal: Signal) -> Request | None:
        """Keep the request of a signal; None where there is none to make."""
        now = self._room.now()
        if now > signal.received_at + LATE:
            outcome = _ended("late", now, "came too late to be asked for", "已过时效，未安排查看")
            unit.signals.put(move(signal, SignalState.ANSWERED, outcome=outcome))
            return None
        try:
            request = self._request(unit, signal, now)
        except InvalidInput as error:  # such as a disc that reaches beyond the city
            outcome = _ended("refused", now, error.what, f"无法提出需求：{error.what}")
            unit.signals.put(move(signal, SignalState.ANSWERED, outcome=outcome))
            return None
        unit.requests.add(request)
        asked = move(signal, SignalState.ASKED, request_id=request.id, asked_at=now)
        if request.state is RequestState.ANSWERED:
            asked = replace(asked, review_id=self._review(unit, signal, request, now))
        unit.signals.put(asked)
        text = f"asked: {signal.text}"
        note(unit, now, request.id, "request.ask", text, f"提出需求：{signal.text_zh}")
        return request

    def _request(self, unit: Unit, signal: Signal, now: datetime) -> Request:
        preset = self._room.preset
        look = preset.signals.looks[signal.matter]
        earliest = self._begin(now, look.within)
        draft = RequestDraft(
            geometry=disc(signal, look.radius_m),
            earliest=earliest,
            latest=earliest + look.within,
            scenario=look.scenario,
            priority=signal.priority,
            purpose=signal.text[:500],
            department=signal.department,
        )
        made = replace(checked(preset, SERVICE, draft, now), origin=Origin.SIGNAL)
        shared = sorted({*made.shared_with, *signal.shared_with} - {made.department})
        made = replace(made, shared_with=tuple(shared))
        return served(unit, made, look.fresh.total_seconds() / 3600, now)

    def _begin(self, now: datetime, within: timedelta) -> datetime:
        """Now by day; at night and in the last minutes of the day, the next morning."""
        preset = self._room.preset
        begin = morning(preset, now)
        closes = horizon(preset, begin.astimezone(preset.zone_info).date())[1]
        if closes - begin < min(within, SHORTEST):
            return morning(preset, closes)
        return begin

    def _review(self, unit: Unit, signal: Signal, request: Request, now: datetime) -> str:
        """Have an officer search the photographs that answered, where no detector has; its id."""
        preset = self._room.preset
        kind = preset.event_types[signal.matter]
        media: list[Medium] = [unit.media.get(m) for m in request.reused]
        visible = [m for m in media if not m.radiometric]
        if kind.detector == "thermal" or not visible:
            return ""
        scenario = preset.scenarios[request.scenario]
        review = Review(
            id=new_id("rev", now),
            kind="look",
            event_types=(signal.matter,),
            task_id=None,
            place=signal.text,
            geometry=request.geometry,
            position=signal.position,
            media=tuple(m.id for m in visible),
            created_at=now,
            department=scenario.department,
            shared_with=scenario.shared_with,
        )
        unit.reviews.add(review)
        return review.id


def disc(signal: Signal, radius_m: float) -> dict[str, object]:
    """The ground to photograph round a signal, as GeoJSON."""
    frame = LocalFrame(signal.position)
    round_ = frame.to_degrees(Point(0.0, 0.0).buffer(radius_m, quad_segs=_CORNERS))
    return dict(mapping(round_))


def _ended(code: str, at: datetime, text: str, text_zh: str) -> Outcome:
    return Outcome(code=code, at=at, text=text, text_zh=text_zh)
