"""Officers and fire crews. They act only through the public HTTP interface and in the world.

An officer who gets a review looks at the pictures, that is, at what the world held in the place
and what was really photographed there. A crew that gets a case drives there, settles it (a fire is
put out, a fault mended) and reports back. Times of reaction, driving and work are seeded.
"""

import asyncio
import logging
import math
from collections.abc import Coroutine, Mapping
from typing import Any

import numpy as np
import shapely
import shapely.geometry

from core.clock import FollowedClock
from sim.content import Thing
from sim.desk import Desk
from sim.earth import between_m, per_degree_m
from sim.fires import Fire
from sim.scene import Scene

log = logging.getLogger("sim.people")

POLL_S, POLL_WALL_S = 20.0, 0.5
"""Simulated seconds between two looks at the lists, but never more often than so on the wall."""
NEAR_M = 60.0
"""A find belongs to a thing that is no farther away."""
FIRE_NEAR_M = 400.0
"""A crew finds the fire by itself when it is no farther from the address."""
MARGIN_M = 25.0
"""Around a review's geometry so much is still in the pictures."""
REACTION_MIN = (1.0, 5.0)
FIRE_DRIVE_MIN, FIRE_WORK_MIN = (10.0, 15.0), (5.0, 10.0)
DRIVE_MIN, WORK_MIN = (10.0, 30.0), (10.0, 30.0)


