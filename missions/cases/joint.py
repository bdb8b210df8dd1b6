"""Which open cases are one visit's work: grouped by place, plainly. Pure.

Two cases belong together where they lie within the radius of the rules, or in one place of the
city that a visit can walk round; what hangs together so is one cluster (DBSCAN's, with every case
a core point). A cluster too wide for one visit is parted round its densest places.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import shapely

from core.geo import LonLat, distance_m
from missions.cases.inspection import Separate
from missions.catalog.casework import InspectionRules
from missions.entities import Case
from missions.presets import Place, Preset

_DEGREE_M = 110_500.0
"""Less than a degree of latitude or of the equator is anywhere: cells are never too narrow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Cases for one visit; `radius_m` is how far the farthest lies from the middle."""

    cases: tuple[Case, ...]
    position: LonLat
    radius_m: float

    @property
    def departments(self) -> tuple[str, ...]:
        """Those whose cases these are, the one with most of them first."""
        counts: dict[str, int] = defaultdict(int)
        for case in self.cases:
            counts[case.department] += 1
        return tuple(sorted(counts, key=lambda d: (-counts[d], d)))


def grouped(cases: Sequence[Case], preset: Preset) -> list[Group]:
    """Groups of cases worth a joint inspection, the most departments and cases first."""
    rules = preset.casework.inspections
    found = []
    for cluster in clusters(cases, preset):
        for part in parted(cluster, rules):
            group = group_of(part)
            if len(group.departments) >= rules.least_departments and len(part) > 1:
                found.append(group)
    return sorted(found, key=lambda g: (-len(g.departments), -len(g.cases), g.cases[0].id))


def clusters(cases: Sequence[Case], preset: Preset) -> list[list[Case]]:
    """Cases that hang together by nearness or place."""
    rules = preset.casework.inspections
    parent = list(range(len(cases)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    for one, other in (*_near(cases, rules.radius_m), *_same_place(cases, preset)):
        parent[root(one)] = root(other)
    found: dict[int, list[Case]] = defaultdict(list)
    for n, case in enumerate(cases):
        found[root(n)].append(case)
    return list(found.values())


def parted(cluster: Sequence[Case], rules: InspectionRules) -> list[list[Case]]:
    """A cluster as visits, each within a circle of the rules' diameter and of no more cases than
    they allow; the densest first."""
    left, found = list(cluster), []
    reach = rules.most_span_m / 2
    while left:
        around = {c.id: _around(c, left, reach) for c in left}
        seed = max(left, key=lambda c: (len(around[c.id]), c.id))
        visit = around[seed.id][: rules.most_cases]
        taken = {c.id for c in visit}
        left = [c for c in left if c.id not in taken]
        found.append(visit)
    return found


def group_of(cases: Iterable[Case]) -> Group:
    """Cases as a group, in order of their numbers."""
    ordered = tuple(sorted(cases, key=lambda c: c.id))
    lon = sum(c.position.lon for c in ordered) / len(ordered)
    lat = sum(c.position.lat for c in ordered) / len(ordered)
    middle = LonLat(lon, lat)
    radius = max(distance_m(c.position, middle) for c in ordered)
    return Group(cases=ordered, position=middle, radius_m=round(radius, 1))


def separate(group: Group, preset: Preset) -> Separate:
    """What a look by each department on its own would cost at least: from the dock nearest to one
    of its cases and back, at cruising speed, no photograph counted."""
    km = minutes = 0.0
    for department in group.departments:
        own = [c.position for c in group.cases if c.department == department]
        away, dock = min(
            ((distance_m(d.position, p), d) for d in preset.docks for p in own),
            key=lambda pair: pair[0],
        )
        km += 2 * away / 1000
        minutes += 2 * away / preset.kinds[dock.kind].cruise_mps / 60
    count = len(group.departments)
    return Separate(visits=count, flights=count, km=round(km, 3), minutes=round(minutes, 2))


def _around(seed: Case, cases: Iterable[Case], reach_m: float) -> list[Case]:
    """Cases so near to one, the nearest first."""
    apart = [(distance_m(seed.position, c.position), c.id, c) for c in cases]
    return [c for away, _, c in sorted(apart, key=lambda x: x[:2]) if away <= reach_m]


def _near(cases: Sequence[Case], radius_m: float) -> list[tuple[int, int]]:
    """Pairs of cases within the radius, by a grid of cells as wide as it."""
    cells: Mapping[tuple[int, int], list[int]] = defaultdict(list)
    found = []
    # columns are that wide where they are narrowest, so that neighbours are never two cells apart
    poleward = max((abs(c.position.lat) for c in cases), default=0.0)
    narrow = max(0.02, math.cos(math.radians(poleward)))
    for n, case in enumerate(cases):
        row = math.floor(case.position.lat * _DEGREE_M / radius_m)
        column = math.floor(case.position.lon * _DEGREE_M * narrow / radius_m)
        for r in (row - 1, row, row + 1):
            for c in (column - 1, column, column + 1):
                found += [
                    (other, n)
                    for other in cells.get((r, c), ())
                    if distance_m(cases[other].position, case.position) <= radius_m
                ]
        cells[row, column].append(n)
    return found


def _same_place(cases: Sequence[Case], preset: Preset) -> list[tuple[int, int]]:
    """Pairs of cases in one area of the city that is no wider than a visit."""
    areas = _walkable(preset)
    if not areas or not cases:
        return []
    tree = shapely.STRtree([a.geometry for a in areas])
    points = [shapely.Point(c.position.lon, c.position.lat) for c in cases]
    inside: dict[int, list[int]] = defaultdict(list)
    for case, area in zip(*tree.query(points, predicate="intersects"), strict=True):
        inside[int(area)].append(int(case))
    return [(members[0], other) for members in inside.values() for other in members[1:]]


def _walkable(preset: Preset) -> list[Place]:
    most = preset.casework.inspections.most_span_m
    return [
        p
        for p in preset.places
        if p.geometry.geom_type == "Polygon" and _diagonal_m(p.geometry) <= most
    ]


def _diagonal_m(geometry: shapely.Geometry) -> float:
    west, south, east, north = geometry.bounds
    return distance_m(LonLat(west, south), LonLat(east, north))
