"""Brakes on guessing: who fails waits, and ever longer.

Failures are counted by the name that was given, whether or not there is such an account, and by the
address that they came from. The name's wait stays short enough that a stranger cannot lock its
owner out for long (NIST SP 800-63B-4, section 3.2.2, wants guessing limited; a wait that doubles
up to 5 minutes leaves under 300 tries a day). Counts live in this process and start anew with it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import FlyOnceError

_KEPT = 20_000
"""Names and addresses remembered; the oldest is forgotten first."""


class TooManyTries(FlyOnceError):
    """Too many failed sign-ins; it says how long to wait.

    Args:
        wait_s: seconds until the next try is heard.
    """

    def __init__(self, wait_s: int) -> None:
        super().__init__(
            "too many failed sign-ins",
            where="name",
            remedy=f"wait {wait_s} s; an administrator can give a new password",
        )
        self.wait_s = wait_s

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.wait_s,)


@dataclass(frozen=True, slots=True)
class _Count:
    failures: int
    last: datetime
    open_at: datetime


class Brake:
    """Failures by key.

    Args:
        free: failures without a wait; after them it is 1 s, 2 s, 4 s ... up to `longest_s`.
        forget_s: so long after the last failure the count begins anew.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        free: int,
        longest_s: float = 300.0,
        forget_s: float = 3600.0,
    ) -> None:
        self._now = now
        self._free = free
        self._longest_s = longest_s
        self._forget = timedelta(seconds=forget_s)
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, key: str) -> None:
        """Raise TooManyTries while a key has to wait."""
        with self._lock:
            count = self._counts.get(key)
            wait_s = (count.open_at - self._now()).total_seconds() if count else 0.0
        if wait_s > 0:
            raise TooManyTries(int(wait_s) + 1)

    def failed(self, key: str) -> int:
        """Count a failure; says how many there were in a row."""
        now = self._now()
        with self._lock:
            before = self._counts.pop(key, None)
            fresh = before is None or now - before.last > self._forget
            failures = 1 if before is None or fresh else before.failures + 1
            over = failures - self._free
            wait_s = min(self._longest_s, 2.0 ** min(over - 1, 30)) if over > 0 else 0.0
            self._counts[key] = _Count(failures, now, now + timedelta(seconds=wait_s))
            while len(self._counts) > _KEPT:
                self._counts.popitem(last=False)
        return failures

    def succeeded(self, key: str) -> None:
        """Forget a key's failures."""
        with self._lock:
            self._counts.pop(key, None)
