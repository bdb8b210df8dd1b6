"""Thousands of uploads in bad weather with kills: none may end armed with anything but the proven
plan, and none that failed may leave anything behind that could be armed.

One scenario: an old plan is on board; a controller uploads a new one over a network that loses up
to 30 %, doubles and reorders; the vehicle may refuse or garble an item, or lose power; another
ground station may upload its own plan; the controller may be killed and started anew, and the new
one reads, clears or uploads. In the end somebody tries to launch.
"""

import asyncio
import multiprocessing
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import lru_cache

from benchmarks.fleet.upload_world import (
    Air,
    Controller,
    Drone,
    Timeline,
    Weather,
    other_station,
)
from core.errors import FlyOnceError, ReadBackMismatch, TransferFailed
from core.geo import LonLat, offset
from core.route import Route, Waypoint
from fleet.messages import MissionItem
from fleet.plans.fence import Fence, Polygon
from fleet.plans.flightplan import FlightPlan
from fleet.plans.mission import build
from fleet.plans.rally import RallyPoint
from fleet.uploads.courier import NotCleared

HOME = LonLat(118.87, 28.95)
PLANS = 40
CHUNK = 250
"""Scenarios that one process does at a time."""


@dataclass
class Tally:
    """What became of many scenarios.

    Attributes:
        ends: how they ended, counted.
        wrong: scenarios in which something was armed that was not proven, or left behind; by seed.
        overtaken: armed while another ground station changed the store after the vehicle's last
            word to us: no controller can know, only signing keeps others out.
    """

    ends: Counter[str]
    wrong: list[tuple[int, str]]
    overtaken: int = 0

    def add(self, other: "Tally") -> None:
        self.ends += other.ends
        self.wrong += other.wrong
        self.overtaken += other.overtaken


