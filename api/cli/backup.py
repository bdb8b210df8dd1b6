"""`flyonce backup` and `flyonce restore`: everything in one file, and back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import Home, settings_from
from api.cli.output import err, out
from api.cli.records import opened
from api.home import opened_home
from core.errors import InvalidInput

if TYPE_CHECKING:
    from api.settings import Settings


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; it is written anew.")],
    media: Annotated[
        bool, typer.Option("--media", help="Photographs and flight logs too, not records alone.")
    ] = False,
    home: Home = None,
) -> None:
    """Write all records, and with --media the photographs and logs, to one file.

    The service may go on: the backup is a picture of one moment. It holds no passwords and no
    signing keys of vehicles; it does hold what people may see, so keep it as safe as the home.
    """
    from missions.backup import back_up
    from missions.store import SqlStore

    settings = settings_from(home=home)
    with opened(settings) as store:
        if not isinstance(store, SqlStore):
            raise InvalidInput("records in memory cannot be backed up", where=settings.database)
        made = back_up(store, _folders(settings) if media else {}, file, datetime.now(UTC))
    size = file.stat().st_size / 1e6
    out.print(f"{file}: {len(made.members)} members, {size:.1f} MB, trail of {made.audit.count}")


def restore(
    file: Annotated[Path, typer.Argument(help="A file made by 'flyonce backup'.")],
    home: Home = None,
) -> None:
    """Check a backup and restore it into a home folder (or database) that has no records yet."""
    from missions.backup import bring_back

    settings = settings_from(home=home)
    with opened_home(settings.home):
        made, problems = bring_back(file, settings.database, _folders(settings))
    out.print(f"restored what was kept at {made.made_at}: {len(made.members)} members")
    if problems:
        err.print(f"The audit trail did not hold when the backup was made: {problems[0]}")
        raise typer.Exit(1)


def _folders(settings: "Settings") -> dict[str, Path]:
    return {"media": settings.media, "logs": settings.home / "logs"}
