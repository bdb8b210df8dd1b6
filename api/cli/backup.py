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

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="File whose first line is the passphrase of the keys; asked for otherwise.",
    ),
]


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; it is written anew.")],
    media: Annotated[
        bool, typer.Option("--media", help="Photographs and flight logs too, not records alone.")
    ] = False,
    keys: Annotated[
        bool,
        typer.Option("--keys", help="The signing keys too, sealed with a passphrase."),
    ] = False,
    passphrase_file: PassphraseFile = None,
    home: Home = None,
) -> None:
    """Write all records, and with --media the photographs and logs, to one file.

    The service may go on: the backup is a picture of one moment, and only its owner may read it.
    It holds no passwords, and the keys of vehicles and of evidence only with --keys; it does hold
    what people may see, so keep it as safe as the home.
    """
    from missions.backup import back_up
    from missions.sealed_keys import key_files, sealed
    from missions.store import SqlStore

    settings = settings_from(home=home)
    with opened(settings) as store:
        if not isinstance(store, SqlStore):
            raise InvalidInput("records in memory cannot be backed up", where=settings.database)
        found = key_files(settings.home) if keys else {}
        closed = sealed(found, _passphrase(passphrase_file, confirm=True)) if found else None
        folders = _folders(settings) if media else {}
        made = back_up(store, folders, file, datetime.now(UTC), closed)
    size = file.stat().st_size / 1e6
    out.print(f"{file}: {len(made.members)} members, {size:.1f} MB, trail of {made.audit.count}")
    if keys:
        out.print(f"Keys: {', '.join(found) or 'this home has none'}")


def restore(
    file: Annotated[Path, typer.Argument(help="A file made by 'flyonce backup'.")],
    force: Annotated[
        bool,
        typer.Option("--force", help="Move a home that is there aside; nothing is deleted."),
    ] = False,
    keys: Annotated[
        bool, typer.Option("--keys", help="Put the signing keys back that are in the backup.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    home: Home = None,
) -> None:
    """Check a backup and restore it into a home folder (or database) that has no records yet.

    All of it is restored, or nothing is changed.
    """
    from missions.restoring import Target, bring_back

    settings = settings_from(home=home)
    place = settings.home.resolve()
    target = Target(
        home=place,
        database=settings.database_url,
        media=settings.media_folder,
        aside=_aside(place) if force else None,
    )
    passphrase = _passphrase(passphrase_file, confirm=False) if keys else None
    with opened_home(place):
        made = bring_back(file, target, passphrase)
    manifest = made.manifest
    out.print(f"restored what was kept at {manifest.made_at}: {len(manifest.members)} members")
    if made.aside is not None:
        out.print(f"What was there before: {made.aside}", soft_wrap=True)
    if made.keys:
        out.print(f"Keys: {', '.join(made.keys)}")
    if made.problems:
        err.print(f"The audit trail did not hold when the backup was made: {made.problems[0]}")
        raise typer.Exit(1)


def _aside(home: Path) -> Path:
    """A name that nothing has yet, beside the home."""
    return home.with_name(f"{home.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")


def _passphrase(file: Path | None, *, confirm: bool) -> str:
    if file is None:
        asked: str = typer.prompt(
            "Passphrase of the keys", hide_input=True, confirmation_prompt=confirm, err=True
        )
        return asked
    lines = file.read_text().splitlines()
    if not lines:
        raise InvalidInput(
            "the file is empty", where=str(file), remedy="write the passphrase in it"
        )
    return lines[0]


def _folders(settings: "Settings") -> dict[str, Path]:
    return {"media": settings.media, "logs": settings.home / "logs"}
