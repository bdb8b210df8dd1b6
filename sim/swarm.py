"""All vehicles together: one vectorised step, then each autopilot thinks; what they say piles up.

The swarm knows nothing of sockets: `receive` takes parsed messages, `take_output` gives bytes.
"""

import math
import struct
from collections.abc import Iterable
from functools import partial

import numpy as np
import numpy.typing as npt
from pymavlink.dialects.v20 import ardupilotmega as wire

from core.geo import LonLat
from sim.autopilot import choose
from sim.autopilot.autopilot import Autopilot
from sim.autopilot.shutter import Photo
from sim.autopilot.telemetry import MESSAGES
from sim.body import Body, Pack, Profile, show
from sim.faults import Fault, Kind
from sim.heights import LEAST_HEIGHT_M as LEAST_HEIGHT_M
from sim.heights import LOOK_AHEAD_S as LOOK_AHEAD_S
from sim.heights import wanted_altitude_m
from sim.models import battery
from sim.models.air import GUST_MEMORY_S as GUST_MEMORY_S
from sim.models.air import Air
from sim.packets import Way
from sim.pads import Pads
from sim.phases import phase_of
from sim.symptoms import tell
from sim.troubles import Troubles
from sim.vehicle import Commands, Kinds, State, step
from sim.world import World

Floats = npt.NDArray[np.float64]

GPS_SIGMA_M, GPS_UP_SIGMA_M, GPS_MEMORY_S = 1.0, 1.5, 60.0
"""Error of the satellite position: a slow random walk (first-order Gauss-Markov)."""
BOOTED_S = 60.0
SLICES = 5
"""Bodies on the ground look at their batteries in every fifth step, by turns."""
PHASE_STEPS = 3
"""Phases of the flights are looked at in every third step, if a fault waits for one."""


