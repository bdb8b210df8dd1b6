"""The socket end of all vehicles: each link is a TCP port and the UDP port of the same number.

A link carries at most 250 vehicles; every client of a link hears all of them. Ground stations come
and go, several at a time. What they send may be anything: no message stops the simulation.
"""

import asyncio
import logging
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.errors import InvalidInput, Unavailable
from sim.peers import TcpPeer, UdpPeers, datagrams

log = logging.getLogger("sim.server")

CLOSING_S = 2.0
"""So long the last packets have to reach their clients when the simulation ends."""
TRIES = 8
"""Ports that are free for TCP may be taken for UDP: when any port will do, others are tried."""
STUMBLES = (ArithmeticError, LookupError, TypeError, ValueError, struct.error)
"""What a hostile message could make an autopilot raise; logged, counted, survived."""


class Port:
    """One link's sockets."""

    def __init__(self, link: str, receive: Callable[[wire.MAVLink_message, str], None]) -> None:
        self.link = link
        self.number = 0
        self.host = ""
        self._receive = lambda message: receive(message, link)
        self._tcp: asyncio.Server | None = None
        self._peers: set[TcpPeer] = set()
        self._udp = UdpPeers(self._receive)
        self._out: UdpPeers | None = None

    async def open(self, host: str, number: int) -> None:
        """Listen on TCP and UDP; port 0 takes any.

        Raises:
            Unavailable: the port is in use or may not be opened.
        """
        for attempt in range(1, TRIES + 1):
            try:
                await self._listen(host, number)
                return
            except OSError as error:
                await self._stop_listening()
                if number == 0 and attempt < TRIES:
                    continue
                raise Unavailable(
                    f"cannot listen for MAVLink on {host}:{number}: {error.strerror}",
                    where="--port",
                    remedy="another simulation may be running; stop it or choose another port",
                ) from error

    async def send_to(self, host: str, number: int) -> None:
        """Also speak to a ground station that listens on a UDP port.

        Raises:
            Unavailable: there is no such host.
        """
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, number, type=2)
            family, address = found[0][0], found[0][4]
            _, self._out = await loop.create_datagram_endpoint(
                partial(UdpPeers, self._receive, address), family=family
            )
        except OSError as error:
            raise Unavailable(
                f"cannot send to {host}:{number}: {error.strerror}", where="--udp"
            ) from error

    @property
    def connected(self) -> bool:
        """Whether any ground station is there now."""
        out = self._out is not None and self._out.present
        return bool(self._peers) or out or self._udp.present

    @property
    def congested(self) -> bool:
        """Whether some client reads too slowly for the simulation to go on."""
        return sum(peer.behind() for peer in tuple(self._peers)) > 0

    @property
    def unsent_bytes(self) -> int:
        """What the clients have not read yet."""
        return sum(peer.unsent_bytes for peer in self._peers)

    def send(self, packets: list[bytes]) -> None:
        """Give the packets to every client."""
        if self._peers:
            data = b"".join(packets)
            for peer in tuple(self._peers):
                peer.write(data)
        for udp in (self._udp, self._out):
            if udp is not None and udp.needed:
                udp.write(datagrams(packets))

    async def close(self) -> None:
        """Stop listening and let everybody go."""
        for peer in tuple(self._peers):
            peer.close()
        if self._peers:
            await asyncio.wait([peer.closed for peer in self._peers], timeout=CLOSING_S)
        for peer in tuple(self._peers):
            peer.abort()
        await self._stop_listening()
        if self._out is not None:
            self._out.close()

    async def _listen(self, host: str, number: int) -> None:
        loop = asyncio.get_running_loop()
        self._tcp = await loop.create_server(
            lambda: TcpPeer(self._peers, self._receive), host, number
        )
        self.host, self.number = host, self._tcp.sockets[0].getsockname()[1]
        await loop.create_datagram_endpoint(lambda: self._udp, local_addr=(host, self.number))

    async def _stop_listening(self) -> None:
        if self._tcp is not None:
            self._tcp.close()
        self._udp.close()
        await asyncio.sleep(0)


class Server:
    """Carries packets between ground stations and the vehicles.

    Args:
        receive: takes every message that a ground station sends, and the link it came by.
        links: the links' names in order.
        link_of: the link of each vehicle, by its number.

    Attributes:
        heard: whether any ground station has said anything yet.
        stumbles: messages that a vehicle could not digest.
    """

    def __init__(
        self,
        receive: Callable[[wire.MAVLink_message, str], None],
        links: Iterable[str] = ("main",),
        link_of: Sequence[str] = (),
    ) -> None:
        self._receive_upward = receive
        self.ports = {link: Port(link, self._receive) for link in links}
        self._port_of = [self.ports[link] for link in link_of]
        self.heard = False
        self.stumbles = 0
        self.last_client_at = time.monotonic()

    async def open(self, host: str, number: int) -> None:
        """Listen: the first link on this port, each further one on the next; 0 takes any.

        Raises:
            Unavailable: a port is in use or may not be opened.
        """
        for k, port in enumerate(self.ports.values()):
            await port.open(host, number + k if number else 0)

    async def send_to(self, address: str) -> None:
        """Also speak to a ground station that listens on UDP HOST:PORT; further links to the next.

        Raises:
            InvalidInput: the address is not host:port.
            Unavailable: there is no such host.
        """
        host, _, number = address.rpartition(":")
        if not host or not number.isdigit() or not 0 < int(number) < 65536:
            raise InvalidInput(
                f"{address!r} is no address", where="--udp", remedy="write host:port"
            )
        for k, port in enumerate(self.ports.values()):
            await port.send_to(host, int(number) + k)

    @property
    def port(self) -> int:
        """The first link's port."""
        return next(iter(self.ports.values())).number

    @property
    def addresses(self) -> dict[str, str]:
        """How to reach each link: name to tcp:HOST:PORT."""
        return {name: f"tcp:{p.host}:{p.number}" for name, p in self.ports.items()}

    @property
    def connected(self) -> bool:
        """Whether any ground station is there now."""
        present = any(port.connected for port in self.ports.values())
        if present:
            self.last_client_at = time.monotonic()
        return present

    @property
    def congested(self) -> bool:
        """Whether some client reads too slowly for the simulation to go on."""
        return sum(port.congested for port in self.ports.values()) > 0

    def send(self, packets: list[tuple[int, bytes]]) -> None:
        """Give packets to the clients of their links; each with the number of its vehicle."""
        if not packets:
            return
        if len(self.ports) == 1:
            next(iter(self.ports.values())).send([packet for _, packet in packets])
            return
        sorted_out: dict[str, list[bytes]] = {}
        for index, packet in packets:
            sorted_out.setdefault(self._port_of[index].link, []).append(packet)
        for link, mine in sorted_out.items():
            self.ports[link].send(mine)

    async def close(self) -> None:
        """Stop listening and let everybody go."""
        await asyncio.gather(*(port.close() for port in self.ports.values()))

    def _receive(self, message: wire.MAVLink_message, link: str) -> None:
        self.heard = True
        try:
            self._receive_upward(message, link)
        except STUMBLES:
            self.stumbles += 1
            log.exception("a vehicle stumbled over %s", message.get_type())
