"""`flyonce evidence`: check what is kept, export it, and check what somebody exported."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from api.cli.options import Home, PresetName, settings_from
from api.cli.output import AsJson, emit, err, out, wide
from api.cli.verdicts import say_faults, say_key
from core.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from api.settings import Settings
    from core.clock import Clock
    from missions.evidence.custody_check import Findings
    from missions.media.desk import Desk
    from missions.store import Store

app = typer.Typer(
    no_args_is_help=True,
    help="Check evidence, export it as a signed bundle, and verify a bundle (docs/evidence.md).",
)
_SHOWN = 30


@app.command()
def check(
    home: Home = None,
    preset: PresetName = None,
    records_only: Annotated[
        bool, typer.Option("--records-only", help="Do not read every file again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare every file with its records, and the records with their chains and the audit trail.

    Status 1 when something was altered, removed, moved or added.
    """
    from missions import audit
    from missions.evidence.files_check import check as check_all

    with desk_of(settings_from(home=home, preset=preset)) as desk:
        found = check_all(desk.records, desk.media, files=not records_only)
        trail = audit.verify(desk.records)
    if as_json:
        emit(_as_document(found, trail.whole))
    else:
        _show(found, trail.whole)
    if not (found.whole and trail.whole):
        raise typer.Exit(1)


