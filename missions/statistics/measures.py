"""What is counted: the places of the numbers in a row of counts, and the classes of durations."""

import math
import sys
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from missions.store.counts import Counts

VERSION = 2
"""Of the rows' meaning. Counts of another version are counted anew when the service starts."""

FACTOR = 2 ** (1 / 3)
"""Durations are sorted into classes; each ends 26 % above the one before (three an octave)."""
CLASSES = 50
"""Below a minute, 48 classes up to 2**16 minutes (45 days), and all that is longer."""

CASES = (
    *("events", "opened", "rejected", "due", "handled", "on_time", "closed", "returned"),
    *("escalated", "recurring", "rechecks", "looked"),
)
"""Counts of the subject "cases"; `docs/statistics.md` defines each."""
ANSWER, CLOSE = len(CASES), len(CASES) + CLASSES
"""Where the classes of minutes from alert to first answer begin, and from alert to close."""
FLIGHTS = ("flights", "metres", "seconds", "photos", "failed", "cancelled")
"""Counts of the subjects "flights" (the city's) and "shares" (a department's part of them)."""
REQUESTS = ("asked", "answered", "refused")
WIDTH: Mapping[str, int] = {
    "cases": len(CASES) + 2 * CLASSES,
    "flights": len(FLIGHTS),
    "shares": len(FLIGHTS),
    "requests": len(REQUESTS),
}
"""Numbers in a row, by subject."""
AT: Mapping[str, Mapping[str, int]] = {
    "cases": {name: n for n, name in enumerate(CASES)},
    "flights": {name: n for n, name in enumerate(FLIGHTS)},
    "shares": {name: n for n, name in enumerate(FLIGHTS)},
    "requests": {name: n for n, name in enumerate(REQUESTS)},
}
"""The place of each number in its row."""

Row = npt.NDArray[np.int64]
"""(WIDTH,) int64: a row of counts."""


def class_of(minutes: float) -> int:
    """The class of a duration.

    >>> [class_of(m) for m in (0.5, 1.0, 2.0, 60.0, 1e9)]
    [0, 1, 4, 18, 49]
    """
    if minutes < 1:
        return 0
    return min(CLASSES - 1, 1 + int(3 * math.log2(minutes) + 1e-9))


def quantile_min(classes: npt.NDArray[np.int64], share: float) -> float | None:
    """The duration below which a share of all lie, minutes; None where there are none.

    Right to the class, a factor of 1.26; within it, durations are taken to be spread evenly (on
    the scale of logarithms). In the last class, its lower end is given.

    Args:
        classes: (CLASSES,) how many durations lie in each.
        share: 0.5 for the median.
    """
    total = int(classes.sum())
    if total <= 0:
        return None
    wanted = share * total
    reached = np.cumsum(classes)
    n = int(np.searchsorted(reached, wanted))
    before = int(reached[n - 1]) if n else 0
    part = (wanted - before) / max(1, int(classes[n]))
    if n == 0:
        return part
    if n == CLASSES - 1:
        return float(2 ** ((n - 1) / 3))
    return float(2 ** ((n - 1 + part) / 3))


def rows_of(kept: list[bytes], width: int) -> npt.NDArray[np.int64]:
    """Rows as the store keeps them, as (n, width) int64."""
    if not kept:
        return np.zeros((0, width), dtype=np.int64)
    order = "<i4" if sys.byteorder == "little" else ">i4"
    return np.frombuffer(b"".join(kept), dtype=order).reshape(len(kept), width).astype(np.int64)


def empty(subject: str) -> list[int]:
    """A row of noughts."""
    return [0] * WIDTH[subject]


def is_nought(row: Counts) -> bool:
    """Whether a difference changes nothing."""
    return not any(row)
