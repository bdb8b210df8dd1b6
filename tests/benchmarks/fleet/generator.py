"""Vehicles that only talk: telemetry whose latitudes are stamps, to measure how old it arrives.

    python -m benchmarks.fleet.generator JOB

Every vehicle sends GLOBAL_POSITION_INT and ATTITUDE at 10 Hz, and HEARTBEAT, SYS_STATUS,
SYSTEM_TIME, MISSION_CURRENT and EXTENDED_SYS_STATE once a second, each at moments of its own.
Latitude is the microseconds since `epoch_ns` of the monotonic clock, in 1e-7 degrees, taken when
the packet is made, just before it is given to the socket. Ends when its standard input does.
"""

import json
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from pymavlink.dialects.v20 import ardupilotmega as wire

TICK_S = 0.002
FAST_S, SLOW_S, RARE_S = 0.1, 1.0, 5.0
DRAIN_S = 0.1
_POSITION = struct.Struct("<IiiiihhhH")
POSITION_ID, POSITION_EXTRA = 33, 104


@dataclass(frozen=True, kw_only=True)
class Talk:
    """What the generator is to do.

    Attributes:
        transport: "tcp" (it listens) or "udp" (it sends there).
        ports: of the links on 127.0.0.1; the vehicles are spread evenly over them.
        own_ids: system ids go on from link to link, so that one of each link differ.
    """

    vehicles: int
    ports: tuple[int, ...]
    transport: str
    epoch_ns: int
    own_ids: bool = False

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))


class Line:
    """One link's socket: never waits; what a slow TCP reader leaves stays queued."""

    def __init__(self, transport: str, port: int) -> None:
        self._udp = transport == "udp"
        self._to = ("127.0.0.1", port)
        self._pending = bytearray()
        self._peer: socket.socket | None = None
        if self._udp:
            self._peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._peer.setblocking(False)
        else:
            self._listener = socket.create_server(self._to)
            self._listener.setblocking(False)

    def send(self, packets: list[bytes]) -> None:
        """Datagrams each, or a piece of the stream; nobody there: dropped."""
        if self._peer is None:
            return
        try:
            if self._udp:
                for packet in packets:
                    self._peer.sendto(packet, self._to)
                return
            self._pending += b"".join(packets)
            sent = self._peer.send(self._pending)
            del self._pending[:sent]
        except BlockingIOError:
            return
        except ConnectionError:  # UDP: nobody listens yet; TCP: the controller has gone
            self._pending.clear()

    def drain(self) -> None:
        """Take in whoever connects, and throw away what the controller says."""
        try:
            if self._peer is None:
                self._peer, _ = self._listener.accept()
                self._listener.close()
                self._peer.setblocking(False)
                self._peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self._peer.recv(65536):
                continue  # what it says is not for us
        except (BlockingIOError, ConnectionError):
            return


class Talker:
    """One vehicle: which packet is due when."""

    def __init__(self, system_id: int, phase: float, epoch_ns: int) -> None:
        self._id, self._epoch_ns = system_id, epoch_ns
        self._number = 0
        self._mav = wire.MAVLink(None, srcSystem=system_id, srcComponent=1)
        self._lon = round(118.8e7) + system_id
        self.due = [
            (phase * FAST_S, FAST_S, self._position),
            (phase * FAST_S, FAST_S, self._attitude),
            (phase * SLOW_S, SLOW_S, self._slow),
            (phase * RARE_S, RARE_S, self._parameter),
        ]

    def packets(self, now_s: float) -> list[bytes]:
        """What is due."""
        found: list[bytes] = []
        for k, (at, every, make) in enumerate(self.due):
            if at <= now_s:
                found += make()
                self.due[k] = (max(at + every, now_s - every), every, make)
        return found

    def next_s(self) -> float:
        """When something is due again."""
        return min(at for at, _, _ in self.due)

    def _boot_ms(self) -> int:
        return (time.monotonic_ns() - self._epoch_ns) // 1_000_000

    def _position(self) -> list[bytes]:
        us = (time.monotonic_ns() - self._epoch_ns) // 1_000
        payload = _POSITION.pack(us // 1000, us, self._lon, 100_000, 50_000, 100, 200, -10, 9_000)
        head = struct.pack(
            "<BBBBBBBHB", 253, len(payload), 0, 0, self._take_number(), self._id, 1, POSITION_ID, 0
        )
        crc = wire.x25crc(head[1:] + payload + bytes((POSITION_EXTRA,))).crc
        return [head + payload + crc.to_bytes(2, "little")]

    def _take_number(self) -> int:
        number = self._number
        self._number = (number + 1) & 255
        return number

    def _packed(self, message: wire.MAVLink_message) -> bytes:
        self._mav.seq = self._take_number()
        return bytes(message.pack(self._mav))

    def _attitude(self) -> list[bytes]:
        return [
            self._packed(
                wire.MAVLink_attitude_message(self._boot_ms(), 0.1, 0.05, 1.5, 0.0, 0.0, 0.01)
            )
        ]

    def _slow(self) -> list[bytes]:
        ms = self._boot_ms()
        utc_us = time.time_ns() // 1000
        return [
            self._packed(m)
            for m in (
                wire.MAVLink_heartbeat_message(2, 3, 81 | 128, 3, 4, 3),
                wire.MAVLink_sys_status_message(
                    *(0x1FFFFFFF, 0x1FFFFFFF, 0x1FFFFFFF, 200, 24_000, 1_200, 80),
                    *(0, 0, 0, 0, 0, 0),
                ),
                wire.MAVLink_system_time_message(utc_us, ms),
                wire.MAVLink_mission_current_message(3, 40, 3),
                wire.MAVLink_extended_sys_state_message(0, 2),
            )
        ]

    def _parameter(self) -> list[bytes]:
        """The whole list of one parameter: dronekit starts with it."""
        return [self._packed(wire.MAVLink_param_value_message(b"FORMAT_VERSION", 1.0, 9, 1, 0))]


def talk(job: Talk, over: Callable[[], bool]) -> None:
    """Talk until it is over."""
    lines = [Line(job.transport, port) for port in job.ports]
    each = -(-job.vehicles // len(lines))
    cast = [
        (
            lines[k // each],
            Talker(k + 1 if job.own_ids else k % each + 1, k / job.vehicles, job.epoch_ns),
        )
        for k in range(job.vehicles)
    ]
    began = time.monotonic()
    drained = 0.0
    while not over():
        now = time.monotonic() - began
        if now - drained > DRAIN_S:
            drained = now
            for line in lines:
                line.drain()
        for line, talker in cast:
            if talker.next_s() <= now:
                line.send(talker.packets(now))
        time.sleep(max(0.0, TICK_S - (time.monotonic() - began - now)))


def main() -> None:
    """Talk until standard input ends."""
    data = json.loads(sys.argv[1])
    job = Talk(**{**data, "ports": tuple(data["ports"])})
    talk(job, lambda: bool(select.select([sys.stdin], [], [], 0)[0]))


if __name__ == "__main__":
    main()
