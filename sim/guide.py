"""How to connect ground stations to the simulation, in words that can be copied."""

from collections.abc import Mapping


def how_to_connect(
    addresses: Mapping[str, str], *, udp: str | None = None, docks: str | None = None
) -> list[str]:
    """Lines for a tester.

    Args:
        addresses: each link's name and tcp:HOST:PORT.
        udp: HOST:PORT that is spoken to over UDP, if any.
        docks: address of the docks' HTTP interface, if it is open.

    >>> how_to_connect({"main": "tcp:127.0.0.1:5790"})[0]
    'MAVProxy:        mavproxy.py --master=tcp:127.0.0.1:5790'
    """
    first = next(iter(addresses.values()))
    _, host, port = first.split(":")
    many = len(addresses) > 1
    named = " ".join(f"{name}={address}" for name, address in addresses.items())
    lines = [
        f"MAVProxy:        mavproxy.py --master={first}",
        f"QGroundControl:  Application Settings > Comm Links > Add: TCP, {host}, port {port}"
        + (f" (or nothing: it is spoken to at udp {udp})" if udp else ""),
        f"flyonce serve:   FLYONCE_MAVLINK_URL='{named if many else first}' ./run serve --no-sim",
        f"other clients:   {first} or udp:{host}:{port} (send a heartbeat first)",
    ]
    if many:
        lines.append(f"more links:      {named}")
    if docks is not None:
        lines.append(f"docks over HTTP: {docks}")
    return [*lines, "Time begins when the first ground station speaks."]
