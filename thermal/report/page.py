"""The page of one frame: a thermal picture to measure in, whole in itself.

It works from a folder, an archive or an e-mail: no file beside it is needed (but for the picture
that a browser without scripts shows), nothing comes from the net.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt

from thermal.detection.detect import Kind
from thermal.formats.frame import ThermalFrame
from thermal.report.analysis import Analysis, Finding
from thermal.report.budget import BudgetLine
from thermal.report.curve import by_temperature, histogram
from thermal.report.drawing import histogram_svg, map_svg
from thermal.report.ground import Laid
from thermal.report.palettes import NAMES, tables
from thermal.report.picture import span_c
from thermal.report.pixels import pack

COVERAGE_FACTOR = 2.0
"""Standard uncertainties are shown times two: about 95 % for a normal distribution (GUM 6.2.2)."""

ENVIRONMENT = jinja2.Environment(
    autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@cache
def part(name: str) -> str:
    """A file of the page's parts: template, style or script."""
    return files("thermal.report").joinpath("page", name).read_text(encoding="utf-8")


def frame_page(
    analysis: Analysis,
    frame: ThermalFrame,
    *,
    sigma_k: npt.NDArray[np.float32] | None = None,
    budget: Sequence[BudgetLine] = (),
    laid: Laid | None = None,
    facts: Sequence[tuple[str, str, str]] = (),
) -> str:
    """The page.

    Args:
        sigma_k: (H, W) standard uncertainty of each pixel, kelvin; None when none can be stated.
        budget: what the hottest pixel's uncertainty consists of.
        laid: the frame on the ground, where the pose allows.
        facts: name, Chinese name and value of whatever the file says about itself.
    """
    name = Path(analysis.path).name
    return ENVIRONMENT.from_string(part("frame.html")).render(
        analysis=analysis,
        name=name,
        style=part("style.css"),
        language=part("language.js"),
        viewer=part("viewer.js"),
        taken=analysis.taken_at.strftime("%Y-%m-%d %H:%M:%S UTC") if analysis.taken_at else None,
        palettes=NAMES,
        width=frame.celsius.shape[1],
        height=frame.celsius.shape[0],
        text_px=_text_px(frame),
        marks=[_mark(i, f, frame) for i, f in enumerate(analysis.findings, 1)],
        finds=[row_of(i, f) for i, f in enumerate(analysis.findings, 1)],
        sigma=sigma_k is not None,
        picture=analysis.picture or "",
        hist=histogram_svg(histogram(frame.celsius)),
        map=map_svg(laid) if laid else None,
        budget=budget,
        facts=facts,
        data=script_json(_data(name, frame, sigma_k)),
    )


def script_json(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _data(
    name: str, frame: ThermalFrame, sigma_k: npt.NDArray[np.float32] | None
) -> dict[str, Any]:
    celsius = frame.celsius
    sigma = None if sigma_k is None else [round(v, 4) for v in by_temperature(celsius, sigma_k)]
    return {
        "name": Path(name).stem,
        "pixels": asdict(pack(celsius)),
        "span": [round(v, 2) for v in span_c(celsius)],
        "histogram": asdict(histogram(celsius)),
        "sigma_k": sigma,
        "palettes": tables(),
        "text_px": _text_px(frame),
    }


def _text_px(frame: ThermalFrame) -> float:
    """Height of letters in pixels of the frame, so that they look alike on every frame."""
    return round(frame.celsius.shape[1] / 42, 1)


def _mark(number: int, finding: Finding, frame: ThermalFrame) -> dict[str, Any]:
    spot, text = finding.hotspot, _text_px(frame)
    radius = max(text / 2.4, 3 + 1.4 * (spot.area_px / np.pi) ** 0.5)
    right = spot.col < frame.celsius.shape[1] * 0.9
    return {
        "number": number,
        "x": round(spot.col, 1),
        "y": round(spot.row, 1),
        "r": round(float(radius), 1),
        "tx": round(spot.col + (radius + 2) * (1 if right else -1), 1),
        "ty": round(max(spot.row - radius / 2, text), 1),
        "anchor": "start" if right else "end",
        "cold": spot.kind is Kind.COLD,
    }


def row_of(number: int, finding: Finding) -> dict[str, Any]:
    """A find as the tables show it."""
    spot, place = finding.hotspot, finding.located
    sigma = finding.uncertainty_k
    return {
        "number": number,
        "type": finding.event_type,
        "cold": spot.kind is Kind.COLD,
        "peak": f"{spot.peak_c:.1f}",
        "sigma": "–" if sigma is None else f"{COVERAGE_FACTOR * sigma:.1f}",
        "background": f"{spot.background_c:.1f}",
        "contrast": f"{spot.contrast_k:.1f}",
        "score": f"{spot.score:.0f}",
        "area": spot.area_px,
        "pixel": f"{spot.col:.0f}, {spot.row:.0f}",
        "place": f"{place.position.lat:.6f}, {place.position.lon:.6f}" if place else "–",
        "error": f"{place.error.semi_major_m:.1f}" if place else "–",
    }
