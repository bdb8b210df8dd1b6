"""`flyonce retention`: what falls due, and deleting it."""

import os
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from api.cli.evidence import desk_of
from api.cli.options import Home, PresetName, settings_from
from api.cli.output import AsJson, emit, out, wide

_SHOWN = 40


def retention(
    apply: Annotated[
        bool, typer.Option("--apply/--dry-run", help="Delete what is due; otherwise only list it.")
    ] = False,
    days: Annotated[
        float, typer.Option(min=0, help="List what falls due within so many days.")
    ] = 0.0,
    home: Home = None,
    preset: PresetName = None,
    as_json: AsJson = False,
) -> None:
    """List the photographs whose time is over by the rules of their scenarios, or delete them.

    A running service does it by itself every night. Evidence of open cases and legal holds stay.
    """
    from missions.evidence.retention import Retention

    with desk_of(settings_from(home=home, preset=preset)) as desk:
        work = Retention(desk)
        if apply:
            swept = work.sweep(by=f"local operator {os.getuid()}")
            if as_json:
                emit({"deleted": swept.deleted, "bytes": swept.bytes, "held": swept.held})
            else:
                out.print(
                    f"{swept.deleted} photographs deleted ({swept.bytes / 1e6:.1f} MB), "
                    f"{swept.held} held"
                )
            return
        table = Table("photograph", "due", "rule", "held by")
        count = held = size = 0
        rows: list[tuple[str, ...]] = []
        for due in work.due(until=desk.now() + timedelta(days=days)):
            count += 1
            held += bool(due.held)
            size += 0 if due.held else due.medium.size_bytes
            if len(rows) < _SHOWN or as_json:
                rows.append((due.medium.id, f"{due.at:%Y-%m-%d}", due.rule.id, due.held))
    if as_json:
        names = ("id", "due", "rule", "held")
        emit({"rows": [dict(zip(names, row, strict=True)) for row in rows], "bytes": size})
        return
    for row in rows:
        table.add_row(*row)
    if rows:
        wide().print(table)
    out.print(
        f"{count - held} photographs fall due {_when(days)} ({size / 1e6:.1f} MB), {held} more are "
        "held; --apply deletes what is due now"
    )


def _when(days: float) -> str:
    return f"within {days:g} days" if days else "now"
