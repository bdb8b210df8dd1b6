"""What every link must do, whichever transport carries it."""

import asyncio
import contextlib
import os
import pty
import socket
import tty
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.errors import InvalidInput, Unavailable
from fleet.links.codec import Encoder
from fleet.links.dronekit_link import DronekitLink
from fleet.links.link import Link, MemoryLink, Receiver, packets
from fleet.links.mavlink import connect
from fleet.links.serial_link import SerialLink
from fleet.links.signing import Signing
from fleet.links.wire import Wire
from fleet.messages import CommandLong, Heartbeat, MissionCount, Packet, StatusText

BEAT = Heartbeat(kind=2, autopilot=3, base_mode=1, custom_mode=4, system_status=3)
GROUND = Heartbeat(kind=6, autopilot=8, base_mode=0, custom_mode=0, system_status=4)


def free_port(kind: socket.SocketKind) -> int:
    with contextlib.closing(socket.socket(socket.AF_INET, kind)) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class End:
    """A link with what it received."""

    link: Link
    packets: list[Packet] = field(default_factory=list)
    changes: list[bool] = field(default_factory=list)

    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        await self.link.open(Receiver(self._packet, self._change))

    def _packet(self, packet: Packet) -> None:
        self.packets.append(packet)
        self.news.set()

    def _change(self, up: bool) -> None:
        self.changes.append(up)
        self.news.set()

    async def wait(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds():
                self.news.clear()
                await self.news.wait()

    async def until(self, count: int) -> None:
        await self.wait(lambda: len(self.packets) >= count)


KEY = bytes(range(32))
VEHICLE = 1
"""The peer's system id: every end signs for it and checks its signatures, and those of 255."""


def wire(kind: str, system_id: int) -> Wire:
    """Plain, or with signatures that both ends must make and check."""
    if not kind.endswith("+signed"):
        return Wire(system_id=system_id)
    other = VEHICLE if system_id == 255 else 255
    keys = {other: KEY}
    return Wire(Signing(keys, SystemClock(), required=True), system_id=system_id)


def ends(kind: str) -> tuple[Link, Link]:
    """(who waits to be called, who calls)"""
    near_wire, far_wire = wire(kind, 255), wire(kind, VEHICLE)
    kind = kind.partition("+")[0]
    if kind == "memory":
        return MemoryLink.pair(signing=near_wire.signing, vehicles_signing=far_wire.signing)
    if kind == "serial":
        return serial_ends(near_wire, far_wire)
    scheme = kind.partition("-")[0]
    port = free_port(socket.SOCK_STREAM if "tcp" in kind else socket.SOCK_DGRAM)
    if kind == "dronekit-udp":
        return (
            DronekitLink(f"udpin:127.0.0.1:{port}", near_wire),
            connect(f"udpout:127.0.0.1:{port}", far_wire),
        )
    if kind == "dronekit-tcp":
        return (
            DronekitLink(f"tcp:127.0.0.1:{port}", near_wire),
            connect(f"tcpin:127.0.0.1:{port}", far_wire),
        )
    listening, calling = {"tcp": ("tcpin", "tcp"), "udp": ("udpin", "udpout")}[scheme]
    if kind.endswith("client"):
        listening, calling = calling, listening
    return (
        connect(f"{listening}:127.0.0.1:{port}", near_wire),
        connect(f"{calling}:127.0.0.1:{port}", far_wire),
    )


def serial_ends(near: Wire, far: Wire) -> tuple[Link, Link]:
    """Two serial ports joined by a cable: two pseudo-terminals with a task between them."""
    one, other = Terminal(), Terminal()
    one.joined, other.joined = other, one
    return CabledLink(one, near), CabledLink(other, far)


class Terminal:
    """A pseudo-terminal: the program opens ``device``, the cable carries bytes at its far end."""

    def __init__(self) -> None:
        self.far, self._near = pty.openpty()
        tty.setraw(self._near)
        self.device = os.ttyname(self._near)
        os.set_blocking(self.far, False)
        self.joined: Terminal | None = None
        self._waiting = bytearray()
        self._plugged = False

    def plug(self) -> None:
        self._plugged = True
        asyncio.get_running_loop().add_reader(self.far, self._carry)

    def _carry(self) -> None:
        with contextlib.suppress(BlockingIOError):
            data = os.read(self.far, 1024)
            if self.joined is not None and self.joined._plugged:
                self.joined._put(data)

    def _put(self, data: bytes = b"") -> None:
        """What the program has not read yet waits: the buffer of a terminal is small."""
        self._waiting += data
        with contextlib.suppress(BlockingIOError):
            del self._waiting[: os.write(self.far, self._waiting)]
        loop = asyncio.get_running_loop()
        if self._waiting:
            loop.add_writer(self.far, self._put)
        else:
            loop.remove_writer(self.far)

    def unplug(self) -> None:
        if self._plugged:
            self._plugged = False
            asyncio.get_running_loop().remove_reader(self.far)
            asyncio.get_running_loop().remove_writer(self.far)
            os.close(self.far)
            os.close(self._near)


class CabledLink(SerialLink):
    """A serial link that brings its end of the cable."""

    def __init__(self, terminal: Terminal, wire: Wire) -> None:
        super().__init__(terminal.device, 57600, wire=wire)
        self._terminal = terminal

    async def open(self, receiver: Receiver) -> None:
        self._terminal.plug()
        await super().open(receiver)

    async def close(self) -> None:
        await super().close()
        self._terminal.unplug()


TRANSPORTS = ("memory", "tcp-server", "tcp-client", "udp-server", "udp-client", "serial",
              "dronekit-udp", "dronekit-tcp")  # fmt: skip
KINDS = (
    *TRANSPORTS,
    *(f"{kind}+signed" for kind in TRANSPORTS if kind != "dronekit-tcp"),
)
"""dronekit's process takes a second to start; over UDP and TCP it is the same process."""


COSTLY = {
    "dronekit-tcp": {"test_messages_travel_both_ways_unchanged", "test_the_addressee_arrives"},
    "dronekit-udp+signed": {
        "test_messages_travel_both_ways_unchanged",
        "test_the_signed_share_is_known",
    },
}
"""Variants of one implementation, with the tests in which they may differ from it."""


@pytest.fixture(params=KINDS)
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[tuple[End, End]]:
    """The end under test, and its peer; both have heard each other."""
    if request.param in COSTLY and request.node.originalname not in COSTLY[request.param]:
        pytest.skip("dronekit's process takes a second of a core to start; dronekit-udp shows it")
    a, b = ends(request.param)
    one, other = End(a), End(b)
    for end in (one, other):
        await end.open()
    async with asyncio.timeout(60):  # dronekit's process takes a moment to start
        while not (one.packets and other.packets):  # UDP learns its peers from what it hears
            for end in (one, other):
                if end.link.connected:
                    end.link.send(BEAT)
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.02)
    one.packets.clear()
    other.packets.clear()
    yield one, other
    for end in (one, other):
        await end.link.close()


