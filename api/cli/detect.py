"""`flyonce detect`: hotspots of thermal photographs, with their temperature, place and error."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from api.cli.output import AsJson, emit, err, wide
from api.cli.photographs import height_model
from core.errors import FlyOnceError, InvalidInput

if TYPE_CHECKING:
    from thermal.detection.detect import DetectionRule

MOST = 400
"""As many as the detector measures of one kind in a frame."""

COLUMNS = ("file", "what", "column", "row", "C", "+- K", "contrast K", "score", "severity", "lon",
           "lat", "error m")  # fmt: skip


def detect(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Radiometric files (FLIR and DJI R-JPEG, TIFF) or folders of them."),
    ],
    event_type: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE|NAME",
            help="What is looked for, as in the catalogue: 07-01 or 'overheated power'; again for "
            "more. Anything compact that stands out if not given.",
        ),
    ] = None,
    heights: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Ground heights above the sea (GeoTIFF, EPSG:4326). Without it the ground is a "
            "level, as high as the take-off point.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find what is too hot or too cold, and say where it is.

    Each hotspot has its pixel, temperature with one standard deviation, contrast, score and, where
    the pose allows, its ground position with a 95 % error ellipse. Status 2 when a file could not
    be read; the others are done.
    """
    from thermal.report.files import SUFFIXES, find_files

    rules = rules_of(event_type or [])
    ground = height_model(heights)
    files = find_files(paths)
    if not files:
        raise InvalidInput(
            "no file to look at was found",
            where=", ".join(map(str, paths)),
            remedy=f"name files, or folders that hold {', '.join(SUFFIXES)} files",
        )
    results = [_one(path, rules, ground) for path in files]
    if as_json:
        emit(results)
    else:
        wide().print(_table(results))
    for result in results:
        _tell(result)
    if not all(result["ok"] for result in results):
        raise typer.Exit(2)


def rules_of(wanted: list[str]) -> "Mapping[str, DetectionRule] | None":
    """The catalogue's rules by code, for codes and parts of names; None for none wanted.

    Raises:
        InvalidInput: no thermal event type has that code or name, or several have.
    """
    if not wanted:
        return None
    from missions.catalog import load
    from missions.operations.examine import thermal_rules

    kinds = load().event_types
    rules = thermal_rules(kinds)
    chosen = {}
    for text in wanted:
        named = [
            c for c in rules if text.casefold() in f"{kinds[c].name} {kinds[c].name_zh}".lower()
        ]
        codes = [text] if text in rules else named
        if len(codes) != 1:
            raise InvalidInput(
                f"{text!r} is {'the name of several' if codes else 'no'} thermal event type"
                f"{'s' if codes else ''}",
                where="--event-type",
                remedy="use one of: " + ", ".join(f"{c} {kinds[c].name}" for c in codes or rules),
            )
        chosen[codes[0]] = rules[codes[0]]
    return chosen


def _one(path: Path, rules: "Mapping[str, DetectionRule] | None", ground: Any) -> dict[str, Any]:
    from thermal.report.analysis import Analysis
    from thermal.report.analyze import analyze
    from thermal.report.files import read_file

    try:
        found = analyze(read_file(path), str(path), rules=rules, heights=ground, most=MOST)
    except FlyOnceError as error:
        return _plain(Analysis(path=str(path), reason=error.what, remedy=error.remedy).as_dict())
    return _plain(found.analysis.as_dict())


def _plain(result: dict[str, Any]) -> dict[str, Any]:
    """Without what only the report has."""
    return {key: value for key, value in result.items() if key not in ("picture", "page")}


def _tell(result: dict[str, Any]) -> None:
    if not result["ok"]:
        remedy = f" ({result['remedy']})" if result["remedy"] else ""
        err.print(f"not read: {result['file']}: {result['reason']}{remedy}", markup=False)
    for note in result["notes"]:
        err.print(f"note: {result['file']}: {note}", markup=False)


def _table(results: list[dict[str, Any]]) -> Table:
    table = Table()
    for name in COLUMNS:
        text = name in ("file", "what")
        table.add_column(name, justify="left" if text else "right", overflow="fold")
    for result in results:
        for spot in result["hotspots"]:
            table.add_row(Path(result["file"]).name, *_cells(spot))
        if result["ok"] and not result["hotspots"]:
            table.add_row(Path(result["file"]).name, "nothing")
    return table


def _cells(spot: dict[str, Any]) -> list[str]:
    def number(key: str, digits: int) -> str:
        return "-" if spot[key] is None else f"{spot[key]:.{digits}f}"

    return [
        spot["event_type"],
        number("column", 1),
        number("row", 1),
        number("peak_c", 1),
        number("uncertainty_k", 1),
        number("contrast_k", 1),
        number("score", 0),
        f"{spot['severity']} {spot['grade']}".strip(),
        number("lon", 6),
        number("lat", 6),
        number("error_m", 1),
    ]
