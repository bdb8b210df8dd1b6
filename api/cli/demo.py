"""`flyonce demo`: the simulated day from the first plan to the report."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from api.cli.options import Home, Port, PresetName, Seed, checked_speed, settings_from
from api.cli.output import AsJson, emit, err, out, progress
from core.errors import InvalidInput

if TYPE_CHECKING:
    from api import demo as demonstration


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Nobody watches: do not name the console's address.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the measured figures to this file.")
    ] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24, help="Simulated hours.")] = 2.0,
    seed: Seed = None,
    speed: Annotated[str, typer.Option(help="Times real time, or 'max'.", metavar="X|max")] = "max",
    fresh: Annotated[
        bool,
        typer.Option("--fresh/--resume", help="Begin a new day, or carry on with one cut short."),
    ] = True,
    preset: PresetName = None,
    port: Port = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Fly a simulated day with 51 drones and a forest fire, and report what was measured.

    It keeps its data in a folder of its own (.flyonce/demo), apart from that of 'flyonce serve'.
    """
    pace = checked_speed(speed)
    settings = settings_from(port=port, home=home, preset=preset)
    if home is None:
        settings = settings.model_copy(update={"home": settings.home / "demo"})
    if fresh:
        _check_ours(settings.home)
    if report is not None and not report.resolve().parent.is_dir():
        raise InvalidInput(
            "the folder does not exist", where=f"--report {report}", remedy="make it first"
        )
    from api import demo as demonstration

    if not headless:
        err.print(f"Watch it at {settings.url}")
    with progress("Demo") as meter:

        def tell(now: "demonstration.Progress") -> None:
            meter(now.done, _sentence(now))

        figures = asyncio.run(
            demonstration.run(
                settings,
                hours=hours,
                seed=seed,
                speed=pace,
                fresh=fresh,
                report=report,
                progress=tell,
            )
        )
    if as_json:
        emit(figures)
    else:
        _show(figures)
    if report is not None:
        err.print(f"Report: {report}")


def _check_ours(home: Path) -> None:
    """A new day empties the folder: refuse one that holds something else."""
    if home.is_dir() and any(home.iterdir()) and not (home / "lock").exists():
        raise InvalidInput(
            "this folder is not empty and was not made by FlyOnce; a new day would empty it",
            where=str(home),
            remedy="give an empty folder with --home",
        )


def _sentence(now: "demonstration.Progress") -> str:
    parts = [now.stage]
    if now.speed is not None:
        parts.append(f"{now.speed:.0f} times real time")
    parts += [f"{now.counts[k]} {k}" for k in ("flying", "photos", "anomalies") if k in now.counts]
    return ", ".join(parts)


def _show(figures: dict[str, Any]) -> None:
    """The report's figures, one a line."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for key, value in figures.items():
        table.add_row(key.replace("_", " "), _short(value))
    out.print(table)


def _short(value: Any) -> str:
    if isinstance(value, dict):
        simple = {k: v for k, v in value.items() if not isinstance(v, (dict, list))}
        return ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in simple.items()) or "-"
    return f"{len(value)} entries" if isinstance(value, list) else str(value)
