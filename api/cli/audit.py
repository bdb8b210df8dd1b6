"""`flyonce audit`: is the trail of everything that happened still whole?"""

from typing import Annotated

import typer

from api.cli.options import Home, settings_from
from api.cli.output import AsJson, emit, err, out
from core.errors import InvalidInput

app = typer.Typer(no_args_is_help=True, help="The audit trail: every command, step and decision.")


@app.callback()
def _group() -> None:
    """Keep `verify` a command of its own name."""


@app.command()
def verify(
    anchor: Annotated[
        str | None,
        typer.Option(metavar="COUNT:SEAL", help="The end of the trail as printed earlier."),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Find every entry that was changed, removed or moved; status 1 when there is one.

    Keep the printed end of the trail somewhere else: given as --anchor later, it also shows a
    trail that was written anew as a whole.
    """
    from api.cli.records import opened
    from missions import audit as auditing
    from missions.store.seal import Head

    known = None
    if anchor is not None:
        count, _, seal = anchor.partition(":")
        if not count.isdigit() or not seal:
            raise InvalidInput(
                f"{anchor!r} is no end of a trail", where="--anchor", remedy="COUNT:SEAL"
            )
        known = Head(count=int(count), seal=seal)
    with opened(settings_from(home=home)) as store:
        report = auditing.verify(store, known)
    if as_json:
        emit(
            {
                "whole": report.whole,
                "entries": report.entries,
                "head": f"{report.head.count}:{report.head.seal}",
                "problems": [
                    {"position": p.position, "entry": p.entry_id, "text": p.text}
                    for p in report.problems
                ],
            }
        )
    else:
        for problem in report.problems:
            err.print(f"entry {problem.position} ({problem.entry_id or 'missing'}): {problem.text}")
        verdict = "whole" if report.whole else "[bold red]NOT whole[/]"
        out.print(f"{report.entries} entries: the trail is {verdict}")
        print(f"end of the trail: {report.head.count}:{report.head.seal}")
    if not report.whole:
        raise typer.Exit(1)
