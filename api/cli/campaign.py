"""`flyonce campaign`: every fault in every phase of a flight, through the real service.

The cases lie in `tests/benchmarks/fleet` beside the source, because they put the simulator and the
service into one process, which the product never does.
"""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from api.cli.bench import _module
from api.cli.output import err, out
from core.errors import InvalidInput, Unavailable

WIDTH = 200
"""A file has no width of its own, and a table cut to 80 characters says nothing."""

COLOURS = {"safe": "green", "lost": "yellow", "WRONG": "bold red"}


def campaign(
    faults: Annotated[
        str | None,
        typer.Option(metavar="KIND,...", help="Only these ('none': a flight without); else all."),
    ] = None,
    phases: Annotated[
        str | None,
        typer.Option(
            metavar="PHASE,...",
            help="Only these: docked, take-off, transit, survey, return, landing.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the world; each run has the next.")] = 7,
    runs: Annotated[
        int, typer.Option(min=1, max=1000, help="So many; from run 1 on by chance.")
    ] = 1,
    first_run: Annotated[
        int, typer.Option(min=0, help="0: usual amounts, for good; later ones draw by chance.")
    ] = 0,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes.")] = 2,
    details: Annotated[
        bool, typer.Option(help="Print the diary of every case, not of wrong ones alone.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", dir_okay=False, help="Write all cases as JSON.")
    ] = None,
) -> None:
    """Fly with every fault in every phase, and print what came of it.

    Drones of a small city fly through the real service; what really happened decides whether a
    case ended safe, lost (no order could have helped) or WRONG. Fails if one is WRONG.
    """
    cases = _module("fleet", "fault_campaign")
    todo = cases.cases(_words(faults), _words(phases), seed, range(first_run, first_run + runs))
    _check_writable(json_file)
    began = time.monotonic()
    outcomes = cases.campaign(todo, workers, lambda n, o: _tell(n, len(todo), o))
    page = out if out.is_terminal else Console(highlight=False, width=WIDTH)
    page.print(_table(outcomes))
    for one in outcomes:
        if details or one.verdict == "WRONG":
            _show(page, one)
    for line in _totals(outcomes, time.monotonic() - began):
        page.print(line)
    if json_file is not None:
        _write(json_file, outcomes)
    if any(one.verdict == "WRONG" for one in outcomes):
        raise typer.Exit(1)


def _table(outcomes: Sequence[Any]) -> Table:
    table = Table(title="What came of it", title_justify="left")
    for name in ("fault", "phase", "struck", "the vehicle", "the service", "ended"):
        table.add_column(name, overflow="fold")
    for name in ("missing", "battery"):
        table.add_column(name, justify="right")
    table.add_column("verdict", overflow="fold")
    for one in outcomes:
        struck = "never" if one.struck_s is None else f"{one.struck_s:.0f} s"
        colour = COLOURS[one.verdict]
        table.add_row(
            f"{one.fault} {one.amount}".strip(),
            one.phase,
            struck if one.phase else "",
            _vehicle(one),
            _service(one),
            f"{one.ended}; {one.flight}",
            str(one.missing),
            f"{one.battery:.0%}",
            f"[{colour}]{one.verdict}[/]{': ' + one.why if one.why else ''}",
        )
    return table


def _vehicle(one: Any) -> str:
    modes = " > ".join(one.modes) or "did not fly"
    return f"{modes}; {one.texts[0]}" if one.texts else modes


def _service(one: Any) -> str:
    """What it did that it would not have done without the fault: alarms and the guard first."""
    said = [*one.alarms[:2], *(line for line in one.acts if line not in one.alarms)][:3]
    return "; ".join(said) or "nothing was needed"


def _show(page: Console, one: Any) -> None:
    page.print(f"\n[bold]{one.fault} {one.phase}[/], seed {one.seed} run {one.run}: {one.why}")
    page.print(f"  again: {one.again}", markup=False)
    for name in ("texts", "orders", "alarms", "diary"):
        for line in getattr(one, name):
            page.print(f"  {name}: {line}", markup=False)


def _totals(outcomes: Sequence[Any], wall_s: float) -> list[str]:
    verdicts = Counter(one.verdict for one in outcomes)
    places = Counter(_place(one) for one in outcomes)
    flown_s = sum(one.simulated_s for one in outcomes)
    return [
        f"{len(outcomes)} cases: "
        + ", ".join(f"{verdicts[name]} {name}" for name in ("safe", "lost", "WRONG")),
        "ended: " + ", ".join(f"{count} {place}" for place, count in places.most_common()),
        f"{flown_s / 3600:.1f} simulated hours in {wall_s / 60:.1f} min "
        f"({flown_s / max(wall_s, 1e-3):.0f} x real time)",
    ]


def _place(one: Any) -> str:
    if not one.modes:
        return "never took off"
    if one.ended == "dock FC-01":
        return "in their own dock"
    for start, name in (("dock", "in another dock"), ("beside", "at a rally point")):
        if one.ended.startswith(start):
            return name
    return "crashed" if one.ended.startswith("crashed") else one.ended.split(",")[0]


def _tell(number: int, count: int, one: Any) -> None:
    err.print(
        f"[dim]{number}/{count} {one.fault} {one.phase} {one.run}: {one.verdict}[/] {one.why}"
    )


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _check_writable(path: Path | None) -> None:
    if path is not None and not path.absolute().parent.is_dir():
        raise InvalidInput("there is no such folder", where=f"--json {path}")


def _write(path: Path, outcomes: Sequence[Any]) -> None:
    text = json.dumps([asdict(one) for one in outcomes], indent=1, ensure_ascii=False)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as why:
        raise Unavailable(f"cannot be written: {why.strerror}", where=str(path)) from why
