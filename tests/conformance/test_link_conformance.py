"""What every link must do, whichever transport carries it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from core.errors import InvalidInput, Unavailable
from fleet.codec import Encoder
from fleet.dronekit_link import DronekitLink
from fleet.link import Link, MemoryLink, Receiver, packets
from fleet.mavlink import connect
from fleet.messages import Heartbeat, MissionCount, Packet, StatusText

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


def ends(kind: str) -> tuple[Link, Link]:
    """(who waits to be called, who calls)"""
    if kind == "memory":
        return MemoryLink.pair()
    scheme = kind.partition("-")[0]
    port = free_port(socket.SOCK_STREAM if "tcp" in kind else socket.SOCK_DGRAM)
    if kind == "dronekit-udp":
        return DronekitLink(f"udpin:127.0.0.1:{port}"), connect(f"udpout:127.0.0.1:{port}")
    if kind == "dronekit-tcp":
        return DronekitLink(f"tcp:127.0.0.1:{port}"), connect(f"tcpin:127.0.0.1:{port}")
    listening, calling = {"tcp": ("tcpin", "tcp"), "udp": ("udpin", "udpout")}[scheme]
    near, far = connect(f"{listening}:127.0.0.1:{port}"), connect(f"{calling}:127.0.0.1:{port}")
    return (far, near) if kind.endswith("client") else (near, far)


KINDS = ("memory", "tcp-server", "tcp-client", "udp-server", "udp-client", "dronekit-udp",
         "dronekit-tcp")  # fmt: skip


@pytest.fixture(params=KINDS)
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[tuple[End, End]]:
    """The end under test, and its peer; both have heard each other."""
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
    one.link.send(MissionCount(count=5), 42)
    await other.until(1)
    assert other.packets[-1].target == 42


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


@pytest.mark.parametrize("address", ["", "tcp:", "serial:x:1", "udpin:0.0.0.0:99999", "tcp::5760"])
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
