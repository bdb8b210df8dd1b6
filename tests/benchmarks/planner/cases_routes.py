"""Areas through `flyonce route`, measured on the file that it writes: coverage, length, time."""

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely

from benchmarks.planner.registry import Cell, Row, Setting, Skipped, Table, group

COVERED = 0.995
"""Share of an area that is to be covered at the asked overlap."""
LIMIT_S = 60.0


@group("routes", "Areas: coverage at the asked overlap, length beside area / spacing, holes")
def routes(setting: Setting) -> Iterator[Table]:
    """All areas of the data."""
    folder = setting.folder("coverage")
    if "route" not in _flyonce("--help").stdout.split():
        raise Skipped("there is no command `flyonce route` yet")
    paths = [p for p in sorted(folder.glob("*.geojson")) if setting.wanted(p.stem)]
    rows = [row for path in paths for row in _measured(setting, path)]
    if not rows:
        raise Skipped("no area is asked for")
    lengths = [float(v) for row in rows if (v := row.get("length / ideal")) is not None]
    covered = sum(float(row.get("coverage") or 0.0) >= COVERED for row in rows)
    yield Table(
        title="Areas",
        columns=(
            *("area", "coverage", "length / ideal", "legs", "crosses holes m"),
            *("outside m", "seconds"),
        ),
        rows=rows,
        notes=(
            f"{covered} of {len(rows)} covered to {COVERED}; length over ideal: "
            f"{float(np.exp(np.mean(np.log(lengths)))) if lengths else math.nan:.3f} in the "
            "geometric mean.",
            "Covered: within half a line spacing beside a photo leg. Ideal: area / line spacing. "
            "Seconds hold the start of the program.",
        ),
    )


def _measured(setting: Setting, path: Path) -> list[Row]:
    feature = _areas(path)
    if feature is None:
        return []
    setting.tell(f"routes: {path.stem}")
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "route.geojson")
        began = time.monotonic()
        done = _flyonce("route", str(path), "--out", str(answer))
        took = time.monotonic() - began
        if done.returncode:
            return [{"area": f"{path.stem}: {_last(done.stderr)}", "seconds": took}]
        found = json.loads(answer.read_text("utf-8"))
    return [{"area": path.stem, "seconds": took} | _figures(feature, found)]


def _flyonce(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )


def _last(text: str) -> str:
    return " ".join(text.split())[:80]


def _areas(path: Path) -> dict[str, Any] | None:
    """The first area of a file, or None when it has none."""
    for feature in json.loads(path.read_text("utf-8"))["features"]:
        if "Polygon" in feature["geometry"]["type"] and "line_spacing_m" in feature["properties"]:
            return dict(feature)
    return None


def _figures(feature: dict[str, Any], found: dict[str, Any]) -> dict[str, Cell]:
    """Coverage and length in a plane of true distances round the area's middle."""
    area = shapely.geometry.shape(feature["geometry"])
    middle = area.centroid
    plane = pyproj.Transformer.from_crs(
        "EPSG:4326",
        f"+proj=aeqd +lat_0={middle.y} +lon_0={middle.x} +datum=WGS84 +units=m",
        always_xy=True,
    )
    area, *lines = (
        shapely.transform(g, lambda xy: np.column_stack(plane.transform(xy[:, 0], xy[:, 1])))
        for g in (area, *(shapely.geometry.shape(f["geometry"]) for f in found["features"]))
    )
    marks = [f["properties"] for f in found["features"]]
    photo = [g for g, p in zip(lines, marks, strict=True) if p.get("photo")]
    [path] = [g for g, p in zip(lines, marks, strict=True) if p.get("path")]
    spacing = float(feature["properties"]["line_spacing_m"])
    strips = shapely.union_all([g.buffer(spacing / 2, cap_style="flat") for g in photo])
    holes = shapely.union_all(
        [shapely.Polygon(r) for p in shapely.get_parts(area) for r in p.interiors]
    ).buffer(-0.5)
    return {
        "coverage": float(strips.intersection(area).area / area.area),
        "length / ideal": float(path.length / (area.area / spacing)),
        "legs": len(photo),
        "crosses holes m": float(path.intersection(holes).length),
        "outside m": float(path.difference(area.buffer(spacing / 2)).length),
    }
