"""Two vehicles with one system id on one stream, seen by how they number their packets.

A MAVLink sender numbers its packets 0 to 255 and round again. Two senders give one number to two
different packets; one sender never does within a lap, whatever is lost, doubled, late or out of
order on the way: a doubled packet is the same packet, and a late one fills a gap. A vehicle that
starts anew numbers from 0 again, once; two vehicles disagree again and again, by turns.
"""

LAP = 256
_HALF = LAP // 2
_OPEN = -1
"""This number was not used in this lap."""

STARTED_ANEW = 8
"""After so many packets in a row from behind, with none from ahead, the sender has started anew
(or more than half a lap was lost)."""


class Numbering:
    """The numbers of one system id, seen from the furthest one on.

    Attributes:
        expected: the number that comes next when all is well.
        used: by number, a fingerprint of the packet that had it in this lap.
    """

    __slots__ = ("_behind", "_expected_then", "expected", "used")

    def __init__(self, number: int, fingerprint: int) -> None:
        self.expected = number
        self.used = [_OPEN] * LAP
        self._expected_then = _OPEN
        self._behind = 0
        self._start(number, fingerprint)

    def disagrees(self, number: int, fingerprint: int) -> bool:
        """Take a number that is not the expected one; whether it speaks for a second sender.

        The expected number itself needs no call: set `used` and `expected` at once.
        """
        ahead = (number - self.expected) % LAP
        if ahead < _HALF:
            for skipped in range(self.expected, self.expected + ahead):
                self.used[skipped % LAP] = _OPEN
            self.used[number] = fingerprint
            self.expected = (number + 1) % LAP
            return False
        return self._from_behind(number, fingerprint)

    def _from_behind(self, number: int, fingerprint: int) -> bool:
        known = self.used[number]
        if known == fingerprint:
            return False  # the same packet again
        self.used[number] = fingerprint
        # between two packets from behind the expected number moves on only if two send by turns
        by_turns = self._expected_then != self.expected
        self._behind = 1 if by_turns else self._behind + 1
        self._expected_then = self.expected
        if self._behind >= STARTED_ANEW:
            self._start(number, fingerprint)
            return False
        return known != _OPEN and by_turns

    def _start(self, number: int, fingerprint: int) -> None:
        self.used[:] = [_OPEN] * LAP
        self.used[number] = fingerprint
        self.expected = (number + 1) % LAP
        self._expected_then, self._behind = _OPEN, 0
