"""What a pilot does with a vehicle in flight: point-and-fly, orbit, look, hold, resume, return.

A path is flown leg by leg under supervision: the next place is ordered when the vehicle is there,
and a vehicle that leaves the guided mode by itself (an obstacle stop, a failsafe, another ground
station) is left alone, and its pilot is told. Paths are proven by whoever orders them
(`fleet.passage`); nothing here decides whether a place may be flown to.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from core.errors import CommandRefused, CommandTimeout, InvalidInput, NotReady
from core.geo import LonLat, distance_m
from core.route import Waypoint
from core.units import degrees_e7
from fleet.autopilots import wire_seq
from fleet.helm import Helm
from fleet.messages import CameraFeedback, Message
from fleet.plans.breakpoint import Break, broken_off
from fleet.plans.mission import GROUND_SPEED, Mission
from fleet.state import VehicleState
from fleet.vocabulary import Command, Frame

ARRIVED_M = 8.0
"""So near a place on the way counts as there: twice the 2 m to 5 m of a position, as mission
acceptance radii are set."""

SETTLED_MPS = 1.0
"""At the last place it is there once it is slower than this, over ground and upward."""

SLOWEST_MPS = 1.5
"""A leg takes no longer than at this speed, and `LEG_S`: cruise less the strongest wind."""

LEG_S = 90.0

NEAR_M = 15.0
"""A vehicle that is still so near to where its mission was left goes on from there."""

Then = Callable[[], Awaitable[None]]


class Manoeuvres:
    """The flying of one vehicle; its requests exclude each other by the vehicle's lock.

    Attributes:
        left: where its mission was left; None while it flies it, or has none.
        legs_done: how many legs of the path under way are flown.
        path: what it flies, leg by leg; empty when no path is under way.
        ended: called when a path is flown (None), or broken off by the vehicle (why).
    """

    def __init__(self, helm: Helm) -> None:
        self._helm = helm
        self.left: Break | None = None
        self.path: tuple[Waypoint, ...] = ()
        self.legs_done = 0
        self.ended: Callable[[str | None], None] = _ignore
        self._course: asyncio.Task[None] | None = None
        self._last_photo: LonLat | None = None
        self._looks = False

    def observe(self, message: Message) -> None:
        """Remember where photographs were taken."""
        if isinstance(message, CameraFeedback) and message.position is not None:
            self._last_photo = message.position

    # --- flying ------------------------------------------------------------------------------

    async def leave(self, mission: Mission | None, mode: str) -> None:
        """Leave the mission (or whatever is flown) for a mode, and remember where it goes on."""
        await self.stop()
        flown = self._helm.state.mode == self._helm.autopilot.mission_mode
        if flown and mission is not None and mission.last_seq >= 1:  # item 0 is only home
            self.left = self._broken_off(mission)
        await self._helm.leave_mission(mode)

    async def hold(self, mission: Mission | None) -> None:
        """Stay where it is; one that flies somewhere in guided mode is told to stay here."""
        guided = self._helm.autopilot.guided_mode
        state = self._helm.state
        going = state.mode == guided and (state.speed_mps or 0.0) > SETTLED_MPS
        await self.leave(mission, guided)
        if going and state.position is not None:
            here = Waypoint(
                position=state.position,
                height_m=max(1.0, state.height_m or 1.0),
                amsl_m=state.altitude_m,
            )
            await self._place(here)

    async def steer(
        self,
        mission: Mission | None,
        path: Sequence[Waypoint],
        *,
        then: Then | None = None,
    ) -> None:
        """Fly a path from here, its first leg acknowledged when this returns.

        Args:
            path: where to, in order, without the place where it is.
            then: what follows at the last place.

        Raises:
            InvalidInput, CommandRefused, CommandTimeout, LinkLost.
        """
        if not path:
            raise InvalidInput("a path needs a place to fly to", where="path")
        await self.leave(mission, self._helm.autopilot.guided_mode)
        await self._place(path[0])
        self.path, self.legs_done = tuple(path), 0
        self._course = asyncio.create_task(
            self._follow(tuple(path), then), name=f"{self._helm.channel.name}: path"
        )
        self._course.add_done_callback(self._over)

    async def stop(self) -> None:
        """Order no further leg; the vehicle flies to the place that it was given last."""
        course, self._course, self.path = self._course, None, ()
        if course is not None and course is not asyncio.current_task():
            course.cancel()
            await asyncio.gather(course, return_exceptions=True)

    async def flown(self) -> None:
        """Return when the path under way is flown.

        Raises:
            NotReady: it was broken off, by the vehicle or by another order.
        """
        course = self._course
        if course is None:
            return
        await asyncio.wait({course})
        if course.cancelled():
            raise NotReady("broken off by another order", where=self._helm.channel.name)
        why = course.exception()
        if why is not None:
            raise why

    async def resume(self, mission: Mission, way: Sequence[Waypoint] = ()) -> None:
        """Fly on with the mission where it was left; no photo of the plan is skipped.

        A vehicle that is elsewhere flies there first; this returns when it is on its way, `flown`
        when the mission goes on.

        Args:
            way: proven places on the way to where it is joined (`joint`), that place excluded.
        """
        await self.stop()
        joint = self.joint(mission)
        if joint is None:
            await self._go_on(mission)
        else:
            await self.steer(mission, (*way, joint), then=lambda: self._go_on(mission))

    def joint(self, mission: Mission) -> Waypoint | None:
        """Where the mission is joined again, when it must be flown to; None: straight on."""
        left = self.left
        if left is None or left.join is None or left.at is None:
            return None
        return self._joint(mission, left) if _far(self._helm.state, left.at) else None

    async def look_at(self, place: LonLat, altitude_m: float) -> None:
        """Turn nose and cameras to a place (altitude AMSL), and keep them there.

        Raises:
            CommandRefused, CommandTimeout.
        """
        await self._helm.commander.place(
            Command.DO_SET_ROI_LOCATION,
            Frame.GLOBAL,
            (0.0, 0.0, 0.0, 0.0),
            degrees_e7(place.lat),
            degrees_e7(place.lon),
            altitude_m,
            doing="look at the place",
        )
        self._looks = True

    async def photograph(self, camera: int = 0) -> None:
        """One photograph now, of one camera (counted from 1) or of all (0).

        Raises:
            CommandRefused, CommandTimeout.
        """
        await self._helm.commander.long(
            Command.IMAGE_START_CAPTURE, camera, 0.0, 1.0, doing="take a photograph"
        )

    async def speed(self, speed_mps: float) -> None:
        """Ground speed from now on; the mission's own is restored when it is resumed.

        Raises:
            CommandRefused, CommandTimeout.
        """
        await self._helm.commander.long(
            Command.DO_CHANGE_SPEED, GROUND_SPEED, speed_mps, -1.0, doing="change its speed"
        )

    def _over(self, course: asyncio.Task[None]) -> None:
        """Say how a path ended; one that another order replaced says nothing."""
        if course.cancelled():
            return
        why = course.exception()
        self.path = ()
        self.ended(None if why is None else str(why))

    # --- parts -------------------------------------------------------------------------------

    async def _follow(self, path: Sequence[Waypoint], then: Then | None) -> None:
        for number, point in enumerate(path):
            if number:
                await self._place(point)
            await self._arrive(point, last=number == len(path) - 1)
            self.legs_done = number + 1
        if then is not None:
            await then()

    async def _place(self, point: Waypoint) -> None:
        """Order it to one place."""
        autopilot = self._helm.autopilot
        high = point.amsl_m is not None
        await self._helm.commander.place(
            Command.DO_REPOSITION,
            Frame.GLOBAL_INT if high else autopilot.reposition_frame,
            (point.speed_mps or -1.0, 1.0, 0.0, 0.0),
            degrees_e7(point.position.lat),
            degrees_e7(point.position.lon),
            point.height_m if point.amsl_m is None else point.amsl_m,
            doing="go to the place",
        )

    async def _arrive(self, point: Waypoint, *, last: bool) -> None:
        """Wait until it is there.

        Raises:
            NotReady: it left the guided mode by itself. CommandTimeout: it does not get there.
        """
        helm, guided = self._helm, self._helm.autopilot.guided_mode
        here = helm.state.position
        length = distance_m(here, point.position) if here else 0.0

        def there(state: VehicleState) -> bool:
            if not state.in_flight or state.mode != guided:
                return True
            return _at(state, point, settled=last)

        try:
            await helm.watch(there, LEG_S + length / SLOWEST_MPS)
        except TimeoutError as error:
            raise CommandTimeout(
                f"it does not reach the place: {error}",
                where=helm.channel.name,
                remedy="look at its messages; let it hold or return",
            ) from error
        if helm.state.mode != guided or not helm.state.in_flight:
            raise NotReady(
                f"it left {guided} by itself and is in {helm.state.mode}",
                where=helm.channel.name,
                remedy="see why it stopped before it is flown on",
            )

    async def _go_on(self, mission: Mission) -> None:
        state = self._helm.state
        now_seq = state.mission_seq
        seq = min(self.left.seq if self.left else max(1, now_seq or 1), mission.last_seq)
        await self.look_ahead()
        if self.left is not None or now_seq != seq:
            await self._helm.commander.long(
                Command.DO_SET_MISSION_CURRENT,
                wire_seq(self._helm.autopilot, seq),
                doing=f"go on at item {seq}",
            )
        await self._helm.mode(self._helm.autopilot.mission_mode)
        self.left = None
        await self._restore(mission, seq)

    async def look_ahead(self) -> None:
        """Give nose and cameras back to the path; one that looks nowhere else is not asked."""
        if self._looks:
            with suppress(CommandRefused, CommandTimeout):
                await self._helm.commander.long(Command.DO_SET_ROI_NONE, doing="look ahead again")
            self._looks = False

    async def _restore(self, mission: Mission, seq: int) -> None:
        """Speed, gimbal and trigger as they were on this leg."""
        for item in mission.settings_before(seq):
            place = (float(item.x), float(item.y))
            await self._helm.commander.long(item.command, *item.params, *place, item.z)

    def _broken_off(self, mission: Mission) -> Break:
        state = self._helm.state
        return broken_off(mission, state.mission_seq or 1, state.position, self._last_photo)

    def _joint(self, mission: Mission, left: Break) -> Waypoint:
        """The place where the mission is joined, at the height that the mission has there."""
        assert left.join is not None  # noqa: S101 - checked by the caller
        item = mission.items[left.height_item if left.height_item is not None else left.seq]
        amsl = item.z if item.frame in (Frame.GLOBAL, Frame.GLOBAL_INT) else None
        height = item.z if amsl is None else max(1.0, self._helm.state.height_m or 1.0)
        return Waypoint(position=left.join, height_m=height, amsl_m=amsl)


def _ignore(_why: str | None) -> None:
    """Nobody listens."""


def _at(state: VehicleState, point: Waypoint, *, settled: bool) -> bool:
    if state.position is None or distance_m(state.position, point.position) > ARRIVED_M:
        return False
    if not settled:
        return True
    slow = (state.speed_mps or 0.0) < SETTLED_MPS and abs(state.climb_mps or 0.0) < SETTLED_MPS
    if point.amsl_m is not None and state.altitude_m is not None:
        return slow and abs(state.altitude_m - point.amsl_m) < ARRIVED_M
    return slow


def _far(state: VehicleState, at: LonLat) -> bool:
    return state.position is None or distance_m(state.position, at) > NEAR_M
