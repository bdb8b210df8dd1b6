"""Two vehicles with one system id on one link: when suspicion becomes certainty, and ends again.

Single observations may have other reasons: a packet is late, a vehicle starts anew, a radio gets
another port. Several within seconds have not. What is observed:

- two sources (UDP addresses, TCP connections) that are heard by turns;
- two numberings on one stream, see `fleet.links.numbering`;
- two times since boot that are reported by turns.
"""

from collections import deque
from datetime import datetime

ENOUGH = 6
"""So many observations within `WITHIN_S` are certain: vehicles send ten packets a second, so two
give as many within a second or two; one vehicle gives one when it starts anew."""

WITHIN_S = 10.0
"""Seconds of the fleet's clock; also: after so long without any, only one vehicle is left."""

BOOT_BACK_S = 30.0
"""A time since boot that is so much earlier than the last is another boot; no packet is so late."""


class Suspicion:
    """What speaks for a second vehicle behind one address.

    Attributes:
        reason: set while it is certain: a sentence that names both sources.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._seen: deque[datetime] = deque(maxlen=ENOUGH)
        self._boot_s: float | None = None
        self._other_boot_s: float | None = None

    def add(self, why: str, now: datetime) -> bool:
        """Take an observation; whether it has become certain with this one."""
        self._seen.append(now)
        enough = len(self._seen) == ENOUGH
        if not enough or (now - self._seen[0]).total_seconds() > WITHIN_S:
            return False
        before, self.reason = self.reason, why
        return not before

    def booted(self, boot_s: float, now: datetime) -> bool:
        """Take a report of seconds since boot; whether it has become certain with this one."""
        last, self._boot_s = self._boot_s, boot_s
        if last is None or abs(boot_s - last) < BOOT_BACK_S:
            return False
        other, self._other_boot_s = self._other_boot_s, last
        # starting anew goes back once; going back and returning to where it was takes two
        if other is None or not 0 <= boot_s - other < BOOT_BACK_S:
            return False
        return self.add(f"one has run for {boot_s:.0f} s, the other for {last:.0f} s", now)

    def over(self, now: datetime) -> bool:
        """Whether it has just ceased to be certain."""
        if not self.reason or (now - self._seen[-1]).total_seconds() <= WITHIN_S:
            return False
        self.reason = ""
        self._seen.clear()
        return True


class Sources:
    """From where a system id is heard on a link that hears several peers."""

    def __init__(self) -> None:
        self._former: dict[int, object] = {}

    def returns(self, system_id: int, before: object, now: object) -> bool:
        """Take a change of source; whether it goes back to the one before.

        A vehicle that starts anew, or whose radio gets another port, never goes back.
        """
        former = self._former.get(system_id)
        self._former[system_id] = before
        return former == now
