"""Watches one flying vehicle and turns it back while it still can."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from core.equipment import VehicleSpec
from core.errors import VehicleError
from core.geo import LonLat, distance_m
from fleet import safeguard
from fleet.mission import Mission
from fleet.safeguard import Action, Decision
from fleet.vehicle import Vehicle

RETRY_S = 15.0
"""After a refused or unanswered order to return, seconds until it is given again."""


@dataclass(slots=True)
class Guard:
    """A vehicle under watch; orders it back once, and again if the order failed.

    Attributes:
        home: where it returns to.
        told: called with each decision to turn back, before the order is given.
    """

    vehicle: Vehicle
    spec: VehicleSpec
    home: LonLat
    told: Callable[[Vehicle, Decision], None]
    _ordered_at: datetime | None = None
    _order: asyncio.Task[None] | None = None
    _measured: Mission | None = None
    _ahead: list[tuple[int, LonLat, float]] = field(default_factory=list)

    def look(self, now: datetime) -> None:
        """Decide from the present state; an order is carried out in the background."""
        vehicle = self.vehicle
        pilot = vehicle.autopilot
        if not vehicle.state.in_flight:
            self._ordered_at = None
            return
        if vehicle.lost or vehicle.state.mode not in (pilot.mission_mode, pilot.guided_mode):
            return
        if (now - vehicle.state.heard_at).total_seconds() > safeguard.LINK_LOST_S:
            return  # it cannot be told; its own failsafe acts, and news comes before orders
        if self._ordered_at and (now - self._ordered_at).total_seconds() < RETRY_S:
            return
        decision = self.judge(now)
        if decision.action is Action.CONTINUE:
            return
        self._ordered_at = now
        self.told(vehicle, decision)
        self._order = asyncio.create_task(
            self._carry_out(decision), name=f"guard: turn back {vehicle.address}"
        )

    def judge(self, now: datetime) -> Decision:
        """What the safeguard says of the present state."""
        return safeguard.in_flight(
            self.vehicle.state,
            self.spec,
            now=now,
            home=self.home,
            remaining_m=self._remaining_m(),
        )

    def _remaining_m(self) -> float | None:
        """Length of the rest of the mission and the way home; None outside a mission."""
        state, mission = self.vehicle.state, self.vehicle.mission
        if state.mode != self.vehicle.autopilot.mission_mode or state.position is None:
            return None
        if mission is None or state.mission_seq is None:
            return None
        if mission is not self._measured:
            self._measured = mission
            self._ahead = _lengths(mission, self.home)
        after = next(((p, m) for seq, p, m in self._ahead if seq >= state.mission_seq), None)
        if after is None:
            return distance_m(state.position, self.home)
        return distance_m(state.position, after[0]) + after[1]

    async def _carry_out(self, decision: Decision) -> None:
        try:
            if decision.action is Action.LAND:
                await self.vehicle.land()
            else:
                await self.vehicle.return_home()
        except VehicleError:
            return  # the next look gives the order again

    def stop(self) -> None:
        """Give no more orders."""
        if self._order is not None:
            self._order.cancel()


def _lengths(mission: Mission, home: LonLat) -> list[tuple[int, LonLat, float]]:
    """For each waypoint its item number, its place, and the metres from there to home."""
    found: list[tuple[int, LonLat, float]] = []
    onward, left_m = home, 0.0
    for seq in reversed(mission.waypoint_seqs):
        place = mission.place(seq)
        if place is not None:
            left_m += distance_m(place, onward)
            onward = place
            found.append((seq, place, left_m))
    return found[::-1]
