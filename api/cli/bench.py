"""`flyonce bench`: our engines beside the field's, measured in one run.

The cases lie in `tests/benchmarks` beside the source, because they need the peers, which the
product does not; an installed package has none of them.
"""

import importlib
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from api.cli.bench_show import record, show, write
from api.cli.output import err, out
from core.errors import InvalidInput, Unavailable

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "benchmarks"
DATA = ROOT.parent / "shared" / "data"

app = typer.Typer(name="bench", help="Measure our engines beside the field's, in one run.")


@app.callback(invoke_without_command=True)
def bench(context: typer.Context) -> None:
    """List what can be measured."""
    if context.invoked_subcommand is None:
        for subject in ("planner", "fleet", "thermal", "api"):
            table = Table(title=f"flyonce bench {subject} --only ...", title_justify="left")
            table.add_column("group")
            table.add_column("what it measures")
            for name, about in _module(subject, "registry").groups().items():
                table.add_row(name, about)
            out.print(table)


@app.command()
def planner(
    seconds: Annotated[
        float, typer.Option(min=0.1, max=3600, help="For each engine on each instance.")
    ] = 30.0,
    only: Annotated[
        str | None, typer.Option(metavar="GROUP,...", help="Only these groups.")
    ] = None,
    instance: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="Only instances whose name holds one.")
    ] = None,
    peers: Annotated[bool, typer.Option(help="Run the field's engines beside ours.")] = True,
    data: Annotated[
        Path | None, typer.Option(help="Folder of instances; ../shared/data if not given.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, max=64, help="For each engine.")] = 2,
    seed: Annotated[int, typer.Option(help="For every engine that takes one.")] = 0,
    out_file: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="Write all tables as JSON.")
    ] = None,
) -> None:
    """Run the planner's tables: each engine by itself, in a process of its own, one after another.

    Peers that are not installed (requirements-bench.txt) are skipped by name.
    """
    registry = cases()
    chosen = _chosen(only, registry.groups())
    setting = registry.Setting(
        data=_data(data),
        seconds=seconds,
        peers=peers,
        instances=tuple(_words(instance)),
        threads=threads,
        seed=seed,
        tell=lambda line: err.print(f"[dim]{line}[/]"),
    )
    _run(registry, chosen, setting, out_file)


@app.command()
def fleet(
    seconds: Annotated[
        float, typer.Option(min=0.2, max=600, help="That each controller is watched.")
    ] = 15.0,
    only: Annotated[
        str | None, typer.Option(metavar="GROUP,...", help="Only these groups.")
    ] = None,
    peers: Annotated[bool, typer.Option(help="Run dronekit and MAVSDK beside our fleet.")] = True,
    vehicles: Annotated[
        str | None,
        typer.Option(metavar="N,...", help="So many, in place of each group's own numbers."),
    ] = None,
    items: Annotated[
        str, typer.Option(metavar="N,...", help="Of the missions that are uploaded.")
    ] = "100,800",
    repeat: Annotated[int, typer.Option(min=1, max=100, help="Of each upload and latency.")] = 3,
    out_file: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="Write all tables as JSON.")
    ] = None,
) -> None:
    """Run the fleet's tables: our controller beside dronekit and MAVSDK, and the simulator.

    Each controller runs by itself in a process of its own, with a simulator of its own. Some
    quarter of an hour for all.
    """
    registry = _module("fleet", "registry")
    chosen = _chosen(only, registry.groups())
    setting = registry.Setting(
        seconds=seconds,
        peers=peers,
        vehicles=_numbers(vehicles, "--vehicles", 1, 1000),
        items=_numbers(items, "--items", 4, 1000),
        repeat=repeat,
        tell=lambda line: err.print(f"[dim]{line}[/]"),
    )
    _run(registry, chosen, setting, out_file)


@app.command()
def thermal(
    seconds: Annotated[
        float, typer.Option(min=0.01, max=600, help="That each thing is repeated; the best counts.")
    ] = 1.0,
    only: Annotated[
        str | None, typer.Option(metavar="GROUP,...", help="Only these groups.")
    ] = None,
    peers: Annotated[bool, typer.Option(help="Run the field's tools beside ours.")] = True,
    data: Annotated[
        Path | None, typer.Option(help="Folder of photographs; ../shared/data if not given.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of whatever is drawn at random.")] = 0,
    out_file: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="Write all tables as JSON.")
    ] = None,
) -> None:
    """Run the thermal and imagery tables: decoding, accuracy, detection, location.

    Peers that are not installed (requirements-bench.txt) are skipped by name.
    """
    registry = _module("thermal", "registry")
    chosen = _chosen(only, registry.groups())
    setting = registry.Setting(
        data=_data(data),
        seconds=seconds,
        peers=peers,
        seed=seed,
        tell=lambda line: err.print(f"[dim]{line}[/]"),
    )
    _run(registry, chosen, setting, out_file)


