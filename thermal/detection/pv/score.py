"""How likely a module's picture shows a fault: the mean of fitted random trees."""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from thermal.detection.pv.features import features, names
from thermal.detection.pv.forest import Forest

MODEL = Path(__file__).with_name("forest.npz")
"""Fitted by `tests/benchmarks/thermal/pv_fit.py`; its `fitted_on` says on what."""


def fault_score(crop: npt.ArrayLike) -> float:
    """Score of one module, 0 (sound) to 1 (faulty); see `features.features` for the crop."""
    return float(shipped().score(features(crop)[None])[0])


@cache
def shipped() -> Forest:
    """The forest that comes with the project.

    Raises:
        InvalidInput: the file does not fit the features of this version.
    """
    with np.load(MODEL, allow_pickle=False) as arrays:
        if tuple(arrays["features"].tolist()) != names():
            raise InvalidInput(
                "other features than this version's", where=str(MODEL), remedy="refit"
            )
        return Forest.of(arrays)


def auc(scores: npt.ArrayLike, faulty: npt.NDArray[np.bool_]) -> float:
    """Area under the receiver's curve: how often a faulty one scores above a sound one, ties half
    (Mann and Whitney, 1947)."""
    _, where, counts = np.unique(np.asarray(scores), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[where]
    positives = int(faulty.sum())
    total = positives * (len(ranks) - positives)
    return float((ranks[faulty].sum() - positives * (positives + 1) / 2) / total)
