"""`flyonce province`: files of cases for the province's platform, and checking one."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from api.cli.evidence import _pem as pem
from api.cli.evidence import desk_of
from api.cli.options import Home, PresetName, settings_from
from api.cli.output import AsJson, emit, out
from api.cli.verdicts import say_faults, say_key
from core.errors import InvalidInput

app = typer.Typer(
    no_args_is_help=True,
    help="Send cases up to a province's platform as a signed file, and check one (docs/cases.md).",
)
_SHOWN = 30


@app.command()
def export(
    begin: Annotated[str, typer.Option("--from", help="A day or a time; a day begins at 00:00.")],
    end: Annotated[str, typer.Option("--to", help="A day (itself included) or a time.")],
    path: Annotated[Path, typer.Option("--out", help="The file to write (.zip).")],
    by: Annotated[str, typer.Option(help="Your name, for the record.")] = "",
    home: Home = None,
    preset: PresetName = None,
    as_json: AsJson = False,
) -> None:
    """Write the cases that last changed in a time, as JSON Lines with schema and signature."""
    import os

    from missions.access import Principal, Role
    from missions.exchange.desk import Exchange

    who = Principal(name=by or f"local operator {os.getuid()}", role=Role.ADMINISTRATOR)
    part = path.with_name(f".{path.name}.part")
    with desk_of(settings_from(home=home, preset=preset)) as desk:
        zone = desk.preset.zone_info
        first, last = _time(begin, "--from", zone, False), _time(end, "--to", zone, True)
        try:
            with part.open("wb") as file:
                sent = Exchange(desk).write(who, first, last, file)
            part.replace(path)
        except OSError as why:
            raise InvalidInput(
                f"cannot be written: {why.strerror}", where=str(path), remedy="choose another file"
            ) from why
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    told = {"file": str(path), "id": sent.id, "upserts": sent.upserts, "deletes": sent.deletes}
    if as_json:
        emit({**told, "digest": sent.digest, "key": sent.key})
        return
    out.print(f"{path}: {sent.upserts} cases, {sent.deletes} withdrawn, export {sent.id}")
    out.print(f"signed by the key {sent.key}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The zip file.")],
    key: Annotated[
        Path | None,
        typer.Option(help="The city's public key (PEM), from a source that you trust."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a file without any server: signature, digests, schema of every line, counts, order.

    Status 1 when something is wrong. Without --key the key inside is used: that shows damage, but
    not forgery.
    """
    from missions.exchange.check import check_file

    found = check_file(file, None if key is None else pem(key))
    verdict = found.verdict
    if as_json:
        emit(
            {
                "genuine": verdict.genuine,
                "lines": found.lines,
                "upserts": found.upserts,
                "deletes": found.deletes,
                "key": verdict.key,
                "key_trusted": verdict.trusted,
                "manifest": found.manifest,
                "faults": list(verdict.faults),
            }
        )
    else:
        say_faults(verdict.faults, _SHOWN)
        word = "sound" if verdict.genuine else "[bold red]NOT sound[/]"
        out.print(f"{file}: {found.upserts} cases, {found.deletes} withdrawn: {word}")
        say_key(verdict.key, trusted=verdict.trusted, what="file")
    if not verdict.genuine:
        raise typer.Exit(1)


def _time(text: str, option: str, zone: object, whole_day: bool) -> datetime:
    from datetime import date, time, timedelta
    from zoneinfo import ZoneInfo

    assert isinstance(zone, ZoneInfo)  # noqa: S101
    try:
        if len(text) == len("2026-05-12"):
            day = date.fromisoformat(text) + timedelta(days=1 if whole_day else 0)
            return datetime.combine(day, time(), tzinfo=zone)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"no day or time: {text[:40]}",
            where=option,
            remedy="write 2026-05-12 or 2026-05-12T08:00:00+08:00",
        ) from error
    return at if at.tzinfo else at.replace(tzinfo=zone)
