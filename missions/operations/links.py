"""The links to the vehicles: up or down, who signs, and what did not pass."""

from collections.abc import Mapping
from dataclasses import dataclass

from fleet.address import Address
from fleet.fleet import Fleet
from fleet.links.gateway import message_name


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """One link.

    Attributes:
        vehicles: how many are heard on it and not lost.
        signed: how many of them sign all their packets.
        conflicts: vehicles to whose address two answer, with the reason.
        refused: by vehicle and reason, packets that were not believed.
        unsendable: by vehicle, messages not sent because it must sign and has no key.
        dropped_in, dropped_out: barred messages by name, see `fleet.links.gateway`.
    """

    name: str
    address: str
    connected: bool
    vehicles: int
    signed: int
    conflicts: Mapping[str, str]
    refused: Mapping[str, Mapping[str, int]]
    unsendable: Mapping[str, int]
    dropped_in: Mapping[str, int]
    dropped_out: Mapping[str, int]


def link_states(fleet: Fleet) -> list[LinkState]:
    """Every link as it is now."""
    return [_state(fleet, name) for name in fleet.links]


def _state(fleet: Fleet, name: str) -> LinkState:
    link = fleet.links[name]
    counts = link.wire.counts()
    mine = [v for a, v in fleet.vehicles.items() if a.link == name and not v.lost]
    refused: dict[str, dict[str, int]] = {}
    for (system_id, reason), count in counts.refused.items():
        refused.setdefault(str(Address(name, system_id)), {})[reason] = count
    return LinkState(
        name=name,
        address=link.name,
        connected=link.connected,
        vehicles=len(mine),
        signed=sum(v.channel.signed_share == 1.0 for v in mine),
        conflicts={str(v.address): v.channel.conflict for v in mine if v.channel.conflict},
        refused=refused,
        unsendable={str(Address(name, n)): c for n, c in counts.unsendable.items()},
        dropped_in={message_name(n): c for n, c in counts.dropped_in.items()},
        dropped_out=counts.dropped_out,
    )
