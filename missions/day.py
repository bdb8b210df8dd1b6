"""The running day: plan it if nobody has, then dispatch, take in, re-check, until told to stop."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import date, time, timedelta
from functools import cached_property
from typing import Any

from core.clock import SystemClock
from core.errors import PlanRejected
from missions import schedule
from missions.answers import Answers
from missions.demand import apart, recurring
from missions.demand.answering import Answering
from missions.demand.planning import PLANNED_BY, PlannedDay
from missions.demand.releasing import asked_for, is_released, release
from missions.demand.week import days_of, flown_in, note_week
from missions.demand.worker import flown_apart, plan, share_of
from missions.evidence.retention import Retention
from missions.feed.rules import feed_rules
from missions.feed.sweeping import sweep
from missions.identity.desk import Identity
from missions.media.desk import Desk
from missions.operations import alarm, escalation, mend, recheck, rehearsal, verification
from missions.operations.dispatch import Dispatcher
from missions.operations.examine import is_urgent
from missions.operations.finds import Finds
from missions.operations.intake import Intake
from missions.operations.order import answer_filings
from missions.operations.rehearsal import Rehearser
from missions.operations.room import ControlRoom, supervised
from missions.preflight import watch
from missions.signals.desk import Signals
from missions.statistics.desk import Statistics
from missions.store.protocol import Unit
from missions.telemetry import keeping as telemetry
from missions.telemetry.rules import load_rules

logger = logging.getLogger("flyonce.day")
CLOCK_KEY = "clock"
"""Setting under which the service's time is kept, for a restart in simulation."""
DAY_SECONDS = 12.0
"""Time for the search of a day's plan; more gains little at a city's size (facts/planning.md)."""
WEEK_SECONDS = 4.0
SEEDS = 3
LET_GO_AT = time(3, 0)
"""Local time at which photographs whose time is over are deleted: nothing flies then."""