class People:
    """All simulated people of a city."""

    def __init__(
        self, scene: Scene, clock: FollowedClock, service: str, token: str | None, seed: int
    ) -> None:
        self._scene, self._clock = scene, clock
        self._desk = Desk(service, token)
        self._start = clock.now()
        self._rng = np.random.default_rng([seed, 101])
        self._busy: set[str] = set()
        self._marked: set[tuple[str, str]] = set()
        self._work: set[asyncio.Task[None]] = set()

    def now_s(self) -> float:
        """Simulated seconds since the start."""
        return (self._clock.now() - self._start).total_seconds()

    async def live(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await asyncio.gather(self._clock.sleep(POLL_S), asyncio.sleep(POLL_WALL_S))
                for review in await self._desk.items("/reviews", "open"):
                    self._take_on(f"review {review['id']}", self._review(review))
                for case in await self._desk.items("/cases", "dispatched"):
                    self._take_on(f"case {case['id']}", self._case(case))
        finally:
            for task in self._work:
                task.cancel()
            await asyncio.gather(*self._work, return_exceptions=True)
            await self._desk.close()

    def _take_on(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Start on something unless somebody is at it already."""
        if name in self._busy:
            work.close()
            return
        self._busy.add(name)
        task = asyncio.create_task(work, name=name)
        self._work.add(task)
        task.add_done_callback(lambda t: self._done(name, t))

    def _done(self, name: str, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        self._busy.discard(name)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("%s: %s %s", name, type(error).__name__, error)

    async def _minutes(self, span: tuple[float, float]) -> None:
        await self._clock.sleep(60.0 * float(self._rng.uniform(*span)))

    # Reviews

    async def _review(self, review: Mapping[str, Any]) -> None:
        await self._minutes(REACTION_MIN)
        codes = [str(c) for c in review.get("event_types") or ()]
        if review.get("kind") == "find":
            decision = self._judge_find(review, codes)
        else:
            decision = await self._search(review, codes)
        await self._desk.send(f"/reviews/{review['id']}/decision", decision)

    def _judge_find(self, review: Mapping[str, Any], codes: list[str]) -> dict[str, Any]:
        """Is what a detector found real?"""
        place = _position(review)
        if place is None:
            return {"decision": "reject", "note": "the find has no place"}
        thing = self._truth_near(place[0], place[1], codes)
        if thing is not None:
            code, lon, lat = thing
            return {
                "decision": "confirm",
                "event_type": code,
                "lon": lon,
                "lat": lat,
                "note": "seen in the picture",
            }
        return {"decision": "reject", "note": "nothing of the kind there"}

    async def _search(self, review: Mapping[str, Any], codes: list[str]) -> dict[str, Any]:
        """Mark all that the photographs of a place show; the last word on the look.

        A mark leaves a look open. What an interrupted search marked is not marked again.
        """
        found = 0
        for thing in self._shown(review, codes):
            if await self._mark(review, thing):
                found += 1
        if found or review.get("marks"):
            return {"decision": "done", "note": f"{found} marked"}
        return {"decision": "reject", "note": "nothing found"}

    def _shown(self, review: Mapping[str, Any], codes: list[str]) -> list[Thing]:
        """What the photographs of a look show and nobody marked in it yet."""
        area = _area(review)
        if area is None:
            return []
        return [
            t
            for t in self._photographed(codes)
            if area.contains(_point(t)) and (t.id, str(review["id"])) not in self._marked
        ]

    async def _mark(self, review: Mapping[str, Any], thing: Thing) -> bool:
        self._marked.add((thing.id, str(review["id"])))
        mark = {
            "decision": "mark",
            "event_type": thing.event_type,
            "lon": thing.lon,
            "lat": thing.lat,
            "note": thing.kind,
        }
        return await self._desk.send(f"/reviews/{review['id']}/decision", mark)

    def _photographed(self, codes: list[str]) -> list[Thing]:
        """Things of these event types that stand now and were in some photograph."""
        now = self.now_s()
        return [
            t
            for t in self._scene.things
            if t.event_type in codes
            and t.id in self._scene.seen
            and t.from_s <= now
            and (t.until_s is None or now < t.until_s)
        ]

    def _truth_near(
        self, lon: float, lat: float, codes: list[str]
    ) -> tuple[str, float, float] | None:
        """Code and place of the event nearest to a find."""
        now = self.now_s()
        wanted = [
            (t.event_type or "", t.lon, t.lat)
            for t in self._scene.things
            if t.event_type is not None
            and (not codes or t.event_type in codes)
            and t.from_s <= now
            and (t.until_s is None or now < t.until_s + 1800.0)
        ]
        for fire in self._scene.fires:
            if fire.ignites_s > now or (fire.cold_at_s is not None and fire.cold_at_s < now - 1800):
                continue
            fitting = [c for c in codes if c in self._scene.fire_codes]
            code = (fitting or [self._scene.fire_code or ""])[0]
            if not codes or fitting:
                wanted.append((code, fire.lon, fire.lat))
        near = [(math.hypot(*between_m(lon, lat, w[1], w[2])), w) for w in wanted]
        best = min(near, default=None, key=lambda pair: pair[0])
        return best[1] if best is not None and best[0] <= NEAR_M else None

    # Cases

    async def _case(self, case: Mapping[str, Any]) -> None:
        place = _position(case)
        code = str(case.get("event_type", ""))
        fire_call = code in self._scene.fire_codes
        await self._minutes(REACTION_MIN)
        await self._desk.send(f"/cases/{case['id']}/steps", {"step": "handle"})
        await self._minutes(FIRE_DRIVE_MIN if fire_call else DRIVE_MIN)
        if place is None:
            note = "no address in the case; nothing done"
        elif fire_call:
            note = await self._fight(*place)
        else:
            note = await self._mend(*place, code)
        await self._desk.send(f"/cases/{case['id']}/steps", {"step": "report_back", "note": note})

    async def _fight(self, lon: float, lat: float) -> str:
        fire = self._scene.fire_near(lon, lat, FIRE_NEAR_M, self.now_s())
        if fire is not None:
            await self._minutes(FIRE_WORK_MIN)
            fire.put_out(self.now_s())
            log.info("%s is out after %.0f min", fire.id, self.now_s() / 60)
            return "out"
        smouldering = self._embers_near(lon, lat)
        if smouldering is not None:
            await self._minutes(FIRE_WORK_MIN)
            smouldering.drown(self.now_s())
            return "embers drowned, out"
        return await self._mend(lon, lat, "")

    def _embers_near(self, lon: float, lat: float) -> Fire | None:
        for fire in self._scene.fires:
            away = math.hypot(*between_m(lon, lat, fire.lon, fire.lat))
            if fire.put_out_s is not None and away < FIRE_NEAR_M:
                return fire
        return None

    async def _mend(self, lon: float, lat: float, code: str) -> str:
        """Set right what is there: the thing disappears."""
        await self._minutes(WORK_MIN)
        now = self.now_s()
        near = [
            (math.hypot(*between_m(lon, lat, t.lon, t.lat)), t)
            for t in self._scene.things
            if t.event_type is not None and (not code or t.event_type == code)
            if t.from_s <= now and (t.until_s is None or now < t.until_s)
        ]
        best = min(near, default=None, key=lambda pair: pair[0])
        if best is None or best[0] > NEAR_M:
            return "nothing found at the place"
        self._scene.end(best[1].id, now)
        return f"settled: {best[1].kind}"


def _position(data: Mapping[str, Any]) -> tuple[float, float] | None:
    """Longitude and latitude of a case or review."""
    try:
        return float(data["lon"]), float(data["lat"])
    except (KeyError, TypeError, ValueError):
        return None


def _area(review: Mapping[str, Any]) -> shapely.Geometry | None:
    """What the review's photographs cover, degrees, a little widened."""
    place = _position(review)
    shape = review.get("geometry") or review.get("footprint")
    lat = place[1] if place else 0.0
    degrees = MARGIN_M / per_degree_m(lat)[1]
    try:
        if shape:
            area = shapely.geometry.shape(shape)
            wide = degrees if area.geom_type in ("Polygon", "MultiPolygon") else 6 * degrees
            return area.buffer(wide)
    except (shapely.errors.ShapelyError, KeyError, TypeError, ValueError, AttributeError) as error:
        log.warning("review %s has an unreadable geometry: %s", review.get("id"), error)
    return None if place is None else shapely.Point(place).buffer(6 * degrees)


def _point(thing: Thing) -> shapely.Point:
    return shapely.Point(thing.lon, thing.lat)
