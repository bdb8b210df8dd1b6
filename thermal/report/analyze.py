"""The thermal check on files of any origin: temperatures, hotspots, pictures, a report.

`analyze` looks at one file, `analyze_paths` at a whole batch and writes what it found. One file is
in memory at a time; a file that cannot be read gets its reason and the rest is done.
"""

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from core.equipment import CameraSpec
from core.errors import FlyOnceError, InvalidInput, Unavailable
from core.geo import HeightModel
from imagery.files import metadata
from thermal.detection.check import classify, stats
from thermal.detection.detect import DetectionRule
from thermal.formats.decode import decode
from thermal.formats.frame import ThermalFrame
from thermal.places.site import site_of
from thermal.report.analysis import Analysis, Finding
from thermal.report.files import SUFFIXES, find_files, free_name, read_file, write_whole
from thermal.report.picture import render
from thermal.report.report import write_report

ANY = "hotspot"
"""Event type of a find when no rules are given."""

GENERAL_RULE = DetectionRule(contrast_k=6.0, z=2.0, isolation_k=6.5)
"""Stands out by 6 K and is isolated by 6.5 K: on real drone frames this finds 94 of 100 injected
discs of +10 K with some 4 false alarms a frame (tests/thermal/test_thermal_recall.py)."""

MOST_LISTED = 20
"""Hotspots listed and marked for one file, the most striking ones."""

Progress = Callable[[int, int, str], None]
"""Called with files done, files in all, and the name of the next one."""


def analyze(
    data: bytes,
    name: str,
    *,
    rules: Mapping[str, DetectionRule] | None = None,
    cameras: Mapping[str, CameraSpec] | None = None,
    heights: HeightModel | None = None,
) -> tuple[Analysis, ThermalFrame]:
    """Analyse one file.

    Args:
        rules: by event type; the general rule when None.
        heights: of the ground; without it the ground is taken as level at the take-off point's
            height, if the file names it.

    Raises:
        UnreadableMedia, UnknownEncoding: with the name in ``where``.
    """
    try:
        meta = metadata.read(data)
        frame = decode(data)
    except InvalidInput as error:
        raise type(error)(error.what, where=name, remedy=error.remedy) from error
    found = classify(frame, rules or {ANY: GENERAL_RULE})
    site = site_of(meta, frame, cameras, heights)
    notes = [*meta.problems, *site.notes]
    if not frame.corrected:
        notes.append(
            "apparent temperatures: this camera's correction is only known at its default "
            "distance and humidity"
        )
    if len(found) > MOST_LISTED:
        notes.append(f"the {MOST_LISTED} most striking of {len(found)} hotspots are listed")
    findings = tuple(
        Finding(event_type=code, hotspot=spot, located=site.locate(spot))
        for spot, code in found[:MOST_LISTED]
    )
    analysis = Analysis(
        path=name,
        stats=stats(frame),
        camera=frame.camera.strip("* ") or meta.camera_model.strip("* "),
        taken_at=meta.taken_at,
        position=meta.position,
        parameters=_parameters(frame),
        findings=findings,
        found=len(found),
        notes=tuple(notes),
    )
    return analysis, frame


def analyze_paths(
    paths: Sequence[str | Path],
    out_dir: str | Path,
    progress: Progress | None = None,
    *,
    rules: Mapping[str, DetectionRule] | None = None,
    cameras: Mapping[str, CameraSpec] | None = None,
    heights: HeightModel | None = None,
) -> list[Analysis]:
    """Analyse files and folders, and write pictures, GeoJSON, JSON and an HTML report.

    Args:
        paths: files, and folders that are searched for `SUFFIXES` at any depth.
        out_dir: made if missing; gets ``report.html``, ``report.json``, ``hotspots.geojson`` and
            one PNG for each file that could be read.

    Returns:
        One analysis for each file, in the order of the paths.

    Raises:
        InvalidInput: no file at all was found. Unavailable: the folder cannot be written to.
    """
    out = Path(out_dir)
    files = find_files(paths, skip=out)
    if not files:
        raise InvalidInput(
            "no file to analyse was found",
            where=", ".join(str(p) for p in paths) or "no path given",
            remedy=f"name files, or folders that hold {', '.join(SUFFIXES)} files",
        )
    results: list[Analysis] = []
    taken: set[str] = set()
    try:
        out.mkdir(parents=True, exist_ok=True)
        for number, path in enumerate(files):
            if progress:
                progress(number, len(files), path.name)
            results.append(_one(path, out, taken, rules, cameras, heights))
        write_report(results, out)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise Unavailable(
            "the disk is full" if full else f"cannot be written to ({error.strerror or error})",
            where=str(out),
            remedy="choose another folder with --out",
        ) from error
    if progress:
        progress(len(files), len(files), "")
    return results


def _one(
    path: Path,
    out: Path,
    taken: set[str],
    rules: Mapping[str, DetectionRule] | None,
    cameras: Mapping[str, CameraSpec] | None,
    heights: HeightModel | None,
) -> Analysis:
    try:
        data = read_file(path)
        analysis, frame = analyze(data, str(path), rules=rules, cameras=cameras, heights=heights)
    except FlyOnceError as error:
        return Analysis(path=str(path), reason=error.what, remedy=error.remedy)
    picture = free_name(path.stem, taken)
    marked = render(frame.celsius, [f.hotspot for f in analysis.findings])
    write_whole(out / picture, marked)
    return replace(analysis, picture=picture)


def _parameters(frame: ThermalFrame) -> dict[str, float]:
    p = frame.parameters
    return {
        "emissivity": p.emissivity,
        "reflected_c": p.reflected_c,
        "air_c": p.air_c,
        "humidity": p.humidity,
        "distance_m": p.distance_m,
    }
