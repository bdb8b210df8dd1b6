"""What happens along with a write: observers hear of it within the same unit of work.

An observer is told of every `add` and `put` of the kinds that it watches, after the write and in
the same transaction: what it writes itself is kept with the write or not at all. Kinds that nobody
watches pay nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from missions.store.protocol import Repository, Unit

T = TypeVar("T")

Observer = Callable[[Unit, Any | None, Any], None]
"""Called with the unit, the thing as it was (None for a new one) and as it is now."""

Observers = Mapping[str, tuple[Observer, ...]]
"""By the name of a kind, who watches it."""


def registered() -> Observers:
    """The one list of observers, `missions.store.observing.OBSERVERS`."""
    from missions.store.observing import OBSERVERS  # observers live in rooms that know the store

    return OBSERVERS


class Observed(Generic[T]):
    """A repository that tells its observers of every write; reading is the repository's own."""

    def __init__(self, inner: Repository[T], unit: Unit, observers: tuple[Observer, ...]) -> None:
        self._inner = inner
        self._unit = unit
        self._observers = observers

    def add(self, item: T) -> None:
        self.add_all((item,))

    def add_all(self, items: Iterable[T]) -> None:
        added = tuple(items)
        self._inner.add_all(added)
        for item in added:
            self._tell(None, item)

    def put(self, item: T) -> None:
        before = self._inner.get(item.id)  # type: ignore[attr-defined]
        self._inner.put(item)
        self._tell(before, item)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _tell(self, before: T | None, after: T) -> None:
        for observer in self._observers:
            observer(self._unit, before, after)
