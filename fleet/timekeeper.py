"""The time that vehicles report, guarded against a single wrong clock."""

from datetime import datetime, timedelta

BELIEVED_JUMP = timedelta(minutes=10)
"""A report that is later than the last by more than this must be confirmed by another one."""

CONFIRMATION = timedelta(seconds=10)
"""How close the second report must be."""


class Timekeeper:
    """Turns reports of many vehicles into one time that only moves forward.

    A followed clock cannot be set back, so one forged or broken report far in the future would
    spoil it: such a jump is believed only when a second report agrees.
    """

    def __init__(self) -> None:
        self.latest: datetime | None = None
        self._doubtful: datetime | None = None

    def report(self, utc: datetime) -> bool:
        """Take a report; whether `latest` moved."""
        if self.latest is None:
            self.latest = utc
            return True
        if utc <= self.latest:
            return False
        if utc - self.latest > BELIEVED_JUMP and not self._confirmed(utc):
            self._doubtful = utc
            return False
        self._doubtful = None
        self.latest = utc
        return True

    def _confirmed(self, utc: datetime) -> bool:
        return self._doubtful is not None and abs(utc - self._doubtful) <= CONFIRMATION
