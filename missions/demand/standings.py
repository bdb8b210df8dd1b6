"""Standing orders: made, paused, resumed, ended, and what they hold."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from core.errors import InvalidInput, NotAllowed
from core.ids import new_id
from missions.access import Principal
from missions.demand.asking import RequestDraft, checked, fresh_h
from missions.demand.standing import Standing, StandingState
from missions.entities import LogEntry, Request
from missions.lifecycle import move
from missions.operations.room import ControlRoom
from missions.queries import Page, page_of
from missions.schedule.recurrence import LONGEST_DAYS, occurrences, parse, zone_named
from missions.store.protocol import Unit

MOST = 200
"""Standing orders of one department that are not ended."""
AHEAD = timedelta(days=LONGEST_DAYS - 50)
"""How far ahead a next occurrence is looked for: ten years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """When a look is wanted again: RRULE and zone; ``until`` and ``count`` may stand beside it."""

    rrule: str
    zone: str
    until: datetime | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One occurrence; ``request``: what it became, None while it is to come."""

    start: datetime
    latest: datetime
    request: Request | None = None


class Standings:
    """The standing orders of the departments."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def create(self, p: Principal, draft: RequestDraft, recurrence: Recurrence) -> Standing:
        """Make a standing order; the draft's window is that of the first occurrence.

        Raises:
            NotAllowed, InvalidInput: as for a request; the rule or its zone is wrong, never occurs,
                or the department has too many.
        """
        p.require("request")
        now = self._room.now()
        wish = checked(self._room.preset, p, draft, now)
        made = Standing(
            id=new_id("std", now),
            department=wish.department,
            shared_with=wish.shared_with,
            wish=wish,
            rule=rule_of(recurrence),
            zone=zone_named(recurrence.zone, "recurrence.zone").key,
            created_at=now,
            created_by=p.name,
            fresh_h=fresh_h(draft),
        )
        if not upcoming(made, 1):
            raise InvalidInput(
                "it never occurs",
                where="recurrence.rrule",
                remedy="check BYDAY, BYMONTHDAY and UNTIL against `earliest`",
            )
        with self._room.unit() as unit:
            _must_be_few(unit, made.department)
            unit.standings.add(made)
            _note(unit, now, p.name, made, "create", made.rule, made.rule)
        return made

    def list(
        self,
        p: Principal,
        *,
        state: StandingState | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Standing]:
        """Standing orders that the caller may see, the latest first."""
        chosen = {} if state is None else {"state": state}
        with self._room.view() as unit:
            return page_of(unit.standings, p, after, limit, chosen)

    def get(self, p: Principal, standing_id: str) -> Standing:
        """One of them. Raises NotFound, also when the caller may not see it."""
        with self._room.view() as unit:
            found: Standing = p.checked(unit.standings.get(standing_id))
            return found

    def pause(self, p: Principal, standing_id: str) -> Standing:
        """No more requests until it is resumed; those made already stay."""
        return self._step(p, standing_id, StandingState.PAUSED, "paused by {}", "已由 {} 暂停")

    def resume(self, p: Principal, standing_id: str) -> Standing:
        """Go on with what is to come; what fell into the pause is left out."""
        return self._step(p, standing_id, StandingState.ACTIVE, "", "")

    def end(self, p: Principal, standing_id: str) -> Standing:
        """No more requests; those made already stay, and can be withdrawn one by one."""
        return self._step(p, standing_id, StandingState.ENDED, "ended by {}", "已由 {} 终止")

    def occurrences(
        self, p: Principal, standing_id: str, *, limit: int = 20
    ) -> tuple[tuple[Occurrence, ...], tuple[Occurrence, ...]]:
        """The latest that became requests, the newest first, and the next to come."""
        with self._room.view() as unit:
            standing: Standing = p.checked(unit.standings.get(standing_id))
            made = unit.requests.find(standing=standing.id, newest_first=True, limit=limit)
        past = tuple(Occurrence(start=r.earliest, latest=r.latest, request=r) for r in made)
        coming: tuple[Occurrence, ...] = ()
        if standing.state is not StandingState.ENDED:
            after = standing
            if standing.state is StandingState.PAUSED:
                after = replace(standing, through=_later(standing.through, self._room.now()))
            coming = tuple(
                Occurrence(start=at, latest=at + standing.window) for at in upcoming(after, limit)
            )
        return past, coming

    def _step(
        self, p: Principal, standing_id: str, state: StandingState, why: str, why_zh: str
    ) -> Standing:
        p.require("request")
        now = self._room.now()
        with self._room.unit() as unit:
            standing: Standing = p.checked(unit.standings.get(standing_id))
            if not p.city_wide and standing.department != p.department:
                raise NotAllowed(
                    "it is another department's standing order",
                    where=standing.id,
                    remedy="ask that department, or a dispatcher",
                )
            changed = move(
                standing, state, reason=why.format(p.name), reason_zh=why_zh.format(p.name)
            )
            if standing.state is StandingState.PAUSED:
                changed = replace(changed, through=_later(standing.through, now))
            unit.standings.put(changed)
            _note(unit, now, p.name, changed, state.value, why.format(p.name), changed.reason_zh)
        return changed


def rule_of(recurrence: Recurrence) -> str:
    """The rule as one text of RFC 5545.

    Raises:
        InvalidInput: it is none, or its end is said twice.
    """
    text = recurrence.rrule
    for name, value in (("COUNT", recurrence.count), ("UNTIL", recurrence.until)):
        if value is None:
            continue
        if name in text.upper() or (name == "UNTIL" and recurrence.count is not None):
            raise InvalidInput(
                "its end is said twice",
                where=f"recurrence.{name.lower()}",
                remedy="give one of COUNT and UNTIL, in the rule or beside it",
            )
        text = f"{text};{name}={_spoken(value)}"
    return parse(text, "recurrence.rrule").text


def upcoming(standing: Standing, limit: int, until: datetime | None = None) -> tuple[datetime, ...]:
    """Starts of the next occurrences that are not dealt with, up to a time."""
    since = max(standing.first, standing.through or standing.first)
    return occurrences(
        parse(standing.rule),
        standing.zone_info,
        standing.first,
        after=standing.through,
        until=since + AHEAD if until is None else until,
        limit=limit,
    )


def _later(through: datetime | None, now: datetime) -> datetime:
    return now if through is None else max(through, now)


def _spoken(value: datetime | int) -> str:
    if isinstance(value, int):
        return str(value)
    if value.tzinfo is None:
        raise InvalidInput(
            "a time without a zone",
            where="recurrence.until",
            remedy="end it with Z or an offset such as +08:00",
        )
    return f"{value.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _must_be_few(unit: Unit, department: str) -> None:
    alive = (StandingState.ACTIVE, StandingState.PAUSED)
    if unit.standings.count(department=department, state=alive) >= MOST:
        raise InvalidInput(
            f"{department} has {MOST} standing orders",
            where="recurrence",
            remedy="end some that are not needed any more",
        )


def _note(
    unit: Unit, now: datetime, actor: str, standing: Standing, what: str, text: str, text_zh: str
) -> None:
    unit.log.add(
        LogEntry(
            id=new_id("log", now),
            at=now,
            actor=actor,
            action=f"standing.{what}",
            subject=standing.id,
            text=text,
            text_zh=text_zh,
            department=standing.department,
        )
    )
