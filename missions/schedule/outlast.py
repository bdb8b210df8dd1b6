"""What goes on for ever outlasts a database that does not answer for a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TypeVar

from core.errors import Unavailable
from missions.schedule.lease import LeaseLost

logger = logging.getLogger("flyonce.outage")
AGAIN_S = 2.0
"""Seconds of the computer until the database is tried again."""
Result = TypeVar("Result")


class outlasting:
    """One round of a loop: where something that it needs is not there, the next round tries again.

    `LeaseLost` passes: another process has taken over, so there is no next round.
    """

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, _at: TracebackType | None
    ) -> bool:
        if not isinstance(why, Unavailable) or isinstance(why, LeaseLost):
            return False
        logger.warning("%s waits: %s", self._what, why)
        return True


async def until_done(what: str, step: Callable[[], Awaitable[Result]]) -> Result:
    """Do a step again and again until what it needs is there; it must bear being done twice.

    Raises:
        LeaseLost: another process has taken over.
    """
    while True:
        with outlasting(what):
            return await step()
        await asyncio.sleep(AGAIN_S)
