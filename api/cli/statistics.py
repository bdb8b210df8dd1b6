"""`flyonce statistics`: figures as the city reports them, from the records of a home folder."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import Home, PresetName, settings_from
from api.cli.output import err, out, wide
from core.errors import InvalidInput

if TYPE_CHECKING:
    from missions.statistics.desk import Answer, Statistics

app = typer.Typer(help="Figures as the city reports them; kept counts, counted anew or proven.")

Day = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")]


@app.callback(invoke_without_command=True)
def statistics(
    context: typer.Context,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day; else the month's.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last day; else today.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="DIVISION,...", help="day week month department county class type"),
    ] = None,
    department: Annotated[str | None, typer.Option(help="Of one department.")] = None,
    county: Annotated[str | None, typer.Option(help="Of one county.")] = None,
    event_class: Annotated[str | None, typer.Option("--class", help="Of one class.")] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="table|csv|xlsx|json", help="What is written.")
    ] = "table",
    out_file: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="File to write; - is not needed.")
    ] = None,
    bom: Annotated[bool, typer.Option("--bom", help="CSV that Excel opens as UTF-8.")] = False,
    home: Home = None,
    preset: PresetName = None,
) -> None:
    """Show or write the figures of a period."""
    if context.invoked_subcommand is not None:
        return
    from missions.access import LOCAL_OPERATOR
    from missions.statistics import export
    from missions.statistics.desk import Question
    from missions.statistics.periods import BY

    if form not in ("table", *export.FORMATS):
        raise InvalidInput(f"{form!r} is no format", where="--format", remedy="table csv xlsx json")
    if form == "xlsx" and out_file is None:
        raise InvalidInput("a workbook goes to a file", where="--out", remedy="name one")
    divisions = [word.strip() for word in (by or "").split(",") if word.strip()]
    if form != "table" and not divisions:
        divisions = [each for each in BY if each not in ("day", "week")]
    with _figures(home, preset) as desk:
        question = Question(
            period=desk.period(_day(first, "--from"), _day(last, "--to")),
            department=department,
            county=county,
            event_class=event_class,
        )
        answers = desk.divided(LOCAL_OPERATOR, question, divisions or [""])
    if form == "table":
        _show(answers)
        return
    body = export.written(answers, form, bom=bom)
    if out_file is None:
        typer.echo(body, nl=False)
    else:
        out_file.write_bytes(body)
        err.print(f"wrote {out_file}")


@app.command()
def rebuild(home: Home = None, preset: PresetName = None) -> None:
    """Count everything anew, in one transaction; the service may run meanwhile and waits."""
    from api.cli.records import opened
    from missions.presets import load
    from missions.statistics.rebuild import rebuild as counted_anew

    settings = settings_from(home=home, preset=preset)
    with opened(settings) as store, store.unit() as unit:
        count = counted_anew(unit, load(settings.preset).zone_info)
    out.print(f"{count:,} things counted")


@app.command()
def check(home: Home = None) -> None:
    """Prove that the kept counts are what a scan of everything says; status 1 otherwise."""
    from api.cli.records import opened
    from missions.statistics.rebuild import check as compared

    with opened(settings_from(home=home)) as store, store.view() as unit:
        found = compared(unit)
    for line in found.wrong[:50]:
        err.print(line)
    verdict = f"[bold red]{len(found.wrong)} wrong[/]" if found.wrong else "all right"
    out.print(
        f"{found.things:,} things, {found.rows:,} counts and {found.cells:,} squares: {verdict}"
    )
    if found.wrong:
        raise typer.Exit(1)


class _Opened:
    """The figures of a home folder."""

    def __init__(self, home: Path | None, preset: str | None) -> None:
        from api.cli.records import opened

        self._settings = settings_from(home=home, preset=preset)
        self._store = opened(self._settings)

    def __enter__(self) -> "Statistics":
        from core.clock import ManualClock, SystemClock
        from missions.day import CLOCK_KEY
        from missions.presets import load
        from missions.statistics.desk import Statistics

        store = self._store.__enter__()
        with store.view() as unit:
            saved = unit.settings.get(CLOCK_KEY)
        # in simulation the city's time is not the computer's
        clock = ManualClock(datetime.fromisoformat(saved)) if saved else SystemClock()
        return Statistics(store, load(self._settings.preset), clock)

    def __exit__(self, *raised: Any) -> None:
        self._store.__exit__(*raised)


def _figures(home: Path | None, preset: str | None) -> _Opened:
    return _Opened(home, preset)


def _day(text: str | None, where: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is no day", where=where, remedy="write 2026-05-12") from error


def _show(answers: "list[Answer]") -> None:
    """A table: figures down, totals and groups across."""
    from rich.table import Table

    from missions.statistics.figures import NAMES
    from missions.statistics.headings import DIVISIONS, HEADINGS

    for answer in answers:
        asked, previous = answer.question, answer.previous
        title = f"{asked.period.first} to {asked.period.last}, before: {previous.first} to "
        table = Table(title=f"{title}{previous.last}", title_justify="left")
        table.add_column("")
        columns = [("Total", answer.total), ("Before", answer.before)]
        columns += [(group.name, group.figures) for group in answer.groups]
        for name, _ in columns:
            table.add_column(name, justify="right", overflow="fold")
        for name in NAMES:
            cells = [getattr(figures, name) for _, figures in columns]
            if any(cell is not None for cell in cells):
                share = HEADINGS[name].form.endswith("%")
                table.add_row(HEADINGS[name].en, *(_cell(cell, share=share) for cell in cells))
        if any(group.index is not None for group in answer.groups):
            index = [g.index.value if g.index else None for g in answer.groups]
            table.add_row("Index", "", "", *(_cell(value, share=False) for value in index))
        if asked.by:
            out.print(f"[bold]{DIVISIONS[asked.by][0]}[/]")
        wide().print(table)


def _cell(value: float | int | None, *, share: bool) -> str:
    if value is None:
        return "-"
    return f"{value:.1%}" if share else f"{value:,}"