async def test_messages_travel_both_ways_unchanged(pair: tuple[End, End]) -> None:
    one, other = pair
    one.link.send(GROUND)
    other.link.send(BEAT)
    await one.until(1)
    await other.until(1)
    assert one.packets[-1].message == BEAT
    assert other.packets[-1].message == GROUND


async def test_order_is_kept_and_nothing_is_lost_locally(pair: tuple[End, End]) -> None:
    one, other = pair
    for n in range(200):
        one.link.send(StatusText(severity=6, text=f"line {n}"))
    await other.until(200)
    texts = [p.message.text for p in other.packets if isinstance(p.message, StatusText)]
    assert texts == [f"line {n}" for n in range(200)]


async def test_the_addressee_arrives(pair: tuple[End, End]) -> None:
    one, other = pair
    one.link.send(MissionCount(count=5), VEHICLE)
    await other.until(1)
    assert other.packets[-1].target == VEHICLE


async def test_links_say_that_they_are_up_and_have_a_name(pair: tuple[End, End]) -> None:
    one, _ = pair
    assert one.link.connected
    assert one.changes[-1] is True
    assert one.link.name


async def test_a_closed_link_receives_nothing_and_sending_is_harmless(
    pair: tuple[End, End],
) -> None:
    one, other = pair
    await one.link.close()
    other.link.send(BEAT)
    one.link.send(BEAT)
    await asyncio.sleep(0.05)
    assert one.packets == []


async def test_the_signed_share_is_known(pair: tuple[End, End]) -> None:
    one, _ = pair
    share = one.link.wire.signed_share(VEHICLE)
    assert share == (1.0 if one.link.wire.signing.required else 0.0)
    assert not one.link.wire.counts().refused


async def test_what_is_barred_is_dropped_and_counted(pair: tuple[End, End]) -> None:
    one, other = pair
    reset = CommandLong(command=246, params=(1.0,) * 7)
    one.link.send(reset, VEHICLE)
    other.link.send(CommandLong(command=400, params=(1.0,) * 7), 255)
    other.link.send(BEAT)
    await one.until(1)
    assert [p.message for p in one.packets] == [BEAT]
    assert one.link.wire.counts().dropped_out == {"command 246": 1}
    assert one.link.wire.counts().dropped_in == {76: 1}
    assert other.packets == []


async def test_an_unsigned_stranger_is_not_heard_where_all_must_sign() -> None:
    ground = MemoryLink("ground", wire=wire("memory+signed", 255))
    stranger = MemoryLink("stranger", wire=Wire(system_id=VEHICLE, component_id=1))
    ground._peer, stranger._peer = stranger, ground
    end = End(ground)
    await end.open()
    await stranger.open(Receiver(lambda packet: None))
    stranger.send(BEAT)
    await asyncio.sleep(0.01)
    assert end.packets == []
    assert ground.wire.counts().refused == {(VEHICLE, "unsigned"): 1}
    assert ground.wire.signed_share(VEHICLE) == 0.0


