"""What an analysis leaves behind: a page to read, GeoJSON for a map, JSON for a script."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from thermal.report.analysis import Analysis
from thermal.report.files import write_whole
from thermal.report.page import ENVIRONMENT, part, row_of

MOST_LISTED = 50
"""Finds in the overview's table; each file's own page lists its own."""


def write_report(results: Sequence[Analysis], out: Path) -> None:
    """Write ``report.html``, ``report.json`` and ``hotspots.geojson``, each whole or not at all.

    Raises:
        OSError: the folder cannot be written to.
    """
    write_whole(out / "hotspots.geojson", _json(geojson(results)))
    write_whole(out / "report.json", _json([a.as_dict() for a in results]))
    write_whole(out / "report.html", html(results).encode())


def html(results: Sequence[Analysis]) -> str:
    """The overview; the files' pages and pictures are expected beside it."""
    findings = [f for a in results for f in a.findings]
    return ENVIRONMENT.from_string(part("report.html")).render(
        results=list(results),
        style=part("style.css"),
        language=part("language.js"),
        read=[a for a in results if a.stats],
        spots=sum(a.found for a in results),
        located=sum(f.located is not None for f in findings),
        hottest=_hottest(results),
    )


def _hottest(results: Sequence[Analysis]) -> list[dict[str, Any]]:
    found = [(f, i, a) for a in results for i, f in enumerate(a.findings, 1)]
    found.sort(key=lambda one: -one[0].hotspot.peak_c)
    return [
        {"file": Path(a.path).name, "page": a.page, "row": row_of(i, f)}
        for f, i, a in found[:MOST_LISTED]
    ]


def geojson(results: Sequence[Analysis]) -> dict[str, Any]:
    """A FeatureCollection of all located hotspots (RFC 7946)."""
    features = []
    for analysis in results:
        for hotspot in analysis.as_dict()["hotspots"]:
            if hotspot["lon"] is None:
                continue
            properties = {k: v for k, v in hotspot.items() if k not in ("lon", "lat")}
            taken_at = analysis.taken_at.isoformat() if analysis.taken_at else None
            features.append(
                {
                    "type": "Feature",
                    "geometry": {
                        "type": "Point",
                        "coordinates": [hotspot["lon"], hotspot["lat"]],
                    },
                    "properties": {"file": analysis.path, "taken_at": taken_at, **properties},
                }
            )
    return {"type": "FeatureCollection", "features": features}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False).encode()
