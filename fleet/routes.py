"""Where each vehicle is reached on a link with several peers: where it was last heard."""

from typing import Generic, TypeVar

from core.errors import Unavailable
from fleet.links.codec import AUTOPILOT
from fleet.links.twins import Sources
from fleet.messages import Packet

Way = TypeVar("Way")


class Routes(Generic[Way]):
    """Where each vehicle was last heard.

    A camera or a companion computer may speak from elsewhere with its vehicle's system id; the
    autopilot is the vehicle.
    """

    def __init__(self) -> None:
        self._ways: dict[int, Way] = {}
        self._autopilots: set[int] = set()
        self._sources = Sources()

    def get(self, system_id: int) -> Way | None:
        return self._ways.get(system_id)

    def everywhere(self) -> set[Way]:
        return set(self._ways.values())

    def learn(self, packet: Packet, way: Way) -> Way | None:
        """Take where a packet came from; the former way if two ways are heard by turns."""
        system_id = packet.system_id
        before = self._ways.get(system_id)
        if before == way:
            return None
        is_autopilot = packet.component_id == AUTOPILOT
        if not is_autopilot and system_id in self._autopilots:
            return None
        self._ways[system_id] = way
        if not is_autopilot or system_id not in self._autopilots:
            if is_autopilot:
                self._autopilots.add(system_id)
            return None
        if before is not None and self._sources.returns(system_id, before, way):
            return before
        return None

    def forget(self, way: Way) -> None:
        for system_id in [n for n, w in self._ways.items() if w == way]:
            del self._ways[system_id]


def by_turns(one: str, other: str) -> str:
    return f"they are heard from {' and '.join(sorted((one, other)))} by turns"


def name_of(address: object) -> str:
    """An address such as 10.0.0.7:14550."""
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else "somewhere"


def taken(name: str, error: OSError) -> Unavailable:
    return Unavailable(
        f"cannot use this address: {error.strerror or error}",
        where=name,
        remedy="choose another port, or stop the program that holds it",
    )
