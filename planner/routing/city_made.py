"""City instances made by chance, alike in kind to the benchmark's day of 1,000 tasks."""

from typing import Any

import numpy as np

SIDE_M = 47_000.0
"""Side of the square in which the benchmark has 51 docks; larger fleets get a larger square of the
same density."""
SPREAD_M = 13_000.0
"""How far a scenario's tasks lie round its middle."""
PIECE_M = 6_000.0
"""A line is flown in pieces of at most this length."""
_TASKS_EACH = 12.7  # tasks of a scenario, on average
_PRIORITIES = (0.21, 0.38, 0.19, 0.17, 0.05)
_TASK_SENSORS = {1: 0.67, 2: 0.29, 4: 0.04}
_DOCK_SENSORS = {1: 0.31, 3: 0.39, 7: 0.30}
_KINDS = {"area": 0.47, "line": 0.29, "poi": 0.24}
_LOG_WORK = {"area": 6.51, "line": 6.51, "poi": 6.15}
_WITH_WINDOW = 0.24


def made(docks: int, tasks: int, seed: int = 0) -> dict[str, Any]:
    """An instance as JSON: scenarios of some tasks each that share kind, sensor and priority.

    The shares are those of the benchmark's M1000; `made(510, 10_000)` is ten times that city.
    """
    random = np.random.default_rng(seed)
    side = SIDE_M * float(np.sqrt(docks / 51))
    places = _spread(random, docks, side)
    carried = random.choice(list(_DOCK_SENSORS), docks, p=list(_DOCK_SENSORS.values()))
    discs = [
        [*random.uniform(0, side, 2).tolist(), float(random.uniform(600, 1400))]
        for _ in range(round(6 * docks / 51))
    ]
    wanted: list[dict[str, Any]] = []
    scenario = 0
    while len(wanted) < tasks:
        wanted += _scenario(random, scenario, side)
        scenario += 1
    return {
        "side": side,
        "docks": [
            {"xy": [round(x), round(y)], "sens": int(s)}
            for (x, y), s in zip(places, carried, strict=True)
        ],
        "tasks": [{"id": i, **task} for i, task in enumerate(wanted[:tasks])],
        "nfz": discs,
        "speed": 15.0,
        "endurance": 2100,
        "recharge": 1620,
        "day": 36000,
        "climb": 45,
        "land": 45,
    }


def _spread(random: np.random.Generator, docks: int, side: float) -> np.ndarray:
    """(docks, 2) places well apart: each the farthest from the others of 30 drawn (Mitchell 1991,
    doi:10.1145/122718.122736)."""
    places = np.empty((docks, 2))
    for i in range(docks):
        drawn = random.uniform(0, side, (30, 2))
        apart = np.hypot(*(drawn[:, None] - places[None, :i]).transpose(2, 0, 1))
        places[i] = drawn[np.argmax(apart.min(axis=1, initial=np.inf))]
    return places


def _scenario(random: np.random.Generator, number: int, side: float) -> list[dict[str, Any]]:
    kind = str(random.choice(list(_KINDS), p=list(_KINDS.values())))
    shared = {
        "scn": number,
        "dept": int(random.integers(1, 20)),
        "kind": kind,
        "prio": int(random.choice(5, p=_PRIORITIES)) + 1,
        "sensor": int(random.choice(list(_TASK_SENSORS), p=list(_TASK_SENSORS.values()))),
    }
    count = 1 + int(random.gamma(2.0, (_TASKS_EACH - 1) / 2.0))
    windowed = random.random() < _WITH_WINDOW
    middle = random.uniform(0, side, 2)
    ways = _line(random, count, middle, side) if kind == "line" else None
    found = []
    for k in range(count):
        if ways is None:
            start = np.clip(middle + random.uniform(-SPREAD_M, SPREAD_M, 2), 0, side)
            far = random.uniform(100, 700) if kind == "area" else 0.0
            turn = random.uniform(0, 2 * np.pi)
            goal = np.clip(start + far * np.array([np.cos(turn), np.sin(turn)]), 0, side)
        else:
            start, goal = ways[k], ways[k + 1]
        opens = int(random.uniform(0, 28_000))
        found.append(
            shared
            | {
                "a": np.rint(start).astype(int).tolist(),
                "b": np.rint(goal).astype(int).tolist(),
                "dur": int(np.clip(random.lognormal(_LOG_WORK[kind], 0.38), 300, 1500)),
                "tw": [opens, opens + int(random.uniform(4_000, 11_000))] if windowed else None,
            }
        )
    return found


def _line(
    random: np.random.Generator, pieces: int, start: np.ndarray, side: float
) -> list[np.ndarray]:
    """The joints of a line that wanders through the square."""
    joints, heading = [start], random.uniform(0, 2 * np.pi)
    for _ in range(pieces):
        heading += random.normal(0, 0.5)
        step = PIECE_M * np.array([np.cos(heading), np.sin(heading)])
        if not np.all((joints[-1] + step >= 0) & (joints[-1] + step <= side)):
            heading += np.pi / 2
            step = PIECE_M * np.array([np.cos(heading), np.sin(heading)])
        joints.append(np.clip(joints[-1] + step, 0, side))
    return joints
