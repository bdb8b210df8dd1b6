"""Standing orders: each occurrence a request, once, at its local time; missed ones are said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.clock import ManualClock
from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from missions.access import SERVICE, Principal
from missions.demand.asking import RequestDraft
from missions.demand.recurring import tick
from missions.demand.standing import Standing, StandingState
from missions.demand.standings import Recurrence, Standings
from missions.entities import RequestState
from missions.presets import Preset
from missions.quotas import QuotaUsedUp
from missions.store import Store

Member = Callable[[str], Principal]
SPOT = {"type": "Point", "coordinates": [118.55, 28.505]}
NAIVE = datetime(2026, 6, 1)  # noqa: DTZ001
DAILY = Recurrence(rrule="FREQ=DAILY", zone="Asia/Shanghai")


@pytest.fixture
def standings(store: Store, preset: Preset, clock: ManualClock) -> Standings:
    room: Any = SimpleNamespace(
        preset=preset, clock=clock, records=store, now=clock.now, unit=store.unit, view=store.view
    )
    return Standings(room)


@pytest.fixture
def draft(clock: ManualClock) -> RequestDraft:
    """From ten to eleven today."""
    return RequestDraft(
        geometry=SPOT,
        scenario="fire",
        earliest=clock.now() + timedelta(hours=1),
        latest=clock.now() + timedelta(hours=2),
    )


def windows(store: Store, standing: Standing) -> list[tuple[datetime, datetime]]:
    with store.view() as unit:
        found = unit.requests.find(standing=standing.id)
    return [(r.earliest, r.latest) for r in found]


def test_the_week_s_occurrences_become_requests_and_never_twice(
    standings: Standings,
    store: Store,
    preset: Preset,
    clock: ManualClock,
    draft: RequestDraft,
    member: Member,
) -> None:
    made = standings.create(member("urban"), draft, DAILY)
    asked = tick(store, preset, clock)
    assert len(asked) == 7
    assert {r.state for r in asked} == {RequestState.ASKED}
    assert asked[1].earliest - asked[0].earliest == timedelta(days=1)
    assert asked[0].latest - asked[0].earliest == timedelta(hours=1)
    assert {r.department for r in asked} == {"urban"}
    assert tick(store, preset, clock) == []
    clock.advance(86_400)
    assert len(tick(store, preset, clock)) == 1
    assert len(set(windows(store, made))) == 8
    assert standings.get(SERVICE, made.id).made == 8


def test_a_kill_between_two_ticks_loses_and_doubles_nothing(
    standings: Standings,
    store: Store,
    preset: Preset,
    clock: ManualClock,
    draft: RequestDraft,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is not committed never was; what is committed is not made again."""
    made = standings.create(SERVICE, draft, DAILY)
    monkeypatch.setattr("missions.demand.recurring.replace", _killed(replace))
    with pytest.raises(RuntimeError):
        tick(store, preset, clock)
    monkeypatch.undo()
    assert windows(store, made) == []
    tick(store, preset, clock)
    assert len(windows(store, made)) == len(set(windows(store, made))) == 7


def _killed(real: Any) -> Any:
    """`dataclasses.replace`, and a kill when the order itself is written."""

    def run(item: Any, **changes: Any) -> Any:
        if isinstance(item, Standing):
            raise RuntimeError("killed")
        return real(item, **changes)

    return run


def test_missed_occurrences_are_said_and_not_flown(
    standings: Standings, store: Store, preset: Preset, clock: ManualClock, draft: RequestDraft
) -> None:
    made = standings.create(SERVICE, draft, DAILY)
    clock.advance(3 * 86_400)  # the service stood still
    asked = tick(store, preset, clock)
    missed = [r for r in asked if r.state is RequestState.EXPIRED]
    assert len(missed) == 3
    assert missed[0].answer is not None
    assert missed[0].answer.code == "missed"
    after = standings.get(SERVICE, made.id)
    assert (after.missed, after.made) == (3, 7)


def test_the_wall_clock_is_kept_when_clocks_change(
    standings: Standings, store: Store, preset: Preset, clock: ManualClock, draft: RequestDraft
) -> None:
    zone = ZoneInfo("Europe/Berlin")
    clock.advance((datetime(2026, 10, 22, 6, tzinfo=zone) - clock.now()).total_seconds())
    nine = replace(
        draft,
        earliest=datetime(2026, 10, 22, 9, tzinfo=zone),
        latest=datetime(2026, 10, 22, 10, tzinfo=zone),
    )
    made = standings.create(SERVICE, nine, Recurrence(rrule="FREQ=DAILY", zone="Europe/Berlin"))
    tick(store, preset, clock)
    local = [start.astimezone(zone) for start, _ in windows(store, made)]
    assert {t.hour for t in local} == {9}
    assert {t.utcoffset() for t in local} == {timedelta(hours=1), timedelta(hours=2)}


