"""One vehicle: what a pilot asks of it, each request awaited until it is really done.

Requests that change the flight exclude each other (one lock a vehicle). Every wait is on the
vehicle's clock; every failure is a named error that carries the vehicle's own words.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from core.errors import (
    CommandTimeout,
    FlyOnceError,
    InvalidInput,
    LinkLost,
    NotReady,
)
from core.geo import LonLat
from core.route import Waypoint
from fleet import launch
from fleet.address import Address
from fleet.autopilots import Autopilot
from fleet.channel import Channel
from fleet.helm import Helm
from fleet.manoeuvres import Manoeuvres
from fleet.messages import Message
from fleet.plans.breakpoint import Break
from fleet.plans.flightplan import FlightPlan
from fleet.plans.mission import Mission
from fleet.plans.proof import Conditions, Proof
from fleet.state import VehicleState
from fleet.uploads.onboard import OnBoard


def _look_no_more() -> None:
    """Nothing stands between a vehicle that is ready and its launch."""


class Vehicle:
    """A vehicle that has been heard. `fleet.fleet.Fleet` makes them.

    Attributes:
        channel: the conversation with it.
        autopilot: its make.
        commander: sends it single commands.
        manoeuvres: what a pilot does with it, and how far that is.
        onboard: its stored plan, parameters and failsafes.
        lost: nothing was heard for three seconds.
    """

    def __init__(self, channel: Channel, autopilot: Autopilot, state: VehicleState) -> None:
        self.channel = channel
        self.autopilot = autopilot
        self.lost = False
        self._helm = Helm(channel, autopilot, state)
        self.commander = self._helm.commander
        self.manoeuvres = Manoeuvres(self._helm)
        self.onboard = OnBoard(self._helm)
        self._lock = asyncio.Lock()

    @property
    def address(self) -> Address:
        """Its link and its system id there."""
        return self.channel.address

    @property
    def state(self) -> VehicleState:
        """The latest known."""
        return self._helm.state

    def observe(self, state: VehicleState, message: Message) -> None:
        """Take over a new state and the message that made it."""
        self.manoeuvres.observe(message)
        self.onboard.observe(self.state, state, message)
        self._helm.observe(state, message)

    # --- plans -------------------------------------------------------------------------------

    @property
    def plan(self) -> FlightPlan | None:
        """What is on board for certain: uploaded and read back, or downloaded."""
        return self.onboard.custody.plan

    @property
    def mission(self) -> Mission | None:
        """The mission of the stored plan."""
        return self.plan.mission if self.plan else None

    async def upload(self, plan: FlightPlan) -> None:
        """Store a plan, read it back and compare; in flight it holds first, and stays so.

        After a failure nothing is left on board, or it cannot be armed until it was cleared.

        Raises:
            InvalidInput, TransferFailed, ReadBackMismatch, LinkLost; CommandRefused or
            CommandTimeout when it does not hold in flight.
        """
        async with self.channel.order("store a flight plan"), self._lock:
            self._reachable()
            if self.state.in_flight and self.state.mode == self.autopilot.mission_mode:
                await self._helm.leave_mission(self.autopilot.guided_mode)
            self.manoeuvres.left = None
            await self._helm.until(launch.booted, launch.READY_S, "its autopilot is not up yet")
            stored = await self.onboard.upload(plan)
            if self.state.in_flight:
                self.manoeuvres.left = Break(seq=self._first_leg(stored.mission))

    async def download(self) -> FlightPlan:
        """Ask it what it holds, e.g. from before this program started.

        Raises:
            TransferFailed, LinkLost. InvalidInput: its fence or rally points make no sense.
        """
        async with self.channel.order("tell what it holds"), self._lock:
            self._reachable()
            return await self.onboard.download()

    async def clear(self) -> None:
        """Make it forget mission, fence and rally points.

        Raises:
            TransferFailed: it did not confirm. LinkLost.
        """
        async with self.channel.order("forget its plan"), self._lock:
            self._reachable()
            await self.onboard.clear()

    def prove(self, conditions: Conditions) -> Proof:
        """Prove what is on board: fence, zones, ground, energy, landing; `launch` demands it.

        Raises:
            NotProven: it does not hold; each finding names its item and a remedy.
            NotReady: it is not known what is on board.
        """
        return self.onboard.prove(conditions)

    # --- flight ------------------------------------------------------------------------------

    async def launch(self, last_look: Callable[[], None] = _look_no_more) -> None:
        """Pre-flight, arm, start the proven mission; return when it is airborne.

        A vehicle that already flies its mission is left alone. When something fails on the
        ground it is disarmed again.

        Args:
            last_look: called when all is ready, just before arming, e.g. at the dock's door; what
                it raises stops the launch.

        Raises:
            NotReady: no proven mission, in flight with something else, or the pre-arm check
                fails (with its reasons).
            ReadBackMismatch: it no longer holds what was proven.
            ParameterRefused, NotFound: a failsafe does not hold.
            CommandRefused, CommandTimeout, TransferFailed, LinkLost.
        """
        async with self.channel.order("launch"), self._lock:
            self._reachable()
            if self.state.in_flight and self.state.mode == self.autopilot.mission_mode:
                return
            self._launchable()
            await self.onboard.prepare()
            await launch.make_ready(self._helm)
            await self.onboard.recheck()
            last_look()
            try:
                await launch.start(self._helm)
            except FlyOnceError:
                await launch.stand_down(self._helm)
                raise

    async def go_to(self, position: LonLat, height_m: float) -> None:
        """Point-and-fly: leave the mission and fly to a place; return when it is on its way.

        Args:
            height_m: above the ground there; above home where the autopilot knows no terrain.

        Raises:
            NotReady: it is not in flight.
            InvalidInput, CommandRefused, CommandTimeout, LinkLost.
        """
        if not 0 < height_m < 1000:
            raise InvalidInput(f"a height of {height_m} m cannot be flown", where="go_to")
        await self.steer((Waypoint(position=position, height_m=height_m),))

    async def steer(self, path: Sequence[Waypoint], *, then: str | None = None) -> None:
        """Leave the mission and fly a path leg by leg; return when it is on its way.

        Args:
            path: proven places, the one where it is excluded.
            then: a mode for the end: the autopilot's return or land mode; None: hold there.

        Raises:
            NotReady: it is not in flight.
            InvalidInput, CommandRefused, CommandTimeout, LinkLost.
        """
        async with self.channel.order("fly a path"), self._lock:
            self._flying()
            end = None if then is None else partial(self._helm.leave_mission, then)
            await self.manoeuvres.steer(self.mission, path, then=end)

    async def hold(self) -> None:
        """Stay where it is, cameras stopped.

        Raises:
            NotReady: it is not in flight.
            CommandRefused, CommandTimeout, LinkLost.
        """
        async with self.channel.order("hold where it is"), self._lock:
            self._flying()
            await self.manoeuvres.hold(self.mission)

    async def resume(self, way: Sequence[Waypoint] = ()) -> None:
        """Fly on with the mission where it was left; no photo of the plan is skipped.

        After a hold the leg is continued; after point-and-fly the leg is joined where its next
        photograph is due. Speed, gimbal and camera trigger are restored.

        Args:
            way: proven places on the way to where it joins (`manoeuvres.joint`), round zones.

        Raises:
            NotReady: not in flight, or its mission is not known (`download` it first).
            CommandRefused, CommandTimeout, LinkLost.
        """
        async with self.channel.order("resume its mission"), self._lock:
            self._flying()
            mission = self._known_mission()
            self.onboard.custody.require_in_flight()
            await self.manoeuvres.resume(mission, way)

    async def return_home(self) -> None:
        """Fly home and land there; return when it is on its way.

        Raises:
            NotReady: it is not in flight.
            CommandRefused, CommandTimeout, LinkLost.
        """
        async with self.channel.order("return home and land"), self._lock:
            self._flying()
            await self.manoeuvres.leave(self.mission, self.autopilot.return_mode)

    async def land(self) -> None:
        """Land where it is; return when it has begun.

        Raises:
            NotReady: it is not in flight.
            CommandRefused, CommandTimeout, LinkLost.
        """
        async with self.channel.order("land where it is"), self._lock:
            self._flying()
            await self.manoeuvres.leave(self.mission, self.autopilot.land_mode)

    async def wait(
        self, holds: Callable[[VehicleState], bool], seconds: float, what: str
    ) -> VehicleState:
        """The first state for which ``holds`` is true, within seconds of its clock.

        Raises:
            CommandTimeout: it did not come about; ``what`` says what was waited for.
        """
        try:
            await self._helm.watch(holds, seconds)
        except TimeoutError as error:
            raise CommandTimeout(f"{what}: {error}", where=self.channel.name) from error
        return self.state

    async def wait_heard(self, seconds: float = 60.0) -> VehicleState:
        """Its state once it has told the whole of it: mode, place, on the ground or not, progress.

        Right after a restart the first heartbeat alone says little; this waits for the rest. A
        vehicle that is heard but keeps parts to itself is taken as it is when the time is up.

        Raises:
            LinkLost: it was not heard at all.
        """
        try:
            await self._helm.watch(lambda s: not self.lost and _told(s), seconds)
        except TimeoutError:
            self._reachable()
        return self.state

    # --- conditions --------------------------------------------------------------------------

    def _reachable(self) -> None:
        if self.lost:
            raise LinkLost(
                f"not heard since {self.state.heard_at:%H:%M:%S} UTC",
                where=self.channel.name,
                remedy="it follows its own failsafe; wait until it is heard again",
            )

    def _flying(self) -> None:
        self._reachable()
        if not self.state.in_flight:
            raise NotReady("it is not in flight", where=self.channel.name, remedy="launch it first")

    def _launchable(self) -> None:
        self._known_mission()
        if self.state.in_flight:
            raise NotReady(
                f"it is in flight in mode {self.state.mode}",
                where=self.channel.name,
                remedy="resume its mission, or let it return",
            )

    def _known_mission(self) -> Mission:
        mission = self.mission
        if mission is None or len(mission.items) < 2:
            raise NotReady(
                "no proven mission is stored on it",
                where=self.channel.name,
                remedy="upload one, or download what it holds",
            )
        if not mission.takes_off and not self.state.in_flight:
            raise NotReady(
                "its mission has no take-off: it would arm and never lift",
                where=self.channel.name,
                remedy="upload a mission that begins with a take-off",
            )
        return mission

    def _first_leg(self, mission: Mission) -> int:
        """Where a new mission starts in the air: after its take-off."""
        waypoints = mission.waypoint_seqs
        return waypoints[0] if waypoints else 1


def _told(state: VehicleState) -> bool:
    return None not in (state.position, state.landed, state.mission_seq)
