"""Vehicles whose system id somebody else uses, too: told as events, and barred from arming."""

import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from fleet.address import Address
from fleet.events import Conflict, ConflictOver, FleetEvent
from fleet.links.twins import Suspicion
from fleet.vehicle import Vehicle

logger = logging.getLogger("flyonce.fleet")


class Conflicts:
    """Keeps the suspicions of every vehicle, and says when one is certain and when it is over.

    Args:
        emit: takes the events.
    """

    def __init__(self, emit: Callable[[FleetEvent], None]) -> None:
        self._emit = emit
        self._suspicions: defaultdict[Address, Suspicion] = defaultdict(Suspicion)
        self._certain: dict[Address, Vehicle] = {}

    def doubled(self, vehicle: Vehicle, why: str, now: datetime) -> None:
        """Two senders were seen under this vehicle's id."""
        if self._suspicions[vehicle.address].add(why, now):
            self._tell(vehicle, now)

    def booted(self, vehicle: Vehicle, boot_s: float, now: datetime) -> None:
        """A report of the seconds since it was switched on."""
        if self._suspicions[vehicle.address].booted(boot_s, now):
            self._tell(vehicle, now)

    def review(self, now: datetime) -> None:
        """See which are over."""
        for address, vehicle in tuple(self._certain.items()):
            if self._suspicions[address].over(now):
                del self._certain[address]
                vehicle.channel.conflict = ""
                self._emit(ConflictOver(vehicle=address, at=now))

    def _tell(self, vehicle: Vehicle, now: datetime) -> None:
        reason = self._suspicions[vehicle.address].reason
        self._certain[vehicle.address] = vehicle
        vehicle.channel.conflict = reason
        logger.warning("vehicle %s: two answer to this system id: %s", vehicle.address, reason)
        self._emit(Conflict(vehicle=vehicle.address, at=now, reason=reason))
