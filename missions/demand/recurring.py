"""Occurrences of standing orders become requests when their day comes into the planned week.

Each at most once, whatever stops in between: the request and how far its order has come are kept
together. One whose window has passed before it could be asked is kept as expired, with the reason.
"""

from dataclasses import replace
from datetime import datetime, time, timedelta

from core.clock import Clock
from core.ids import new_id
from missions import quotas
from missions.demand.asking import SHORTEST
from missions.demand.reuse import served
from missions.demand.standing import Standing, StandingState
from missions.demand.standings import upcoming
from missions.entities import Answer, LogEntry, Request, RequestState
from missions.lifecycle import move
from missions.presets import Preset
from missions.store.protocol import Store, Unit

DAYS = 7
"""Days that are planned ahead, today's among them: the week."""
AT_ONCE = 50
"""Occurrences of one order in a round; after days of standstill the rounds after it go on."""
_MISSED = Answer(
    code="missed",
    text="the service did not run when it was due: its window has passed",
    text_zh="到期时服务未运行，时间窗已过",
)


def tick(store: Store, preset: Preset, clock: Clock) -> list[Request]:
    """Make the requests that are due; returns them."""
    now = clock.now()
    with store.view() as unit:
        active = unit.standings.find(state=StandingState.ACTIVE)
    made: list[Request] = []
    for standing in active:
        with store.unit() as unit:
            made += _ask(unit, preset, unit.standings.get(standing.id), now)
    return made


def _ask(unit: Unit, preset: Preset, standing: Standing, now: datetime) -> list[Request]:
    """What is due of one order, and the order as it stands then."""
    if standing.state is not StandingState.ACTIVE:
        return []  # it was paused since the list was read
    due = upcoming(standing, AT_ONCE, horizon_end(preset, now))
    made = [_kept(unit, preset, _request(unit, standing, start, now), now) for start in due]
    missed = sum(r.state is RequestState.EXPIRED for r in made)
    if due:
        standing = replace(
            standing,
            through=due[-1],
            made=standing.made + len(made) - missed,
            missed=standing.missed + missed,
        )
    if len(due) < AT_ONCE and not upcoming(standing, 1):
        standing = move(
            standing,
            StandingState.ENDED,
            reason="it has no more occurrences",
            reason_zh="已全部完成",
        )
    elif not due:
        return []
    unit.standings.put(standing)
    return made


def horizon_end(preset: Preset, now: datetime) -> datetime:
    """The end of the last day that is planned ahead."""
    last = now.astimezone(preset.zone_info).date() + timedelta(days=DAYS)
    return datetime.combine(last, time(0), tzinfo=preset.zone_info) - timedelta(seconds=1)


def _request(unit: Unit, standing: Standing, start: datetime, now: datetime) -> Request:
    """The request of one occurrence."""
    request = replace(
        standing.wish,
        id=new_id("req", now),
        earliest=start,
        latest=start + standing.window,
        created_at=now,
        standing=standing.id,
    )
    if request.latest - max(now, start) < SHORTEST:
        return move(request, RequestState.EXPIRED, answer=_MISSED)
    return served(unit, request, standing.fresh_h, now) if start <= now else request


def _kept(unit: Unit, preset: Preset, request: Request, now: datetime) -> Request:
    """The request as it is kept: it counts for its department's month as any other does."""
    if request.state is not RequestState.EXPIRED:
        try:
            quotas.spend(unit, preset, request, now)
        except quotas.QuotaUsedUp as why:
            answer = Answer(code="quota", text=str(why), text_zh="本月配额已用完，该次未提交")
            request = move(
                replace(request, state=RequestState.ASKED), RequestState.EXPIRED, answer=answer
            )
    unit.requests.add(request)
    expired = request.state is RequestState.EXPIRED
    unit.log.add(
        LogEntry(
            id=new_id("log", now),
            at=now,
            actor="service",
            action="standing.miss" if expired else "standing.ask",
            subject=request.id,
            text=_why(request).text if expired else f"an occurrence of {request.standing}",
            text_zh=_why(request).text_zh if expired else f"{request.standing} 的一次",
            department=request.department,
        )
    )
    return request


def _why(request: Request) -> Answer:
    return request.answer or _MISSED
