"""Where the story is kept: one protocol, a store in memory and one in a database."""

from pathlib import Path

from missions.store.media import MediaCatalog
from missions.store.memory import MemoryStore
from missions.store.protocol import Between, Repository, Settings, Store, Unit
from missions.store.sql import SqlStore

__all__ = [
    "Between",
    "MediaCatalog",
    "MemoryStore",
    "Repository",
    "Settings",
    "SqlStore",
    "Store",
    "Unit",
    "open_store",
]


def open_store(url: str | Path) -> Store:
    """The store at an address: ``memory:``, a file's path, or a database URL."""
    return MemoryStore() if url == "memory:" else SqlStore(url)
