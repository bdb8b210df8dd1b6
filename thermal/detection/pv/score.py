"""How likely a module's picture shows a fault: a logistic score with fitted coefficients."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from thermal.detection.pv.features import features, names

MODEL = Path(__file__).with_name("coefficients.json")
"""Fitted by `tests/benchmarks/thermal/pv_fit.py`; the file says on what."""

RIDGE = 0.1
"""Penalty on the coefficients: of 0.01 to 1 that with the best mean over repeated halves."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Model:
    """Standardised features times weights: log odds of a fault.

    Attributes:
        mean, std, weights: (F,) in the order of `features.names`; bias: a number.
    """

    mean: Floats
    std: Floats
    weights: Floats
    bias: float

    def log_odds(self, values: Floats) -> Floats:
        """(N,) for (N, F) features; beyond 4 standard deviations a feature counts no more."""
        z = np.clip((values - self.mean) / self.std, -4.0, 4.0)
        return np.asarray(z @ self.weights + self.bias)


def fault_score(crop: npt.ArrayLike) -> float:
    """Score of one module, 0 (sound) to 1 (faulty); see `features.features` for the crop."""
    odds = float(shipped().log_odds(features(crop)[None])[0])
    return float(1.0 / (1.0 + np.exp(-odds)))


@cache
def shipped() -> Model:
    """The model that comes with the project.

    Raises:
        InvalidInput: the file does not fit the features of this version.
    """
    data = json.loads(MODEL.read_text())
    if tuple(data["features"]) != names():
        raise InvalidInput("other features than this version's", where=str(MODEL), remedy="refit")
    return Model(
        np.array(data["mean"]), np.array(data["std"]), np.array(data["weights"]), data["bias"]
    )


def fit(values: Floats, faulty: npt.NDArray[np.bool_], ridge: float = RIDGE) -> Model:
    """Logistic regression, both classes with one weight, by Newton's method.

    Args:
        values: (N, F); faulty: (N,).
    """
    mean, std = values.mean(axis=0), values.std(axis=0) + 1e-6
    z = np.column_stack([np.clip((values - mean) / std, -4.0, 4.0), np.ones(len(values))])
    share = float(faulty.mean())
    weights = np.where(faulty, 0.5 / share, 0.5 / (1.0 - share))
    penalty = np.full(z.shape[1], ridge * len(values))
    penalty[-1] = 1e-6
    solution = np.zeros(z.shape[1])
    for _ in range(30):
        odds = np.clip(z @ solution, -30.0, 30.0)
        chance = 1.0 / (1.0 + np.exp(-odds))
        slope = z.T @ (weights * (chance - faulty)) + penalty * solution
        curve = (z * (weights * chance * (1.0 - chance))[:, None]).T @ z + np.diag(penalty)
        solution = solution - np.linalg.solve(curve, slope)
    return Model(mean, std, solution[:-1], float(solution[-1]))


def auc(scores: npt.ArrayLike, faulty: npt.NDArray[np.bool_]) -> float:
    """Area under the receiver's curve: how often a faulty one scores above a sound one, ties half
    (Mann and Whitney, 1947)."""
    _, where, counts = np.unique(np.asarray(scores), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[where]
    positives = int(faulty.sum())
    total = positives * (len(ranks) - positives)
    return float((ranks[faulty].sum() - positives * (positives + 1) / 2) / total)
