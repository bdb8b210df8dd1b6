"""Grows the forest of the module score, and measures it on halves that it never saw.

python -m benchmarks.thermal.pv_fit FOLDER    (in tests/): writes forest.npz
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from thermal.detection.pv.features import features, names
from thermal.detection.pv.forest import grow
from thermal.detection.pv.score import MODEL, auc

SOUND = "No-Anomaly"


def load(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, F) and classes (N,) of the crops in a folder, in the order of their numbers."""
    labels = json.loads((folder / "labels.json").read_text())
    keys = sorted(labels, key=int)
    read = (cv2.imread(str(folder / "images" / f"{k}.jpg"), cv2.IMREAD_GRAYSCALE) for k in keys)
    return np.array([features(image) for image in read]), np.array([labels[k] for k in keys])


def half(classes: np.ndarray, seed: int) -> np.ndarray:
    """(N,) which belong to one half, drawn within each class."""
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(classes), bool)
    for name in sorted(set(classes)):
        mine = rng.permutation(np.flatnonzero(classes == name))
        chosen[mine[: len(mine) // 2]] = True
    return chosen


def halves(values: np.ndarray, classes: np.ndarray, repeats: int) -> Iterator[float]:
    """AUC on each half of a model fitted on the other."""
    faulty = classes != SOUND
    for seed in range(repeats):
        chosen = half(classes, seed)
        for train in (chosen, ~chosen):
            forest = grow(values[train], faulty[train])
            yield auc(forest.score(values[~train]), faulty[~train])


def main(folder: Path) -> None:
    """Fit on the half of seed 0 and write it."""
    values, classes = load(folder)
    train = half(classes, 0)
    grow(values[train], (classes != SOUND)[train]).save(
        MODEL,
        fitted_on="170 of 340 crops of RaptorMaps InfraredSolarModules (MIT), 24 x 40, 8 bits: "
        "half of each class, numpy default_rng(0); No-Anomaly against the rest",
        features=names(),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
