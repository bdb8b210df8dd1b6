"""`flyonce catalogue`: photographs and products as a STAC catalogue of files."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import Home, PresetName, settings_from
from api.cli.output import AsJson, emit, err, out

app = typer.Typer(
    name="catalogue",
    help="The catalogue of photographs and what is made of them.",
    no_args_is_help=True,
)


@app.callback()
def catalogue() -> None:
    """The catalogue of photographs and what is made of them."""


@app.command()
def export(
    folder: Annotated[
        Path, typer.Option("--out", file_okay=False, help="A new folder for the catalogue.")
    ],
    department: Annotated[
        str | None, typer.Option(help="Only what this department may see; otherwise everything.")
    ] = None,
    files: Annotated[
        bool, typer.Option("--files/--no-files", help="Copy photographs and maps beside items.")
    ] = True,
    home: Home = None,
    preset: PresetName = None,
    as_json: AsJson = False,
) -> None:
    """Write a self-contained STAC catalogue that others open without this service."""
    from dataclasses import asdict

    from api.cli.records import opened
    from core.errors import InvalidInput
    from imagery.storage import MediaFolder
    from missions.access import LOCAL_OPERATOR, Principal, Role
    from missions.media.static import export as write
    from missions.presets import load

    settings = settings_from(home=home, preset=preset)
    principal = LOCAL_OPERATOR
    if department is not None:
        known = load(settings.preset).departments
        if department not in known:
            raise InvalidInput(
                f"no such department: {department}",
                where="--department",
                remedy=f"use one of {', '.join(known)}",
            )
        principal = Principal(name="export", role=Role.MEMBER, department=department)
    with opened(settings) as store:
        media = MediaFolder(str(settings.media))
        done = write(store, media, principal, folder, files=files)
    if as_json:
        emit(asdict(done))
        return
    for name, count in done.items.items():
        out.print(f"{name}: {count} items")
    out.print(f"{done.files} files, {done.bytes / 1e6:.1f} MB; open {folder / 'catalog.json'}")
    if done.without:
        err.print(f"note: {len(done.without)} items without their file; --json says why")
