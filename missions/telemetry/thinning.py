"""Fewer positions that still say where a vehicle was at every moment.

TD-TR: Douglas-Peucker with the synchronised distance, that is, between a position and where the
thinned track says the vehicle was at that very time (Meratnia and de By 2004, Spatiotemporal
Compression Techniques for Moving Point Objects, EDBT, doi:10.1007/978-3-540-24741-8_44).
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TOLERANCE_M = 2.0
"""As far as a satellite fix itself may be off (95 %)."""
LONGEST_S = 60.0
"""A position at least so often, however straight the flight: a gap shows as one."""


def thinned(
    seconds: Floats,
    metres: Floats,
    *,
    tolerance_m: float = TOLERANCE_M,
    longest_s: float = LONGEST_S,
) -> npt.NDArray[np.bool_]:
    """Which positions to keep: (N,) bool; the first and the last are always among them.

    Interpolated linearly in time, the kept ones are nowhere farther than the tolerance from any
    that was left out.

    Args:
        seconds: (N,) ascending. metres: (N, 3) east, north, up.
    """
    n = len(seconds)
    keep = np.zeros(n, dtype=bool)
    if n == 0:
        return keep
    keep[[0, n - 1]] = True
    spans = [(0, n - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        middle = _worst(seconds, metres, first, last, tolerance_m, longest_s)
        if middle is not None:
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return keep


def _worst(
    seconds: Floats, metres: Floats, first: int, last: int, tolerance_m: float, longest_s: float
) -> int | None:
    """The position between two kept ones that must be kept as well; None if none must."""
    span_s = seconds[last] - seconds[first]
    inner = slice(first + 1, last)
    share = (seconds[inner] - seconds[first]) / span_s if span_s > 0 else np.zeros(last - first - 1)
    there = metres[first] + share[:, None] * (metres[last] - metres[first])
    off_m = np.linalg.norm(metres[inner] - there, axis=1)
    worst = int(np.argmax(off_m))
    if off_m[worst] > tolerance_m:
        return first + 1 + worst
    if span_s > longest_s:
        half = seconds[first] + span_s / 2
        return first + 1 + int(np.argmin(np.abs(seconds[inner] - half)))
    return None
