"""What stands between every link and its vehicles: gateway, signatures, and what they counted."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.clock import Clock, SystemClock
from fleet.links.codec import Encoder, Parser, Tap
from fleet.links.gateway import Gateway
from fleet.links.signing import Signing
from fleet.messages import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a link did not let pass.

    Attributes:
        refused: packets from vehicles, by (system id, reason): unsigned, forged, replayed,
            stale, no key.
        unsendable: messages not sent because the vehicle must sign and has no key, by system id.
        dropped_in: barred messages from vehicles, by MAVLink message id.
        dropped_out: barred messages to vehicles, by name.
    """

    refused: Mapping[tuple[int, str], int]
    unsendable: Mapping[int, int]
    dropped_in: Mapping[int, int]
    dropped_out: Mapping[str, int]


class Wire:
    """One link's gateway and signatures; every link has one and sends and receives through it.

    Args:
        signing: who must sign; nobody must if none is given, and all are heard and counted.
        gateway: what may pass; that of a ground station if none is given.

    Attributes:
        taps: by system id, who takes down every packet of a vehicle, both ways.
    """

    def __init__(
        self,
        signing: Signing | None = None,
        gateway: Gateway | None = None,
        *,
        system_id: int = 255,
        component_id: int = 190,
    ) -> None:
        self.gateway = gateway or Gateway()
        self.signing = signing or Signing({}, SystemClock())
        self.taps: dict[int, Tap] = {}
        self._encoder = Encoder(system_id, component_id, self.signing)

    @classmethod
    def signed(cls, keys: Mapping[int, bytes], clock: Clock, *, required: bool) -> "Wire":
        """A wire on which the vehicles with these keys sign, by system id."""
        return cls(Signing(keys, clock, required=required))

    def parser(self) -> Parser:
        """For one stream of bytes, or all datagrams of one socket."""
        return Parser(self.gateway, self.signing, self.taps)

    def outgoing(self, message: Message, to: int) -> list[tuple[int, bytes]]:
        """The packets to send, each with its addressee (0: everybody); none when it is barred."""
        if not self.gateway.passes(message):
            return []
        packets = self._encoder.packets(message, to)
        if self.taps:
            self._note(packets)
        return packets

    def _note(self, packets: list[tuple[int, bytes]]) -> None:
        for whose, packet in packets:
            for system_id, tap in self.taps.items():
                if whose in (0, system_id):
                    tap(packet)

    def signed_share(self, system_id: int) -> float | None:
        """Which share of a vehicle's last hundred packets was signed; None before the first."""
        return self.signing.share(system_id)

    def counts(self) -> Counts:
        """What did not pass so far."""
        return Counts(
            refused={(n, verdict.value): c for (n, verdict), c in self.signing.refused.items()},
            unsendable=dict(self.signing.unsendable),
            dropped_in=dict(self.gateway.dropped_in),
            dropped_out=dict(self.gateway.dropped_out),
        )


def numbered_twice(parser: Parser) -> list[tuple[int, str]]:
    """What the numbering on one stream has just shown, as a receiver wants it."""
    if not parser.doubled:
        return []
    found = [(n, "two of them number their packets on one stream") for n in set(parser.doubled)]
    parser.doubled.clear()
    return found
