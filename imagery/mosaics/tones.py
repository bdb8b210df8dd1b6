"""Exposure: what each frame must be multiplied by, or raised by, to agree with its neighbours."""

from collections.abc import Sequence

import numpy as np

from imagery.ground.lens import Floats
from imagery.poses.ties import Pair

STIFFNESS = 0.3
"""Of the wish to leave a frame as it is, against one pair of neighbours (Brown & Lowe, IJCV 74(1),
2007, sigma_N 10 grey levels against sigma_g 0.1)."""
LARGEST_GAIN = 2.0


def gains(count: int, pairs: Sequence[Pair]) -> Floats:
    """(N,) factors for grey levels, from the tones round the tie points."""
    levels = np.exp(_even_out(count, pairs, logarithmic=True))
    return np.clip(levels, 1 / LARGEST_GAIN, LARGEST_GAIN)


def biases(count: int, pairs: Sequence[Pair]) -> Floats:
    """(N,) degrees Celsius to add, from the temperatures round the tie points; their mean is 0."""
    found = _even_out(count, pairs, logarithmic=False)
    return found - found.mean()


def _even_out(count: int, pairs: Sequence[Pair], *, logarithmic: bool) -> Floats:
    """Least squares of x1 - x2 = difference of the pairs, each counting alike."""
    normal, right = np.eye(count) * STIFFNESS, np.zeros(count)
    for pair in pairs:
        tones = pair.tones.astype(float)
        if logarithmic:
            tones = np.log(np.maximum(tones, 1.0))
        gap = float(np.median(tones[:, 1] - tones[:, 0]))
        i, j = pair.first, pair.second
        normal[[i, j], [i, j]] += 1.0
        normal[[i, j], [j, i]] -= 1.0
        right[i] += gap
        right[j] -= gap
    return np.asarray(np.linalg.solve(normal, right))
