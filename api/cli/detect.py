"""`flyonce detect`: hotspots of thermal photographs, with their temperature, place and error."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from api.cli.output import AsJson, emit, err, shown, wide
from api.cli.photographs import height_model
from core.errors import FlyOnceError, InvalidInput

if TYPE_CHECKING:
    import shapely

    from thermal.detection.detect import DetectionRule
    from thermal.detection.shoreline import Bank
    from thermal.report.analyze import Analyzed

MOST = 400
"""As many as the detector measures of one kind in a frame."""

PV, OUTFALL = "07-03", "02-04"
"""Event types that have a look of their own."""

RIVER_M = 30.0
"""Width of a river whose file does not say."""

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
    shoreline: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|'COL,ROW COL,ROW ...'",
            help="Also outfalls, warm or cold against the water along a bank. Mapped water "
            "(GeoJSON: areas, or lines of a river's middle with width_m, 30 m if not given): the "
            "bank is made out near it. Or a bank in the frame's pixels, water on the right hand.",
        ),
    ] = None,
    sensitive: Annotated[
        bool,
        typer.Option(
            help="Anything compact from 4 K, for somebody who looks through some 20 alarms a "
            "frame; not together with --event-type.",
        ),
    ] = False,
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

    rules = _sensitive(event_type) if sensitive else rules_of(event_type or [])
    waters = waters_of(shoreline)
    bank = None if waters else bank_of(shoreline)
    ground = height_model(heights)
    files = find_files(paths)
    if not files:
        raise InvalidInput(
            "no file to look at was found",
            where=", ".join(map(str, paths)),
            remedy=f"name files, or folders that hold {', '.join(SUFFIXES)} files",
        )
    results = [_one(path, rules, ground, bank, waters) for path in files]
    if as_json:
        emit(results)
    else:
        wide().print(_table(results))
    for result in results:
        _tell(result)
    if not all(result["ok"] for result in results):
        raise typer.Exit(2)


def _sensitive(event_type: list[str] | None) -> "Mapping[str, DetectionRule]":
    from thermal.detection.rule import SENSITIVE_RULE
    from thermal.report.analyze import ANY

    if event_type:
        raise InvalidInput(
            "event types have rules of their own", where="--sensitive", remedy="leave one out"
        )
    return {ANY: SENSITIVE_RULE}


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


def bank_of(text: str | None) -> "Bank | None":
    """The bank that the user gave in pixels.

    Raises:
        InvalidInput: no pairs of numbers.
    """
    if text is None:
        return None
    import numpy as np

    from thermal.detection.shoreline import Bank

    try:
        points = [[float(number) for number in pair.split(",")] for pair in text.split()]
        return Bank(line=np.array(points, float))
    except ValueError as error:
        raise InvalidInput(
            f"{text!r} is no line", where="--shoreline", remedy="such as '0,200 320,240 639,210'"
        ) from error


def waters_of(text: str | None) -> "tuple[shapely.Geometry, ...]":
    """Mapped water as areas in WGS-84 degrees, where the user named a file; else nothing.

    Raises:
        InvalidInput: the file holds no areas or lines.
    """
    if text is None or not Path(text).is_file():
        return ()
    import shapely

    from core.geo import LocalFrame, LonLat

    try:
        read = json.loads(Path(text).read_text(encoding="utf-8"))
        features = read.get("features", [read])
        found = []
        for feature in features:
            shape = shapely.from_geojson(json.dumps(feature.get("geometry", feature)))
            if shapely.get_dimensions(shape) == 1:
                width_m = float((feature.get("properties") or {}).get("width_m", RIVER_M))
                frame = LocalFrame(LonLat(*shapely.get_coordinates(shape)[0].tolist()))
                shape = frame.to_degrees(frame.to_metres(shape).buffer(width_m / 2))
            found.append(shape)
    except (ValueError, TypeError, AttributeError, shapely.errors.GEOSException) as error:
        raise InvalidInput(
            f"{text!r} is no GeoJSON of areas or lines ({error})", where="--shoreline"
        ) from error
    if not found or any(shapely.get_dimensions(shape) < 1 for shape in found):
        raise InvalidInput(f"{text!r} holds no areas or lines", where="--shoreline")
    return tuple(found)


def _one(
    path: Path,
    rules: "Mapping[str, DetectionRule] | None",
    ground: Any,
    bank: "Bank | None",
    waters: "tuple[shapely.Geometry, ...]",
) -> dict[str, Any]:
    from thermal.report.analysis import Analysis
    from thermal.report.analyze import analyze
    from thermal.report.files import read_file

    try:
        found = analyze(read_file(path), str(path), rules=rules, heights=ground, most=MOST)
        banks = (bank,) if bank is not None else _banks(found, waters)
        if banks:
            found = _with_outfalls(found, banks)
        elif waters:
            said = "no bank of the mapped water could be made out in the frame"
            notes = (*found.analysis.notes, said)
            found = replace(found, analysis=replace(found.analysis, notes=notes))
        result = _plain(found.analysis.as_dict())
        if rules is not None and PV in rules:
            result["modules"] = _modules(found)
        return result
    except FlyOnceError as error:
        return _plain(Analysis(path=str(path), reason=error.what, remedy=error.remedy).as_dict())


def _banks(found: "Analyzed", waters: "tuple[shapely.Geometry, ...]") -> "tuple[Bank, ...]":
    from thermal.detection.banks import mapped, shore
    from thermal.detection.scale import gsd_m

    site = found.site
    pixel_m = gsd_m(site.shape, site.pose, site.camera, site.ground)
    if not waters or not pixel_m or not site.pose or not site.camera or not site.ground:
        return ()
    wet = mapped(waters, site.shape, site.pose, site.camera, site.ground)
    beside = shore(found.frame.celsius, wet, pixel_m)
    return () if beside is None else beside.banks


def _with_outfalls(found: "Analyzed", banks: "tuple[Bank, ...]") -> "Analyzed":
    from thermal.detection.shoreline import OUTFALL_RULE, outfalls
    from thermal.report.analysis import Finding

    listed = [
        Finding(
            event_type=OUTFALL,
            hotspot=spot,
            located=found.site.locate(spot),
            severity=OUTFALL_RULE.severity,
        )
        for bank in banks
        for spot in outfalls(found.frame.celsius, bank, OUTFALL_RULE)
    ]
    analysis = replace(
        found.analysis,
        findings=(*listed, *found.analysis.findings),
        found=found.analysis.found + len(listed),
    )
    return replace(found, analysis=analysis)


def _modules(found: "Analyzed") -> dict[str, Any]:
    from thermal.detection.pv.modules import faulty, modules

    outlined = modules(found.frame.celsius)
    return {
        "outlined": len(outlined),
        "faulty": [
            {
                "column": round(m.col, 1),
                "row": round(m.row, 1),
                "corners": [[round(x, 1), round(y, 1)] for x, y in m.corners],
                "fault": m.fault.value,
                "median_c": round(m.median_c, 2),
                "peak_c": round(m.peak_c, 2),
                "over_neighbours_k": round(m.over_k, 2),
                "peak_over_module_k": round(m.peak_k, 2),
                "severity": m.severity,
                "grade": m.grade,
            }
            for m in faulty(outlined)
        ],
    }


def _plain(result: dict[str, Any]) -> dict[str, Any]:
    """Without what only the report has."""
    return {key: value for key, value in result.items() if key not in ("picture", "page")}


def _tell(result: dict[str, Any]) -> None:
    for module in result.get("modules", {}).get("faulty", ()):
        err.print(
            f"module at column {module['column']:.0f}, row {module['row']:.0f}: {module['fault']}, "
            f"{module['over_neighbours_k']:.1f} K over its neighbours, peak "
            f"{module['peak_c']:.1f} C, severity {module['severity']}",
            markup=False,
        )
    if not result["ok"]:
        remedy = f" ({result['remedy']})" if result["remedy"] else ""
        err.print(f"not read: {shown(result['file'])}: {result['reason']}{remedy}", markup=False)
    for note in result["notes"]:
        err.print(f"note: {shown(result['file'])}: {note}", markup=False)


def _table(results: list[dict[str, Any]]) -> Table:
    table = Table()
    for name in COLUMNS:
        text = name in ("file", "what")
        table.add_column(name, justify="left" if text else "right", overflow="fold")
    for result in results:
        for spot in result["hotspots"]:
            table.add_row(shown(Path(result["file"]).name), *_cells(spot))
        if result["ok"] and not result["hotspots"]:
            table.add_row(shown(Path(result["file"]).name), "nothing")
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
