"""The command line: `flyonce`.

Exit status: 0 for success, 1 when something failed, 2 for bad input. What a command makes goes to
standard output, messages and progress to standard error. Each command imports what it needs when
it runs, so that `--help` answers at once.
"""

import sys

import typer

from api.cli import (
    analyze,
    audit,
    backup,
    bench,
    campaign,
    cases,
    catalogue,
    change,
    cog,
    compare,
    convert,
    demo,
    detect,
    detectors,
    enrol,
    evidence,
    filings,
    ingest,
    jobs,
    labels,
    ledger,
    mosaic,
    openapi,
    plan,
    poses,
    province,
    rehearse,
    replan,
    request,
    retention,
    route,
    serve,
    signals,
    sim,
    standby,
    statistics,
    thermal,
    token,
    user,
)
from api.cli.output import complain
from core.errors import FlyOnceError, InvalidInput

app = typer.Typer(
    name="flyonce",
    help="综合飞一次: one flight serves every department of a city. "
    "'flyonce serve' is the way to begin; 'flyonce COMMAND --help' explains a command.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (
    serve.serve,
    openapi.openapi,
    demo.demo,
    plan.plan,
    rehearse.rehearse,
    replan.replan,
    standby.standby,
    compare.compare,
    route.route,
    convert.convert,
    request.request,
    ledger.ledger,
    ingest.ingest,
    analyze.analyze,
    change.change,
    detect.detect,
    thermal.thermal,
    poses.poses,
    mosaic.mosaic,
    cog.cog,
    sim.sim,
    campaign.campaign,
    enrol.enrol,
    retention.retention,
    backup.backup,
    backup.restore,
):
    app.command()(command)
app.add_typer(token.app, name="token")
app.add_typer(user.app, name="user")
app.add_typer(audit.app, name="audit")
app.add_typer(jobs.app, name="jobs")
app.add_typer(statistics.app, name="statistics")
app.add_typer(cases.app, name="cases")
app.add_typer(province.app, name="province")
app.add_typer(detectors.app, name="detectors")
app.add_typer(labels.app, name="labels")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(filings.app, name="filings")
app.add_typer(evidence.app, name="evidence")
app.add_typer(signals.app, name="signals")
bench.app.command("faults")(campaign.campaign)
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Run the command line; a named error becomes one clear message."""
    try:
        app(prog_name="flyonce")
    except FlyOnceError as error:
        complain(error)
        sys.exit(2 if isinstance(error, InvalidInput) else 1)
    except KeyboardInterrupt:
        sys.exit(130)
