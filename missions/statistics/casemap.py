"""Many cases on a map: clusters where there are many, single cases where there are few."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput
from core.squares import corners, square_of
from missions.access import Principal
from missions.entities import Case, CaseState
from missions.queries import Bbox
from missions.statistics.counting import LEVELS, OVER
from missions.store.counts import Box, CellKey, Counts
from missions.store.kinds import strips
from missions.store.protocol import Between, Store, Unit

STATES = ("open", "closed", "all")
FEW = 300
"""So many cases are shown one by one."""
MOST_SQUARES = 3000
"""A part of the map is divided into no more: a screen of 2500 x 1500 dots in squares of 64 dots
has a third of that."""
MOST_READ = 20_000
"""So many cases are read to be put into squares smaller than those that are counted."""
DEEPEST = 20
OPEN_STATES = tuple(state for state in CaseState if state not in OVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Cases of one square of the map.

    Attributes:
        lon, lat: their mean place, degrees; west, south, east, north: the square.
    """

    count: int
    lon: float
    lat: float
    bbox: Bbox


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMap:
    """What a part of the map shows: clusters or cases; total: how many cases are meant."""

    clusters: tuple[Cluster, ...]
    cases: tuple[Case, ...]
    total: int


class Map:
    """Cases on the map, for who may see them."""

    def __init__(self, records: Store) -> None:
        self._records = records

    def show(self, p: Principal, bbox: Bbox, zoom: int, state: str = "open") -> CaseMap:
        """A part of the map at a zoom (tiles of 256 dots are squares of that level).

        Raises:
            InvalidInput: there is no such box or state.
        """
        box = level_box(bbox, zoom)
        if state not in STATES:
            raise InvalidInput(
                f"no such state: {state[:40]}", where="state", remedy=f"use {', '.join(STATES)}"
            )
        department = "" if p.city_wide else (p.department or "-")
        with self._records.view() as unit:
            counted = clusters_of(unit.tallies.cells(_counted(box), department, p.counties), state)
            total = sum(cluster.count for cluster in counted)
            if total <= FEW:
                cases = _cases(unit, p, bbox, state)
                return CaseMap(clusters=(), cases=cases, total=len(cases))
            if box.level > LEVELS[-1] and total <= MOST_READ:
                rows = _pick(unit, p, bbox, state, ("lon", "lat"), MOST_READ)
                counted = squares_of(rows, box.level)
                total = len(rows)
        return CaseMap(clusters=tuple(counted), cases=(), total=total)


def level_box(bbox: Bbox, zoom: int) -> Box:
    """The squares of a part of the map, a quarter of a tile wide or the next coarser.

    Raises:
        InvalidInput: the box is none.
    """
    west, south, east, north = bbox
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InvalidInput(
            "no such box", where="bbox", remedy="give west,south,east,north in degrees"
        )
    level = max(LEVELS[0], min(DEEPEST, (zoom + 2) // 2 * 2))
    while True:
        left, top = square_of(west, north, level)
        right, bottom = square_of(east, south, level)
        if (right - left + 1) * (bottom - top + 1) <= MOST_SQUARES or level <= LEVELS[0]:
            return Box(level, left, top, right, bottom)
        level -= 2


def _counted(box: Box) -> Box:
    """The squares round a box at a level at which cases are counted."""
    up = max(0, box.level - LEVELS[-1])
    return Box(box.level - up, *(side >> up for side in box[1:]))


def clusters_of(cells: Iterable[tuple[CellKey, Counts]], state: str) -> list[Cluster]:
    """Cells as clusters; counties of one square are put together."""
    sums: dict[tuple[int, int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for key, (opened, every, open_lon, open_lat, all_lon, all_lat) in cells:
        found = (opened, open_lon, open_lat), (every, all_lon, all_lat)
        values = {"open": found[0], "all": found[1]}.get(state) or tuple(
            a - b for a, b in zip(found[1], found[0], strict=True)
        )
        kept = sums[(key.level, key.y, key.x)]
        for n, value in enumerate(values):
            kept[n] += value
    return [
        Cluster(count=n, lon=lon / n / 1e6, lat=lat / n / 1e6, bbox=_rounded(corners(x, y, level)))
        for (level, y, x), (n, lon, lat) in sums.items()
        if n > 0
    ]


def squares_of(places: Iterable[tuple[Any, ...]], level: int) -> list[Cluster]:
    """Places put into squares of a level."""
    found: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    for lon, lat in places:
        found[square_of(lon, lat, level)].append((lon, lat))
    return [
        Cluster(
            count=len(points),
            lon=sum(lon for lon, _ in points) / len(points),
            lat=sum(lat for _, lat in points) / len(points),
            bbox=_rounded(corners(x, y, level)),
        )
        for (x, y), points in found.items()
    ]


def _cases(unit: Unit, p: Principal, bbox: Bbox, state: str) -> tuple[Case, ...]:
    ids = tuple(row[0] for row in _pick(unit, p, bbox, state, ("id",), FEW))
    return tuple(unit.cases.find(id=ids, audience=p.audience())) if ids else ()


def _pick(
    unit: Unit, p: Principal, bbox: Bbox, state: str, names: tuple[str, ...], limit: int
) -> list[tuple[Any, ...]]:
    """Columns of the cases within a box."""
    west, south, east, north = bbox
    conditions: dict[str, Any] = {"lon": Between(west, east), "lat": Between(south, north)}
    if state != "all":
        conditions["state"] = OPEN_STATES if state == "open" else tuple(OVER)
    return unit.cases.pick(
        names, audience=p.audience(), limit=limit, strip=strips(south, north), **conditions
    )


def _rounded(bbox: Bbox) -> Bbox:
    west, south, east, north = (round(side, 6) for side in bbox)
    return west, south, east, north
