"""A model packed for the kernels: rows that are read together lie together."""

import numpy as np
import numpy.typing as npt

from planner.routing.layout import NEVER, Tables
from planner.routing.model import Floats, Ints, Model

NEAR = 150
"""Neighbours kept for each group: what a removal of strings may reach."""
HOMES = 10
"""Cheapest classes of vehicles kept for each group."""


def tables(model: Model) -> Tables:
    """Everything about a model that the kernels read."""
    labels, kin, members = _classes(model)
    alone, fits = _alone(model, labels, kin, members)
    return Tables(
        leg=_legs(model),
        gate=_gates(model),
        node=np.column_stack([model.earliest, model.latest, model.release, model.load]),
        work=np.ascontiguousarray(
            np.minimum(np.stack([model.work_m, model.work_s], axis=-1), 10 * NEVER)
        ),
        group=model.group_of,
        first=model.first.astype(np.int32),
        loss=np.column_stack([_losses(model), model.churn]),
        stay=model.stay.astype(np.int32),
        limit=_limits(model),
        label=labels,
        near=_nearest(model),
        kin=kin,
        members=members,
        home=_homes(alone),
        fits=fits,
        key=_keys(model, alone),
        second_cost=float(model.second_cost),
    )


def _legs(model: Model) -> npt.NDArray[np.float32]:
    """(L, N, N, 4): metres and seconds to and from."""
    tables_, nodes, _ = model.leg_m.shape
    legs = np.empty((tables_, nodes, nodes, 4), np.float32)
    legs[..., 0], legs[..., 1] = model.leg_m, model.leg_s
    legs[..., 2], legs[..., 3] = model.leg_m.swapaxes(1, 2), model.leg_s.swapaxes(1, 2)
    return np.minimum(legs, np.float32(10 * NEVER), out=legs)


def _gates(model: Model) -> npt.NDArray[np.float32]:
    """(N, P, 4): metres and seconds out and back."""
    four = np.stack([model.out_m.T, model.out_s.T, model.back_m.T, model.back_s.T], axis=-1)
    return np.ascontiguousarray(np.minimum(four, np.float32(10 * NEVER)), np.float32)


def _limits(model: Model) -> Floats:
    columns = [
        np.minimum(model.first_usable_s, NEVER),
        np.minimum(model.usable_s, NEVER),
        np.minimum(model.capacity, NEVER),
        model.free,
        np.minimum(model.until, NEVER),
        model.rest_s,
        model.rest_rate,
        model.trip_cost,
    ]
    return np.column_stack(columns).astype(float)


def _losses(model: Model) -> Floats:
    """(G,) what leaving a group out costs; a duty costs more than serving everything could."""
    finite = np.isfinite(model.prize)
    ways = model.out_m.astype(float)[:, model.first[:-1]] + model.back_m[:, model.first[:-1]]
    ways = np.where(np.isfinite(ways), ways, 0.0)
    duty = 1.0 + ways.max(axis=0, initial=0.0).sum() + model.prize[finite].sum()
    return np.where(finite, model.prize, duty) + np.where(model.stay >= 0, model.churn, 0.0)


def _classes(model: Model) -> tuple[Ints, Ints, Ints]:
    """Labels of vehicles, and the vehicles by class: those of one class are alike in all."""
    special = (model.first_post != model.start_post) | (model.first_usable_s != model.usable_s)
    kept = np.zeros(model.vehicles)
    for v in model.stay[model.stay >= 0]:
        kept[v] = v + 1  # a vehicle with work of the plan in hand is like no other
    alike = np.column_stack(
        [model.kind_of, model.start_post, model.end_post, model.first_post, _limits(model), kept,
         model.max_trips]
    )  # fmt: skip
    _, of = np.unique(alike, axis=0, return_inverse=True)
    of = of.reshape(-1).astype(np.int32)
    members = np.argsort(of, kind="stable").astype(np.int32)
    kin = np.concatenate([[0], np.cumsum(np.bincount(of))]).astype(np.int32)
    labels = np.column_stack(
        [
            model.kind_of,
            model.table_of[model.kind_of],
            model.start_post,
            model.end_post,
            model.first_post,
            np.minimum(model.max_trips, model.groups),
            of,
            special,
        ]
    )
    return np.ascontiguousarray(labels, np.int32), kin, members


