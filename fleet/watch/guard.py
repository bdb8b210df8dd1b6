"""Watches one flying vehicle and turns it back while it still can, to where it can land."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.energy import CALM, Wind
from core.equipment import VehicleSpec
from core.errors import VehicleError
from core.geo import LonLat
from core.route import Waypoint
from fleet.plans.mission import Mission
from fleet.vehicle import Vehicle
from fleet.vocabulary import Command
from fleet.watch import turnback
from fleet.watch.meter import Meter, measured
from fleet.watch.reach import RETURN_HEIGHT_M, Place, Way, straight
from fleet.watch.turnback import Action, Decision, Situation

RETRY_S = 15.0
"""After a refused or unanswered order to return, seconds until it is given again."""

BRAKE = "BRAKE"
"""What stopped by itself is watched, too; modes of a pilot's own transmitter are that pilot's."""

Places = Callable[[], Sequence[Place]]


@dataclass(slots=True)
class Guard:
    """A vehicle under watch; orders it back once, again if the order failed, and elsewhere when
    the place it was sent to is taken meanwhile.

    Attributes:
        places: where it may land now, and which of them are free; asked at every look.
        told: called with each decision to turn back, before the order is given.
        way: finds paths round zones.
        path: makes places on the way into waypoints at a safe height.
        bound_for: where it was sent.
        meter: what it really consumes.
    """

    vehicle: Vehicle
    spec: VehicleSpec
    places: Places
    told: Callable[[Vehicle, Decision], None]
    way: Way = straight
    bound_for: str | None = None
    meter: Meter = field(default_factory=Meter)
    _winds: deque[tuple[datetime, Wind]] = field(default_factory=deque)
    _ordered_at: datetime | None = None
    _order: asyncio.Task[None] | None = None

    def look(self, now: datetime) -> None:
        """Decide from the present state; an order is carried out in the background."""
        vehicle = self.vehicle
        self._measure(now)
        if not vehicle.state.in_flight:
            self._ordered_at, self.bound_for = None, None
            return
        if not self._may_judge(now):
            return
        decision = self.judge(now)
        if decision.action is Action.CONTINUE:
            return
        self._ordered_at = now
        self.bound_for = decision.place.id if decision.place else None
        self.told(vehicle, decision)
        self._order = asyncio.create_task(
            self._carry_out(decision), name=f"guard: turn back {vehicle.address}"
        )

    def judge(self, now: datetime) -> Decision:
        """What the rule says of the present state."""
        return turnback.in_flight(
            self.vehicle.state, self.spec, now=now, situation=self.situation()
        )

    def situation(self) -> Situation:
        """What is known besides the vehicle's state."""
        places = tuple(self.places())
        home = next((p for p in places if p.home), None)
        return Situation(
            places=places,
            remaining=self._remaining(home),
            bound_for=self._bound_for(home),
            way=self.way,
            burn=self.meter.most_burn,
            burn_mean=self.meter.burn,
            winds=tuple(wind for _, wind in self._winds),
        )

    def stop(self) -> None:
        """Give no more orders."""
        if self._order is not None:
            self._order.cancel()

    # --- parts -------------------------------------------------------------------------------

    def _may_judge(self, now: datetime) -> bool:
        """Not one that cannot be told, was just told, lands, or is flown by somebody else."""
        vehicle, state = self.vehicle, self.vehicle.state
        if vehicle.lost or (now - state.heard_at).total_seconds() > turnback.LINK_LOST_S:
            return False  # its own failsafe acts, and news comes before orders
        if self._ordered_at and (now - self._ordered_at).total_seconds() < RETRY_S:
            return False
        pilot = vehicle.autopilot
        return state.mode in (pilot.mission_mode, pilot.guided_mode, pilot.return_mode, BRAKE)

    def _measure(self, now: datetime) -> None:
        state = self.vehicle.state
        self.meter = measured(self.meter, state, self.spec)
        self._winds.append((now, state.wind or CALM))
        while (now - self._winds[0][0]).total_seconds() > turnback.WIND_KEPT_S:
            self._winds.popleft()

    def _bound_for(self, home: Place | None) -> str | None:
        """Where it flies to land: as ordered, or home where the autopilot returns by itself."""
        state, autopilot = self.vehicle.state, self.vehicle.autopilot
        if state.mode == autopilot.mission_mode:
            return None
        if state.mode == autopilot.return_mode:
            return home.id if home else None
        return self.bound_for

    def _remaining(self, home: Place | None) -> tuple[LonLat, ...] | None:
        """The rest of the mission from where it is to where it lands; None outside a mission."""
        state, mission = self.vehicle.state, self.vehicle.mission
        if state.mode != self.vehicle.autopilot.mission_mode or state.position is None:
            return None
        if mission is None or state.mission_seq is None:
            return None
        lands = home.position if home else state.home
        return (state.position, *rest_of(mission, state.mission_seq, lands))

    async def _carry_out(self, decision: Decision) -> None:
        vehicle = self.vehicle
        try:
            if decision.action is Action.LAND:
                await vehicle.land()
            elif decision.place is None or (decision.place.home and len(decision.path) <= 2):
                await vehicle.return_home()
            else:
                then = vehicle.autopilot.land_mode
                await vehicle.steer(self._waypoints(decision), then=then)
        except VehicleError:
            self._ordered_at = self.bound_for = None  # the next look gives the order again

    def _waypoints(self, decision: Decision) -> tuple[Waypoint, ...]:
        """The path back at the height that it has, or at least the return height."""
        height = max(self.vehicle.state.height_m or 0.0, RETURN_HEIGHT_M)
        return tuple(Waypoint(position=p, height_m=height) for p in decision.path[1:])


def rest_of(mission: Mission, seq: int, home: LonLat | None) -> tuple[LonLat, ...]:
    """The places of a mission from item ``seq`` on, to where it lands."""
    found = []
    for item in mission.items[seq:]:
        place = mission.place(item.seq)
        if place is not None and item.command in (Command.NAV_WAYPOINT, Command.NAV_LAND):
            found.append(place)
        elif item.command == Command.NAV_RETURN_TO_LAUNCH and home is not None:
            found.append(home)
    return tuple(found)
