"""Kernels that find the best trip at given prices; `bound_walks` explains them.

A label is a walk from the post to the end of a node's work: Q what it earned, seconds charged
without waiting; KEY what it may earn at most when complete; the others as in `kernel_trips`.
"""

import numpy as np
import numpy.typing as npt

from planner.routing.jit import maker
from planner.routing.kernel_trips import (
    CARRIED,
    EARLIEST,
    HOME_S,
    LATEST,
    LET_GO,
    WORK_S,
    longer,
)
from planner.routing.model import Floats, Ints

Words = npt.NDArray[np.uint64]

Q, TIME, END, START, RELEASE, LOAD, KEY = range(7)
LAST, NEXT, PARENT, ALIVE = range(4)


@maker
def onward(
    steps: Ints, order: Ints, leg_q: Floats, home: Ints, back_q: Floats, group: Ints, buckets: int
) -> tuple[Floats, Ints, Floats]:
    """(n, buckets) what a walk can still earn after each node when so many buckets of time are
    left, way home included; the group it goes to next; and the best with another next group.

    `steps`: (n, n) buckets from node to node, at least one; `order`: (n, n) nodes by these steps;
    `home`: (n,) buckets to the post. Times are rounded down and windows left out, so that it is
    never too little. Two visits to a group with only one between them are kept out."""
    n = len(group)
    best, second = np.full((buckets, n), -np.inf), np.full((buckets, n), -np.inf)
    after = np.full((buckets, n), -1, np.int32)
    for r in range(buckets):
        for i in range(n):
            top, other, to = back_q[i] if home[i] <= r else -np.inf, -np.inf, np.int32(-1)
            for at in range(n):
                k = order[i, at]
                left = r - steps[i, k]
                if left < 0:
                    break
                here = best[left, k]
                if leg_q[i, k] + here <= other:
                    continue
                if after[left, k] == group[i]:
                    here = second[left, k]
                value = leg_q[i, k] + here
                if value > top:
                    if to != group[k]:
                        other = top
                    top, to = value, group[k]
                elif value > other and group[k] != to:
                    other = value
            best[r, i], second[r, i], after[r, i] = top, other, to
    return best, after, second


@maker
def stepped(
    old: Floats, new: Floats, way_s: float, way_q: float, node: Floats, limits: Floats
) -> bool:
    """Writes into `new` the label `old` with one more node; whether that can still get home."""
    usable, capacity, until = limits[0], limits[1], limits[3]
    time, end = old[TIME] + way_s, old[END] + way_s
    if not (end <= node[LATEST] and np.isfinite(time) and np.isfinite(way_q)):
        return False
    start = min(old[START], node[LATEST] - time)
    let_go = max(old[RELEASE], node[LET_GO])
    time, end = time + node[WORK_S], max(end, node[EARLIEST]) + node[WORK_S]
    end = max(end, let_go + time)
    new[Q], new[TIME], new[END], new[START] = old[Q] + way_q, time, end, start
    new[RELEASE], new[LOAD] = let_go, old[LOAD] + node[CARRIED]
    return (
        max(time, end - start) + node[HOME_S] <= usable
        and end + node[HOME_S] <= until
        and let_go <= start
        and new[LOAD] <= capacity
    )


@maker
def beats(a: Floats, b: Floats, a_seen: Words, b_seen: Words, waits: bool) -> bool:
    """Whether whatever walk b can become, walk a can become, and earns no less."""
    if a[Q] < b[Q] or a[TIME] > b[TIME] or a[LOAD] > b[LOAD]:
        return False
    if waits and (a[END] > b[END] or a[START] < b[START]):
        return False
    over = np.uint64(0)
    for w in range(len(a_seen)):
        over |= a_seen[w] & ~b_seen[w]
    return over == np.uint64(0)


@maker
def pushed(heap: Ints, size: int, values: Floats, item: int) -> None:
    """The item into a heap by KEY, the greatest first, that holds `size` items."""
    at = size
    while at > 0:
        up = (at - 1) // 2
        if values[heap[up], KEY] >= values[item, KEY]:
            break
        heap[at] = heap[up]
        at = up
    heap[at] = item


@maker
def popped(heap: Ints, size: int, values: Floats) -> int:
    """The item of greatest KEY out of a heap that holds `size` items."""
    first, item = heap[0], heap[size - 1]
    at, size = 0, size - 1
    while 2 * at + 1 < size:
        down = 2 * at + 1
        if down + 1 < size and values[heap[down + 1], KEY] > values[heap[down], KEY]:
            down += 1
        if values[item, KEY] >= values[heap[down], KEY]:
            break
        heap[at] = heap[down]
        at = down
    heap[at] = item
    return int(first)