class Swarm:
    """N vehicles with their autopilots.

    Args:
        faults: what goes wrong; more by `strike`.
        booted: the vehicles have been on for a minute already, and may arm at once.

    Raises:
        InvalidInput: a fault names no vehicle or dock of this world.
    """

    def __init__(
        self,
        world: World,
        *,
        start_s: float = 0.0,
        faults: Iterable[Fault] = (),
        booted: bool = False,
    ) -> None:
        self.world = world
        self._now_s = start_s
        docks = world.docks
        n = len(docks)
        lon = np.array([d.position.lon for d in docks])
        lat = np.array([d.position.lat for d in docks])
        ground = world.ground.height_m(lon, lat)
        self.state = State.parked(lon, lat, ground, np.array([d.cycles for d in docks]))
        self.kinds = Kinds.of([d.vehicle for d in docks], world.seed)
        self.commands = Commands.idle(self.state)
        self._profile = Profile(
            start_m=ground.copy(), end_m=ground.copy(), terrain=np.zeros(n, bool)
        )
        self.troubles = Troubles(docks, world.seed, faults)
        self.pads = Pads(lon, lat)
        self._rng = np.random.default_rng([world.seed, 41])
        self._gps = self._rng.normal(size=(3, n))
        self._packs: dict[int, tuple[int, Pack]] = {}
        self._fixes: list[tuple[float, float, float]] = []
        self._air = Air(n, self._rng, world.seed)
        self._bodies = [
            Body(i, d.vehicle, self.commands, self._profile, self.state, self.pack)
            for i, d in enumerate(docks)
        ]
        self._links = [wire.MAVLink(None, srcSystem=d.system_id, srcComponent=1) for d in docks]
        self._output: list[tuple[int, bytes]] = []
        self._down: Way[bytes] = Way(self.troubles, world.seed, "down")
        self._up: Way[wire.MAVLink_message] = Way(self.troubles, world.seed, "up")
        self._by_name: dict[str, dict[int, int]] = {}
        for i, d in enumerate(docks):
            self._by_name.setdefault(d.link, {})[d.system_id] = i
        self._steps = 0
        self._measure()
        boot = np.random.default_rng([world.seed, 42]).uniform(-3.0, 0.0, n)
        boot -= BOOTED_S if booted else 0.0
        self.autopilots = [
            Autopilot(
                system_id=d.system_id,
                name=d.id,
                body=body,
                senses=self,
                start=world.start,
                emit=partial(self._emit, body.index),
                boot_at_s=start_s + float(b),
                firmware=choose(d.autopilot),
            )
            for d, body, b in zip(docks, self._bodies, boot, strict=True)
        ]

    # Senses of the autopilots

    def now_s(self) -> float:
        """Simulated seconds since the start."""
        return self._now_s

    def wind(self, index: int) -> tuple[float, float]:
        """Mean wind at a vehicle: m/s and the direction it comes from."""
        return self._air.at(index)

    def gps_error(self, index: int) -> tuple[float, float, float]:
        """Present error of a vehicle's satellite position: metres east, north, up."""
        return self._fixes[index]

    def ground_m(self, lon: float, lat: float) -> float:
        """Height of the ground AMSL that a vehicle's terrain data tell at a place."""
        return float(self.world.ground.height_m(np.array([lon]), np.array([lat]))[0])

    def pack(self, index: int) -> Pack:
        """A vehicle's battery as it reports itself."""
        seen = self._packs.get(index)
        if seen is None or seen[0] != self._steps:
            seen = self._packs[index] = self._steps, self._pack(index)
        return seen[1]

    def _pack(self, index: int) -> Pack:
        s, k = self.state, self.kinds
        new_ah, cycles = float(k.new_ah[index]), float(s.cycles[index])
        full_ah = new_ah * battery.health_of(cycles, float(k.life_cycles[index]))
        return Pack(
            cells_v=tuple(s.cells_v[index].tolist()),
            current_a=float(s.current_a[index]),
            consumed_mah=float(s.consumed_ah[index]) * 1000,
            capacity_mah=new_ah * 1000,
            full_mah=full_ah * 1000,
            cycles=cycles,
            temperature_c=float(s.pack_c[index]),
            serial=f"FO{self.world.seed % 10000:04d}{index:05d}",
        )

    def strike(self, fault: Fault) -> None:
        """Arm one more fault; it begins at once if its time has come.

        Raises:
            InvalidInput: it names no vehicle or dock of this world.
        """
        self.troubles.strike(fault)
        self.troubles.update(self._now_s, 0.0)
        self._tell_faults()

    # The links

    @property
    def links(self) -> tuple[str, ...]:
        """Names of the links that carry vehicles, in order."""
        return tuple(self._by_name)

    def receive(self, message: wire.MAVLink_message, link: str | None = None) -> None:
        """A message from a ground station on a link: to the vehicle it names, or to all of them.

        Args:
            link: the first one if None.
        """
        named = self._by_name[link or self.world.docks[0].link]
        target = getattr(message, "target_system", 0)
        if target == 0:
            for index in named.values():
                self._take(index, message)
        elif target in named:
            self._take(named[target], message)

    def take_output(self) -> list[bytes]:
        """Packets of all links since the last call that got through, one each."""
        return [packet for _, packet in self.take_packets()]

    def take_packets(self) -> list[tuple[int, bytes]]:
        """The same with the number of the vehicle that sent it."""
        output, self._output = self._output, []
        if self._down.clear():
            return output
        through = self._down.due(self._now_s)
        for index, packet in output:
            through += [(index, p) for p in self._down.send(index, packet, self._now_s)]
        return through

    def announce(self) -> None:
        """Send heartbeats and the time though no time passes: a client must see who is there."""
        for a in self.autopilots:
            for message_id in (wire.MAVLINK_MSG_ID_HEARTBEAT, wire.MAVLINK_MSG_ID_SYSTEM_TIME):
                a.send(MESSAGES[message_id](a))

    def _take(self, index: int, message: wire.MAVLink_message) -> None:
        if self._up.clear():
            self.autopilots[index].handle(message)
            return
        for arrived in self._up.send(index, message, self._now_s):
            self.autopilots[index].handle(arrived)

    def _emit(self, index: int, system_id: int, message: wire.MAVLink_message) -> None:
        link = self._links[index]
        try:
            self._output.append((index, self.autopilots[index].pack(message, link)))
        except (struct.error, TypeError) as error:
            raise ValueError(f"vehicle {system_id} cannot say {message}: {error}") from error
        link.seq = (link.seq + 1) % 256

    # Time

    def step(self, dt_s: float) -> list[Photo]:
        """Simulate `dt_s` seconds; the photos that fell due."""
        self._now_s = round(self._now_s + dt_s, 6)
        self._steps += 1
        for index, message in self._up.due(self._now_s):
            self.autopilots[index].handle(message)
        state, before = self.state, self.state.flying
        ground = self.world.ground.height_m(state.lon, state.lat)
        self._look_out(dt_s)
        weather = self._weather()
        wind_e, wind_n, mean_e, mean_n = self._air.blow(dt_s, weather, state.altitude_m - ground)
        self.commands.altitude_m[:] = wanted_altitude_m(
            state, self.commands, self._profile, self.world.ground, ground
        )
        self.state = step(
            state,
            self.commands,
            self.kinds,
            dt_s=dt_s,
            wind_east_mps=wind_e,
            wind_north_mps=wind_n,
            ground_m=ground,
            docked=self.pads.charged & self._chargers(),
            mean_wind=(mean_e, mean_n),
            celsius=self.world.air_celsius(self._now_s),
            rain_mmph=self.rain_mm_h(),
            hurt=self.troubles.hurt,
        )
        self.pads.follow(before, self.state)
        self._refresh(before, ground)
        photos: list[Photo] = []
        for autopilot in self.autopilots:
            photos += autopilot.step(dt_s)
            autopilot.stream()
        return photos

    def rain_mm_h(self) -> float:
        """Rain now, faults of the weather included, mm an hour."""
        return self.world.rain_mm_h(self._now_s) + self.troubles.world(Kind.RAIN)

    def dock_of(self, index: int) -> LonLat:
        """Where a vehicle lives."""
        return self.world.docks[index].position

    def _weather(self) -> tuple[float, float, float]:
        speed, from_deg, gust = self.world.wind(self._now_s)
        return speed + self.troubles.world(Kind.WIND), from_deg, gust

    def _chargers(self) -> npt.NDArray[np.bool_]:
        """Whether the charger below each vehicle works."""
        dead = self.troubles.amount(Kind.CHARGER_DEAD)
        if dead is None:
            return np.ones(len(self.autopilots), bool)
        return np.asarray(dead[self.pads.of_vehicle] == 0)

    def _look_out(self, dt_s: float) -> None:
        """Faults, the phases that some wait for, and what the satellites say."""
        if self._steps % PHASE_STEPS == 0 and self.troubles.awaits_phases:
            for index, autopilot in enumerate(self.autopilots):
                self.troubles.enter(index, phase_of(autopilot), self._now_s)
        self.troubles.update(self._now_s, dt_s)
        self._tell_faults()
        stay = math.exp(-dt_s / GPS_MEMORY_S)
        noise = self._rng.normal(size=self._gps.shape)
        self._gps = stay * self._gps + math.sqrt(1 - stay**2) * noise
        self._measure()

    def _measure(self) -> None:
        """Errors of the satellite positions; the bodies steer by what they believe."""
        hurt = self.troubles.hurt
        hurt.fix_east_m = hurt.fix_east_m + self._gps[0] * GPS_SIGMA_M
        hurt.fix_north_m = hurt.fix_north_m + self._gps[1] * GPS_SIGMA_M
        up = self._gps[2] * GPS_UP_SIGMA_M
        self._fixes = list(
            zip(hurt.fix_east_m.tolist(), hurt.fix_north_m.tolist(), up.tolist(), strict=True)
        )

    def _tell_faults(self) -> None:
        """Let the autopilots know what is broken in their vehicles."""
        for index in self.troubles.changed:
            tell(self.autopilots[index].health, self.troubles, index)

    def _refresh(self, before: npt.NDArray[np.bool_], ground: Floats) -> None:
        """Show the flying bodies their new state, and in turn those on the ground."""
        shown = self.state.flying | before
        shown[self._steps % SLICES :: SLICES] = True
        show(self._bodies, np.flatnonzero(shown), self.state, ground, self._fixes)
