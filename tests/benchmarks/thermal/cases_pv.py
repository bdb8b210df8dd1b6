"""Faults of PV modules on crops that the forest never saw."""

from collections.abc import Iterator

import numpy as np

from benchmarks.thermal.pv_fit import SOUND, half, halves, load
from benchmarks.thermal.registry import Setting, Table, group
from thermal.detection.pv.score import auc, shipped

REPEATS = 10


@group("pv", "Faults of PV modules: AUC on the halves that were not fitted on")
def measure(setting: Setting) -> Iterator[Table]:
    """Repeated halves, the shipped forest on their other half, and each class."""
    values, classes = load(setting.folder("pv", "raptormaps"))
    found = list(halves(values, classes, REPEATS))
    other = ~half(classes, 0)
    scores, left = shipped().score(values[other]), classes[other]
    rows = [
        {"what": f"{2 * REPEATS} halves, grown anew: mean", "AUC": float(np.mean(found))},
        {"what": "standard deviation", "AUC": float(np.std(found))},
        {"what": "worst half", "AUC": min(found)},
        {"what": "shipped forest, other half", "AUC": auc(scores, left != SOUND)},
    ]
    for name in sorted(set(left) - {SOUND}):
        mine = (left == name) | (left == SOUND)
        rows.append({"what": f"  {name}", "AUC": auc(scores[mine], left[mine] != SOUND)})
    yield Table(
        title=f"RaptorMaps, {len(classes)} crops of 24x40, No-Anomaly against the rest",
        columns=("what", "AUC"),
        rows=rows,
        notes=("Asked: 0.92. An offline module is an even plate: only its neighbours tell it.",),
    )
