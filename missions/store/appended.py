"""A repository that only grows: what was added is never replaced."""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from core.errors import NotAllowed
from missions.store.protocol import Repository

T = TypeVar("T")


class AppendOnly(Generic[T]):
    """Refuses `put`; everything else is the repository's own."""

    def __init__(self, inner: Repository[T]) -> None:
        self._inner = inner

    def add(self, item: T) -> None:
        self._inner.add(item)

    def add_all(self, items: Iterable[T]) -> None:
        self._inner.add_all(items)

    def put(self, item: T) -> None:
        raise NotAllowed(
            "these records are append-only",
            where=getattr(item, "id", None),
            remedy="add a record that corrects it",
        )

    def remove(self, item_id: str) -> None:
        raise NotAllowed("these records are append-only", where=item_id, remedy="keep them")

    def get(self, item_id: str) -> T:
        return self._inner.get(item_id)

    def exists(self, item_id: str) -> bool:
        return self._inner.exists(item_id)

    def find(self, **conditions: Any) -> list[T]:
        return self._inner.find(**conditions)

    def count(self, **conditions: Any) -> int:
        return self._inner.count(**conditions)

    def pick(self, names: tuple[str, ...], **conditions: Any) -> list[tuple[Any, ...]]:
        return self._inner.pick(names, **conditions)
