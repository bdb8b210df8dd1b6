"""How often one caller may ask: token buckets, and the places at the live views.

A bucket holds `burst` requests and fills up at `per_s` requests a second; each request takes one.
Buckets belong to this process and to the computer's own time (a simulated day fills none). Headers
are those of draft-ietf-httpapi-ratelimit-headers-10.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.errors import FlyOnceError
from missions.access import LOCAL_OPERATOR, Principal
from missions.catalog.limits import Limits, Rate

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_BUCKETS = 20_000
"""More are not remembered: those that are full say nothing and are dropped."""


class TooManyRequests(FlyOnceError):
    """The caller's bucket is empty; `retry_after_s` says when the next request fits."""

    def __init__(self, what: str, *, where: str, remedy: str, retry_after_s: int = 1) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.retry_after_s = retry_after_s


@dataclass(slots=True)
class Bucket:
    """So many requests are left, as of ``at`` (seconds of a steady clock)."""

    rate: Rate
    left: float
    at: float

    def fill(self, now: float) -> None:
        """Add what has come since."""
        self.left = min(self.rate.burst, self.left + (now - self.at) * self.rate.per_s)
        self.at = now

    @property
    def wait_s(self) -> float:
        """Seconds until a request fits."""
        return max(0.0, (1.0 - self.left) / self.rate.per_s)


class Limiter:
    """The buckets of everybody.

    Args:
        scale: factor on every rate; 0 switches the limits off.
        now: seconds of a steady clock.
    """

    def __init__(
        self, limits: Limits, *, scale: float = 1.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits
        self._scale = scale
        self._now = now
        self._buckets: dict[tuple[str, ...], Bucket] = {}
        self._sockets: Counter[tuple[str, ...]] = Counter()

    def take(self, p: Principal, method: str) -> dict[str, str]:
        """Take a request out of a principal's bucket; the headers to answer with.

        Raises:
            TooManyRequests: it is empty.
        """
        if self._scale == 0 or p is LOCAL_OPERATOR:
            return {}
        rates = self._limits.rates_of(str(p.role))
        name, rate = ("reads", rates.reads) if method in _SAFE else ("writes", rates.writes)
        bucket = self._bucket((name, *_who(p)), rate)
        if bucket.left < 1.0:
            raise self._empty(bucket, f"more than {bucket.rate.per_s:g} {name} a second", p.name)
        bucket.left -= 1.0
        return _headers(name, bucket)

    def strangers(self, address: str) -> None:
        """Count an answer of 401 to an address.

        Raises:
            TooManyRequests: it had too many.
        """
        if self._scale == 0:
            return
        bucket = self._bucket(("address", address), self._limits.addresses)
        if bucket.left < 1.0:
            raise self._empty(bucket, "too many requests without a good token", address)
        bucket.left -= 1.0

    @contextmanager
    def place(self, p: Principal) -> Iterator[None]:
        """A place at the live views, until the end of the block.

        Raises:
            TooManyRequests: the principal holds all of its places.
        """
        most, who = self._limits.sockets_of(str(p.role)), _who(p)
        if self._sockets[who] >= most and p is not LOCAL_OPERATOR and self._scale:
            raise TooManyRequests(
                f"{p.name} holds {most} live views already",
                where="live",
                remedy="close one of them first; the city's limits.yaml says how many there may be",
                retry_after_s=10,
            )
        self._sockets[who] += 1
        try:
            yield
        finally:
            self._sockets[who] -= 1
            if not self._sockets[who]:
                del self._sockets[who]

    @property
    def live_views(self) -> int:
        """How many live views are open."""
        return self._sockets.total()

    def _bucket(self, key: tuple[str, ...], rate: Rate) -> Bucket:
        now = self._now()
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= _MOST_BUCKETS:
                self._drop_full(now)
            burst = max(1, round(rate.burst * self._scale))
            scaled = Rate(rate.per_s * self._scale, burst)
            bucket = self._buckets[key] = Bucket(scaled, float(burst), now)
        bucket.fill(now)
        return bucket

    def _drop_full(self, now: float) -> None:
        """Forget full buckets; if none is full, the one that was used longest ago."""
        for bucket in self._buckets.values():
            bucket.fill(now)
        full = [key for key, b in self._buckets.items() if b.left >= b.rate.burst]
        for key in full or [next(iter(self._buckets))]:
            del self._buckets[key]

    def _empty(self, bucket: Bucket, what: str, where: str) -> TooManyRequests:
        wait_s = math.ceil(bucket.wait_s)
        return TooManyRequests(
            what,
            where=where,
            remedy=f"wait {wait_s} s (Retry-After) and ask less often; an administrator can raise "
            "the rate in the city's limits.yaml",
            retry_after_s=wait_s,
        )


def _who(p: Principal) -> tuple[str, ...]:
    return (p.id, p.name, str(p.role), p.department or "")


def _headers(name: str, bucket: Bucket) -> dict[str, str]:
    rate = bucket.rate
    window_s = max(1, math.ceil(rate.burst / rate.per_s))
    full_s = math.ceil((rate.burst - bucket.left) / rate.per_s)
    return {
        "RateLimit-Policy": f'"{name}";q={rate.burst};w={window_s}',
        "RateLimit": f'"{name}";r={int(bucket.left)};t={full_s}',
    }
