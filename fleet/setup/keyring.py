"""Giving a vehicle its signing key, and keeping it: nothing is kept that was not seen to work."""

from pathlib import Path

from core.errors import CommandRefused, CommandTimeout, NotReady
from fleet.address import Address
from fleet.links.keys import Keys, new_key
from fleet.links.signing import EPOCH, UNIT, Signing
from fleet.messages import Heartbeat, SetupSigning
from fleet.patience import patiently, pause
from fleet.vehicle import Vehicle
from fleet.vocabulary import Command, Stream

SIGNED_S = 10.0
"""After SETUP_SIGNING the vehicle's next packets, one a second at least, are signed."""

TOLD_TIMES = 3
"""SETUP_SIGNING is not acknowledged: it is said so often."""


class KeyRing:
    """The keys of a home folder, and a key that may or may not have reached its vehicle.

    A key is written down before it is sent: one that is lost on the way back is found again at
    the next try, and nobody is deaf for ever (QGroundControl #14250).
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "keys.json"
        self._pending = folder / "keys.pending.json"

    def key(self, vehicle: Address) -> bytes | None:
        """The key that is known to be the vehicle's."""
        kept = Keys.load(self.path)
        return kept.key(vehicle) if vehicle in kept else None

    def candidate(self, vehicle: Address) -> bytes:
        """A key to send: the one of the last try, or a new one; written down."""
        waiting = Keys.load(self._pending)
        if vehicle not in waiting:
            waiting = waiting.with_key(vehicle, new_key())
            waiting.save(self._pending)
        return waiting.key(vehicle)

    def pending(self, vehicle: Address) -> bytes | None:
        """The key of a try that was not confirmed."""
        waiting = Keys.load(self._pending)
        return waiting.key(vehicle) if vehicle in waiting else None

    def confirm(self, vehicle: Address, key: bytes) -> None:
        """The vehicle signs with it: keep it."""
        Keys.load(self.path).with_key(vehicle, key).save(self.path)
        Keys.load(self._pending).without(vehicle).save(self._pending)


async def sign(vehicle: Vehicle, signing: Signing, ring: KeyRing) -> str:
    """Make it sign, and see that it does; "kept" when it did already, else "done".

    Raises:
        NotReady: it goes on without signing: it may be armed, or its link too old.
    """
    known = ring.key(vehicle.address) or ring.pending(vehicle.address)
    if known is not None and await _signs(vehicle, signing, known):
        ring.confirm(vehicle.address, known)
        return "kept"
    key = ring.candidate(vehicle.address)
    for _ in range(TOLD_TIMES):
        timestamp = (vehicle.channel.clock.now() - EPOCH) // UNIT
        vehicle.channel.send(SetupSigning(key=key, timestamp=timestamp))
        await pause(vehicle.channel.clock, 0.5)
    if not await _signs(vehicle, signing, key):
        raise NotReady(
            "it was told a signing key and does not sign",
            where=str(vehicle.address),
            remedy="disarm it, use a MAVLink 2 link, and enrol it over a cable",
        )
    ring.confirm(vehicle.address, key)
    return "done"


async def _signs(vehicle: Vehicle, signing: Signing, key: bytes) -> bool:
    """Whether a signed request is answered by a signed packet; else it is heard unsigned again."""
    number = vehicle.address.system_id
    signing.learn(number, key)
    channel = vehicle.channel
    try:
        with channel.listening(Heartbeat) as inbox:
            await patiently(channel.clock, SIGNED_S, inbox.get())
        await vehicle.commander.long(Command.REQUEST_MESSAGE, Stream.AUTOPILOT_VERSION)
    except (TimeoutError, CommandTimeout):
        signing.forget(number)
        return False
    except CommandRefused:
        return True  # an answer is an answer
    return True