async def test_dronekit_that_does_not_carry_signatures_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def strips() -> bool:
        return False

    monkeypatch.setattr("fleet.links.dronekit_link.carries_signatures", strips)
    monkeypatch.setattr("fleet.links.dronekit_link._outcome", [])
    link = DronekitLink("udpin:127.0.0.1:1", wire("dronekit+signed", 255))
    with pytest.raises(Unavailable, match="dronekit does not carry signed packets"):
        await link.open(Receiver(lambda packet: None))
    await link.close()


async def test_a_serial_port_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    device = tmp_path / "radio"
    end = End(connect(f"serial:{device}:57600"))
    await end.open()
    await asyncio.sleep(0.05)
    assert not end.link.connected
    terminal = Terminal()
    device.symlink_to(terminal.device)
    await end.wait(lambda: end.link.connected)
    terminal.plug()
    os.write(terminal.far, Encoder(3, 1).encode(BEAT))
    await end.until(1)
    await end.link.close()
    terminal.unplug()


async def test_iterating_over_packets_closes_the_link_at_the_end() -> None:
    ground, air = MemoryLink.pair()
    await air.open(Receiver(lambda packet: None))
    stream = packets(ground)
    first = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    air.send(BEAT)
    assert (await first).message == BEAT
    await stream.aclose()  # type: ignore[attr-defined]
    assert not ground.connected


async def test_a_tcp_client_connects_again_after_the_peer_restarts() -> None:
    port = free_port(socket.SOCK_STREAM)
    client = End(connect(f"tcp:127.0.0.1:{port}"))
    await client.open()
    for _ in range(2):
        server = End(connect(f"tcpin:127.0.0.1:{port}"))
        await server.open()
        await server.wait(lambda end=server: end.link.connected)
        before = len(client.packets)
        server.link.send(BEAT)
        await client.until(before + 1)
        await server.link.close()
    await client.link.close()
    assert client.changes[:3] == [True, False, True]


async def test_several_packets_in_one_datagram_and_one_packet_over_two_segments() -> None:
    encoder = Encoder(3, 1)
    one, two = encoder.encode(BEAT), encoder.encode(StatusText(severity=6, text="hello"))
    udp_port, tcp_port = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    udp, tcp = (
        End(connect(f"udpin:127.0.0.1:{udp_port}")),
        End(connect(f"tcpin:127.0.0.1:{tcp_port}")),
    )
    await udp.open()
    await tcp.open()
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as wire:
        wire.sendto(one + two, ("127.0.0.1", udp_port))
        await udp.until(2)
    _, writer = await asyncio.open_connection("127.0.0.1", tcp_port)
    for piece in (one[:7], one[7:] + two[:3], two[3:]):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.01)
    await tcp.until(2)
    writer.close()
    await writer.wait_closed()
    for end in (udp, tcp):
        assert [p.message for p in end.packets] == [
            BEAT,
            StatusText(severity=6, text="hello"),
        ]
        await end.link.close()


async def test_vehicles_behind_one_listener_are_told_apart() -> None:
    port = free_port(socket.SOCK_DGRAM)
    ground = End(connect(f"udpin:127.0.0.1:{port}"))
    await ground.open()
    loop = asyncio.get_running_loop()
    wires = []
    for system_id in (1, 2):
        wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        wire.setblocking(False)
        wire.connect(("127.0.0.1", port))
        await loop.sock_sendall(wire, Encoder(system_id, 1).encode(BEAT))
        wires.append(wire)
    await ground.until(2)
    ground.link.send(MissionCount(count=1), 2)
    async with asyncio.timeout(20):
        assert await loop.sock_recv(wires[1], 300)
    with pytest.raises(BlockingIOError):
        wires[0].recv(300)
    for wire in wires:
        wire.close()
    await ground.link.close()


@pytest.mark.parametrize(
    "address",
    ["", "tcp:", "serial::57600", "serial:/dev/ttyS0:fast", "udpin:0.0.0.0:99999", "tcp::5760"],
)
def test_a_wrong_address_is_refused_with_the_right_form(address: str) -> None:
    with pytest.raises(InvalidInput, match="tcp:HOST:PORT"):
        connect(address)


async def test_a_taken_port_is_named() -> None:
    port = free_port(socket.SOCK_STREAM)
    first, second = connect(f"tcpin:127.0.0.1:{port}"), connect(f"tcpin:127.0.0.1:{port}")
    await first.open(Receiver(lambda packet: None))
    with pytest.raises(Unavailable, match=f"tcpin:127.0.0.1:{port}"):
        await second.open(Receiver(lambda packet: None))
    await first.close()
