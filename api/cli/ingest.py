"""`flyonce ingest`: bring folders of photographs to a service; run it again to carry on."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from api.cli.output import AsJson, emit, err, progress, shown, wide
from core.errors import InvalidInput

if TYPE_CHECKING:
    from api.cli.bringing import Outcome
    from api.cli.looking import Eyes

_SKIPPED = frozenset({".thm", ".lrf", ".srt", ".nav", ".obs", ".bin", ".mrk", ".rtk", ".db"})
"""What DJI writes beside photographs (thumbnails, subtitles, RTK logs): never brought."""


def ingest(
    folders: Annotated[list[Path], typer.Argument(help="Folders of photographs, or files.")],
    server: Annotated[
        str, typer.Option("--server", help="Address of the service.")
    ] = "http://127.0.0.1:8000",
    token: Annotated[
        str | None,
        typer.Option("--token", envvar="FLYONCE_TOKEN", help="Bearer token; none on this machine."),
    ] = None,
    flight: Annotated[str, typer.Option(help="Id of the flight that they were taken on.")] = "",
    vehicle: Annotated[str, typer.Option(help="Drone; with the time it says which flight.")] = "",
    camera: Annotated[str, typer.Option(help="Camera, where the files do not name it.")] = "",
    pitch: Annotated[
        float | None,
        typer.Option(min=-90, max=30, help="Of plain cameras: -90 for straight down."),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the batch.")] = "",
    jobs: Annotated[int, typer.Option(min=1, max=16, help="Files sent at once.")] = 4,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only look at the files here; nothing is sent.")
    ] = False,
    ground: Annotated[
        float | None, typer.Option(help="Height of flat ground for --dry-run, metres AMSL.")
    ] = None,
    preset: Annotated[str, typer.Option(help="City whose cameras --dry-run knows.")] = "quzhou",
    as_json: AsJson = False,
) -> None:
    """Bring photographs to the service, and say of every file what became of it.

    Interrupted, it carries on where it was when it runs again: files that are there are known by
    their SHA-256 and not sent. Status 1 when a file was dropped or not sent.
    """
    paths = list(_files(folders))
    if not paths:
        raise InvalidInput(
            "no files there", where=str(folders[0]), remedy="name a folder of photographs"
        )
    if dry_run:
        from api.cli.looking import Eyes

        outcomes = _look(paths, Eyes(preset, camera, pitch, ground))
        report: dict[str, Any] = {}
    else:
        from api.cli.bringing import Said, bring_all

        said = Said(flight=flight, vehicle=vehicle, camera=camera, pitch=pitch)
        title = name or Path(folders[0]).resolve().name
        with progress("Bringing") as meter:
            outcomes, report = bring_all(paths, server, token, said, title, jobs, meter)
    _tell(outcomes, report, as_json)
    if any(o.state in {"dropped", "not sent"} for o in outcomes):
        raise typer.Exit(1)


def _files(folders: Iterable[Path]) -> Iterable[Path]:
    for folder in folders:
        if folder.is_file():
            yield folder
        elif folder.is_dir():
            for root, inside, names in os.walk(folder):
                inside[:] = sorted(d for d in inside if not d.startswith("."))
                yield from (
                    Path(root) / n
                    for n in sorted(names)
                    if not n.startswith(".") and Path(n).suffix.lower() not in _SKIPPED
                )
        else:
            raise InvalidInput("no such folder", where=str(folder), remedy="check the path")


def _look(paths: Sequence[Path], eyes: "Eyes") -> "list[Outcome]":
    from api.cli.looking import look_all

    with progress("Looking") as meter:
        return look_all(paths, eyes, meter)


def _tell(outcomes: "Sequence[Outcome]", report: dict[str, Any], as_json: bool) -> None:
    counts = Counter(o.state for o in outcomes)
    if as_json:
        emit({"counts": counts, "report": report, "files": [o.as_dict() for o in outcomes]})
        return
    table = Table(title="Dropped, and why")
    table.add_column("file", overflow="fold")
    table.add_column("reason", overflow="fold")
    for o in outcomes:
        if o.reason and o.state in {"dropped", "not sent"}:
            table.add_row(shown(o.name), o.reason)
    if table.row_count:
        wide().print(table)
    for remark in report.get("remarks", ()):
        err.print(f"note: {remark}", markup=False)
    for o in outcomes:
        for note in o.notes if o.state not in {"dropped", "not sent"} else ():
            err.print(f"note: {shown(o.name)}: {note}", markup=False)
    said = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    err.print(f"{len(outcomes)} files: {said}", markup=False)
    if report:
        err.print(f"Report: {report['address']}", markup=False)
