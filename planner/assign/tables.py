"""The dense tables of some of a day's drones and tasks, for the search."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from planner.assign.kinds import Index, Kind, Singles
from planner.routing.model import Floats, Ints, Model

if TYPE_CHECKING:
    from planner.assign.model import Day


def part(day: "Day", vehicles: Sequence[int], groups: Sequence[int]) -> Model:
    """The model of some drones and groups of a day, numbered anew in the order given."""
    fleet = [day.drones[v] for v in vehicles]
    chosen = np.asarray(groups, np.intp)
    tasks = day.tasks[chosen]
    node = _nodes(day, tasks)
    counts = day.nodes.first[tasks + 1] - day.nodes.first[tasks]
    places = list(dict.fromkeys(p for d in fleet for p in (d.first, d.start, d.end)))
    kinds = sorted({p.kind for p in places})
    number = {k: n for n, k in enumerate(kinds)}
    at = {place: n for n, place in enumerate(places)}
    home = np.full(len(day.drones) + 1, -1, np.int32)
    home[np.asarray(vehicles, int)] = np.arange(len(fleet))
    rest = [day.problem.stations[d.station].spec.recharge_s for d in fleet]
    return Model(
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        prize=day.prize[chosen],
        earliest=day.nodes.earliest[node],
        latest=day.nodes.latest[node],
        release=day.nodes.release[node],
        load=np.zeros(len(node)),
        work_s=day.nodes.work_s[np.ix_(np.array(kinds, np.intp), node)],
        work_m=np.array([day.kinds[k].work_m[day.nodes.way[node] >> 1] for k in kinds]).reshape(
            len(kinds), len(node)
        ),
        table_of=np.arange(len(kinds), dtype=np.int32),
        **_legs(day, kinds, tasks, node),
        **_posts(day, [day.post_of[p] for p in places], tasks, node),
        kind_of=_ints(number[d.start.kind] for d in fleet),
        start_post=_ints(at[d.start] for d in fleet),
        end_post=_ints(at[d.end] for d in fleet),
        first_post=_ints(at[d.first] for d in fleet),
        first_usable_s=_floats(d.first_usable_s for d in fleet),
        usable_s=_floats(d.usable_s for d in fleet),
        capacity=np.full(len(fleet), np.inf),
        free=_floats(d.free_s for d in fleet),
        until=_floats(d.until_s for d in fleet),
        rest_s=_floats(rest),
        rest_rate=np.zeros(len(fleet)),
        max_trips=_ints(d.most_trips for d in fleet),
        trip_cost=np.full(len(fleet), day.problem.wear_m),
        second_cost=0.0,
        stay=home[day.stay[chosen]],
        churn=np.where(day.stay[chosen] >= 0, day.problem.churn_m, 0.0),
        xy=day.xy[chosen],
        vehicle_xy=day.vehicle_xy[np.asarray(vehicles, np.intp)],
    )


def _ints(values: object) -> Ints:
    return np.fromiter(values, np.int32)  # type: ignore[call-overload]


def _floats(values: object) -> Floats:
    return np.fromiter(values, np.float64)  # type: ignore[call-overload]


def _nodes(day: "Day", tasks: Index) -> Index:
    """The nodes of some tasks, one task after another."""
    first = day.nodes.first
    return np.concatenate(
        [np.empty(0, np.intp), *(np.arange(first[t], first[t + 1]) for t in tasks)]
    )


def _legs(day: "Day", kinds: Sequence[int], tasks: Index, node: Index) -> dict[str, Singles]:
    """(kinds, nodes, nodes) seconds and metres from node to node.

    After a flight's first task before a closure, all others must bring it home by the same time;
    tasks of different owners do not follow one another.
    """
    local = np.full(len(day.problem.tasks), -1, np.intp)
    local[tasks] = np.arange(len(tasks))
    row = 2 * local[day.nodes.way[node] >> 1] + (day.nodes.way[node] & 1)
    size = (len(kinds), len(node), len(node))
    seconds, metres = (np.full(size, np.inf, np.float32) for _ in range(2))
    late = day.nodes.home[node]
    never = late[None, :] > late[:, None]
    if day.owner is not None:
        whose = day.owner[day.nodes.way[node] >> 1]
        never |= whose[None, :] != whose[:, None]
    same = np.array_equal(row, np.arange(2 * len(tasks)))
    for n, k in enumerate(kinds):
        for table, whole in zip((seconds, metres), _ways(day.kinds[k], tasks, local), strict=True):
            table[n] = whole if same else whole[np.ix_(row, row)]
            if never.any():
                table[n][never] = np.inf
    return {"leg_s": seconds, "leg_m": metres}


def _ways(kind: Kind, tasks: Index, local: Index) -> tuple[Singles, Singles]:
    """(2n, 2n) seconds and metres between the ways of n tasks."""
    counts = kind.rows[tasks + 1] - kind.rows[tasks]
    before = np.repeat(np.arange(len(tasks)), counts)
    pair = np.arange(len(before)) - np.repeat(np.cumsum(counts) - counts, counts)
    pair += kind.rows[tasks][before]
    after = local[kind.after[pair]]
    known = after >= 0
    before, after, pair = before[known], after[known], pair[known]
    tables = []
    for values in (kind.leg_s, kind.leg_m):
        whole = np.full((len(tasks), 2, len(tasks), 2), np.inf, np.float32)
        whole[before, :, after, :] = values[pair]
        tables.append(whole.reshape(2 * len(tasks), 2 * len(tasks)))
    return tables[0], tables[1]


def _posts(day: "Day", posts: Sequence[int], tasks: Index, node: Index) -> dict[str, Singles]:
    """(posts, nodes) seconds and metres out and back."""
    local = np.full(len(day.problem.tasks), -1, np.intp)
    local[tasks] = np.arange(len(tasks))
    row = 2 * local[day.nodes.way[node] >> 1] + (day.nodes.way[node] & 1)
    names = ("out_s", "out_m", "back_s", "back_m")
    tables = {n: np.full((len(posts), 2 * len(tasks)), np.inf, np.float32) for n in names}
    for p, index in enumerate(posts):
        post = day.posts[index]
        to = local[post.tasks]
        known = to >= 0
        for name in names:
            tables[name].reshape(len(posts), -1, 2)[p, to[known]] = getattr(post, name)[known]
    found = {name: np.ascontiguousarray(table[:, row]) for name, table in tables.items()}
    far = found["back_s"] > day.nodes.longest_back[node]
    found["back_s"][far] = np.inf
    return found
