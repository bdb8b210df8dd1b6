"""The thermal check on files of any origin: temperatures, hotspots, pictures, a report.

`analyze` looks at one file, `analyze_paths` at a whole batch and writes what it found. One file is
in memory at a time; a file that cannot be read gets its reason and the rest is done.
"""

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.equipment import CameraSpec
from core.errors import FlyOnceError, InvalidInput, Unavailable
from core.geo import HeightModel
from imagery.files import metadata
from imagery.files.metadata import Metadata
from thermal import uncertainty
from thermal.detection.check import classify, stats, uncertainty_k
from thermal.detection.detect import GENERAL_RULE, DetectionRule
from thermal.detection.scale import gsd_m
from thermal.detection.severity import assess, grade
from thermal.formats.decode import decode
from thermal.formats.frame import ThermalFrame
from thermal.places.site import Site, site_of
from thermal.report.analysis import Analysis, Finding
from thermal.report.budget import hottest, lines_of
from thermal.report.facts import facts_of
from thermal.report.files import SUFFIXES, find_files, free_name, read_file, told, write_whole
from thermal.report.ground import Laid, lay
from thermal.report.page import frame_page
from thermal.report.picture import colour, render, span_c
from thermal.report.report import write_report

ANY = "hotspot"
"""Event type of a find when no rules are given."""

MOST_LISTED = 20
"""Hotspots listed and marked for one file, the most striking ones."""

Progress = Callable[[int, int, str], None]
"""Called with files done, files in all, and the name of the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analyzed:
    """A file that could be read: what was found, and what it was found in."""

    analysis: Analysis
    frame: ThermalFrame
    meta: Metadata
    site: Site


def analyze(
    data: bytes,
    name: str,
    *,
    rules: Mapping[str, DetectionRule] | None = None,
    cameras: Mapping[str, CameraSpec] | None = None,
    heights: HeightModel | None = None,
    most: int = MOST_LISTED,
) -> Analyzed:
    """Analyse one file.

    Args:
        rules: by event type; the general rule when None.
        most: hotspots that are listed, the most striking first.
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
    wanted = rules or {ANY: GENERAL_RULE}
    site = site_of(meta, frame, cameras, heights)
    found = classify(frame, wanted, gsd_m(site.shape, site.pose, site.camera, site.ground))
    analysis = Analysis(
        path=name,
        stats=stats(frame),
        camera=frame.camera.strip("* ") or meta.camera_model.strip("* "),
        taken_at=meta.taken_at,
        position=meta.position,
        parameters=frame.parameters.summary(),
        findings=tuple(
            Finding(
                event_type=code,
                hotspot=spot,
                located=site.locate(spot),
                uncertainty_k=uncertainty_k(frame, spot),
                severity=assess(wanted[code], spot),
                grade=reached.name if (reached := grade(wanted[code], spot)) else "",
            )
            for spot, code in found[:most]
        ),
        found=len(found),
        notes=(*meta.problems, *site.notes, *_limits(frame, len(found), most)),
    )
    return Analyzed(analysis=analysis, frame=frame, meta=meta, site=site)


def _limits(frame: ThermalFrame, found: int, most: int) -> list[str]:
    notes = list(frame.notes)
    if not frame.corrected and not notes:
        notes.append("apparent temperatures: nothing is corrected for emissivity, air or window")
    if found > most:
        notes.append(f"the {most} most striking of {found} hotspots are listed")
    return notes


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
        out_dir: made if missing; gets ``report.html``, ``report.json``, ``hotspots.geojson``, and
            a page to measure in and a marked PNG for each file that could be read.

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
    taken = {"report"}
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
        found = analyze(data, told(path), rules=rules, cameras=cameras, heights=heights)
    except FlyOnceError as error:
        return Analysis(path=told(path), reason=error.what, remedy=error.remedy)
    stem = free_name(path.stem, taken)
    analysis = replace(found.analysis, picture=f"{stem}.png", page=f"{stem}.html")
    marked = render(found.frame.celsius, [f.hotspot for f in analysis.findings])
    write_whole(out / f"{stem}.png", marked)
    page = frame_page(
        analysis,
        found.frame,
        sigma_k=uncertainty.of(found.frame),
        budget=lines_of(hottest(found.frame)),
        laid=_laid(found),
        facts=facts_of(data, found.meta, found.frame),
    )
    write_whole(out / f"{stem}.html", page.encode())
    return analysis


def _laid(found: Analyzed) -> Laid | None:
    site, celsius = found.site, found.frame.celsius
    if site.pose is None:
        return None
    places = [(i, f.located) for i, f in enumerate(found.analysis.findings, 1) if f.located]
    return lay(colour(celsius, span_c(celsius)), site.pose, site.camera, site.ground, places)
