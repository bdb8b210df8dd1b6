"""MAVLink 2 over asyncio: TCP client and server, UDP listening and sending; and by address.

Addresses as ground stations write them::

    tcp:HOST:PORT      connect to HOST, again and again until it answers
    tcpin:HOST:PORT    listen, any number of peers
    udpin:HOST:PORT    listen, any number of peers
    udpout:HOST:PORT   send to HOST, hear its answers
    serial:DEVICE:BAUD a radio or a cable, see `fleet.links.serial_link`
    dronekit:ADDRESS   any of the TCP and UDP forms through dronekit's transport

With several peers each vehicle is reached at the address that it was last heard from.
"""

from core.errors import InvalidInput
from fleet.links.dronekit_link import DronekitLink
from fleet.links.link import Link
from fleet.links.mavlink_tcp import TcpClient, TcpServer
from fleet.links.mavlink_udp import UdpLink
from fleet.links.serial_link import MOST_BAUD, SerialLink
from fleet.links.wire import Wire


def connect(address: str, wire: Wire | None = None) -> Link:
    """A link to this address, not opened yet.

    Args:
        wire: its gateway and signatures; a plain one, on which nobody signs, if none is given.

    Raises:
        InvalidInput: the address is none of the forms above.
    """
    scheme, _, rest = address.partition(":")
    if scheme == "dronekit" and rest.partition(":")[0] in ("tcp", "udpin", "udpout"):
        return DronekitLink(rest, wire)
    host, _, port = rest.rpartition(":")
    kinds = {"tcp": TcpClient, "tcpin": TcpServer, "udpin": UdpLink, "udpout": UdpLink}
    if scheme == "serial" and host and port.isdigit() and 0 < int(port) <= MOST_BAUD:
        return SerialLink(host, int(port), wire=wire)
    if scheme not in kinds or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidInput(
            f"{address!r} is no vehicle address",
            where="link",
            remedy="write tcp:HOST:PORT, tcpin:HOST:PORT, udpin:HOST:PORT, udpout:HOST:PORT "
            "or serial:DEVICE:BAUD",
        )
    if kinds[scheme] is UdpLink:
        return UdpLink(host, int(port), listen=scheme == "udpin", wire=wire)
    if scheme == "tcp":
        return TcpClient(host, int(port), wire=wire)
    return TcpServer(host, int(port), wire=wire)
