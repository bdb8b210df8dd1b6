"""How fast the simulator goes over sockets while our fleet listens in another process.

`measure` starts `python -m sim` with N drones, lifts them all off with a client that leaves again,
and then lets `fleet.Fleet` follow them in this process. By hand:

    python -m benchmarks.fleet.simulated 51 500     (in tests/, with the source on PYTHONPATH)
"""

import argparse
import asyncio
import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from pymavlink.dialects.v20 import ardupilotmega as wire

from core.clock import FollowedClock
from fleet.fleet import Fleet
from fleet.links.link import Link, Receiver
from fleet.links.mavlink import connect
from fleet.messages import Packet

ROOT = Path(__file__).resolve().parents[3]
START = datetime(2026, 5, 12, tzinfo=UTC)
PER_LINK = 250
SET_MODE, ARM, TAKE_OFF, REPOSITION, INTERVAL = 176, 400, 22, 192, 511
GUIDED = 4
POSITION, ATTITUDE = 33, 30
FAR_DEG = 0.08
"""They fly so far away, 9 km: nobody arrives while the clock runs."""
STARTING_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one run gave.

    Attributes:
        times: simulated seconds for each second of the wall clock.
        packets_s: packets that the fleet took in a second of the wall clock.
        sim_cpu, client_cpu: shares of one core.
        sim_core, client_core: simulated seconds that a whole core of each would have given; says
            more than `times` where the machine has other work.
        sim_rss_mb: memory of the simulator.
        armed: vehicles that fly, as they say.
    """

    times: float
    packets_s: float
    sim_cpu: float
    client_cpu: float
    sim_core: float
    client_core: float
    sim_rss_mb: float
    armed: int


async def measure(
    drones: int,
    *,
    hz: float = 10.0,
    seconds: float = 10.0,
    speed: float = 1000.0,
    parked: bool = False,
    transport: str = "tcp",
) -> Seen:
    """Fly this many drones for so many seconds of the wall clock.

    Args:
        hz: of position and attitude, on top of what the fleet asks for itself.
        speed: asked of the simulator; far above what it can give finds its limit.
        transport: "tcp" or "udp".
    """
    links = (drones - 1) // PER_LINK + 1
    port = free_ports(links)
    with _simulator(drones, port, speed) as process:
        for k in range(links):
            count = min(PER_LINK, drones - k * PER_LINK)
            await asyncio.to_thread(_prepare, port + k, count, fly=not parked)
        clock = FollowedClock(START)
        scheme = "tcp" if transport == "tcp" else "udpout"
        lines = {f"l{k}": Counted(connect(f"{scheme}:127.0.0.1:{port + k}")) for k in range(links)}
        async with Fleet(lines, clock, on_event=lambda event: None, on_time=clock.follow) as fleet:
            await _greeted(fleet, drones)
            for k in range(links):
                count = min(PER_LINK, drones - k * PER_LINK)
                await asyncio.to_thread(_ask, port + k, count, hz)
            return await _watch(fleet, clock, lines, process, seconds)


class Counted:
    """A link that counts what it hands on."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.packets = 0

    @property
    def name(self) -> str:
        return self._link.name

    @property
    def connected(self) -> bool:
        return self._link.connected

    async def open(self, receiver: Receiver) -> None:
        def take(packet: Packet) -> None:
            self.packets += 1
            receiver.packet(packet)

        await self._link.open(replace(receiver, packet=take))

    def __getattr__(self, name: str) -> Any:
        """All else is the link's own."""
        return getattr(self._link, name)


async def _greeted(fleet: Fleet, drones: int) -> None:
    """Wait until all are heard, and their streams are asked for."""
    for _ in range(round(STARTING_S / 0.1)):
        if len(fleet.vehicles) >= drones:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(2.0)


async def _watch(
    fleet: Fleet,
    clock: FollowedClock,
    lines: Mapping[str, Counted],
    process: psutil.Process,
    seconds: float,
) -> Seen:
    own = psutil.Process()
    cpu, mine = _cpu_s(process), _cpu_s(own)
    begin, began_at = time.monotonic(), clock.now()
    before = sum(line.packets for line in lines.values())
    await asyncio.sleep(seconds)
    wall = time.monotonic() - begin
    passed = (clock.now() - began_at).total_seconds()
    sim_s, client_s = _cpu_s(process) - cpu, _cpu_s(own) - mine
    return Seen(
        times=round(passed / wall, 2),
        packets_s=round((sum(line.packets for line in lines.values()) - before) / wall),
        sim_cpu=round(sim_s / wall, 3),
        client_cpu=round(client_s / wall, 3),
        sim_core=round(passed / max(sim_s, 1e-3), 1),
        client_core=round(passed / max(client_s, 1e-3), 1),
        sim_rss_mb=round(process.memory_info().rss / 1e6, 1),
        armed=sum(bool(v.state.armed) for v in fleet.vehicles.values()),
    )


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


