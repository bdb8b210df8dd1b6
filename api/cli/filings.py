"""`flyonce filings`: what was filed for the flights of a day, and what the authority answered."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from api.cli.options import Home, settings_from
from api.cli.output import AsJson, emit, out
from core.errors import InvalidInput

app = typer.Typer(no_args_is_help=True, help="Flight applications, their answers and their air.")

_Filing = Annotated[str, typer.Argument(help="The application's id, as 'filings list' shows it.")]


@app.command("list")
def list_(
    day: Annotated[
        str | None, typer.Option(help="The day of the flights, such as 2026-05-12.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Applications, the latest first."""
    from api.cli.records import opened

    chosen: dict[str, Any] = {} if day is None else {"day": _day(day)}
    with opened(settings_from(home=home)) as store, store.view() as unit:
        found = unit.filings.find(newest_first=True, limit=200, **chosen)
        flights = {f.id: unit.flights.count(filing_id=f.id) for f in found}
    rows = [
        {
            "id": f.id,
            "day": f.day.isoformat(),
            "kind": "emergency" if f.emergency else "late" if f.late else "routine",
            "state": str(f.state),
            "flights": flights[f.id],
            "filed": f"{f.filed_at:%Y-%m-%d %H:%M} {f.filed_by}",
            "answered": f"{f.answered_at:%Y-%m-%d %H:%M} {f.answered_by}" if f.answered_at else "",
            "number": f.number,
            "remark": f.remark,
        }
        for f in found
    ]
    if as_json:
        emit(rows)
        return
    table = Table(
        "id", "day", "kind", "state", "flights", "filed (UTC)", "answered (UTC)", "number"
    )
    for row in rows:
        shown = ("id", "day", "kind", "state", "flights", "filed", "answered", "number")
        table.add_row(*(str(row[name]) for name in shown))
    out.print(table if rows else "Nothing was filed.")


@app.command()
def application(
    filing: _Filing,
    to: Annotated[
        Path | None, typer.Option("--out", help="File to write; else the screen.")
    ] = None,
    home: Home = None,
) -> None:
    """What was applied for, as GeoJSON: the air of each dock, its ceiling and hours."""
    from api.cli.records import opened
    from api.schemas.preflight import application as told

    with opened(settings_from(home=home)) as store, store.view() as unit:
        document = told(unit.filings.get(filing)).model_dump()
    text = json.dumps(document, ensure_ascii=False, indent=1)
    if to is None:
        print(text)
        return
    to.write_text(text + "\n", encoding="utf-8")
    out.print(f"Written: {to} ({len(document['features'])} volumes)")


@app.command()
def answer(
    filing: _Filing,
    by: Annotated[
        str, typer.Option(help="Who writes the answer down; the audit trail names them.")
    ],
    number: Annotated[str | None, typer.Option(help="The approval's number.")] = None,
    refused: Annotated[str | None, typer.Option(help="Why it was refused, instead.")] = None,
    home: Home = None,
) -> None:
    """Write down what the air authority answered; only approved flights take off."""
    from api.cli.records import opened
    from core.clock import SystemClock
    from missions.operations.journal import note
    from missions.preflight import filing as filings

    if (number is None) == (refused is None):
        raise InvalidInput(
            "an answer is an approval or a refusal",
            where="--number, --refused",
            remedy="give the approval's number, or the reason of the refusal",
        )
    now = SystemClock().now()
    with opened(settings_from(home=home)) as store, store.unit() as unit:
        said = filings.answer(
            unit.filings.get(filing),
            now=now,
            by=by,
            approved=refused is None,
            number=number or "",
            remark=refused or "",
        )
        unit.filings.put(said)
        text = f"{said.state} {said.number}{said.remark}"
        note(unit, now, filing, f"filing.{said.state}", text, f"飞行申报批复：{text}", by)
    out.print(f"{filing}: {said.state} {said.number}{said.remark}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as why:
        raise InvalidInput(f"{text!r} is no day", where="--day", remedy="2026-05-12") from why
