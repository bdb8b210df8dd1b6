"""The records of a home folder, for commands that work beside the service."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from api.settings import Settings
from core.errors import InvalidInput

if TYPE_CHECKING:
    from missions.store import Store


@contextmanager
def opened(settings: Settings, *, create: bool = False) -> Iterator["Store"]:
    """The store, closed again on the way out.

    Raises:
        InvalidInput: there is none yet and it is not to be made.
    """
    from missions.store import open_store

    if settings.database_url is None:
        if create:
            settings.home.mkdir(parents=True, exist_ok=True)
        elif not (settings.home / "flyonce.sqlite").exists():
            raise InvalidInput(
                "no FlyOnce service has run here yet",
                where=str(settings.home),
                remedy="name its folder with --home, or start one with 'flyonce serve'",
            )
    store = open_store(settings.database)
    try:
        yield store
    finally:
        store.close()
