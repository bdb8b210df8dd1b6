"""Who flies what: control taken and handed back, errands flown, and all of it on record.

One holder a drone (`fleet.control`). From taking to handing back is a flight segment of its own: a
task with its track, its photographs, its departments and its share of the ledger, found like any
flight. What is held, and the path that is being flown, is kept with the records, so that a service
that is killed carries on: it learns from the drone where it is, and orders nothing twice.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from core.errors import FlyOnceError, NotFound, PathRefused, Unavailable, VehicleError
from core.ids import new_id
from fleet import control as rules
from fleet.control import FREE, Control, Pilot
from fleet.orders import Order
from fleet.vehicle import Vehicle
from missions.access import Principal, Role
from missions.entities import Flight, FlightState
from missions.operations import drawing, flights, segments
from missions.operations.errands import Drawn, Errand, GoTo, Height, Orbit, ReturnTo, Sky
from missions.operations.helm_records import Helm, key, loaded, saved
from missions.operations.offers import instead
from missions.operations.room import ControlRoom
from missions.operations.settle import settle
from missions.operations.skies import sky_of
from missions.schedule import outlasting

logger = logging.getLogger("flyonce.helms")

RANKS: Mapping[str, int] = {Role.PILOT: 1, Role.DISPATCHER: 2, Role.ADMINISTRATOR: 3}
"""Who may take over from whom without asking."""

GOOD_FOR = timedelta(seconds=120)
"""A drawn path is flown within this time or drawn anew: wind and zones change."""

WATCH_S = 5.0
"""How often a held drone's track is noted and its holder looked for."""


