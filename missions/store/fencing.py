"""Work under a lease may write only while the lease is its own.

A process that was held up (suspended, starved) may find that another has taken over. Whatever it
still writes on behalf of its jobs must be refused, in the same transaction that would write it:
no clock can do that, a fencing number can.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from missions.store.protocol import Unit

Check = Callable[[Unit], None]
"""Raises when the work's right to write is gone."""

_CHECK: ContextVar[Check | None] = ContextVar("flyonce_fence", default=None)


@contextmanager
def fenced(check: Check) -> Iterator[None]:
    """Every unit that is opened in this block, threads included, begins with the check."""
    token = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(token)


def pass_fence(unit: Unit) -> None:
    """The stores call this as a writing unit's first step."""
    check = _CHECK.get()
    if check is not None:
        check(unit)