def _alone(
    model: Model, labels: Ints, kin: Ints, members: Ints
) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """(C, G) metres of a trip for one group alone, infinite where there is none; (G, V) fits."""
    costs = np.full((len(kin) - 1, model.groups), np.inf)
    for c, v in enumerate(members[kin[:-1]]):
        for post, usable in (
            (model.first_post[v], model.first_usable_s[v]),
            (model.start_post[v], model.usable_s[v]),
        ):
            by_node = _single(model, int(v), int(post), float(usable))
            if model.groups:
                by_group = np.minimum.reduceat(by_node, model.first[:-1])
                costs[c] = np.minimum(costs[c], by_group)
    fits = np.isfinite(costs).T[:, labels[:, 6]] if len(labels) else np.zeros((model.groups, 0))
    return costs, np.ascontiguousarray(fits, np.uint8)


def _single(model: Model, v: int, post: int, usable: float) -> Floats:
    """(N,) metres of a trip of vehicle v that does one node only; infinite where none can."""
    kind, end = model.kind_of[v], model.end_post[v]
    out, back = model.out_s[post].astype(float), model.back_s[end].astype(float)
    begin = np.maximum(np.maximum(model.free[v], model.release) + out, model.earliest)
    lasts = out + model.work_s[kind] + back
    metres = model.out_m[post].astype(float) + model.work_m[kind] + model.back_m[end]
    fine = (lasts <= usable + 1e-3) & (begin <= model.latest + 1e-3) & np.isfinite(metres)
    fine &= begin + model.work_s[kind] + back <= model.until[v] + 1e-3
    return np.where(fine & (model.load <= model.capacity[v] + 1e-3), metres, np.inf)


def _homes(alone: Floats) -> Ints:
    """(G, B) classes by the cost of a trip for the group alone, -1 where there are no more."""
    keep = min(HOMES, len(alone))
    order = np.argsort(alone, axis=0, kind="stable")[:keep]
    found = np.take_along_axis(alone, order, axis=0) if len(alone) else alone
    return np.ascontiguousarray(np.where(np.isfinite(found), order, -1).T, np.int32)


def _nearest(model: Model) -> Ints:
    """(G, A) the nearest groups by the shortest leg between any of their nodes."""
    groups = model.groups
    if groups < 2:
        return np.zeros((groups, 0), np.int32)
    way = model.leg_m[0]
    if len(way) > groups:
        way = np.minimum.reduceat(way, model.first[:-1], axis=0)
        way = np.minimum.reduceat(way, model.first[:-1], axis=1)
    way = np.nan_to_num(np.minimum(way, way.T), posinf=np.finfo(way.dtype).max)
    np.fill_diagonal(way, np.inf)  # never its own neighbour, however far all others are
    keep = min(NEAR, groups - 1)
    nearest = np.argpartition(way, keep - 1, axis=1)[:, :keep]
    order = np.argsort(np.take_along_axis(way, nearest, axis=1), axis=1, kind="stable")
    return np.ascontiguousarray(np.take_along_axis(nearest, order, axis=1), np.int32)


def _keys(model: Model, alone: Floats) -> Floats:
    """(O, G) orders of insertion, least first: dear, dear for its time, far, close, tight, long."""
    first = model.first[:-1]
    loss, work = _losses(model), model.work_s[0, first]
    work = np.where(np.isfinite(work), work, 0.0)
    away = np.where(np.isfinite(alone), alone, 0.0).max(axis=0, initial=0.0)
    width = np.nan_to_num(model.latest - model.earliest, nan=0.0, posinf=NEVER)[first]
    if not model.groups:
        return np.zeros((6, 0))
    hurry = -loss / (work + 1.0 + away / (1.0 + away.mean()))
    return np.ascontiguousarray([-loss, hurry, -away, away, width, -work])
