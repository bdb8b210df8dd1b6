"""A module's picture as cells: what rows and columns do not explain.

A row or a column of cells that is warmer as a whole is a frame, a substring or the sky's mirror
image; a single cell that stands out of its row and column is a hot or a shaded cell. The plate is
averaged to 6 x 10 cells (the usual module of 60) and to quarters of them; medians of rows and
columns are taken off in turns (median polish, Tukey 1977).
"""

import cv2
import numpy as np
import numpy.typing as npt

Crop = npt.NDArray[np.float32]

GRIDS = ((6, 10), (12, 20))
"""Columns and rows."""


def cells(plate: Crop) -> dict[str, float]:
    """Numbers of one module's trimmed picture, by name."""
    found: dict[str, float] = {}
    for grid in GRIDS:
        means = cv2.resize(plate, grid, interpolation=cv2.INTER_AREA)
        numbers = {**_rest(polished(means)), **_steps(means)}
        found |= {f"cells{grid[0]}_{name}": value for name, value in numbers.items()}
    return found


def polished(means: Crop) -> Crop:
    """Cells less the medians of their rows and columns."""
    rest = means - np.float32(np.median(means))
    for _ in range(3):
        rest = rest - np.median(rest, axis=1, keepdims=True)
        rest = rest - np.median(rest, axis=0, keepdims=True)
    return rest


def _rest(rest: Crop) -> dict[str, float]:
    spread = 1.4826 * float(np.median(np.abs(rest))) + 0.3
    order = np.sort(rest, axis=None)
    inside = rest[1:-1, 1:-1]
    return {
        "high": float(order[-1]), "high2": float(order[-2]), "high4": float(order[-4]),
        "low": -float(order[0]), "low2": -float(order[1]),
        "high_spreads": float(order[-1]) / spread, "high2_spreads": float(order[-2]) / spread,
        "hot": float((rest > 3 * spread).sum()), "cold": float((rest < -3 * spread).sum()),
        "spread": spread, "std": float(rest.std()), "inside_std": float(inside.std()),
        "inside_high": float(inside.max()), "inside_low": -float(inside.min()),
    }  # fmt: skip


def _steps(means: Crop) -> dict[str, float]:
    """Between neighbouring cells."""
    down, across = np.abs(np.diff(means, axis=0)), np.abs(np.diff(means, axis=1))
    return {
        "down": float(np.median(down)), "across": float(np.median(across)),
        "down_most": float(down.max()), "across_most": float(across.max()),
    }  # fmt: skip
