"""Bring a database's tables up to date when it is opened."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from core.errors import Unavailable
from missions.store.collation import by_bytes

_SCRIPTS = Path(__file__).parent / "migrations"


def revisions(connection: Connection) -> tuple[str | None, str | None]:
    """The revision of a database's tables, and the newest one that this program knows."""
    return MigrationContext.configure(connection).get_current_revision(), _head()


@cache
def _head() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return ScriptDirectory.from_config(config).get_current_head()


def upgrade(connection: Connection, where: str, to: str = "head") -> None:
    """Run the missing migrations within the connection's transaction.

    Args:
        to: the revision to stop at; the newest by default.

    Raises:
        Unavailable: the database was made by a newer version.
    """
    config = Config()
    # Alembic reads '%' in a path as the start of a variable.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == (scripts.get_current_head() if to == "head" else to):
        return
    known = {None, "head", *(s.revision for s in scripts.walk_revisions())}
    unknown = next((revision for revision in (current, to) if revision not in known), None)
    if unknown is not None:
        raise Unavailable(
            f"the database was made by a newer version (revision {unknown})",
            where=where,
            remedy="install that version of FlyOnce, or restore a backup from before it",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    by_bytes(connection)
