"""What became of a signal's look: from its request to a case, or to nothing found."""

from datetime import datetime, timedelta

from core.geo import distance_m
from missions.entities import Anomaly, AnomalyState, Request, RequestState, ReviewState
from missions.lifecycle import move
from missions.operations.journal import note
from missions.operations.mend import hopeful
from missions.operations.room import ControlRoom
from missions.presets import Preset
from missions.signals.model import Outcome, Signal, SignalState
from missions.signals.showing import answered
from missions.store.protocol import Between, Unit

OPEN = (SignalState.ASKED, SignalState.LOOKED)
PATIENCE = timedelta(hours=2)
"""After a flight without photographs: they may still be brought by hand."""
_DEGREE_M = 110_500.0
_ENDED = {
    RequestState.REFUSED: ("refused", "cannot be flown", "无法安排飞行"),
    RequestState.EXPIRED: ("expired", "not flown within its time", "未能按时飞行"),
}


class Follower:
    """Takes open signals along with their requests."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def run(self) -> int:
        """Go through the open signals; how many took a step."""
        with self._room.view() as unit:
            waiting = [s.id for s in unit.signals.find(state=OPEN)]
        return sum(self._follow(signal_id) for signal_id in waiting)

    def _follow(self, signal_id: str) -> bool:
        preset, now = self._room.preset, self._room.now()
        with self._room.view() as unit:  # most have no step to take: no writer waits for them
            signal = unit.signals.get(signal_id)
            ahead = step(unit, preset, signal, now) is not None
        if not ahead:
            return False
        with self._room.unit() as unit:
            signal = unit.signals.get(signal_id)
            after = step(unit, preset, signal, now)
            if after is not None:
                if after.state is SignalState.ANSWERED:
                    after = answered(unit, after, preset.signals.looks[after.matter])
                unit.signals.put(after)
                _note(unit, after, now)
        return after is not None


def step(unit: Unit, preset: Preset, signal: Signal, now: datetime) -> Signal | None:
    """The signal after its next step; None where it has to wait."""
    request = unit.requests.get(signal.request_id)
    if signal.state is SignalState.ASKED:
        # its flight was lost, and another may be found: no answer yet
        return None if hopeful(unit, request, now) else _asked(request, signal, now)
    if signal.state is SignalState.LOOKED:
        return _looked(unit, preset, request, signal, now)
    return None


def _asked(request: Request, signal: Signal, now: datetime) -> Signal | None:
    if request.state in (RequestState.FLOWN, RequestState.ANSWERED):
        return move(signal, SignalState.LOOKED, looked_at=now)
    ended = _ENDED.get(request.state)
    if ended is not None:
        code, text, text_zh = ended
        said = request.answer
        outcome = Outcome(
            code=code,
            at=now,
            text=f"{text}: {said.text}" if said else text,
            text_zh=f"{text_zh}：{said.text_zh}" if said else text_zh,
        )
        return move(signal, SignalState.ANSWERED, outcome=outcome)
    if request.state not in (RequestState.ASKED, RequestState.PLANNED):  # such as withdrawn
        outcome = Outcome(
            code="refused",
            at=now,
            text=f"its request is {request.state}",
            text_zh=f"飞行需求状态：{request.state}",
        )
        return move(signal, SignalState.ANSWERED, outcome=outcome)
    return None


def _looked(
    unit: Unit, preset: Preset, request: Request, signal: Signal, now: datetime
) -> Signal | None:
    thing = _thing(unit, preset, signal)
    if thing is not None:
        case = unit.cases.get(thing.case_id) if thing.case_id else None
        name = case.number if case else thing.id
        outcome = Outcome(
            code="found", at=now, text=f"found: {name}", text_zh=f"已发现，案卷 {name}",
            case_id=case.id if case else None,
        )  # fmt: skip
        return move(signal, SignalState.ANSWERED, outcome=outcome)
    if _searched_still(unit, request, signal):
        return None
    if request.state is RequestState.FLOWN:
        if now < (signal.looked_at or now) + PATIENCE:
            return None
        text, text_zh = "flown, but no photograph of the place came in", "已飞行，但未收到现场影像"
        return move(signal, SignalState.ANSWERED, outcome=Outcome(
            code="unseen", at=now, text=text, text_zh=text_zh
        ))  # fmt: skip
    outcome = Outcome(
        code="nothing", at=now, text="looked: nothing found", text_zh="已查看，未发现"
    )
    return move(signal, SignalState.ANSWERED, outcome=outcome)


def _searched_still(unit: Unit, request: Request, signal: Signal) -> bool:
    """Whether an officer still has photographs of the place to search."""
    if signal.review_id and unit.reviews.get(signal.review_id).state is ReviewState.OPEN:
        return True
    if request.state is not RequestState.ANSWERED or not request.task_ids:
        return False
    return bool(unit.reviews.find(task_id=tuple(request.task_ids), state=ReviewState.OPEN, limit=1))


def _thing(unit: Unit, preset: Preset, signal: Signal) -> Anomaly | None:
    """The nearest open anomaly of what was looked for, seen since the signal, in the disc."""
    look = preset.signals.looks[signal.matter]
    reach = 2 * look.radius_m / _DEGREE_M
    here = signal.position
    near: list[Anomaly] = unit.anomalies.find(
        event_type=tuple(preset.scenarios[look.scenario].event_types),
        lat=Between(here.lat - reach, here.lat + reach),
        lon=Between(here.lon - 2 * reach, here.lon + 2 * reach),
        state=AnomalyState.OPEN,
    )
    since = signal.at - look.fresh
    apart = [
        (distance_m(a.position, here), a.id, a)
        for a in near
        if a.merged_into is None and a.last_seen >= since
    ]
    inside = [found for found in apart if found[0] <= look.radius_m + found[2].error_m]
    return min(inside)[2] if inside else None


def _note(unit: Unit, signal: Signal, now: datetime) -> None:
    said = signal.outcome
    text = said.text if said else signal.state.value
    text_zh = said.text_zh if said else signal.state.value
    note(unit, now, signal.id, f"signal.{signal.state.value}", text, text_zh)
