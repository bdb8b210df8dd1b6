"""All vehicles together: one vectorised step, then each autopilot thinks; what they say piles up.

The swarm knows nothing of sockets: `receive` takes parsed messages, `take_output` gives bytes.
"""

import math
import struct

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as wire

from core.geo import LonLat
from sim.autopilot.autopilot import Autopilot
from sim.autopilot.shutter import Photo
from sim.autopilot.telemetry import MESSAGES
from sim.body import Body, Profile
from sim.earth import metres_per_degree
from sim.vehicle import DOCK_RADIUS_M, Commands, Kinds, State, step
from sim.world import World

GPS_SIGMA_M, GPS_UP_SIGMA_M, GPS_MEMORY_S = 1.0, 1.5, 60.0
"""Error of the satellite position: a slow random walk (first-order Gauss-Markov)."""
GUST_MEMORY_S = 3.0
LOOK_AHEAD_S = 3.0
"""Terrain following looks so far ahead."""
LEAST_HEIGHT_M = 5.0
"""A rangefinder keeps a flying vehicle at least so high above the ground unless it lands."""


class Swarm:
    """N vehicles with their autopilots."""

    def __init__(self, world: World, *, start_s: float = 0.0) -> None:
        self.world = world
        self._now_s = start_s
        docks = world.docks
        lon = np.array([d.position.lon for d in docks])
        lat = np.array([d.position.lat for d in docks])
        ground = world.ground.height_m(lon, lat)
        self.state = State.parked(lon, lat, ground)
        self.kinds = Kinds.of([d.vehicle for d in docks], world.seed)
        self.commands = Commands.idle(self.state)
        self._profile = Profile(
            start_m=ground.copy(), end_m=ground.copy(), terrain=np.zeros(len(docks), bool)
        )
        self._dock_lon, self._dock_lat = lon.copy(), lat.copy()
        self._rng = np.random.default_rng([world.seed, 41])
        self._gusts = np.zeros((2, len(docks)))
        self._gps = self._rng.normal(size=(3, len(docks)))
        self._wind = (0.0, 0.0, 0.0)
        self._bodies = [
            Body(i, d.vehicle, self.commands, self._profile, self.state)
            for i, d in enumerate(docks)
        ]
        self._links = {
            d.system_id: wire.MAVLink(None, srcSystem=d.system_id, srcComponent=1) for d in docks
        }
        self._output: list[bytes] = []
        boot = np.random.default_rng([world.seed, 42]).uniform(-3.0, 0.0, len(docks))
        self.autopilots = [
            Autopilot(
                system_id=d.system_id,
                name=d.id,
                body=body,
                senses=self,
                start=world.start,
                emit=self._emit,
                boot_at_s=start_s + float(b),
            )
            for d, body, b in zip(docks, self._bodies, boot, strict=True)
        ]
        self._by_id = {a.system_id: a for a in self.autopilots}

    # Senses of the autopilots

    def now_s(self) -> float:
        """Simulated seconds since the start."""
        return self._now_s

    def wind(self, index: int) -> tuple[float, float]:
        """Wind at a vehicle: m/s and the direction it comes from."""
        return self._wind[0], self._wind[1]

    def gps_error(self, index: int) -> tuple[float, float, float]:
        """Present error of a vehicle's satellite position: metres east, north, up."""
        east, north, up = self._gps[:, index]
        return east * GPS_SIGMA_M, north * GPS_SIGMA_M, up * GPS_UP_SIGMA_M

    # The link

    def receive(self, message: wire.MAVLink_message) -> None:
        """A message from a ground station: to the vehicle it names, or to all."""
        target = getattr(message, "target_system", 0)
        if target == 0:
            for autopilot in self.autopilots:
                autopilot.handle(message)
        elif target in self._by_id:
            self._by_id[target].handle(message)

    def take_output(self) -> list[bytes]:
        """Packets since the last call, one each."""
        output, self._output = self._output, []
        return output

    def announce(self) -> None:
        """Send heartbeats and the time though no time passes: a client must see who is there."""
        for a in self.autopilots:
            for message_id in (wire.MAVLINK_MSG_ID_HEARTBEAT, wire.MAVLINK_MSG_ID_SYSTEM_TIME):
                a.send(MESSAGES[message_id](a))

    def _emit(self, system_id: int, message: wire.MAVLink_message) -> None:
        link = self._links[system_id]
        try:
            self._output.append(message.pack(link))
        except (struct.error, TypeError) as error:
            raise ValueError(f"vehicle {system_id} cannot say {message}: {error}") from error
        link.seq = (link.seq + 1) % 256

    # Time

    def step(self, dt_s: float) -> list[Photo]:
        """Simulate `dt_s` seconds; the photos that fell due."""
        self._now_s += dt_s
        state = self.state
        wind_e, wind_n = self._blow(dt_s)
        ground = self.world.ground.height_m(state.lon, state.lat)
        self._aim(state, ground)
        self.state = step(
            state,
            self.commands,
            self.kinds,
            dt_s=dt_s,
            wind_east_mps=wind_e,
            wind_north_mps=wind_n,
            ground_m=ground,
            docked=self._docked(),
        )
        self._refresh(ground)
        photos: list[Photo] = []
        for autopilot in self.autopilots:
            photos += autopilot.step(dt_s)
            autopilot.stream()
        return photos

    def _docked(self) -> np.ndarray:
        """Whether each vehicle is at a dock, its own or another's."""
        state = self.state
        per_east, per_north = metres_per_degree(state.lat)
        east = (state.lon[:, None] - self._dock_lon[None, :]) * per_east[:, None]
        north = (state.lat[:, None] - self._dock_lat[None, :]) * per_north[:, None]
        return np.asarray((east**2 + north**2 < DOCK_RADIUS_M**2).any(axis=1))

    def dock_of(self, index: int) -> LonLat:
        """Where a vehicle lives."""
        return self.world.docks[index].position

    def _blow(self, dt_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Wind at each vehicle (east, north components of where the air goes)."""
        speed, from_deg, gust = self.world.wind(self._now_s)
        self._wind = (speed, from_deg, gust)
        n = len(self.autopilots)
        keep = math.exp(-dt_s / GUST_MEMORY_S)
        self._gusts = keep * self._gusts + math.sqrt(1 - keep**2) * self._rng.normal(size=(2, n))
        stay = math.exp(-dt_s / GPS_MEMORY_S)
        self._gps = stay * self._gps + math.sqrt(1 - stay**2) * self._rng.normal(size=(3, n))
        angle = math.radians(from_deg)
        east, north = -speed * math.sin(angle), -speed * math.cos(angle)
        return east + gust * self._gusts[0], north + gust * self._gusts[1]

    def _aim(self, state: State, ground: np.ndarray) -> None:
        """The altitude to hold now: heights along the leg, the ground here and ahead."""
        c, p = self.commands, self._profile
        per_east, per_north = metres_per_degree(state.lat)
        length = np.hypot((c.to_lon - c.from_lon) * per_east, (c.to_lat - c.from_lat) * per_north)
        left = np.hypot((c.to_lon - state.lon) * per_east, (c.to_lat - state.lat) * per_north)
        share = np.where(length > 1.0, np.clip(1.0 - left / np.maximum(length, 1.0), 0.0, 1.0), 1.0)
        height = p.start_m + (p.end_m - p.start_m) * share
        ahead = self.world.ground.height_m(
            state.lon + state.east_mps * LOOK_AHEAD_S / per_east,
            state.lat + state.north_mps * LOOK_AHEAD_S / per_north,
        )
        highest = np.maximum(ground, ahead)
        wanted = np.where(p.terrain, highest + height, np.maximum(height, highest + LEAST_HEIGHT_M))
        c.altitude_m[:] = wanted

    def _refresh(self, ground: np.ndarray) -> None:
        """Show every body its new state."""
        s = self.state
        for body, lon, lat, alt, east, north, up, yaw, battery, flying, below in zip(
            self._bodies,
            s.lon.tolist(),
            s.lat.tolist(),
            s.altitude_m.tolist(),
            s.east_mps.tolist(),
            s.north_mps.tolist(),
            s.up_mps.tolist(),
            s.yaw_deg.tolist(),
            s.battery.tolist(),
            s.flying.tolist(),
            ground.tolist(),
            strict=True,
        ):
            body.lon, body.lat, body.altitude_m, body.ground_m = lon, lat, alt, below
            body.east_mps, body.north_mps, body.up_mps = east, north, up
            body.yaw_deg, body.battery, body.flying = yaw, battery, flying
