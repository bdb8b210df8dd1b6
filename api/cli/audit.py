"""`flyonce audit`: is the trail of everything that happened still whole?"""

from typing import Annotated

import typer

from api.cli.options import Home, settings_from
from api.cli.output import AsJson, emit, err, out
from core.errors import InvalidInput

app = typer.Typer(no_args_is_help=True, help="The audit trail: every command, step and decision.")


@app.command("list")
def list_(
    actor: Annotated[str | None, typer.Option(help="Who did it.")] = None,
    action: Annotated[str | None, typer.Option(help="What, such as account.changed.")] = None,
    subject: Annotated[str | None, typer.Option(help="To what: an id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The latest so many.")] = 50,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """The latest entries, the newest last."""
    from api.cli.records import opened
    from missions.access import LOCAL_OPERATOR
    from missions.identity.trail import Trail

    with opened(settings_from(home=home)) as store:
        page = Trail(store).entries(
            LOCAL_OPERATOR, actor=actor, action=action, subject=subject, limit=limit
        )
    rows = page.items[::-1]
    if as_json:
        names = ("id", "actor", "action", "subject", "text", "text_zh", "department", "seal")
        emit([{"at": e.at.isoformat()} | {n: getattr(e, n) for n in names} for e in rows])
        return
    for e in rows:
        out.print(f"{e.at:%Y-%m-%d %H:%M:%S}  {e.actor}  {e.action}  {e.subject}  {e.text}")


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