@contextmanager
def _simulator(drones: int, port: int, speed: float) -> Iterator[psutil.Process]:
    command = [
        *(sys.executable, "-m", "sim", "--drones", str(drones), "--port", str(port)),
        *("--speed", str(speed), "--hours", "100", "--booted", "--quiet"),
    ]
    started = subprocess.Popen(command, cwd=ROOT)
    try:
        yield psutil.Process(started.pid)
    finally:
        started.terminate()
        started.wait(20)


def _prepare(port: int, count: int, *, fly: bool) -> None:
    """Lift all off and send them away, as a ground station that then leaves."""
    with _reached(port) as sock:
        link = wire.MAVLink(None, srcSystem=254, srcComponent=190)

        def say(message: wire.MAVLink_message) -> None:
            sock.sendall(message.pack(link))

        def command(to: int, number: int, *params: float) -> None:
            full = [*params, *([0.0] * (7 - len(params)))]
            say(wire.MAVLink_command_long_message(to, 1, number, 0, *full))

        places = _places(sock, count, say)
        for to in places:
            if fly:
                command(to, SET_MODE, 1, GUIDED)
                command(to, ARM, 1)
                command(to, TAKE_OFF, 0, 0, 0, 0, 0, 0, 60)
        if fly:
            _read(sock, 3.0)
            for to, (lat, lon) in places.items():
                say(
                    wire.MAVLink_command_int_message(
                        *(to, 1, 6, REPOSITION, 0, 0, -1, 1, 0, 0),
                        *(round((lat + FAR_DEG) * 1e7), round(lon * 1e7), 60.0),
                    )
                )
            _read(sock, 1.0)


def _ask(port: int, count: int, hz: float) -> None:
    """Have position and attitude told so often: after the fleet has asked for less."""
    link = wire.MAVLink(None, srcSystem=254, srcComponent=190)
    with _reached(port) as sock:
        for to in range(1, count + 1):
            for message in (POSITION, ATTITUDE):
                params = (INTERVAL, 0, message, 1e6 / hz, 0, 0, 0, 0, 0)
                sock.sendall(wire.MAVLink_command_long_message(to, 1, *params).pack(link))
        _read(sock, 0.5)


def _reached(port: int) -> socket.socket:
    end = time.monotonic() + STARTING_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=0.2)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _places(
    sock: socket.socket, count: int, say: Callable[[wire.MAVLink_message], None]
) -> dict[int, tuple[float, float]]:
    """Where each vehicle stands: asked for until all have told."""
    say(wire.MAVLink_heartbeat_message(6, 8, 0, 0, 0, 3))
    for to in range(1, count + 1):
        say(wire.MAVLink_command_long_message(to, 1, INTERVAL, 0, POSITION, 1e6, 0, 0, 0, 0, 0))
    parser = wire.MAVLink(None)
    parser.robust_parsing = True
    found: dict[int, tuple[float, float]] = {}
    end = time.monotonic() + STARTING_S
    while len(found) < count and time.monotonic() < end:
        for data in _read(sock, 0.2):
            for m in parser.parse_buffer(data) or []:
                if m.get_type() == "GLOBAL_POSITION_INT" and m.lat:
                    found[m.get_srcSystem()] = m.lat / 1e7, m.lon / 1e7
    return found


def _read(sock: socket.socket, seconds: float) -> list[bytes]:
    """Read for so long: a client that does not would hold the simulation back."""
    chunks, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            chunks.append(sock.recv(65536))
        except TimeoutError:
            continue
    return chunks


def free_ports(count: int) -> int:
    """The first of so many ports in a row that are free for TCP and UDP.

    Begins at a place by chance, so that two runs at once rarely want the same.
    """
    for _ in range(200):
        first = random.randrange(21_000, 32_000 - count)
        try:
            for k in range(count):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(type=kind) as s:
                        s.bind(("127.0.0.1", first + k))
        except OSError:
            continue
        return first
    raise RuntimeError("no free ports")


def main() -> None:
    """Print a line of JSON for each number of drones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("drones", type=int, nargs="+")
    parser.add_argument("--hz", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--speed", type=float, default=1000.0)
    parser.add_argument("--transport", choices=("tcp", "udp"), default="tcp")
    parser.add_argument("--parked", action="store_true")
    given = parser.parse_args()
    for drones in given.drones:
        seen = measure(
            drones,
            hz=given.hz,
            seconds=given.seconds,
            speed=given.speed,
            parked=given.parked,
            transport=given.transport,
        )
        found = {"drones": drones, **asdict(asyncio.run(seen))}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