def test_it_ends_by_itself_after_its_last_occurrence(
    standings: Standings, store: Store, preset: Preset, clock: ManualClock, draft: RequestDraft
) -> None:
    made = standings.create(SERVICE, draft, replace(DAILY, count=3))
    assert len(tick(store, preset, clock)) == 3
    assert standings.get(SERVICE, made.id).state is StandingState.ENDED
    assert tick(store, preset, clock) == []
    until = replace(DAILY, until=clock.now() + timedelta(days=2))
    assert standings.create(SERVICE, draft, until).rule.startswith("FREQ=DAILY;UNTIL=2026")


def test_a_pause_is_left_out_and_what_follows_is_not(
    standings: Standings,
    store: Store,
    preset: Preset,
    clock: ManualClock,
    draft: RequestDraft,
    member: Member,
) -> None:
    made = standings.create(member("urban"), draft, DAILY)
    standings.pause(member("urban"), made.id)
    assert tick(store, preset, clock) == []
    clock.advance(10 * 86_400)
    standings.resume(member("urban"), made.id)
    asked = tick(store, preset, clock)
    assert len(asked) == 7
    assert all(r.state is RequestState.ASKED for r in asked)
    standings.end(member("urban"), made.id)
    with pytest.raises(IllegalTransition):
        standings.resume(member("urban"), made.id)


def test_occurrences_tell_what_was_and_what_comes(
    standings: Standings, store: Store, preset: Preset, clock: ManualClock, draft: RequestDraft
) -> None:
    made = standings.create(SERVICE, draft, DAILY)
    tick(store, preset, clock)
    past, coming = standings.occurrences(SERVICE, made.id, limit=3)
    assert [o.request is not None for o in (*past, *coming)] == [True] * 3 + [False] * 3
    assert coming[0].start == draft.earliest + timedelta(days=7)
    assert coming[0].latest - coming[0].start == timedelta(hours=1)


@pytest.mark.parametrize(
    ("recurrence", "field"),
    [
        (Recurrence(rrule="FREQ=SECONDLY", zone="Asia/Shanghai"), "recurrence.rrule"),
        (Recurrence(rrule="FREQ=HOURLY;BYMINUTE=0,1,2,3", zone="Asia/Shanghai"), "recurrence"),
        (Recurrence(rrule="FREQ=DAILY;COUNT=999999999", zone="Asia/Shanghai"), "recurrence"),
        (Recurrence(rrule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", zone="UTC"), "recurrence.rrule"),
        (Recurrence(rrule="every day", zone="Asia/Shanghai"), "recurrence.rrule"),
        (Recurrence(rrule="FREQ=DAILY", zone="Mars/Olympus"), "recurrence.zone"),
        (Recurrence(rrule="FREQ=DAILY;COUNT=2", zone="UTC", count=3), "recurrence.count"),
        (Recurrence(rrule="FREQ=DAILY", zone="UTC", until=NAIVE), "recurrence.until"),
    ],
)  # fmt: skip
def test_bombs_and_nonsense_are_refused_by_name(
    standings: Standings, store: Store, draft: RequestDraft, recurrence: Recurrence, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        standings.create(SERVICE, draft, recurrence)
    assert str(refused.value.where).startswith(field)
    assert refused.value.remedy
    with store.view() as unit:
        assert unit.standings.count() == 0


def test_another_department_sees_and_touches_nothing(
    standings: Standings, draft: RequestDraft, member: Member
) -> None:
    made = standings.create(member("urban"), replace(draft, scenario="waste"), DAILY)
    for call in (standings.get, standings.pause, standings.end, standings.occurrences):
        with pytest.raises(NotFound):
            call(member("forestry"), made.id)
    assert standings.list(member("forestry")).items == ()
    seen = standings.list(member("ecology")).items  # the scenario shares it
    assert [one.id for one in seen] == [made.id]
    with pytest.raises(NotAllowed):
        standings.end(member("ecology"), made.id)


def test_an_occurrence_beyond_the_month_s_quota_is_said_and_not_flown(
    standings: Standings,
    store: Store,
    preset: Preset,
    clock: ManualClock,
    draft: RequestDraft,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = standings.create(SERVICE, draft, DAILY)

    def used_up(*_: Any) -> None:
        raise QuotaUsedUp("the month is used up", where="forestry", remedy="wait")

    monkeypatch.setattr("missions.quotas.spend", used_up)
    asked = tick(store, preset, clock)
    assert {r.state for r in asked} == {RequestState.EXPIRED}
    assert asked[0].answer is not None
    assert asked[0].answer.code == "quota"
    assert standings.get(SERVICE, made.id).missed == 7
