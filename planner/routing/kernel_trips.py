"""Kernels that build all trips of an outing, one group at a time; `bound_trips` explains them."""

import numpy as np
import numpy.typing as npt

from planner.routing.jit import maker
from planner.routing.model import Floats, Ints

Longs = npt.NDArray[np.int64]

METRES, TIME, END, START, RELEASE, LOAD = range(6)
LAST, SET, NEXT, PARENT, ALIVE = range(5)
EARLIEST, LATEST, LET_GO, CARRIED, WORK_S, WORK_M, HOME_S = range(7)


@maker
def find(
    table: Longs, hashes: Longs, code: int, first: Ints, members: Ints, wanted: Ints, size: int
) -> int:
    """The slot of the wanted set (sorted groups) in the hash table, or the free slot for it."""
    mask = len(table) - 1
    slot = code & mask
    while True:
        at = table[slot]
        if at < 0:
            return slot
        if hashes[at] == code and first[at + 1] - first[at] == size:
            same = True
            for i in range(size):
                if members[first[at] + i] != wanted[i]:
                    same = False
                    break
            if same:
                return slot
        slot = (slot + 1) & mask


@maker
def code_of(wanted: Ints, size: int) -> int:
    """A hash of sorted groups (FNV-1a over 31 bits kept positive)."""
    code = np.int64(2166136261)
    for i in range(size):
        code = ((code ^ np.int64(wanted[i] + 1)) * np.int64(16777619)) & np.int64(0x7FFFFFFFFFFF)
    return int(code ^ (code >> np.int64(17)))


@maker
def longer(a: npt.NDArray, rows: int) -> npt.NDArray:
    """The array with at least so many rows."""
    if rows <= a.shape[0]:
        return a
    bigger = np.empty((max(rows, 2 * a.shape[0]), a.shape[1]), a.dtype)
    bigger[: a.shape[0]] = a
    return bigger


@maker
def longer_row(a: npt.NDArray, size: int) -> npt.NDArray:
    """The flat array with at least so many places."""
    if size <= len(a):
        return a
    bigger = np.empty(max(size, 2 * len(a)), a.dtype)
    bigger[: len(a)] = a
    return bigger


@maker
def extended(
    old: Floats, new: Floats, way_s: float, way_m: float, node: Floats, limits: Floats
) -> bool:
    """Writes into `new` the label `old` with one more node; whether that can still get home."""
    usable, capacity, until = limits[0], limits[1], limits[3]
    latest, work_s, home_s, release = node[LATEST], node[WORK_S], node[HOME_S], node[LET_GO]
    time, end = old[TIME] + way_s, old[END] + way_s
    metres = old[METRES] + way_m + node[WORK_M]
    if not (end <= latest and np.isfinite(time) and np.isfinite(metres)):
        return False
    start = min(old[START], latest - time)
    let_go = max(old[RELEASE], release)
    time, end = time + work_s, max(end, node[EARLIEST]) + work_s
    end = max(end, let_go + time)
    new[METRES], new[TIME], new[END], new[START] = metres, time, end, start
    new[RELEASE], new[LOAD] = let_go, old[LOAD] + node[CARRIED]
    longest = max(time, end - start) + home_s
    return longest <= usable and end + home_s <= until and let_go <= start and new[LOAD] <= capacity


@maker
def kept(new: Floats, node: int, head: int, values: Floats, labels: Ints) -> bool:
    """Whether the label is not dominated among those of its set; kills those it dominates."""
    at = head
    while at >= 0:
        if labels[at, LAST] == node and labels[at, ALIVE]:
            old = values[at]
            if (
                old[METRES] <= new[METRES]
                and old[TIME] <= new[TIME]
                and old[END] <= new[END]
                and old[START] >= new[START]
                and old[LOAD] <= new[LOAD]
            ):
                return False
            if (
                old[METRES] >= new[METRES]
                and old[TIME] >= new[TIME]
                and old[END] >= new[END]
                and old[START] <= new[START]
                and old[LOAD] >= new[LOAD]
            ):
                labels[at, ALIVE] = 0
        at = labels[at, NEXT]
    return True


@maker
def joined_by(groups: Ints, size: int, group: int, wanted: Ints) -> bool:
    """Writes the sorted set with one more group; False where it holds the group already."""
    at = 0
    for i in range(size):
        if groups[i] == group:
            return False
        if groups[i] < group:
            at = i + 1
        wanted[i if groups[i] < group else i + 1] = groups[i]
    wanted[at] = group
    return True


@maker
def rehashed(table: Longs, hashes: Longs, sets: int) -> Longs:
    """The hash table at twice the size."""
    bigger = np.full(2 * len(table), -1, np.int64)
    mask = len(bigger) - 1
    for at in range(sets):
        slot = hashes[at] & mask
        while bigger[slot] >= 0:
            slot = (slot + 1) & mask
        bigger[slot] = at
    return bigger


@maker
def grown(
    out: Floats, leg_s: Floats, leg_m: Floats, node: Floats, group: Ints, limits: Floats, most: int
) -> tuple[Floats, Ints, Ints, Ints, bool]:
    """Level by level (one group, two groups, ...) all labels and all sets."""
    n = len(group)
    values, labels = np.empty((1024, 6)), np.empty((1024, 5), np.int32)
    first, members = np.zeros(1025, np.int32), np.empty(4096, np.int32)
    hashes, heads = np.empty(1024, np.int64), np.empty(1024, np.int32)
    table = np.full(4096, -1, np.int64)
    root, new, wanted = np.zeros(6), np.empty(6), np.empty(n + 1, np.int32)
    root[END], root[START], root[RELEASE] = limits[2], np.inf, limits[2]
    total, sets, size = 0, 0, 0
    low, high = -1, 0
    while low < high:
        for old in range(low, high):
            if old >= 0 and not labels[old, ALIVE]:
                continue
            for j in range(n):
                if old < 0:
                    way_s, way_m, wanted[0] = out[j, 0], out[j, 1], group[j]
                    before = root
                else:
                    own, last = labels[old, SET], labels[old, LAST]
                    if not joined_by(members[first[own] :], size, group[j], wanted):
                        continue
                    way_s, way_m, before = leg_s[last, j], leg_m[last, j], values[old]
                if not extended(before, new, way_s, way_m, node[j], limits):
                    continue
                code = code_of(wanted, size + 1)
                slot = find(table, hashes, code, first, members, wanted, size + 1)
                at = table[slot]
                if at < 0:
                    at, sets = sets, sets + 1
                    first = longer_row(first, sets + 1)
                    hashes, heads = longer_row(hashes, sets), longer_row(heads, sets)
                    first[sets] = first[at] + size + 1
                    members = longer_row(members, first[sets])
                    members[first[at] : first[sets]] = wanted[: size + 1]
                    hashes[at], heads[at], table[slot] = code, -1, at
                    if 2 * sets > len(table):
                        table = rehashed(table, hashes, sets)
                elif not kept(new, j, heads[at], values, labels):
                    continue
                values, labels = longer(values, total + 1), longer(labels, total + 1)
                values[total] = new
                labels[total, LAST], labels[total, SET], labels[total, PARENT] = j, at, old
                labels[total, NEXT], labels[total, ALIVE] = heads[at], 1
                heads[at] = total
                total += 1
                if total >= most:
                    return values[:total], labels[:total], first[: sets + 1], members, False
        low, high, size = max(high, 0) if low >= 0 else 0, total, size + 1
    return values[:total], labels[:total], first[: sets + 1], members, True
