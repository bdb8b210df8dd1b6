"""The drawings of a frame's page: its histogram and its map, as SVG."""

from thermal.report.curve import Histogram
from thermal.report.ground import Laid

_W, _H = 600, 150


def histogram_svg(table: Histogram) -> str:
    """Bars by temperature; tall ones are shortened by a square root, or a fire would not show."""
    count, highest = len(table.counts), max(table.counts) ** 0.5
    bars = [
        f'<rect x="{i * _W / count:.1f}" y="{_H - (c**0.5 / highest) * (_H - 22):.1f}" '
        f'width="{_W / count - 0.5:.1f}" height="{(c**0.5 / highest) * (_H - 22):.1f}"/>'
        for i, c in enumerate(table.counts)
        if c
    ]
    ends = (table.low_c, table.low_c + count * table.width_k)
    ticks = [
        f'<text x="{share * _W:.0f}" y="{_H + 24}" text-anchor="{anchor}">'
        f"{ends[0] + share * (ends[1] - ends[0]):.1f} °C</text>"
        for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end"))
    ]
    return (
        f'<svg class="hist" viewBox="0 0 {_W} {_H + 30}" role="img" '
        'aria-label="Pixels by temperature (square root) · 温度直方图（平方根）">'
        f'<rect class="shown" x="0" y="0" width="0" height="{_H}" style="opacity:.14"/>'
        f'{"".join(bars)}<line class="axis" x1="0" y1="{_H}" x2="{_W}" y2="{_H}"/>'
        f"{''.join(ticks)}</svg>"
    )


def map_svg(laid: Laid) -> str:
    """The frame on the ground, its finds and the drone; north is up, metres are metres."""
    x, y, w, h = laid.box
    unit = max(w, h) / 100  # text and strokes in hundredths of the map
    parts = []
    if laid.picture is not None:
        px, py, pw, ph = laid.picture_box
        parts.append(
            f'<image href="{laid.picture}" x="{px:.2f}" y="{py:.2f}" width="{pw:.2f}" '
            f'height="{ph:.2f}" preserveAspectRatio="none"/>'
        )
    if laid.outline:
        ring = " ".join(f"{a:.2f},{b:.2f}" for a, b in laid.outline)
        parts.append(f'<polygon class="outline" points="{ring}"/>')
    for mark in laid.marks:
        turn = mark.error.bearing_deg - 90.0
        parts.append(
            f'<ellipse class="ellipse" cx="{mark.x:.2f}" cy="{mark.y:.2f}" '
            f'rx="{mark.error.semi_major_m:.2f}" ry="{mark.error.semi_minor_m:.2f}" '
            f'transform="rotate({turn:.1f} {mark.x:.2f} {mark.y:.2f})"/>'
            f'<circle cx="{mark.x:.2f}" cy="{mark.y:.2f}" r="{0.5 * unit:.2f}"/>'
            f'<text x="{mark.x + unit:.2f}" y="{mark.y - unit:.2f}" '
            f'font-size="{2.6 * unit:.2f}">{mark.number}</text>'
        )
    parts.append(f'<circle class="camera" cx="0" cy="0" r="{unit:.2f}"/>')
    parts.append(_bar(laid, unit))
    title = f"{laid.position.lat:.6f}, {laid.position.lon:.6f}"
    return (
        f'<svg class="map" viewBox="{x:.2f} {y:.2f} {w:.2f} {h:.2f}" role="img" '
        f'aria-label="Map round {title} · 地图">{"".join(parts)}</svg>'
    )


def _bar(laid: Laid, unit: float) -> str:
    x, y, w, h = laid.box
    left, base = x + 3 * unit, y + h - 3 * unit
    return (
        f'<path d="M{left:.2f} {base:.2f}h{laid.scale_m:.2f}" stroke="#111" '
        f'stroke-width="{0.6 * unit:.2f}"/>'
        f'<text x="{left:.2f}" y="{base - unit:.2f}" font-size="{2.6 * unit:.2f}">'
        f"{laid.scale_m:.0f} m</text>"
        f'<text x="{x + w - 9 * unit:.2f}" y="{y + 4 * unit:.2f}" '
        f'font-size="{3 * unit:.2f}">N ↑</text>'
    )