class Day:
    """Runs the day in a control room.

    Args:
        rehearser: flies plans in simulation before they are released; None to release them plainly.
    """

    def __init__(
        self,
        room: ControlRoom,
        intake: Intake,
        finds: Finds,
        rehearser: Rehearser | None = None,
    ) -> None:
        self._room = room
        self._rehearser = rehearser
        self._intake = intake
        self._dispatcher = Dispatcher(room)
        self._answering = Answering(room.records, room.preset, room.answering)
        self._signals = Signals(room)
        finds.on_urgent = self._alarm
        self._retention = Retention(Desk.of(room))
        self._telemetry = load_rules()
        self.week_done = asyncio.Event()

    async def prepare(self) -> None:
        """See to it that today has a released plan; it takes in what standing orders ask for."""
        await self._recur()
        if not is_released(self._room.records, self._room.today()):
            await self._plan(self._room.today(), DAY_SECONDS)

    async def run(self) -> None:
        """Run until cancelled."""
        room = self._room
        urgent = frozenset(c for c, t in room.preset.event_types.items() if is_urgent(t))
        alarm.catch_up(room, urgent)
        await asyncio.to_thread(self._retention.recover)
        await asyncio.to_thread(Statistics(room.records, room.preset, room.clock).prepare)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._intake.run(), name="intake")
            group.create_task(self._dispatcher.run(), name="dispatch")
            group.create_task(room.helms.watch(), name="helms")
            scheduled = schedule.run(self.jobs, room.clock, room.records, room.lease)
            group.create_task(scheduled, name="schedule")
            group.create_task(schedule.until_done("the week", self._week), name="week")

    # --- jobs ------------------------------------------------------------------------------

    @cached_property
    def jobs(self) -> tuple[schedule.Job, ...]:
        """What runs by the clock."""
        zone = self._room.preset.zone_info
        return (
            schedule.every("filings", 10, _guarded(self._filings), zone),
            schedule.every("preflight", 60, _guarded(self._preflight), zone),
            schedule.every("re-checks", 20, _guarded(self._rechecks), zone),
            schedule.every("signals", 5, _guarded(self._signals.ask_waiting), zone),
            schedule.every("followed signals", 30, _guarded(self._signals.follow), zone),
            schedule.every("silent devices", 60, _guarded(self._signals.listen), zone),
            schedule.every("contacts", 3600, _guarded(self._signals.erase), zone),
            schedule.every("escalation", 60, _guarded(self._escalate), zone),
            schedule.every("verification", 120, _guarded(self._verify), zone),
            schedule.every("standing orders", 60, _guarded(self._recur), zone),
            schedule.every("answers", 15, _guarded(self._answer), zone),
            schedule.every("separate flights", 900, _guarded(self._prove), zone),
            schedule.every("mending", 30, _guarded(self._mend), zone),
            schedule.every("feed", 3600, _guarded(self._sweep_feed), zone),
            schedule.every("clock", 5, _guarded(self._save_clock), zone),
            schedule.daily("tomorrow's plan", PLANNED_BY, _guarded(self._tomorrow), zone),
            schedule.every("spent keys", 600, _guarded(self._forget_keys), zone),
            schedule.daily("retention", LET_GO_AT, _guarded(self._let_go), zone),
            schedule.every("rehearsal", 600, _guarded(self._rehearse_released), zone),
        )

    def _alarm(self, case_id: str) -> None:
        alarm.respond(self._room, case_id)

    async def _filings(self) -> None:
        answer_filings(self._room)

    async def _preflight(self) -> None:
        watch.tick(self._room)

    async def _rechecks(self) -> None:
        recheck.tick(self._room)

    async def _escalate(self) -> None:
        escalation.tick(self._room)

    async def _verify(self) -> None:
        await verification.tick(self._room)

    async def _recur(self) -> None:
        """Occurrences of standing orders that are due become requests."""
        room = self._room
        await asyncio.to_thread(recurring.tick, room.records, room.preset, room.clock)

    async def _answer(self) -> None:
        """What still waits and can be answered now."""
        await self._answering.tick(self._room.now())

    async def _prove(self) -> None:
        """What separate flights for a plan's requests would have cost, one plan at a time."""
        found = await asyncio.to_thread(apart.unproven, self._room.records)
        if found is None:
            return
        record, served = found
        loop = asyncio.get_running_loop()
        cost = await loop.run_in_executor(self._room.planning, flown_apart, served, record)
        await asyncio.to_thread(apart.keep, self._room.records, record, cost)

    async def _mend(self) -> None:
        await mend.tick(self._room)

    async def _sweep_feed(self) -> None:
        gone = await asyncio.to_thread(sweep, self._room.records, feed_rules(), SystemClock().now())
        logger.info("feed: %d changes and %d messages let go", *gone)

    async def _save_clock(self) -> None:
        with self._room.unit() as unit:
            unit.settings.set(CLOCK_KEY, self._room.now().isoformat())

    async def _forget_keys(self) -> None:
        await asyncio.to_thread(Answers(self._room.records).sweep)

    async def _tomorrow(self) -> None:
        tomorrow = self._room.today() + timedelta(days=1)
        if not is_released(self._room.records, tomorrow):
            await self._plan(tomorrow, DAY_SECONDS, rehearse=True)
        else:
            await self._rehearse_day(tomorrow)

    async def _let_go(self) -> None:
        swept = await asyncio.to_thread(self._retention.sweep)
        logger.info("retention: %d deleted, %d held", swept.deleted, swept.held)
        room = self._room
        identity = Identity(room.records, room.preset, room.clock)
        await asyncio.to_thread(identity.sessions.sweep)
        gone = await asyncio.to_thread(
            telemetry.sweep,
            room.records,
            room.logs,
            self._telemetry,
            self._retention.rules,
            room.now(),
        )
        logger.info("telemetry: %d logs, %d tracks let go", gone.logs, gone.tracks)

    async def _rehearse_released(self) -> None:
        """Today's plan where nobody has rehearsed it: it was released in a hurry."""
        await self._rehearse_day(self._room.today())

    async def _rehearse_day(self, day: date) -> None:
        """Rehearse a released day beside everything else, and act on what that shows."""
        room = self._room
        if self._rehearser is None or rehearsal.is_rehearsed(room.records, day):
            return
        to_fly = await asyncio.to_thread(rehearsal.released_day, room, day)
        if to_fly is None:
            return
        report = await rehearsal.rehearsed(self._rehearser, to_fly)
        with room.unit() as unit:
            rehearsal.keep(unit, day, report, room.now())
            done = rehearsal.act(unit, room, day, report)
        _log(day, report, done)

    async def _week(self) -> None:
        """Plan the rest of the week in the background, as a forecast of the week's work."""
        first = self._room.today()
        for day in days_of(first):
            if not is_released(self._room.records, day):
                try:
                    await self._plan(day, WEEK_SECONDS)
                except PlanRejected:  # logged; its own day's schedule plans it again
                    continue
        flown = await asyncio.to_thread(flown_in, self._room.records, self._room.preset, first)
        loop = asyncio.get_running_loop()
        seen = await loop.run_in_executor(self._room.planning, share_of, flown)
        note_week(self._room.records, self._room.preset, first, seen)
        self.week_done.set()

    async def _plan(self, day: date, seconds: float, *, rehearse: bool = False) -> None:
        """Plan and release a day; a plan that the checker refuses is made anew by another seed.

        Args:
            rehearse: before it is released; otherwise that comes later.

        Raises:
            PlanRejected: no plan passed.
        """
        room = self._room
        planned = await self._planned(day, seconds)
        if rehearse and self._rehearser is not None:
            to_fly = await asyncio.to_thread(rehearsal.day_of, room, planned)
            report = await rehearsal.rehearsed(self._rehearser, to_fly)

            def also(unit: Unit) -> None:
                rehearsal.keep(unit, day, report, room.now())
                _log(day, report, rehearsal.act(unit, room, day, report))

        else:

            def also(unit: Unit) -> None:
                pass

        await asyncio.to_thread(
            release, room.records, room.preset, planned, room.now(), also, room.authority
        )
        logger.info("released %s: %d flights", day, len(planned.flights))

    async def _planned(self, day: date, seconds: float) -> PlannedDay:
        loop = asyncio.get_running_loop()
        asked = asked_for(self._room.records, self._room.preset, day)
        seed = self._room.preset.demo.seed
        for attempt in range(SEEDS - 1):
            try:
                return await loop.run_in_executor(
                    self._room.planning, plan, day, seconds, seed + attempt, asked
                )
            except PlanRejected as why:
                logger.error("%s", why)
        return await loop.run_in_executor(
            self._room.planning, plan, day, seconds, seed + SEEDS, asked
        )


def _log(day: date, report: Mapping[str, Any], done: rehearsal.Outcome) -> None:
    logger.info(
        "rehearsed %s: %s; %d flights held back, %d re-timed, %d warned of",
        day,
        report.get("reason") or report["counts"],
        *(len(done.held), len(done.retimed), len(done.warned)),
    )


def _guarded(job: Callable[[], Coroutine[Any, Any, None]]) -> schedule.Work:
    """A job that logs its fault and runs again when it is due next."""
    return lambda: supervised(job(), job.__name__)
