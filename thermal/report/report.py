"""What an analysis leaves behind: a page to read, GeoJSON for a map, JSON for a script."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from thermal.report.analysis import Analysis
from thermal.report.files import write_whole

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Thermal report · 热成像报告</title>
<style>
 :root { color-scheme: light dark; --line: #8884; --soft: #8881; --hot: #c2410c; }
 body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
 h1 { font-size: 1.6rem; margin-bottom: .2rem } h2 { font-size: 1.15rem; margin: 0 0 .4rem }
 .lead { margin-top: 0; opacity: .75 }
 article { border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin: 1.2rem 0 }
 img { max-width: 100%; height: auto; border-radius: .3rem }
 dl { display: flex; flex-wrap: wrap; gap: .2rem 1.6rem; margin: .2rem 0 .8rem }
 dl div { display: flex; gap: .4rem } dt { opacity: .65 } dd { margin: 0; font-weight: 600 }
 .scroll { overflow-x: auto }
 table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
 th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line) }
 th:first-child, td:first-child, th.text, td.text { text-align: left }
 .peak { color: var(--hot); font-weight: 600 }
 .note { opacity: .75; font-size: .9rem; margin: .3rem 0 } .refused { background: var(--soft) }
</style></head><body>
<h1>Thermal report · 热成像报告</h1>
<p class="lead">{{ read|length }} of {{ results|length }} files read,
 {{ spots }} hotspots{% if located %}, {{ located }} with a place on the ground{% endif %}.</p>
{% if results|length > 1 or refused %}
<div class="scroll"><table><thead><tr><th>File</th><th>min °C</th><th>mean °C</th><th>max °C</th>
<th>Hotspots</th><th class="text">Remark</th></tr></thead><tbody>
{% for a in results %}<tr>
{% if a.stats %}<td><a href="#f{{ loop.index }}">{{ a.path }}</a></td>
<td>{{ "%.1f"|format(a.stats.min_c) }}</td><td>{{ "%.1f"|format(a.stats.mean_c) }}</td>
<td>{{ "%.1f"|format(a.stats.max_c) }}</td><td>{{ a.found }}</td><td></td>
{% else %}<td>{{ a.path }}</td><td></td><td></td><td></td><td></td>
<td class="text">not read: {{ a.reason }}
{% if a.remedy %}({{ a.remedy }}){% endif %}</td>{% endif %}
</tr>{% endfor %}
</tbody></table></div>{% endif %}
{% for a in results %}{% if a.stats %}
<article id="f{{ loop.index }}"><h2>{{ a.path }}</h2>
<dl>
<div><dt>min</dt><dd>{{ "%.1f"|format(a.stats.min_c) }} °C</dd></div>
<div><dt>mean</dt><dd>{{ "%.1f"|format(a.stats.mean_c) }} °C</dd></div>
<div><dt>max</dt><dd>{{ "%.1f"|format(a.stats.max_c) }} °C</dd></div>
<div><dt>hotspots</dt><dd>{{ a.found }}</dd></div>
{% if a.camera %}<div><dt>camera</dt><dd>{{ a.camera }}</dd></div>{% endif %}
<div><dt>encoding</dt>
<dd>{{ a.stats.encoding }}, {{ a.stats.shape[1] }} × {{ a.stats.shape[0] }}</dd></div>
{% if a.taken_at %}<div><dt>taken</dt>
<dd>{{ a.taken_at.strftime("%Y-%m-%d %H:%M:%S") }} UTC</dd></div>{% endif %}
{% if a.position %}<div><dt>from</dt>
<dd>{{ "%.6f, %.6f"|format(a.position.lat, a.position.lon) }}</dd></div>{% endif %}
{% if a.stats.corrected and a.parameters %}<div><dt>emissivity</dt>
<dd>{{ "%.2f"|format(a.parameters.emissivity) }}</dd></div>
<div><dt>distance</dt><dd>{{ "%.0f"|format(a.parameters.distance_m) }} m</dd></div>{% endif %}
</dl>
<p><img src="{{ a.picture|urlencode }}"
 alt="Thermal picture of {{ a.path }} with its hotspots marked"></p>
{% if a.findings %}<div class="scroll"><table><thead><tr><th>No.</th><th class="text">Type</th>
<th>peak °C</th><th>around °C</th><th>contrast K</th><th>score</th><th>area px</th>
<th>column, row</th><th>latitude, longitude</th><th>error m (95 %)</th></tr></thead><tbody>
{% for f in a.findings %}<tr><td>{{ loop.index }}</td><td class="text">{{ f.event_type }}</td>
<td class="peak">{{ "%.1f"|format(f.hotspot.peak_c) }}</td>
<td>{{ "%.1f"|format(f.hotspot.background_c) }}</td>
<td>{{ "%.1f"|format(f.hotspot.contrast_k) }}</td>
<td>{{ "%.0f"|format(f.hotspot.score) }}</td><td>{{ f.hotspot.area_px }}</td>
<td>{{ "%.0f, %.0f"|format(f.hotspot.col, f.hotspot.row) }}</td>
{% if f.located %}
<td>{{ "%.6f, %.6f"|format(f.located.position.lat, f.located.position.lon) }}</td>
<td>{{ "%.1f"|format(f.located.error.semi_major_m) }}</td>{% else %}<td>–</td><td>–</td>{% endif %}
</tr>{% endfor %}</tbody></table></div>
{% else %}<p class="note">Nothing stands out.</p>{% endif %}
{% for note in a.notes %}<p class="note">{{ note }}</p>{% endfor %}
</article>{% endif %}{% endfor %}
</body></html>
"""

_ENVIRONMENT = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)


def write_report(results: Sequence[Analysis], out: Path) -> None:
    """Write ``report.html``, ``report.json`` and ``hotspots.geojson``, each whole or not at all.

    Raises:
        OSError: the folder cannot be written to.
    """
    write_whole(out / "hotspots.geojson", _json(geojson(results)))
    write_whole(out / "report.json", _json([a.as_dict() for a in results]))
    write_whole(out / "report.html", html(results).encode())


def html(results: Sequence[Analysis]) -> str:
    """The page; pictures are expected beside it."""
    findings = [f for a in results for f in a.findings]
    return _ENVIRONMENT.from_string(_PAGE).render(
        results=list(results),
        read=[a for a in results if a.stats],
        refused=[a for a in results if not a.stats],
        spots=sum(a.found for a in results),
        located=sum(f.located is not None for f in findings),
    )


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