@app.command()
def export(
    to: Annotated[str, typer.Option(help="Who gets it; recorded for good.")],
    reason: Annotated[str, typer.Option(help="Why; recorded for good.")],
    path: Annotated[Path, typer.Option("--out", help="The bundle to write (.zip).")],
    case: Annotated[str, typer.Option(help="Number or id of a case.")] = "",
    media: Annotated[list[str] | None, typer.Option(help="Id of a photograph; repeat it.")] = None,
    department: Annotated[str, typer.Option(help="Code of the department that gets it.")] = "",
    originals: Annotated[
        bool | None,
        typer.Option(
            "--originals/--copies",
            help="Originals, or copies in which nobody can be recognised; by default originals "
            "only for the department that owns them.",
        ),
    ] = None,
    legal_basis: Annotated[
        str, typer.Option(help="On what ground originals leave their department.")
    ] = "",
    by: Annotated[str, typer.Option(help="Your name, for the record.")] = "",
    home: Home = None,
    preset: PresetName = None,
    as_json: AsJson = False,
) -> None:
    """Write a signed bundle that anybody can check, with custody, pose and the case's story."""
    from missions.access import Principal, Role
    from missions.evidence.desk import Evidence
    from missions.evidence.exports import ExportOrder

    order = ExportOrder(
        case=case,
        media=tuple(media or ()),
        recipient=to,
        department=department,
        reason=reason,
        originals=originals,
        legal_basis=legal_basis,
    )
    who = Principal(name=by or f"local operator {os.getuid()}", role=Role.ADMINISTRATOR)
    part = path.with_name(f".{path.name}.part")
    with desk_of(settings_from(home=home, preset=preset)) as desk:
        try:
            with part.open("wb") as file:
                made = Evidence(desk).export(who, order, file)
            part.replace(path)
        except OSError as why:
            raise InvalidInput(
                f"cannot be written: {why.strerror}", where=str(path), remedy="choose another file"
            ) from why
        finally:
            with suppress(OSError):  # where nothing can be written nothing is left either
                part.unlink(missing_ok=True)
        _, fingerprint = Evidence(desk).key()
    if as_json:
        emit({"file": str(path), "export": made.id, "media": made.media, "key": fingerprint})
        return
    out.print(
        f"{path}: {made.media} photographs ({made.originals} originals, {made.copies} protected "
        f"copies, {made.left_out} without picture), export {made.id}"
    )
    out.print(f"signed by the key {fingerprint}")


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(help="The zip file.")],
    key: Annotated[
        Path | None,
        typer.Option(help="The service's public key (PEM), from a source that you trust."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a bundle, without any server: status 1 when anything in it was changed.

    Without --key the key inside the bundle is used: that shows damage, but not forgery.
    """
    from missions.evidence.bundle_check import check_bundle

    verdict = check_bundle(bundle, None if key is None else _pem(key))
    if as_json:
        emit(
            {
                "genuine": verdict.genuine,
                "files": verdict.files,
                "key": verdict.key,
                "key_trusted": verdict.trusted,
                "faults": list(verdict.faults),
            }
        )
    else:
        say_faults(verdict.faults, _SHOWN)
        word = "genuine" if verdict.genuine else "[bold red]NOT genuine[/]"
        out.print(f"{verdict.name}: {verdict.files} files as signed: {word}")
        say_key(verdict.key, trusted=verdict.trusted, what="bundle")
        if verdict.key and not verdict.trusted:
            err.print("compare this key with the service's own (GET /api/v1/evidence/key)")
    if not verdict.genuine:
        raise typer.Exit(1)


@app.command()
def key(home: Home = None, preset: PresetName = None) -> None:
    """Print the public key that bundles are signed with; the key is made at first use."""
    from missions.evidence.desk import Evidence

    with desk_of(settings_from(home=home, preset=preset)) as desk:
        pem, fingerprint = Evidence(desk).key()
    print(pem, end="")
    err.print(f"SHA-256 of the key: {fingerprint}")


@contextmanager
def desk_of(settings: "Settings") -> Iterator["Desk"]:
    """Records and files of a home folder, beside the service or without it."""
    from concurrent.futures import ThreadPoolExecutor

    from api.cli.records import opened
    from imagery.storage import MediaFolder
    from missions.media.desk import Desk
    from missions.operations.shelf import shelve
    from missions.presets import load

    with opened(settings) as store, ThreadPoolExecutor(1) as pool:
        preset = load(settings.preset)
        yield Desk(
            preset=preset,
            records=store,
            media=MediaFolder(str(settings.media)),
            clock=_clock(settings, store),
            home=settings.home,
            pool=pool,
            shelf=shelve(settings.detectors, preset.event_types),
        )


def _clock(settings: "Settings", store: "Store") -> "Clock":
    """The computer's time; in a simulation's folder, the time that the simulation had."""
    from core.clock import ManualClock, SystemClock
    from missions.day import CLOCK_KEY

    if not (settings.home / "world.json").exists():
        return SystemClock()
    with store.view() as unit:
        saved = unit.settings.get(CLOCK_KEY)
    return ManualClock(datetime.fromisoformat(saved)) if saved else SystemClock()


def _pem(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as why:
        raise NotFound("the key cannot be read", where=str(path), remedy="give a PEM file") from why


def _as_document(found: "Findings", trail_whole: bool) -> dict[str, object]:
    return {
        "whole": found.whole and trail_whole,
        "records": found.records,
        "media": found.media,
        "files": found.files,
        "bytes": found.bytes,
        "deleted": found.deleted,
        "declared_at_capture": found.declared,
        "without_custody": found.undocumented,
        "audit_trail_whole": trail_whole,
        "head": f"{found.head.position}:{found.head.seal}",
        "counts": {sort.value: count for sort, count in found.counts.items()},
        "faults": [
            {"sort": f.sort.value, "subject": f.subject, "text": f.text} for f in found.faults
        ],
    }


def _show(found: "Findings", trail_whole: bool) -> None:
    if found.faults:
        table = Table("what", "where", "how")
        for fault in found.faults[:_SHOWN]:
            table.add_row(fault.sort.value, fault.subject, fault.text)
        wide().print(table)
        total = sum(found.counts.values())
        if total > _SHOWN:
            err.print(f"... {total} in all")
    out.print(
        f"{found.media} photographs ({found.declared} with the camera's own digest, "
        f"{found.deleted} deleted, {found.undocumented} from before there was custody), "
        f"{found.records} records; {found.files} files read, {found.bytes / 1e6:.1f} MB"
    )
    for what, whole in (("evidence", found.whole), ("audit trail", trail_whole)):
        out.print(f"the {what} is {'whole' if whole else '[bold red]NOT whole[/]'}")
    print(f"end of the chain: {found.head.position}:{found.head.seal}")
