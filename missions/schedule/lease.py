"""The lease: of all processes on one database, the one that runs the jobs and speaks to the fleet.

The holder renews it every few seconds; when it dies, another takes it over. Nobody compares two
computers' clocks: who waits measures on its own clock how long the renewals have stood still, as
Kubernetes' leader election does (client-go, tools/leaderelection). A fencing number tells late
writes of a former holder from those of the present one, so that they can be refused.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from core.clock import Clock, SystemClock
from core.errors import Unavailable
from missions.store.protocol import Store, Unit
from missions.store.records import LeaseRecord

logger = logging.getLogger("flyonce.lease")
NAME = "service"
TTL_S = 20.0
"""So long without a renewal, and another takes over."""
RENEWALS = 4
"""Renewals within that time: three may fail in a row."""
ALONE_S = 1e9
"""A lease without rivals: thirty years."""


class LeaseLost(Unavailable):
    """Another process has taken over; this one must not write for its jobs any more."""


class Lease:
    """One process's hold, or wish to hold, of a lease.

    Args:
        holder: names this process for good, such as computer and home folder: at its next start
            it takes up its own lease again at once. Two processes that run must differ in it.
        clock: for the time that people read.
        ticks: seconds that only grow, of this computer; for measuring.
    """

    def __init__(
        self,
        records: Store,
        holder: str,
        *,
        ttl_s: float = TTL_S,
        clock: Clock | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._records = records
        self.holder = holder
        self._ttl_s = ttl_s
        self._clock = clock or SystemClock()
        self._ticks = ticks
        self._fence: int | None = None
        self._good_until = 0.0
        self._seen: tuple[int, int] | None = None
        self._seen_at = 0.0
        self._asked = False

    @classmethod
    def alone(cls, records: Store) -> "Lease":
        """The lease of a process without rivals: taken, and never renewed."""
        lease = cls(records, "alone", ttl_s=ALONE_S)
        lease.take()
        return lease

    @property
    def fence(self) -> int:
        """The fencing number of our hold; 0 while we are standby."""
        return self._fence or 0

    @property
    def state(self) -> str:
        """`held` or `standby`, for the health of the service."""
        return "held" if self.held() else "standby"

    def held(self) -> bool:
        """Whether it is ours for certain, without asking the database.

        A process that was suspended finds that its time has run out before it does anything.
        """
        return self._fence is not None and self._ticks() < self._good_until

    def take(self) -> bool:
        """Take the lease if it is free, ours from an earlier start, or its holder stands still."""
        began = self._ticks()
        with self._records.unit() as unit:
            found = _found(unit)
            if found is not None and not self._is_free(found):
                return False
            record = self._fresh(found)
            (unit.leases.add if found is None else unit.leases.put)(record)
        self._asked = True
        self._fence, self._good_until = record.fence, began + self._ttl_s
        logger.info("%s holds the lease (number %d)", self.holder, record.fence)
        return True

    def renew(self) -> None:
        """Say that we live.

        Raises:
            LeaseLost: another has taken over.
            Unavailable: the database does not answer.
        """
        began = self._ticks()
        with self._records.unit() as unit:
            self.check(unit)
            found = unit.leases.get(NAME)
            unit.leases.put(replace(found, renewals=found.renewals + 1, expires_at=self._end()))
        self._good_until = began + self._ttl_s

    def check(self, unit: Unit) -> None:
        """Make sure, within a unit, that what it writes is still ours to write.

        Raises:
            LeaseLost: it is not.
        """
        found = _found(unit)
        if self._fence is None or found is None or found.fence != self._fence:
            self._fence = None
            by = "nobody" if found is None else found.holder
            raise LeaseLost(
                f"the lease of the jobs has passed to {by}",
                where=self.holder,
                remedy="start this process again: it will be standby",
            )

    def release(self) -> None:
        """Let go, so that another need not wait; nothing happens where it is not ours."""
        fence, self._fence = self._fence, None
        if fence is None:
            return
        try:
            with self._records.unit() as unit:
                found = _found(unit)
                if found is not None and found.fence == fence:
                    unit.leases.put(replace(found, released=True, expires_at=self._clock.now()))
        except Unavailable as why:  # it runs out by itself
            logger.warning("the lease could not be released: %s", why)

    async def taken(self) -> None:
        """Return once the lease is ours; until then this process is standby."""
        told = False
        while not await asyncio.to_thread(self.take):
            if not told:
                logger.info("standby: another process runs the jobs")
                told = True
            await asyncio.sleep(self._ttl_s / RENEWALS)

    async def keep(self) -> None:
        """Renew it for ever.

        Raises:
            LeaseLost: another has taken over.
        """
        while True:
            await asyncio.sleep(self._ttl_s / RENEWALS)
            try:
                await asyncio.to_thread(self.renew)
            except LeaseLost:
                raise
            except Unavailable as why:  # until the time runs out there is hope; then `held` says so
                logger.warning("the lease could not be renewed: %s", why)

    def _is_free(self, found: LeaseRecord) -> bool:
        if found.released or (found.holder == self.holder and not self._asked):
            return True
        self._asked = True
        now, state = self._ticks(), (found.fence, found.renewals)
        if state != self._seen:
            self._seen, self._seen_at = state, now
        return now - self._seen_at >= found.ttl_s

    def _fresh(self, found: LeaseRecord | None) -> LeaseRecord:
        return LeaseRecord(
            id=NAME,
            holder=self.holder,
            fence=1 if found is None else found.fence + 1,
            renewals=0,
            ttl_s=self._ttl_s,
            expires_at=self._end(),
        )

    def _end(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self._ttl_s)


def _found(unit: Unit) -> LeaseRecord | None:
    found = unit.leases.find(id=NAME)
    return found[0] if found else None
