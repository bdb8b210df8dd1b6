"""How a store is: its revision against the newest one, and its connections."""

from dataclasses import dataclass

from missions.store.migrate import revisions
from missions.store.protocol import Store
from missions.store.sql import SqlStore


@dataclass(frozen=True, slots=True)
class Condition:
    """Attributes: ``revision`` of the tables, ``head`` of this program, connections by use."""

    revision: str
    head: str
    busy: int
    idle: int


def condition_of(store: Store) -> Condition:
    """The condition of a store; one in memory is always at its head and has no connections.

    Raises:
        Unavailable: the database cannot be read.
    """
    if not isinstance(store, SqlStore):
        return Condition("memory", "memory", 0, 0)
    with store._faults(), store._engine.connect() as connection:
        revision, head = revisions(connection)
        pool = store._engine.pool
        busy = pool.checkedout() - 1 if hasattr(pool, "checkedout") else 0
        idle = pool.checkedin() if hasattr(pool, "checkedin") else 0
    return Condition(revision or "none", head or "none", busy, idle)
