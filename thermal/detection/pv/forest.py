"""Extremely randomised trees (Geurts, Ernst and Wehenkel, Machine Learning 63, 2006, 3-42).

Faults differ in kind, so that no one weighing of the features fits all; trees ask for one
combination a kind. With sixty sound modules to learn from, thresholds drawn at random and
averaged over many trees vary less than thresholds that were optimised.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

TREES = 150
SHARE = 0.3
"""Of the features, drawn anew at each node."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees side by side.

    Attributes:
        feature: (T, N) column that a node asks about, -1 for a leaf.
        threshold: (T, N) up to which one goes left.
        left: (T, N) the left child, whose neighbour is the right one; its own index for a leaf.
        chance: (T, N) weighted share of faulty ones in the node.
    """

    feature: npt.NDArray[np.int16]
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int16]
    chance: npt.NDArray[np.float32]

    def score(self, values: Floats) -> Floats:
        """(M,) mean chance of a fault, 0 to 1, for (M, F) features."""
        known = values.astype(np.float32)
        trees = np.arange(len(self.feature))[None]
        node = np.zeros((len(values), len(self.feature)), np.intp)
        sample = np.arange(len(values))[:, None]
        while True:
            feature = self.feature[trees, node]
            if (feature < 0).all():
                return np.asarray(self.chance[trees, node].mean(axis=1), np.float64)
            right = known[sample, feature] > self.threshold[trees, node]
            node = (self.left[trees, node] + (right & (feature >= 0))).astype(np.intp)

    def save(self, path: Path, *, fitted_on: str, features: Sequence[str]) -> None:
        """Write it as a compressed .npz, with where it is from and its features' names."""
        with path.open("wb") as out:
            np.savez_compressed(
                out,
                feature=self.feature,
                threshold=self.threshold,
                left=self.left,
                chance=self.chance,
                fitted_on=np.array(fitted_on),
                features=np.array(features),
            )

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "Forest":
        """From what `save` wrote."""
        return cls(*(arrays[name] for name in ("feature", "threshold", "left", "chance")))


def grow(values: Floats, faulty: Flags, *, trees: int = TREES, seed: int = 0) -> Forest:
    """Trees grown until their leaves are of one class, both classes with one weight.

    Args:
        values: (M, F); faulty: (M,), with both classes.
    """
    known = values.astype(np.float32)
    share = float(faulty.mean())
    weights = np.where(faulty, 0.5 / share, 0.5 / (1.0 - share))
    grown = [
        list(_nodes(known, faulty, weights, np.random.default_rng((seed, tree))))
        for tree in range(trees)
    ]
    size = max(len(nodes) for nodes in grown)
    table = np.zeros((trees, size, 4))
    table[:, :, 0] = -1
    for tree, nodes in enumerate(grown):
        table[tree, : len(nodes)] = nodes
    return Forest(
        table[..., 0].astype(np.int16),
        table[..., 1].astype(np.float32),
        table[..., 2].astype(np.int16),
        table[..., 3].astype(np.float32),
    )


def _nodes(
    values: npt.NDArray[np.float32], faulty: Flags, weights: Floats, rng: np.random.Generator
) -> Iterator[tuple[int, float, int, float]]:
    """A tree's nodes, level by level: children stand side by side behind all before them."""
    waiting = [np.arange(len(values))]
    at = 0
    while at < len(waiting):
        rows = waiting[at]
        heavy = weights[rows]
        chance = float(heavy[faulty[rows]].sum() / heavy.sum())
        split = _split(values[rows], faulty[rows], heavy, rng) if 0.0 < chance < 1.0 else None
        if split is None:
            yield -1, 0.0, at, chance
        else:
            feature, threshold = split
            right = values[rows, feature] > threshold
            yield feature, float(threshold), len(waiting), chance
            waiting += [rows[~right], rows[right]]
        at += 1


def _split(
    values: npt.NDArray[np.float32], faulty: Flags, weights: Floats, rng: np.random.Generator
) -> tuple[int, np.float32] | None:
    """The best, by Gini's impurity, of one random threshold for each of some features."""
    low, high = values.min(axis=0), values.max(axis=0)
    asked = np.flatnonzero(high > low)
    if asked.size == 0:
        return None
    asked = rng.permutation(asked)[: max(1, round(SHARE * values.shape[1]))]
    drawn = (low[asked] + rng.random(asked.size) * (high[asked] - low[asked])).astype(np.float32)
    # rounding must not leave a side without any
    drawn = np.minimum(drawn, np.nextafter(high[asked], low[asked]))
    right = (values[:, asked] > drawn).astype(np.float64)
    total, bad = weights.sum(), weights[faulty].sum()
    right_all, right_bad = weights @ right, (weights * faulty) @ right
    left_all, left_bad = total - right_all, bad - right_bad
    impure = left_bad * (1 - left_bad / left_all) + right_bad * (1 - right_bad / right_all)
    best = int(np.argmin(impure))
    return int(asked[best]), drawn[best]
