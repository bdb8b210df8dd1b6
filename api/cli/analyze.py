"""`flyonce analyze`: the thermal check on files of any origin."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from api.cli.output import AsJson, emit, err, out, progress, shown

if TYPE_CHECKING:
    from thermal.report.analysis import Analysis


def analyze(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Radiometric files (FLIR and DJI R-JPEG, TIFF) or folders of them."),
    ],
    folder: Annotated[
        Path, typer.Option("--out", file_okay=False, help="Folder for the pictures and the report.")
    ] = Path("flyonce-analysis"),
    as_json: AsJson = False,
) -> None:
    """Read the temperatures of thermal photographs and mark what is too hot.

    Writes report.html, report.json, hotspots.geojson and a marked picture of each file. Status 1
    when no file could be read.
    """
    from thermal.report.analyze import analyze_paths

    with progress("Analysing") as meter:

        def tell(done: int, total: int, name: str) -> None:
            meter(done / total, name)

        results = analyze_paths(paths, folder, tell)
    if as_json:
        emit([result.as_dict() for result in results])
    else:
        out.print(_table([result for result in results if result.stats]))
    for result in results:
        if result.reason:
            remedy = f" ({result.remedy})" if result.remedy else ""
            err.print(f"not read: {shown(result.path)}: {result.reason}{remedy}", markup=False)
    err.print(f"Report: {folder / 'report.html'}", markup=False)
    if all(result.reason for result in results):
        raise typer.Exit(1)


def _table(results: "list[Analysis]") -> Table:
    table = Table()
    for name in ("file", "camera", "encoding"):
        table.add_column(name, overflow="fold")
    for name in ("min C", "mean C", "max C", "hotspots"):
        table.add_column(name, justify="right")
    for result in results:
        stats = result.stats
        if stats is None:
            continue
        table.add_row(
            shown(Path(result.path).name),
            result.camera or "-",
            stats.encoding,
            f"{stats.min_c:.1f}",
            f"{stats.mean_c:.1f}",
            f"{stats.max_c:.1f}",
            str(result.found),
        )
    return table
