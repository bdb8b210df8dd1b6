"""One vehicle: what a pilot asks of it, each request awaited until it is really done.

Requests that change the flight exclude each other (one lock a vehicle). Every wait is on the
vehicle's clock; every failure is a named error that carries the vehicle's own words.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from core.errors import (
    CommandRefused,
    CommandTimeout,
    FlyOnceError,
    InvalidInput,
    LinkLost,
    NotReady,
    TransferFailed,
)
from core.geo import LonLat
from core.units import degrees_e7
from fleet import courier
from fleet.autopilots import Autopilot
from fleet.channel import Channel
from fleet.commands import Commander
from fleet.messages import Message, StatusText
from fleet.mission import Mission, renumbered
from fleet.patience import Deadline, patiently
from fleet.state import VehicleState
from fleet.vocabulary import Command, MissionType, SystemStatus

READY_S = 60.0
"""How long a launch waits for the pre-arm check. A cold ArduPilot needs 42 s from boot."""

MODE_S = 10.0
"""A mode counts once a heartbeat (1 Hz) shows it; ArduPilot may accept a change and undo it."""

MODE_AGAIN_S = 3.0
"""Pause before a mode that was refused on the ground is asked for again."""

AIRBORNE_S = 60.0
"""From MISSION_START to the first two metres of height."""

AIRBORNE_M = 2.0


class Vehicle:
    """A vehicle that has been heard. `fleet.fleet.Fleet` makes them.

    Attributes:
        channel: the conversation with it.
        autopilot: its make.
        state: the latest known; replaced by `observe`, never changed.
        mission: what is proven to be stored on it: uploaded and read back, or downloaded.
        lost: nothing was heard for three seconds.
    """

    def __init__(self, channel: Channel, autopilot: Autopilot, state: VehicleState) -> None:
        self.channel = channel
        self.autopilot = autopilot
        self.state = state
        self.mission: Mission | None = None
        self.lost = False
        self.commander = Commander(channel)
        self._lock = asyncio.Lock()
        self._watchers: list[tuple[Callable[[VehicleState], bool], asyncio.Future[None]]] = []
        self._resume_at: int | None = None

    @property
    def system_id(self) -> int:
        """Its MAVLink system id."""
        return self.channel.system_id

    def observe(self, state: VehicleState, message: Message) -> None:
        """Take over a new state and wake whoever waits for it."""
        self.state = state
        self.channel.deliver(message)
        if self._watchers:
            for holds, future in self._watchers:
                if not future.done() and holds(state):
                    future.set_result(None)

    # --- plans -------------------------------------------------------------------------------

    async def upload(self, mission: Mission) -> None:
        """Store a mission, read it back and compare; in flight it holds first, and stays so.

        After a failure the vehicle's mission is cleared and `mission` is None: `launch` refuses.

        Raises:
            TransferFailed, ReadBackMismatch, LinkLost; CommandRefused or CommandTimeout when it
            does not hold in flight.
        """
        async with self._lock:
            self._reachable()
            if self.state.in_flight and self.state.mode == self.autopilot.mission_mode:
                await self._hold()
            self.mission = None
            self._resume_at = None
            await self._until(_booted, READY_S, "its autopilot is not up yet")
            stored = await courier.upload(self.channel, mission.items)
            self.mission = renumbered(stored)
            if self.state.in_flight:
                self._resume_at = self._first_leg(self.mission)

    async def download(self) -> Mission:
        """Ask it for its mission, e.g. one that was uploaded before this program started.

        Raises:
            TransferFailed, LinkLost.
        """
        async with self._lock:
            self._reachable()
            self.mission = renumbered(await courier.download(self.channel))
            return self.mission

    async def clear(self) -> None:
        """Make it forget its mission.

        Raises:
            TransferFailed: it did not confirm.
        """
        async with self._lock:
            self._reachable()
            self.mission = None
            if not await courier.clear(self.channel, MissionType.MISSION):
                raise TransferFailed(
                    "it did not confirm that its mission is cleared", where=self.channel.name
                )

    # --- flight ------------------------------------------------------------------------------

    async def launch(self) -> None:
        """Pre-flight, arm, start the proven mission; return when it is airborne.

        A vehicle that already flies its mission is left alone. When something fails on the
        ground it is disarmed again.

        Raises:
            NotReady: no proven mission, in flight with something else, or the pre-arm check
                fails (with its reasons).
            CommandRefused, CommandTimeout, LinkLost.
        """
        async with self._lock:
            self._reachable()
            if self.state.in_flight and self.state.mode == self.autopilot.mission_mode:
                return
            self._launchable()
            await self._make_ready()
            try:
                await self._start()
            except FlyOnceError:
                await self._stand_down()
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
        async with self._lock:
            self._flying()
            await self._leave_mission(self.autopilot.guided_mode)
            await self.commander.place(
                Command.DO_REPOSITION,
                self.autopilot.reposition_frame,
                (-1.0, 1.0, 0.0, 0.0),
                degrees_e7(position.lat),
                degrees_e7(position.lon),
                height_m,
                doing="go to the place",
            )
            self._detour()

    async def hold(self) -> None:
        """Stay where it is, cameras stopped.

        Raises:
            NotReady: it is not in flight.
            CommandRefused, CommandTimeout, LinkLost.
        """
        async with self._lock:
            self._flying()
            await self._hold()

    async def resume(self) -> None:
        """Fly on with the mission where it was left; no photo of the plan is skipped.

        After a hold the leg is continued; after point-and-fly an interrupted photo leg is flown
        again from its start. Speed, gimbal and camera trigger are restored.

        Raises:
            NotReady: not in flight, or its mission is not known (`download` it first).
            CommandRefused, CommandTimeout, LinkLost.
        """
        async with self._lock:
            self._flying()
            mission = self._known_mission()
            seq = self._resume_at or max(1, self.state.mission_seq or 1)
            seq = min(seq, mission.last_seq)
            if self._resume_at is not None or self.state.mission_seq != seq:
                await self.commander.long(
                    Command.DO_SET_MISSION_CURRENT, seq, doing=f"go on at item {seq}"
                )
            await self._mode(self.autopilot.mission_mode)
            for item in mission.settings_before(seq):
                place = (float(item.x), float(item.y))
                await self.commander.long(item.command, *item.params, *place, item.z)
            self._resume_at = None

    async def return_home(self) -> None:
        """Fly home and land there; return when it is on its way.

        Raises:
            NotReady: it is not in flight.
            CommandRefused, CommandTimeout, LinkLost.
        """
        async with self._lock:
            self._flying()
            await self._leave_mission(self.autopilot.return_mode)

    async def land(self) -> None:
        """Land where it is; return when it has begun.

        Raises:
            NotReady: it is not in flight.
            CommandRefused, CommandTimeout, LinkLost.
        """
        async with self._lock:
            self._flying()
            await self._leave_mission(self.autopilot.land_mode)

    async def wait(
        self, holds: Callable[[VehicleState], bool], seconds: float, what: str
    ) -> VehicleState:
        """The first state for which ``holds`` is true, within seconds of its clock.

        Raises:
            CommandTimeout: it did not come about; ``what`` says what was waited for.
        """
        try:
            await self._watch(holds, seconds)
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
            await self._watch(lambda s: not self.lost and _told(s), seconds)
        except TimeoutError:
            self._reachable()
        return self.state

    # --- steps -------------------------------------------------------------------------------

    async def _make_ready(self) -> None:
        """Wait for the pre-arm check in the mode in which it will be armed: the check depends on
        the mode, and the mode is refused while there is no position."""
        await self._until(_positioned, READY_S, "it does not know where it is yet")
        mode, clock = self.autopilot.arms_in, self.channel.clock
        deadline = Deadline(clock, READY_S)
        while self.state.mode != mode:
            try:
                await self._mode(mode)
            except CommandRefused:
                if deadline.left_s() < MODE_S:
                    raise
                await patiently(clock, MODE_S, clock.sleep(MODE_AGAIN_S))
        await self._until(_ready, READY_S, "its pre-flight checks do not pass")

    async def _start(self) -> None:
        await self.commander.long(
            Command.DO_SET_MISSION_CURRENT, 1, doing="begin the mission at its first item"
        )
        await self._arm_and_start()
        await self._confirm(_airborne, AIRBORNE_S, "take off")

    async def _arm_and_start(self) -> None:
        """Arm, and start the mission without waiting for the answer.

        ArduPilot disarms after 10 s on the ground; at high simulation speed an answer may take as
        long. When the start overtook the arming on the way, they are repeated one by one.
        """
        arming = asyncio.create_task(self.commander.long(Command.ARM_DISARM, 1, doing="arm"))
        starting = asyncio.create_task(self._start_mission())
        try:
            await arming
            await starting
        except CommandRefused:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            if self.state.armed or self.state.mode != self.autopilot.mission_mode:
                raise
            await self._mode(self.autopilot.arms_in)
            await self.commander.long(Command.ARM_DISARM, 1, doing="arm")
            await self._start_mission()
        finally:
            for task in (arming, starting):
                task.cancel()
            await asyncio.gather(arming, starting, return_exceptions=True)

    async def _start_mission(self) -> None:
        await self.commander.long(Command.MISSION_START, doing="start the mission")

    async def _stand_down(self) -> None:
        """Disarm after a failed start, and leave the mission mode, unless it flies."""
        if _airborne(self.state):
            return
        with suppress(CommandRefused, CommandTimeout):
            await self.commander.long(Command.ARM_DISARM, 0, doing="disarm")
            await self._mode(self.autopilot.arms_in)

    async def _hold(self) -> None:
        await self._leave_mission(self.autopilot.guided_mode)

    async def _leave_mission(self, mode: str) -> None:
        """Change the mode and stop the trigger, which goes on by itself in every mode.

        The mode comes first: it may be urgent, and a refused trigger must not prevent it.
        """
        was_flying_mission = self.state.mode == self.autopilot.mission_mode
        if self.state.mode != mode:
            await self._mode(mode)
        if was_flying_mission:
            with suppress(CommandRefused):
                await self.commander.long(
                    Command.DO_SET_CAM_TRIGG_DIST, 0, doing="stop the cameras"
                )

    async def _mode(self, name: str) -> None:
        params = self.autopilot.mode_params(name)
        await self.commander.long(Command.DO_SET_MODE, *params, doing=f"change to {name}")
        await self._confirm(lambda s: s.mode == name, MODE_S, f"stay in {name}")

    async def _confirm(
        self, holds: Callable[[VehicleState], bool], seconds: float, what: str
    ) -> None:
        """Wait until telemetry shows what was acknowledged; else it was refused after all."""
        with self.channel.listening(StatusText) as inbox:
            try:
                await self._watch(holds, seconds)
            except TimeoutError as error:
                texts = [m.text for m in _drain(inbox) if isinstance(m, StatusText)]
                said = f"; it says: {'; '.join(texts)}" if texts else ""
                raise CommandRefused(
                    f"acknowledged, but did not {what} ({error}){said}",
                    where=self.channel.name,
                    remedy="look at its messages, then try again",
                ) from error

    async def _until(
        self, holds: Callable[[VehicleState], bool], seconds: float, complaint: str
    ) -> None:
        """Wait for the vehicle to be ready.

        Raises:
            NotReady: with its last texts.
        """
        try:
            await self._watch(holds, seconds)
        except TimeoutError as error:
            said = "; ".join(self.state.texts[-5:])
            raise NotReady(
                f"{complaint}: {said or error}",
                where=self.channel.name,
                remedy="clear what it reports, then try again",
            ) from error

    async def _watch(self, holds: Callable[[VehicleState], bool], seconds: float) -> None:
        if holds(self.state):
            return
        entry = (holds, asyncio.get_running_loop().create_future())
        self._watchers.append(entry)
        try:
            await patiently(self.channel.clock, seconds, entry[1])
        finally:
            self._watchers.remove(entry)

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
        if self.mission is None or len(self.mission.items) < 2:
            raise NotReady(
                "no proven mission is stored on it",
                where=self.channel.name,
                remedy="upload one, or download what it holds",
            )
        if not self.mission.takes_off and not self.state.in_flight:
            raise NotReady(
                "its mission has no take-off: it would arm and never lift",
                where=self.channel.name,
                remedy="upload a mission that begins with a take-off",
            )
        return self.mission

    def _detour(self) -> None:
        """Remember where the mission must go on after point-and-fly."""
        if self._resume_at is None and self.mission is not None and self.state.mission_seq:
            seq = min(self.state.mission_seq, self.mission.last_seq)
            on_photo_leg = self.mission.photographing(seq)
            self._resume_at = self.mission.leg_start(seq) if on_photo_leg else seq

    def _first_leg(self, mission: Mission) -> int:
        """Where a new mission starts in the air: after its take-off."""
        waypoints = mission.waypoint_seqs
        return waypoints[0] if waypoints else 1


def _drain(inbox: asyncio.Queue[Message]) -> list[Message]:
    found = []
    while not inbox.empty():
        found.append(inbox.get_nowait())
    return found


def _told(state: VehicleState) -> bool:
    return None not in (state.position, state.landed, state.mission_seq)


def _booted(state: VehicleState) -> bool:
    """Before STANDBY a mission is answered NO_SPACE, and mode changes are undone."""
    return state.system_status >= SystemStatus.STANDBY


def _positioned(state: VehicleState) -> bool:
    """None means that it does not report it: then its refusals decide."""
    return _booted(state) and state.position_ok is not False


def _ready(state: VehicleState) -> bool:
    return _positioned(state) and state.ready is not False


def _airborne(state: VehicleState) -> bool:
    return state.armed and state.landed is not True and (state.height_m or 0.0) >= AIRBORNE_M