@lru_cache(maxsize=1)
def plans() -> tuple[FlightPlan, ...]:
    """Plans of different lengths that have items in common, so that mixes look alike."""
    rng = random.Random(4)
    made = []
    for number in range(PLANS):
        legs = rng.randint(1, 14)
        points = tuple(
            Waypoint(
                position=offset(HOME, 10.0 * k, 150.0 * (k + 1)),
                height_m=float(rng.choice((60, 80))),
                photo_spacing_m=20.0 * (k % 2),
            )
            for k in range(legs)
        )
        mission = build(Route(points), home=HOME)
        corners = tuple(offset(HOME, a, 3000.0 + number) for a in range(0, 360, 360 // 6))
        rally = tuple(
            RallyPoint(offset(HOME, 90, 200.0 + k + number), 60) for k in range(number % 4)
        )
        made.append(FlightPlan(mission, Fence((Polygon(corners),), (), 150.0), rally))
    return tuple(made)


async def scenario(seed: int) -> Tally:
    """One upload and what comes of it."""
    rng = random.Random(seed)
    timeline = Timeline()
    weather = Weather(
        loss=rng.uniform(0.0, 0.3),
        duplication=rng.uniform(0.0, 0.15),
        reordering=rng.uniform(0.0, 0.2),
        latest_s=rng.choice((0.1, 0.5, 3.0)),
    )
    drone = Drone(timeline, Air(timeline, rng, weather))
    old, new, foreign = rng.sample(plans(), 3)
    for kind, items in old.items.items():
        drone.store.stores[int(kind)] = list(items)
    story = _Story(rng, timeline, drone, new, foreign, seed)
    await timeline.run(story.tell())
    await story.close()
    return story.tally


class _Story:
    def __init__(
        self,
        rng: random.Random,
        timeline: Timeline,
        drone: Drone,
        new: FlightPlan,
        foreign: FlightPlan,
        seed: int,
    ) -> None:
        self.rng, self.timeline, self.drone = rng, timeline, drone
        self.new, self.foreign, self.seed = new, foreign, seed
        self.tally = Tally(Counter(), [])
        self.stranger: asyncio.Task[None] | None = None
        self.controller = Controller(timeline, drone)

    async def tell(self) -> None:
        rng = self.rng
        if rng.random() < 0.2:
            self.timeline.after(rng.uniform(0, 20), self._stranger_begins)
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
            self.timeline.after(
                rng.uniform(0, 20), lambda: self.drone.cut_power(rng.uniform(0.3, 5))
            )
        if rng.random() < 0.1:
            self._spoil()
        ended = await self._upload(rng.uniform(0.1, 15) if rng.random() < 0.4 else None)
        if ended == "killed":
            ended = await self._next_life()
        await self.timeline.clock.sleep(rng.choice((0.0, 0.0, 1.0, 5.0, 30.0)))
        await self._launch(ended)

    def _stranger_begins(self) -> None:
        self.stranger = asyncio.ensure_future(
            other_station(self.timeline, self.drone, self.foreign)
        )

    def _spoil(self) -> None:
        seq = self.rng.randrange(1, len(self.new.mission.items))
        store = self.drone.store

        def garbled(item: MissionItem) -> MissionItem:
            hit = item.seq == seq and item.mission_type == 0
            return replace(item, z=item.z + 7.0) if hit else item

        if self.rng.random() < 0.5:
            store.corrupt = garbled
        else:
            store.refuse = lambda i: 12 if (i.seq, i.mission_type) == (seq, 0) else 0

    async def _upload(self, killed_after_s: float | None) -> str:
        """Upload the new plan; how it ended."""
        task = asyncio.ensure_future(self.controller.onboard.upload(self.new))
        if killed_after_s is not None:
            sleep = asyncio.ensure_future(self.timeline.clock.sleep(killed_after_s))
            await asyncio.wait({task, sleep}, return_when=asyncio.FIRST_COMPLETED)
            sleep.cancel()
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                return "killed"
        try:
            await task
        except NotCleared:
            self._check(self.controller.onboard.custody.unarmable is not None, "not marked")
            return "failed, not cleared"
        except (TransferFailed, ReadBackMismatch):
            self._check(self.drone.empty or not self._quiet(), "something was left behind")
            return "failed, cleared"
        held = not self.drone.differing(self.new) or not self._quiet()
        self._check(held, "claimed to be stored and is not")
        return "stored"

    def _quiet(self) -> bool:
        """Whether nobody else has been at the store."""
        return self.stranger is None

    async def _next_life(self) -> str:
        """The controller was killed; a new process starts and knows nothing."""
        self.controller = Controller(self.timeline, self.drone)
        custody = self.controller.onboard.custody
        try:
            custody.require()
            self._check(False, "armable right after a restart")
        except FlyOnceError:
            pass
        deed = self.rng.choice(("upload", "upload", "download", "clear", "launch"))
        try:
            if deed == "upload":
                return "killed, then " + await self._upload(None)
            if deed == "download":
                await self.controller.onboard.download()
            elif deed == "clear":
                await self.controller.onboard.clear()
        except FlyOnceError:
            return f"killed, {deed} failed"
        return f"killed, then {deed}"

    async def _launch(self, ended: str) -> None:
        """Prove what counts as on board if it is the wanted plan, and try to arm."""
        onboard = self.controller.onboard
        plan = onboard.custody.plan
        if plan is not None and not self.new.differences(plan):
            self.controller.prove()
        try:
            await onboard.recheck()
        except FlyOnceError:
            self.tally.ends[f"{ended}; not armed"] += 1
            return
        outcome: list[str] = []
        self.drone.on_arm = lambda: outcome.append(self._armed())
        for _ in range(8):
            self.drone.arm()
            await self.timeline.clock.sleep(1.0)
            if outcome:
                break
        self.drone.on_arm = lambda: None
        self.tally.ends[f"{ended}; {outcome[0] if outcome else 'arming lost'}"] += 1

    def _armed(self) -> str:
        differing = self.drone.differing(self.new)
        if not differing:
            return "armed"
        if not self._quiet() and all(self.drone.changed_untold(k) for k in differing):
            self.tally.overtaken += 1
            return "overtaken by another ground station"
        self._check(False, "armed with something else")
        return "WRONG"

    def _check(self, holds: bool, what: str) -> None:
        if not holds:
            self.tally.wrong.append((self.seed, what))

    async def close(self) -> None:
        if self.stranger is not None:
            self.stranger.cancel()
            await asyncio.gather(self.stranger, return_exceptions=True)


def campaign(first: int, count: int) -> Tally:
    """Scenarios of so many seeds, one after another."""

    async def all_of_them() -> Tally:
        total = Tally(Counter(), [])
        for seed in range(first, first + count):
            total.add(await scenario(seed))
        return total

    return asyncio.run(all_of_them())


def whole_campaign(
    count: int, first: int, workers: int, tell: Callable[[str], None] = lambda line: None
) -> Tally:
    """The same in several processes; seeds ``first`` to ``first + count - 1``."""
    total = Tally(Counter(), [])
    shares = [(at, min(CHUNK, first + count - at)) for at in range(first, first + count, CHUNK)]
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        running = [pool.submit(campaign, at, size) for at, size in shares]
        for part in as_completed(running):
            total.add(part.result())
            tell(f"{total.ends.total():,} of {count:,}, {len(total.wrong)} wrong")
    return total
