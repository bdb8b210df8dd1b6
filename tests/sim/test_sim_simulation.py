"""Simulations from Python, in lock step: time, clients of every kind, garbage, many links."""

import asyncio
import random
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from pymavlink.dialects.v20 import ardupilotmega as wire

from core.clock import FollowedClock
from core.errors import InvalidInput, Unavailable
from fleet.fleet import Fleet
from fleet.links.mavlink import connect
from sim import Fault, Kind, Phase, simulate, territory
from sim.pads import EMPTY
from sim.simulation import Pipe, Simulation

GUIDED, ARM, TAKE_OFF, SET_MODE = 4, 400, 22, 176


class Ground:
    """A ground station of a few lines; speaks through a pipe or any function that sends."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.raw: list[bytes] = []
        self._mine = wire.MAVLink(None, srcSystem=255, srcComponent=190)
        self._parser = wire.MAVLink(None)
        self.send_bytes: Callable[[bytes], Any] = lambda data: None

    def receive(self, data: bytes) -> None:
        self.raw.append(data)
        self.heard += self._parser.parse_buffer(data) or []

    def on(self, simulation: Simulation, link: str | None = None) -> "Ground":
        pipe: Pipe = simulation.connect(self.receive, link)
        self.send_bytes = pipe.send
        return self

    def send(self, message: Any) -> None:
        self.send_bytes(message.pack(self._mine))
        self._mine.seq = (self._mine.seq + 1) % 256

    def beat(self) -> None:
        self.send(wire.MAVLink_heartbeat_message(6, 8, 0, 0, 0, 3))

    def command(self, number: int, *params: float, to: int = 1) -> None:
        full = [*params, *([0.0] * (7 - len(params)))]
        self.send(wire.MAVLink_command_long_message(to, 1, number, 0, *full))

    def lift(self, height_m: float, to: int = 1) -> None:
        """GUIDED, armed and up."""
        self.command(SET_MODE, 1, GUIDED, to=to)
        self.command(ARM, 1, to=to)
        self.command(TAKE_OFF, 0, 0, 0, 0, 0, 0, height_m, to=to)

    def systems(self) -> set[int]:
        return {m.get_srcSystem() for m in self.heard if m.get_type() == "HEARTBEAT"}


class TestTime:
    async def test_it_passes_only_when_told(self) -> None:
        async with simulate(2, booted=True) as simulation:
            assert simulation.now_s == 0.0
            await simulation.run_for(3.25)
            assert simulation.now_s == 3.25
            await asyncio.sleep(0.05)
            assert simulation.now_s == 3.25
            with pytest.raises(TimeoutError, match="within 2 simulated s"):
                await simulation.run_until(lambda: False, 2.0)
            assert simulation.now_s == pytest.approx(5.25)

    async def test_the_same_seed_gives_the_same_run_to_the_last_byte(self) -> None:
        faults = (Fault(kind=Kind.LOSS, amount=0.2), Fault(kind=Kind.WIND, from_s=5.0))
        runs = []
        for seed in (3, 3, 4):
            async with simulate(3, seed=seed, faults=faults, booted=True) as simulation:
                ground = Ground().on(simulation)
                for _ in range(6):
                    for k in (1, 2, 3):
                        ground.lift(40, to=k)
                    await simulation.run_for(2)
                state = simulation.swarm.state
                runs.append((b"".join(ground.raw), state.lat.tolist(), state.battery.tolist()))
                assert state.flying.any()
        assert runs[0] == runs[1]
        assert runs[0] != runs[2]

    async def test_the_fleet_flies_with_it_in_one_loop(self) -> None:
        clock = FollowedClock(datetime(2026, 5, 12, tzinfo=UTC))
        async with simulate(3, booted=True) as simulation:
            links = {name: connect(a) for name, a in simulation.addresses.items()}
            async with Fleet(
                links, clock, on_event=lambda event: None, on_time=clock.follow
            ) as fleet:
                for _ in range(100):
                    await asyncio.sleep(0.01)
                    if links["main"].connected:
                        break
                await simulation.run_for(8)
                assert len(fleet.vehicles) == 3
                behind = simulation.swarm.world.start.timestamp() + simulation.now_s
                assert behind - clock.now().timestamp() < 1.5
                states = [v.state for v in fleet.vehicles.values()]
                assert all(s.position is not None and s.battery is not None for s in states)


class TestClients:
    async def test_two_links_are_two_ports_with_the_same_system_ids(self) -> None:
        world = territory.made(252)
        async with Simulation(world=world, booted=True) as simulation:
            assert list(simulation.addresses) == ["main", "link2"]
            first, second = Ground().on(simulation), Ground().on(simulation, "link2")
            second.lift(30, to=2)
            await simulation.run_for(2)
            assert first.systems() == set(range(1, 251))
            assert second.systems() == {1, 2}
            assert np.flatnonzero(simulation.swarm.state.flying).tolist() == [251]

    async def test_udp_clients_come_and_go(self) -> None:
        loop = asyncio.get_running_loop()
        async with simulate(1) as simulation:
            _, host, port = simulation.addresses["main"].split(":")
            grounds, transports = [], []
            for _ in range(2):
                ground = Ground()

                class Datagrams(asyncio.DatagramProtocol):
                    def __init__(self, ground: Ground) -> None:
                        self.ground = ground

                    def datagram_received(self, data: bytes, addr: Any) -> None:
                        self.ground.receive(data)

                transport, _ = await loop.create_datagram_endpoint(
                    lambda ground=ground: Datagrams(ground), remote_addr=(host, int(port))
                )
                ground.send_bytes = transport.sendto
                ground.beat()
                grounds.append(ground)
                transports.append(transport)
            await asyncio.sleep(0.05)
            await simulation.run_for(2)
            assert all(g.systems() == {1} for g in grounds)
            transports[0].close()
            await asyncio.sleep(0.01)
            before = len(grounds[1].heard)
            await simulation.run_for(3)
            assert len(grounds[1].heard) > before
            transports[1].close()

    async def test_garbage_harms_nobody(self) -> None:
        rng = random.Random(8)
        async with simulate(2, booted=True) as simulation:
            ground = Ground().on(simulation)
            _, host, port = simulation.addresses["main"].split(":")
            _, writer = await asyncio.open_connection(host, int(port))
            real = wire.MAVLink_command_long_message(1, 1, 400, 0, 1, 0, 0, 0, 0, 0, 0)
            packet = bytearray(real.pack(wire.MAVLink(None, srcSystem=255)))
            for _ in range(300):
                noise = rng.randbytes(rng.randrange(1, 300))
                spoilt = bytearray(packet)
                spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
                for data in (noise, bytes(spoilt), b"\xfd" + noise, bytes(packet[: len(noise)])):
                    ground.send_bytes(data)
                    writer.write(data)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                for _ in range(200):
                    stranger.sendto(rng.randbytes(rng.randrange(1, 400)), (host, int(port)))
            await simulation.run_for(2)
            assert not simulation.swarm.state.flying.any()
            writer.close()
            fresh = Ground().on(simulation)
            fresh.lift(20)
            await simulation.run_for(3)
            assert simulation.swarm.state.flying.tolist() == [True, False]

    async def test_a_port_in_use_is_named(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with pytest.raises(Unavailable, match="choose another port"):
                async with simulate(port=taken.getsockname()[1]):
                    pass


class TestFaults:
    async def test_a_link_that_is_down_for_one_vehicle(self) -> None:
        async with simulate(2, booted=True) as simulation:
            ground = Ground().on(simulation)
            await simulation.run_for(2)
            assert ground.systems() == {1, 2}
            simulation.strike(Fault(kind=Kind.LINK_DOWN, vehicle="1", to_s=6.0))
            ground.heard.clear()
            ground.lift(20, to=1)
            ground.lift(20, to=2)
            await simulation.run_for(2)
            assert ground.systems() == {2}
            assert simulation.swarm.state.flying.tolist() == [False, True]
            await simulation.run_for(4)
            assert ground.systems() == {1, 2}

    async def test_a_drift_carries_the_true_place_away_unseen(self) -> None:
        drift = Fault(kind=Kind.GPS_DRIFT, vehicle="1", amount=1.0)
        async with simulate(2, faults=[drift], booted=True) as simulation:
            ground = Ground().on(simulation)
            for k in (1, 2):
                ground.lift(30, to=k)
            await simulation.run_for(40)
            state, docks = simulation.swarm.state, simulation.swarm.world.docks
            gone = [
                np.hypot(state.lon[k] - d.position.lon, state.lat[k] - d.position.lat) * 1e5
                for k, d in enumerate(docks)
            ]
            assert gone[0] > 25.0 > 8.0 > gone[1]
            believed = simulation.swarm.autopilots[0].body.believed()
            assert believed[1] == pytest.approx(docks[0].position.lat, abs=3e-5)

    async def test_a_phase_of_the_flight_sets_one_off(self) -> None:
        lost = Fault(kind=Kind.OBSTACLE, phase=Phase.TRANSIT, from_s=1.0)
        async with simulate(1, faults=[lost], booted=True) as simulation:
            ground = Ground().on(simulation)
            ground.lift(40)
            await simulation.run_for(15)
            assert simulation.swarm.troubles.of(Kind.OBSTACLE, 0) == 0.0 or (
                simulation.swarm.state.up_mps[0] < 0.5
            )
            await simulation.run_for(15)
            assert simulation.swarm.troubles.of(Kind.OBSTACLE, 0) == 1.0

    async def test_no_thrust_ends_in_a_crash_outside_any_dock(self) -> None:
        async with simulate(1, booted=True) as simulation:
            ground = Ground().on(simulation)
            ground.lift(40)
            await simulation.run_for(15)
            simulation.strike(Fault(kind=Kind.MOTOR, amount=1.0))
            await simulation.run_until(lambda: not simulation.swarm.state.flying[0], 30)
            assert simulation.swarm.state.crashed[0]


class TestTerritory:
    def test_any_number_of_drones_of_any_kind(self) -> None:
        for drones in (1, 2, 250, 251, 777):
            world = territory.made(drones, kind="mixed", autopilot="mixed")
            assert len(world.docks) == len({d.id for d in world.docks}) == drones
            assert len({(d.link, d.system_id) for d in world.docks}) == drones
            assert all(1 <= d.system_id <= 250 for d in world.docks)
        kinds = [(d.vehicle.vtol, d.autopilot) for d in world.docks[:2]]
        assert kinds == [(False, "ardupilot"), (True, "px4")]
        west, east = (f(d.position.lon for d in world.docks) for f in (min, max))
        columns = world.ground.heights_m.shape[1]
        assert world.ground.west < west
        assert east < world.ground.west + columns * world.ground.step

    @pytest.mark.parametrize(
        ("arguments", "what"),
        [
            ({"drones": 0}, "0 drones"),
            ({"drones": 9999}, "1 to 5000"),
            ({"drones": 1, "kind": "balloon"}, "'balloon' is not known"),
            ({"drones": 1, "autopilot": "x"}, "'x' is not known"),
        ],
    )
    def test_what_cannot_be_is_refused(self, arguments: dict[str, Any], what: str) -> None:
        with pytest.raises(InvalidInput, match=what):
            territory.made(**arguments)


async def test_a_vehicle_that_lands_elsewhere_stands_in_that_dock() -> None:
    async with simulate(2, booted=True) as simulation:
        swarm = simulation.swarm
        ground = Ground().on(simulation)
        ground.lift(20)
        await simulation.run_for(8)
        assert swarm.pads.of_vehicle.tolist() == [EMPTY, 1]
        assert swarm.pads.occupants.tolist() == [EMPTY, 1]
        other = swarm.world.docks[1].position
        ground.command(SET_MODE, 1, GUIDED)
        swarm.autopilots[0].body.fly(
            swarm.autopilots[0].body.here(),
            type(swarm.autopilots[0].body.here())(other.lon, other.lat, 130.0),
            15.0,
        )
        await simulation.run_for(60)
        ground.command(SET_MODE, 1, 9)
        await simulation.run_until(lambda: not swarm.state.flying[0], 200)
        assert swarm.pads.of_vehicle.tolist() == [1, 1]
        assert swarm.pads.occupants.tolist() == [EMPTY, 0]