class Helms:
    """The controls of every drone; one for a control room."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room
        self._helms: dict[str, Helm] = {}

    # --- who holds -------------------------------------------------------------------------

    def control(self, flight: Flight) -> Control:
        """Who holds a drone's controls."""
        return self._of(flight).control

    def take(self, flight: Flight, who: Principal, why: str, *, over: bool = False) -> Control:
        """Take the controls; renews a hold of one's own.

        Raises:
            InvalidInput: no reason. ControlHeld: somebody else holds them. Unavailable: it is
                not in the air.
        """
        _in_the_air(flight)
        room, helm, pilot = self._room, self._of(flight), pilot_of(who)
        before = helm.control
        helm.control = rules.take(before, pilot, why, room.now(), over=over)
        if before.who == pilot.who:
            self._keep(flight, helm)
            return helm.control
        if before.pilot is not None:
            self._end_segment(flight, helm)
            text = f"{pilot.who} took over from {before.who}: {helm.control.why}"
            text_zh = f"{pilot.who} 接管控制权（原 {before.who}）：{helm.control.why}"
        else:
            text = f"{pilot.who} took the controls: {helm.control.why}"
            text_zh = f"{pilot.who} 取得控制权：{helm.control.why}"
        vehicle = room.fleet.vehicle(flight.address)
        departments = (who.department,) if who.department else flight.departments
        helm.photos_before = vehicle.state.photos
        helm.segment = segments.begin(room, flight, pilot.who, why, departments, vehicle).id
        self._keep(flight, helm)
        flights.remark(room, flight, "control", text, text_zh, actor=pilot.who)
        return helm.control

    def ask(self, flight: Flight, who: Principal, why: str) -> Control:
        """Ask the holder for the controls."""
        helm = self._of(flight)
        helm.control = rules.ask(helm.control, pilot_of(who), why, self._room.now())
        self._keep(flight, helm)
        text, text_zh = f"asks for the controls: {why}", f"申请控制权：{why}"
        flights.remark(self._room, flight, "control", text, text_zh, actor=who.name)
        return helm.control

    def refuse(self, flight: Flight, who: Principal) -> Control:
        """The holder keeps the controls from who asked."""
        helm = self._of(flight)
        helm.control = rules.refuse(helm.control, who.name, self._room.now())
        self._keep(flight, helm)
        flights.remark(
            self._room, flight, "control", "keeps the controls", "保留控制权", actor=who.name
        )
        return helm.control

    async def hand_back(self, flight: Flight, who: Principal, why: str, then: str) -> Control:
        """Back to the plan: the mission goes on where it was left, or the drone returns.

        Args:
            then: "resume" or "return".
        """
        helm = self._of(flight)
        rules.hand_back(helm.control, pilot_of(who))
        await self._give_back(flight, helm, who.name, why or "done", then)
        return helm.control

    def guarded(self, flight: Flight, reason: str, place: str | None) -> None:
        """The safeguard acts: whoever held the controls no longer does."""
        helm = self._of(flight)
        self._room.pads.bound[flight.address] = place or flight.dock
        if helm.control.pilot is None:
            return
        text = f"{helm.control.who} lost the controls to the safeguard: {reason}"
        text_zh = f"安全保护接管，{helm.control.who} 的控制权已收回：{reason}"
        self._release(flight, helm)
        flights.remark(self._room, flight, "control", text, text_zh)

    def landed(self, flight: Flight) -> None:
        """The flight is over: what was held is handed back, what was recorded is closed."""
        helm = self._of(flight)
        if helm.control.pilot is not None or helm.segment is not None:
            self._release(flight, helm)
        self._room.pads.bound.pop(flight.address, None)
        self._helms.pop(flight.vehicle, None)

    # --- flying ----------------------------------------------------------------------------

    def preview(self, flight: Flight, errand: Errand) -> Drawn:
        """Draw an errand and prove it; flown with its token within `GOOD_FOR`.

        Raises:
            PathRefused, InvalidInput, Unavailable.
        """
        _in_the_air(flight)
        drawn = drawing.draw(self._sky(flight), errand)
        self._remember(flight, drawn)
        return drawn

    def instead(self, flight: Flight, errand: Errand) -> Drawn | None:
        """The nearest proven thing to an errand that is not."""
        try:
            drawn = instead(self._sky(flight), errand)
        except (PathRefused, Unavailable):
            return None
        if drawn is not None:
            self._remember(flight, drawn)
        return drawn

    def fly(self, flight: Flight, who: Principal, token: str, key: str | None = None) -> Order:
        """Fly exactly what was drawn, proven again from where the drone is now.

        Args:
            key: the order's id: the same one given again is the same order.

        Raises:
            NotFound: nothing was drawn under this token, or too long ago.
            ControlHeld, NotAllowed: the controls are not the caller's. PathRefused.
        """
        room, helm, now = self._room, self._of(flight), self._room.now()
        rules.require(helm.control, who.name)
        order_id = key or new_id("cmd", now)
        drawn = self._drawn(helm, token, now)
        what = describe(drawn)
        if key is not None and any(o.id == key for o in room.fleet.orders.of(flight.address)):
            return room.fleet.orders.get(key)
        sky = self._sky(flight)
        path = (sky.here, *drawn.path[1:])
        fresh = drawing.prove(sky, drawn.errand, path, drawn.then, drawn.bound_for)
        helm.control = rules.renew(helm.control, who.name, now)
        flights.remark(room, flight, "fly", f"{who.name}: {what}", f"{who.name}：{what}", who.name)
        vehicle = room.fleet.vehicle(flight.address)
        return room.fleet.orders.give(
            order_id,
            flight.address,
            what,
            lambda: self._carry_out(flight, helm, vehicle, fresh),
            by=who.name,
        )

    async def command(self, flight: Flight, who: Principal, command: str) -> Order:
        """Hold, resume, return, land, photograph or look ahead; the controls must be free or the
        caller's own. Returns the order as it ended.

        Raises:
            ControlHeld. VehicleError: the vehicle refused, or did not answer.
        """
        helm = self._of(flight)
        if helm.control.pilot is not None:
            helm.control = rules.renew(helm.control, who.name, self._room.now())
        vehicle = self._room.fleet.vehicle(flight.address)
        orders = self._room.fleet.orders
        async with orders.under(flight.address, command, by=who.name) as order:
            match command:
                case "hold":
                    await vehicle.hold()
                case "land":
                    await vehicle.land()
                case "return":
                    await self._return(flight, vehicle)
                case "photograph":
                    rules.require(helm.control, who.name)
                    await vehicle.manoeuvres.photograph()
                case _:
                    await self._resume(flight, vehicle)
        self._keep(flight, helm)
        return orders.get(order.id)

    async def _carry_out(self, flight: Flight, helm: Helm, vehicle: Vehicle, drawn: Drawn) -> None:
        """Fly a path to its end; what is still to fly is kept as it gets shorter."""
        autopilot = vehicle.autopilot
        helm.path, helm.then = drawn.path[1:], drawn.then
        self._keep(flight, helm)
        if drawn.then in ("land", "return"):
            self._room.pads.bound[flight.address] = drawn.lands_at
        if drawn.then == "return":
            await vehicle.return_home()
            return
        if isinstance(drawn.errand, Orbit) and drawn.look_at is not None:
            await vehicle.manoeuvres.look_at(*drawn.look_at)
        land = autopilot.land_mode if drawn.then == "land" else None
        await vehicle.steer(drawn.path[1:], then=land)
        await vehicle.manoeuvres.flown()
        helm.path = ()
        self._keep(flight, helm)

    async def _resume(self, flight: Flight, vehicle: Vehicle) -> None:
        """The mission goes on where it was left, by a proven way.

        Raises:
            PathRefused: no proven way, or not enough charge for the rest.
        """
        if vehicle.mission is None:
            await vehicle.download()
        mission = vehicle.mission
        joint = vehicle.manoeuvres.joint(mission) if mission is not None else None
        if joint is None:
            await vehicle.resume()
            return
        sky = self._sky(flight)
        height = joint.height_m if joint.amsl_m is None else sky.here.height_m
        way = drawing.draw(sky, GoTo(target=joint.position, height_m=max(30.0, height)))
        await vehicle.resume(way.path[1:-1])

    async def _return(self, flight: Flight, vehicle: Vehicle) -> None:
        """Home, or where it can land; a drone that nobody can prove a way for returns by itself."""
        try:
            drawn = drawing.draw(self._sky(flight), ReturnTo())
        except FlyOnceError as why:
            text = f"returns by itself, no way was proven: {why.what}"
            flights.remark(self._room, flight, "return", text, f"自主返航：{why.what}")
            await vehicle.return_home()
            return
        helm = self._of(flight)
        self._room.pads.bound[flight.address] = drawn.lands_at
        if drawn.then == "return":
            await vehicle.return_home()
            return
        helm.path, helm.then = drawn.path[1:], drawn.then
        await vehicle.steer(drawn.path[1:], then=vehicle.autopilot.land_mode)

    # --- watching and carrying on -----------------------------------------------------------

    async def watch(self) -> None:
        """For ever: note tracks, and hand back what silent holders hold."""
        while True:
            await self._room.clock.sleep(WATCH_S)
            for vehicle_id, helm in tuple(self._helms.items()):
                if helm.control.pilot is not None and helm.segment is not None:
                    with outlasting("helms"):
                        await self._look(vehicle_id, helm)

    async def _look(self, vehicle_id: str, helm: Helm) -> None:
        room = self._room
        with room.view() as unit:
            flight = unit.flights.get(room.latest_flight[vehicle_id])
        segments.note_track(room, helm.segment or "", room.fleet.vehicle(flight.address))
        if helm.control.silent(room.now()):
            who = helm.control.who or ""
            why = f"{who} was not heard of for {rules.SILENT.total_seconds():.0f} s"
            try:
                await self._give_back(flight, helm, who, why, "resume")
            except VehicleError as error:
                logger.warning("%s: %s", flight.id, error)

    async def adopt(self, flight: Flight) -> None:
        """Carry on after a restart: who held the drone, what it was flying, where its mission was
        left; the drone itself says where it is and what it does."""
        room, helm = self._room, self._of(flight)
        vehicle = room.fleet.vehicle(flight.address)
        await vehicle.wait_heard()
        if vehicle.mission is None:
            await vehicle.download()
        if not vehicle.state.in_flight or vehicle.state.mode != vehicle.autopilot.guided_mode:
            return
        if helm.path:
            await self._carry_on(flight, helm, vehicle)
        elif helm.control.pilot is None:
            text = "found holding, with nobody at the controls: it holds until somebody resumes it"
            flights.alarm(room, flight, text, "重启后发现悬停且无人控制：保持悬停，等待指令")

    async def _carry_on(self, flight: Flight, helm: Helm, vehicle: Vehicle) -> None:
        """Fly the rest of a path that was under way; if that is not proven any more, hold."""
        try:
            sky = self._sky(flight)
            path = (sky.here, *helm.path)
            drawn = drawing.prove(sky, GoTo(target=path[-1].position), path, helm.then)
        except FlyOnceError as why:
            flights.alarm(self._room, flight, f"holds: {why.what}", f"悬停：{why.what}")
            return
        self._room.fleet.orders.give(
            new_id("cmd", self._room.now()),
            flight.address,
            "fly on after a restart",
            lambda: self._carry_out(flight, helm, vehicle, drawn),
        )

    # --- parts -----------------------------------------------------------------------------

    async def _give_back(self, flight: Flight, helm: Helm, who: str, why: str, then: str) -> None:
        room = self._room
        self._release(flight, helm)
        text = f"{who} handed the controls back: {why}"
        flights.remark(room, flight, "control", text, f"{who} 交还控制权：{why}", actor=who)
        vehicle = room.fleet.vehicle(flight.address)
        if not vehicle.state.in_flight or vehicle.state.mode == vehicle.autopilot.mission_mode:
            return
        if then == "resume":
            try:
                await self._resume(flight, vehicle)
                return
            except (PathRefused, VehicleError) as error:
                text = f"the mission is not resumed: {error.what}; it returns"
                flights.remark(room, flight, "return", text, f"无法续飞：{error.what}；返航")
        await self._return(flight, vehicle)

    def _release(self, flight: Flight, helm: Helm) -> None:
        self._end_segment(flight, helm)
        helm.control, helm.path, helm.then = FREE, (), "hold"
        self._keep(flight, helm)

    def _end_segment(self, flight: Flight, helm: Helm) -> None:
        if helm.segment is None:
            return
        vehicle = self._room.fleet.vehicle(flight.address)
        taken = max(0, vehicle.state.photos - helm.photos_before)
        ended = segments.end(self._room, helm.segment, vehicle, taken)
        helm.segment = None
        self._room.spawn(settle(self._room, ended), f"settle {ended.id}")

    def _sky(self, flight: Flight) -> Sky:
        return sky_of(self._room, flight)

    def _remember(self, flight: Flight, drawn: Drawn) -> None:
        now, helm = self._room.now(), self._of(flight)
        helm.drawn = {t: (at, d) for t, (at, d) in helm.drawn.items() if now - at <= GOOD_FOR}
        helm.drawn[drawn.token] = (now, drawn)

    def _drawn(self, helm: Helm, token: str, now: datetime) -> Drawn:
        at, drawn = helm.drawn.get(token, (None, None))
        if at is None or drawn is None or now - at > GOOD_FOR:
            raise NotFound(
                "no path was drawn under this token in the last two minutes",
                where="token",
                remedy="ask for the preview again and fly that",
            )
        return drawn

    def _of(self, flight: Flight) -> Helm:
        """A drone's helm, as it was kept."""
        if flight.vehicle not in self._helms:
            vehicle = self._room.fleet.vehicle(flight.address)
            with self._room.view() as unit:
                kept = loaded(unit, flight, vehicle, self._room.now())
            self._helms.setdefault(flight.vehicle, kept)
        return self._helms[flight.vehicle]

    def _keep(self, flight: Flight, helm: Helm) -> None:
        vehicle = self._room.fleet.vehicle(flight.address)
        with self._room.unit() as unit:
            unit.settings.set(key(flight), saved(flight, helm, vehicle))


def pilot_of(who: Principal) -> Pilot:
    """A caller as the rules of control know them."""
    return Pilot(who.name, RANKS.get(who.role, int("fly" in who.permissions)))


def describe(drawn: Drawn) -> str:
    """What is flown, in a sentence."""
    match drawn.errand:
        case GoTo(target=at):
            return f"fly to {at.lat:.5f} N {at.lon:.5f} E"
        case Orbit(centre=at, radius_m=radius):
            return f"circle {at.lat:.5f} N {at.lon:.5f} E at {radius:.0f} m"
        case ReturnTo():
            return f"return to dock {drawn.lands_at}"
        case Height(height_m=height):
            return f"change height to {height:.0f} m above ground"


def _in_the_air(flight: Flight) -> None:
    if flight.state is not FlightState.FLYING:
        raise Unavailable(
            f"the flight is {flight.state}",
            where=flight.id,
            remedy="only a flight in the air has controls to take",
        )
