"""What all parts of the identity room share: records, clocks, the trail, and news of changes."""

import asyncio
import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from core.clock import Clock, SystemClock
from core.errors import InvalidInput
from missions.identity.territory import Territory
from missions.operations.journal import note
from missions.presets import Preset
from missions.store.protocol import Store, Unit

EPOCH = "identity_epoch"
"""The setting that counts every change of who may do what, made by whichever process."""


class Changes:
    """Tells whoever waits, in any event loop, that rights may have changed."""

    def __init__(self) -> None:
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._lock = threading.Lock()

    def tell(self) -> None:
        """Wake everybody who waits; may be called from any thread."""
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for loop, event in waiting:
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(event.set)

    async def wait(self, timeout_s: float) -> None:
        """Return at the next change, or after some seconds without one."""
        one = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            self._waiting.add(one)
        try:
            async with asyncio.timeout(timeout_s):
                await one[1].wait()
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._waiting.discard(one)


class Book:
    """Records and preset, the two clocks, and the note of every change.

    Args:
        clock: the service's time, which the trail is kept in.
        wall: the computer's time, in which tokens and passwords age.
    """

    def __init__(
        self, records: Store, preset: Preset, clock: Clock, wall: Clock | None = None
    ) -> None:
        self.records = records
        self.preset = preset
        self.clock = clock
        self.wall = wall or SystemClock()
        self.changes = Changes()
        self.territory = Territory.of(preset)

    def now(self) -> datetime:
        """The computer's time."""
        return self.wall.now()

    def note(
        self, unit: Unit, subject: str, action: str, text: str, text_zh: str, *, actor: str
    ) -> None:
        """Add a line to the sealed trail."""
        note(unit, self.clock.now(), subject, action, text, text_zh, actor)

    def changed(self, unit: Unit) -> None:
        """Count a change of rights, so that nobody goes on with what they had before."""
        bump(unit)

    def department(self, department: str | None) -> str | None:
        """A department of the city, or none.

        Raises:
            InvalidInput: there is no such department.
        """
        if department is not None and department not in self.preset.departments:
            raise InvalidInput(
                f"no department {department[:80]!r}",
                where="department",
                remedy="one of " + ", ".join(self.preset.departments),
            )
        return department

    def counties(self, counties: Iterable[str] | None) -> tuple[str, ...] | None:
        """Counties of the city in a fixed order; None for all of them.

        Raises:
            InvalidInput: there is no such county, or the list is empty.
        """
        if counties is None:
            return None
        wanted = frozenset(counties)
        strange = sorted(wanted - self.preset.territory.keys())
        if strange or not wanted:
            raise InvalidInput(
                f"no county {strange[0][:80]!r}" if strange else "no county at all",
                where="counties",
                remedy="leave it out for the whole city, or name some of "
                + ", ".join(self.preset.territory),
            )
        return tuple(c for c in self.preset.territory if c in wanted)


def bump(unit: Unit) -> None:
    """Count a change of rights."""
    unit.settings.set(EPOCH, epoch(unit) + 1)


def epoch(unit: Unit) -> int:
    """How many changes of rights there were."""
    return int(unit.settings.get(EPOCH, 0))
