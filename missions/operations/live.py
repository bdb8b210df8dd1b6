"""The present moment for the console: where every drone is and what it does."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fleet.address import Address
from fleet.state import VehicleState
from fleet.vehicle import Vehicle
from missions.access import Principal
from missions.entities import Alert, CaseState, FlightState, ReviewState
from missions.operations.room import ControlRoom

CHARGED = 0.98
"""Share from which a docked drone counts as charged."""
LOW_M = 15.0
"""Below this height above the ground an armed drone is taking off or landing."""
OPEN_CASES = (
    CaseState.COLLECTED,
    CaseState.OPENED,
    CaseState.DISPATCHED,
    CaseState.HANDLING,
    CaseState.REPORTED_BACK,
    CaseState.VERIFYING,
)
_MODES = {
    "RTL": "returning",
    "LAND": "landing",
    "GUIDED": "guided",
    "BRAKE": "hold",
    "LOITER": "hold",
    "POSHOLD": "hold",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFrame:
    """One frame of the live view.

    Attributes:
        speed: simulated seconds a second, measured over the last seconds; None until known.
        drones: rows [id, lon, lat, height_m, heading_deg, speed_mps, battery, state, flight_id,
            progress, heard_s_ago, photos, signed]; null is "no data".
        alerts: those that are new to the socket.
    """

    t: datetime
    speed: float | None
    drones: Sequence[Sequence[Any]]
    counts: dict[str, int]
    alerts: Sequence[Alert]


class Pace:
    """How fast the service's time runs against the wall's."""

    def __init__(self, window_s: float = 5.0) -> None:
        self._window_s = window_s
        self._marks: deque[tuple[float, datetime]] = deque()

    def measure(self, now: datetime) -> float | None:
        """The ratio over the window that ends now; None until there is one."""
        wall = time.monotonic()
        self._marks.append((wall, now))
        while len(self._marks) > 2 and wall - self._marks[1][0] > self._window_s:
            self._marks.popleft()
        first_wall, first = self._marks[0]
        if wall - first_wall < 0.5:
            return None
        return (now - first).total_seconds() / (wall - first_wall)


class Live:
    """Makes frames; counts are refreshed once a second."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room
        self._pace = Pace()
        self._counts: dict[str, int] = {}
        self._counted = 0.0

    def frame(self, since_alert: str | None, principal: Principal) -> LiveFrame:
        """The present frame for one caller."""
        room = self._room
        now = room.now()
        audience = principal.audience()
        with room.view() as unit:
            alerts = unit.alerts.find(
                audience=audience, after=since_alert, limit=50, newest_first=since_alert is None
            )
        return LiveFrame(
            t=now,
            speed=self._pace.measure(now),
            drones=self._drones(now, principal),
            counts=self._count(),
            alerts=alerts if since_alert else tuple(reversed(alerts)),
        )

    def _drones(self, now: datetime, principal: Principal) -> list[list[Any]]:
        states = self._room.fleet.states()
        heights = self._heights(states)
        rows = []
        for dock in self._room.preset.docks:
            if not principal.reaches(dock):
                continue
            state = states.get(dock.address)
            if state is not None:
                rows.append(self._row(dock.id, state, heights.get(dock.address), now))
            else:
                at = dock.position
                rows.append([dock.id, at.lon, at.lat, *[None] * 4, "docked", *[None] * 5])
        return rows

    def _heights(self, states: Mapping[Address, VehicleState]) -> dict[Address, float]:
        """By vehicle, metres above the ground straight below."""
        placed = [(i, s.position, s.altitude_m) for i, s in states.items()]
        known = [(i, at, up) for i, at, up in placed if at is not None and up is not None]
        ground = self._room.preset.heights.height_m(
            [at.lon for _, at, _ in known], [at.lat for _, at, _ in known]
        )
        return {i: up - float(g) for (i, _, up), g in zip(known, ground, strict=True)}

    def _row(
        self, drone: str, state: VehicleState, height_m: float | None, now: datetime
    ) -> list[Any]:
        vehicle = self._room.fleet.vehicle(state.address)
        home = self._room.dock(drone).position
        at = state.position or home
        flight = self._room.latest_flight.get(drone) if state.armed else None
        progress = None
        if state.armed and state.mission_total and state.mission_seq is not None:
            progress = round(min(1.0, state.mission_seq / state.mission_total), 3)
        return [
            drone,
            round(at.lon, 6),
            round(at.lat, 6),
            _rounded(height_m, 1),
            _rounded(state.heading_deg, 0),
            _rounded(state.speed_mps, 1),
            _rounded(state.battery, 3),
            _doing(vehicle, state, height_m),
            flight,
            progress,
            round(max(0.0, (now - state.heard_at).total_seconds()), 1),
            state.photos,
            _rounded(vehicle.channel.signed_share, 2),
        ]

    def _count(self) -> dict[str, int]:
        wall = time.monotonic()
        if wall - self._counted > 1.0 or not self._counts:
            self._counted = wall
            flying = sum(s.armed for s in self._room.fleet.states().values())
            with self._room.view() as unit:
                self._counts = {
                    "flying": flying,
                    "flown": unit.flights.count(state=FlightState.DONE),
                    "photos": unit.media.count(),
                    "anomalies": unit.anomalies.count(),
                    "cases_open": unit.cases.count(state=OPEN_CASES),
                    "reviews_open": unit.reviews.count(state=ReviewState.OPEN),
                }
        return self._counts


def _doing(vehicle: Vehicle, state: VehicleState, height_m: float | None) -> str:
    """One word of the API; two vehicles behind one system id are a fault."""
    if vehicle.lost:
        return "lost"
    return "fault" if vehicle.channel.conflict else activity(state, height_m)


def activity(state: VehicleState, height_m: float | None) -> str:
    """What a drone is doing, in one word of the API.

    Args:
        height_m: above the ground straight below.
    """
    if not state.armed:
        charging = state.battery is not None and state.battery < CHARGED
        return "charging" if charging else "docked"
    if state.critical:
        return "fault"
    if state.mode in _MODES:
        return _MODES[state.mode]
    if height_m is not None and height_m < LOW_M:
        return "takeoff"
    return "mission"


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