@maker
def best_walks(
    out: Floats, leg_s: Floats, leg_q: Floats, node: Floats, back: Floats, group: Ints,
    near: Words, limits: Floats, least: float, width: float, order: Ints, counts: Ints,
    best: Floats, after: Ints, second: Floats, waits: bool, most: int,
) -> tuple[float, Ints, Ints, Floats]:  # fmt: skip
    """Walks, the most promising first, `most` at most: what no trip earns more than, the labels,
    and the labels that closed with what each earned (more than `least`).

    `out`, `back`: (n, 2) seconds and earnings; `order`, `counts`: the nodes after each node."""
    n, words, buckets = len(group), near.shape[1], best.shape[0]
    values, labels = np.empty((4096, 7)), np.empty((4096, 4), np.int32)
    seen, heap = np.zeros((4096, words), np.uint64), np.empty(most + 1, np.int32)
    heads = np.full(n, -1, np.int32)
    closed, earned, ends = np.empty((1024, 1), np.int32), np.empty((1024, 1)), 0
    root, new = np.zeros(7), np.empty(7)
    root[END], root[START], root[RELEASE] = limits[2], np.inf, limits[2]
    total, size, top, old, whole = 0, 0, least, -1, True
    work = node[:, WORK_S].copy()
    while True:
        for at in range(n if old < 0 else counts[labels[old, LAST]]):
            j = at if old < 0 else order[labels[old, LAST], at]
            if width > 0:
                # most steps promise too little: seen before anything else is computed
                if old < 0:
                    left, comes = limits[0] - out[j, 0] - work[j], out[j, 1]
                else:
                    i = labels[old, LAST]
                    left = limits[0] - values[old, TIME] - leg_s[i, j] - work[j]
                    comes = values[old, Q] + leg_q[i, j]
                if not left >= 0 or comes + best[min(buckets - 1, int(left / width)), j] <= top:
                    continue
            if old < 0:
                fine = stepped(root, new, out[j, 0], out[j, 1], node[j], limits)
            else:
                i, g = labels[old, LAST], group[j]
                if g == group[i] or seen[old, g >> 6] >> np.uint64(g & 63) & np.uint64(1):
                    continue
                fine = stepped(values[old], new, leg_s[i, j], leg_q[i, j], node[j], limits)
            if not fine:
                continue
            new[KEY] = -new[TIME]
            if width > 0:
                r = min(buckets - 1, int((limits[0] - new[TIME]) / width))
                comes = best[r, j]
                if old >= 0 and after[r, j] == group[labels[old, LAST]]:
                    comes = max(second[r, j], back[j, 1])
                new[KEY] = new[Q] + comes
                if new[KEY] <= top:
                    continue
            if total >= most:
                whole = False
                break
            values, labels = longer(values, total + 1), longer(labels, total + 1)
            seen = longer(seen, total + 1)
            for w in range(words):
                seen[total, w] = seen[old, w] & near[j, w] if old >= 0 else np.uint64(0)
            seen[total, group[j] >> 6] |= np.uint64(1) << np.uint64(group[j] & 63)
            # the chain of a node is kept by earnings: who earns more may beat the new walk
            there, dominated, chain = heads[j], False, -1
            while there >= 0 and values[there, Q] >= new[Q]:
                if beats(values[there], new, seen[there], seen[total], waits):
                    dominated = True
                    break
                chain, there = there, labels[there, NEXT]
            if dominated:
                continue
            values[total] = new
            labels[total, LAST], labels[total, PARENT] = j, old
            labels[total, NEXT], labels[total, ALIVE] = there, 1
            if chain < 0:
                heads[j] = total
            else:
                labels[chain, NEXT] = total
            chain = total
            while there >= 0:
                if beats(new, values[there], seen[total], seen[there], waits):
                    labels[there, ALIVE] = 0
                    labels[chain, NEXT] = labels[there, NEXT]
                else:
                    chain = there
                there = labels[there, NEXT]
            pushed(heap, size, values, total)
            size += 1
            time, end = new[TIME] + back[j, 0], new[END] + back[j, 0]
            held = max(time, end - new[START])
            gain = new[Q] + back[j, 1]
            if held <= limits[0] and end <= limits[3] and gain > least:
                closed, earned = longer(closed, ends + 1), longer(earned, ends + 1)
                closed[ends, 0], earned[ends, 0] = total, gain
                ends, top = ends + 1, max(top, gain)
            total += 1
        if not whole:
            # the walk at hand was not extended to the end: its own promise stands
            top = max(top, values[old, KEY]) if width > 0 and old >= 0 else np.inf
            break
        old = -1
        while size > 0 and old < 0:
            old = popped(heap, size, values)
            size -= 1
            if not labels[old, ALIVE]:
                old = -1
        if old < 0 or (width > 0 and values[old, KEY] <= top):
            break
    return top, labels[:total], closed[:ends, 0], earned[:ends, 0]
