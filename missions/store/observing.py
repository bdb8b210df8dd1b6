"""Who watches what in the store: the one list of observers.

It is read when a store is opened, not when the store's modules are loaded: observers live in rooms
that know the store.
"""

from collections.abc import Iterable

from missions import quotas
from missions.feed import outbox
from missions.statistics import tallying
from missions.store.observed import Observer, Observers


def together(lists: Iterable[Observers]) -> Observers:
    """Several rooms' observers as one list; of one kind, the earlier rooms' come first."""
    found: dict[str, tuple[Observer, ...]] = {}
    for one in lists:
        for kind, watching in one.items():
            found[kind] = (*found.get(kind, ()), *watching)
    return found


OBSERVERS: Observers = together((outbox.observers(), quotas.observers(), tallying.observers()))
"""By the name of a kind, who watches it."""