@app.command("api")
def api_(
    seconds: Annotated[
        float, typer.Option(min=0.2, max=3600, help="That each load is kept up.")
    ] = 15.0,
    only: Annotated[
        str | None, typer.Option(metavar="GROUP,...", help="Only these groups.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="The whole size: 2.3 million cases, and so on.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(file_okay=False, help="Keep what is built, for the next run.")
    ] = None,
    postgres: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Measure on PostgreSQL too; 'start' starts one."),
    ] = None,
    clients: Annotated[int, typer.Option(min=1, max=2000, help="That ask at once.")] = 200,
    seed: Annotated[int, typer.Option(help="Of whatever is drawn at random.")] = 0,
    out_file: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="Write all tables as JSON.")
    ] = None,
) -> None:
    """Run the service's tables: a big city's store, many clients, intake, live updates."""
    registry = _module("api", "registry")
    chosen = _chosen(only, registry.groups())
    setting = registry.Setting(
        seconds=seconds,
        full=full,
        folder=folder,
        postgres="" if postgres == "start" else postgres,
        clients=clients,
        seed=seed,
        tell=lambda line: err.print(f"[dim]{line}[/]"),
    )
    _run(registry, chosen, setting, out_file)


@app.command()
def uploads(
    count: Annotated[int, typer.Option(min=1, max=1_000_000, help="So many uploads.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Of the first; each has the next.")] = 0,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes.")] = 2,
) -> None:
    """Upload plans through bad links with kills, power cuts and other ground stations at work.

    Fails if one vehicle was armed with anything but the plan that was proven, or if a failed
    upload left something behind that could be armed.
    """
    campaign = _module("fleet", "upload_campaign")
    started = time.monotonic()
    tally = campaign.whole_campaign(count, seed, workers, lambda line: err.print(f"[dim]{line}[/]"))
    table = Table(title=f"{count:,} uploads at 0-30 % loss, {time.monotonic() - started:.0f} s")
    table.add_column("how it ended")
    table.add_column("uploads", justify="right")
    for ended, number in tally.ends.most_common():
        table.add_row(ended, f"{number:,}")
    out.print(table)
    out.print(f"  wrong: {len(tally.wrong)}")
    out.print(
        f"  changed by another ground station after the vehicle's last word: {tally.overtaken}"
    )
    for number, what in tally.wrong[:10]:
        out.print(f"  seed {number}: {what}")
    if tally.wrong:
        raise typer.Exit(1)


def _run(registry: Any, chosen: list[str], setting: Any, out_file: Path | None) -> None:
    """Run groups, show each table as it becomes ready, and write all.

    Raises:
        Unavailable: every group was skipped.
    """
    done: list[dict[str, Any]] = []
    for name in chosen:
        try:
            for table in registry.run(name, setting):
                done.append(record(name, table))
                show(table)
                write(out_file, setting.seconds, done)
        except registry.Skipped as why:
            err.print(f"{name}: skipped, {why}")
            done.append({"group": name, "skipped": str(why)})
    write(out_file, setting.seconds, done)
    if all("skipped" in one for one in done):
        raise Unavailable("nothing could be measured", where=", ".join(chosen))


def cases() -> Any:
    """The module of the planner's cases."""
    return _module("planner", "registry")


def _module(folder: str, name: str) -> Any:
    """A module of the cases.

    Raises:
        Unavailable: they are not there.
    """
    if not (CASES / folder / f"{name}.py").is_file():
        raise Unavailable(
            "the benchmark's cases are not there",
            where=str(CASES / folder),
            remedy="run it from a copy of the source, whose tests/benchmarks holds them",
        )
    # behind the root, so that tests/planner never stands before the package of that name
    for place in (str(ROOT), str(CASES.parent)):
        if place not in sys.path:
            sys.path.append(place)
    return importlib.import_module(f"benchmarks.{folder}.{name}")


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _numbers(text: str | None, where: str, least: int, most: int) -> tuple[int, ...]:
    """Whole numbers between commas.

    Raises:
        InvalidInput: one is none, or out of range.
    """
    words = _words(text)
    if not all(w.isdigit() and least <= int(w) <= most for w in words):
        raise InvalidInput(f"{text!r} is not right", where=where, remedy=f"{least} to {most}")
    return tuple(int(w) for w in words)


def _chosen(only: str | None, known: Iterable[str]) -> list[str]:
    names = list(known)
    chosen = _words(only) or names
    for name in chosen:
        if name not in names:
            raise InvalidInput(f"{name!r} is no group", where="--only", remedy=", ".join(names))
    return chosen


def _data(given: Path | None) -> Path | None:
    if given is not None and not given.is_dir():
        raise InvalidInput("is no folder", where=f"--data {given}")
    return given or (DATA if DATA.is_dir() else None)
