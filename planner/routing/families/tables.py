"""The plain text tables: Cordeau's multi-depot files, Solomon's, Chao's team orienteering."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from planner.routing.families.instance import Family, Raw
from planner.routing.families.text import Line, counted, whole

_CORDEAU = {2: Family.MDVRP, 6: Family.MDVRPTW}
"""Cordeau's numbers of the problems that can be read: with several depots, without and with
windows; 1, 3, 4 and 5 are periodic, site-dependent or of one depot."""

SOLOMON_HEAD = "VEHICLE"


def cordeau(path: Path, found: Sequence[Line]) -> Raw:
    """Cordeau's text: `type m n t`, then `D Q` for each of t depots, then n clients and t depots
    as `i x y service demand frequency combinations list [earliest latest]`.

    m vehicles stand at each depot; D or Q of 0 means without limit.
    """
    head = found[0].numbers(at_least=4)
    if head[0] not in _CORDEAU:
        raise found[0].wrong(f"type {head[0]:g} is not 2 (MDVRP) or 6 (MDVRPTW)")
    family = _CORDEAU[int(head[0])]
    each = whole(head[1], found[0], "m", at_least=1)
    clients = whole(head[2], found[0], "n", at_least=1, at_most=20_000)
    depots = whole(head[3], found[0], "t", at_least=1, at_most=1000)
    limits = np.array([x.numbers(at_least=2)[:2] for x in counted(found, 1, depots, "depots")])
    limits[limits == 0] = np.inf
    rows = [
        (x, x.numbers(at_least=5)) for x in counted(found, 1 + depots, clients + depots, "places")
    ]
    windows = [[0.0, np.inf]] * (clients + depots)
    if family is Family.MDVRPTW:
        windows = [_last_two(line, row) for line, row in rows]
    table = np.array([row[:5] for _, row in rows])
    home = np.repeat(np.arange(depots, dtype=np.int32), each)
    return Raw(
        path=path,
        family=family,
        depot_xy=table[clients:, 1:3],
        xy=table[:clients, 1:3],
        depot_window=np.array(windows[clients:], float),
        window=np.array(windows[:clients], float),
        service=table[:clients, 3],
        release=np.zeros(clients),
        demand=table[:clients, 4],
        prize=np.full(clients, np.inf),
        start=home,
        end=home,
        capacity=limits[home, 1],
        longest=limits[home, 0],
    )


def _last_two(line: Line, row: Sequence[float]) -> list[float]:
    if len(row) < 7:
        raise line.wrong("has no time window")
    return list(row[-2:])


def solomon(path: Path, found: Sequence[Line]) -> Raw:
    """Solomon's text: name, VEHICLE, NUMBER CAPACITY, their values, CUSTOMER, heads, then rows
    `number x y demand ready due service`; row 0 is the depot."""
    fleet = counted(found, 3, 1, "lines of vehicles")[0]
    number, capacity = fleet.numbers(at_least=2)[:2]
    vehicles = whole(number, fleet, "NUMBER", at_least=1, at_most=20_000)
    counted(found, 6, 2, "customers")
    table = np.array([x.numbers(at_least=7, section="CUSTOMER")[:7] for x in found[6:]])
    for at, line in enumerate(found[6:]):
        if table[at, 0] != at:
            raise line.wrong(f"customer {table[at, 0]:g} stands where {at} is expected", "CUSTOMER")
    clients, home = len(table) - 1, np.zeros(vehicles, np.int32)
    return Raw(
        path=path,
        family=Family.VRPTW,
        depot_xy=table[:1, 1:3],
        xy=table[1:, 1:3],
        depot_window=table[:1, 4:6],
        window=table[1:, 4:6],
        service=table[1:, 6],
        release=np.zeros(clients),
        demand=table[1:, 3],
        prize=np.full(clients, np.inf),
        start=home,
        end=home,
        capacity=np.full(vehicles, capacity),
        longest=np.full(vehicles, np.inf),
    )


def chao(path: Path, found: Sequence[Line]) -> Raw:
    """Chao's team orienteering: `n;`, `m;`, `tmax;`, then `x;y;reward`, the first row where all
    start, the last where all end."""
    values = []
    for line, key in zip(counted(found, 0, 3, "head lines"), ("n", "m", "tmax"), strict=True):
        word, _, rest = line.text.partition(";")
        if word.strip() != key:
            raise line.wrong(f"{word!r} stands where {key!r} is expected")
        values.append(Line(line.path, line.number, rest).numbers()[0])
    nodes = whole(values[0], found[0], "n", at_least=2, at_most=20_000)
    team = whole(values[1], found[1], "m", at_least=1, at_most=1000)
    if values[2] <= 0:
        raise found[2].wrong("tmax is not above 0")
    rows = counted(found, 3, nodes, "places")
    table = np.array([x.numbers(at_least=3, by=";")[:3] for x in rows])
    clients = nodes - 2
    return Raw(
        path=path,
        family=Family.TOP,
        depot_xy=table[[0, -1], :2],
        xy=table[1:-1, :2],
        depot_window=np.tile([0.0, np.inf], (2, 1)),
        window=np.tile([0.0, np.inf], (clients, 1)),
        service=np.zeros(clients),
        release=np.zeros(clients),
        demand=np.zeros(clients),
        prize=table[1:-1, 2],
        start=np.zeros(team, np.int32),
        end=np.ones(team, np.int32),
        capacity=np.full(team, np.inf),
        longest=np.full(team, values[2]),
    )
