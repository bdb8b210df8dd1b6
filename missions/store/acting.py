"""What a caller hung on its request is looked at inside the unit that decides the write.

Writers come one after the other. A condition ("only if the case is still as I read it") that is
looked at before the unit opens can be overtaken by another writer; looked at as the unit's first
step it cannot. Whoever answers a request puts an `Act` round the use case; the stores call it.
The first unit of the request is the one that decides; later ones see what the first has written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from missions.store.protocol import Unit


class Act(Protocol):
    """What goes with the first writing unit of a request."""

    def entering(self, unit: Unit) -> None:
        """The unit's first step; an error ends the unit, and nothing is written."""
        ...

    def leaving(self, unit: Unit) -> None:
        """The unit's last step before it is kept."""
        ...


class _Once:
    """Acts that have their turn once; tasks that a request leaves behind find them spent."""

    __slots__ = ("acts", "spent")

    def __init__(self, acts: tuple[Act, ...]) -> None:
        self.acts = acts
        self.spent = False


_CURRENT: ContextVar[_Once | None] = ContextVar("flyonce_act", default=None)


@contextmanager
def acting(*acts: Act) -> Iterator[None]:
    """The first unit that is opened in this block (threads included) takes the acts along."""
    once = _Once(acts)
    token = _CURRENT.set(once)
    try:
        yield
    finally:
        once.spent = True
        _CURRENT.reset(token)


@contextmanager
def accompanied(unit: Unit) -> Iterator[None]:
    """A store's unit with the request's act round what is done in it."""
    once = _CURRENT.get()
    if once is None or once.spent:
        yield
        return
    once.spent = True
    for act in once.acts:
        act.entering(unit)
    yield
    for act in once.acts:
        act.leaving(unit)
