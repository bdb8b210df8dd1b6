"""City instances from files, checked; and made by chance for trials at any size."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InvalidInput
from planner.routing.city import City

Raw = dict[str, Any]
_NUMBERS = ("speed", "endurance", "recharge", "day", "climb", "land")


def load(path: Path) -> City:
    """The city in a file.

    Raises:
        InvalidInput: it is no instance; says which field of which dock or task is wrong.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as why:
        raise InvalidInput(f"cannot be read: {why.strerror}", where=str(path)) from why
    except ValueError as why:
        raise InvalidInput(
            f"is no JSON: {why}", where=str(path), remedy="give a city instance, see docs"
        ) from why
    return city(raw, where=str(path))


def city(raw: Any, *, where: str) -> City:
    """The city in a JSON value; `where` names it in errors."""
    if not isinstance(raw, dict):
        raise InvalidInput("is no city instance: not an object", where=where)
    speed, *times = (_number(raw, name, where, least=0.0) for name in _NUMBERS)
    if speed <= 0:
        raise InvalidInput("must be above zero", where=f"{where}: speed")
    docks = _list(raw, "docks", where)
    if not docks:
        raise InvalidInput("has no docks: nobody could fly", where=f"{where}: docks")
    tasks = _list(raw, "tasks", where)
    discs = _each(_list(raw, "nfz", where), f"{where}: nfz", _disc)
    dock_rows = _each(docks, f"{where}: docks", _dock)
    task_rows = _each(tasks, f"{where}: tasks", _task)
    dock_table = np.array(dock_rows, float).reshape(-1, 3)
    table = np.array(task_rows, float).reshape(-1, 9)
    return City(
        dock_xy=dock_table[:, :2],
        sensors=dock_table[:, 2].astype(np.int64),
        entry=table[:, 0:2],
        exit=table[:, 2:4],
        sensor=table[:, 4].astype(np.int64),
        priority=table[:, 5].astype(np.int64),
        work_s=table[:, 6],
        window=table[:, 7:9],
        discs=np.array(discs, float).reshape(-1, 3),
        speed_mps=speed,
        endurance_s=times[0],
        recharge_s=times[1],
        day_s=times[2],
        climb_s=times[3],
        land_s=times[4],
    )


def _each(
    values: list[Any], where: str, read: Callable[[Any, str], list[float]]
) -> list[list[float]]:
    return [read(value, f"{where}[{i}]") for i, value in enumerate(values)]


def _dock(value: Any, where: str) -> list[float]:
    fields = _object(value, where)
    return [*_pair(fields, "xy", where), _whole(fields, "sens", where, 0, 2**31)]


def _task(value: Any, where: str) -> list[float]:
    fields = _object(value, where)
    window = fields.get("tw")
    opens, shuts = (-math.inf, math.inf) if window is None else _pair(fields, "tw", where)
    return [
        *_pair(fields, "a", where),
        *_pair(fields, "b", where),
        _whole(fields, "sensor", where, 0, 2**31),
        _whole(fields, "prio", where, 1, 5),
        _number(fields, "dur", where, least=0.0),
        opens,
        shuts,
    ]


def _disc(value: Any, where: str) -> list[float]:
    if not isinstance(value, list) or len(value) != 3:
        raise InvalidInput("must be [x, y, radius]", where=where)
    disc = [_number(dict(enumerate(value)), i, where) for i in range(3)]
    if disc[2] < 0:
        raise InvalidInput("has a radius below zero", where=where)
    return disc


def _object(value: Any, where: str) -> Raw:
    if not isinstance(value, dict):
        raise InvalidInput("must be an object", where=where)
    return value


def _list(raw: Raw, name: str, where: str) -> list[Any]:
    if not isinstance(raw.get(name), list):
        raise InvalidInput(
            "must be a list", where=f"{where}: {name}", remedy="is this a city instance?"
        )
    return list(raw[name])


def _pair(fields: Raw, name: str, where: str) -> tuple[float, float]:
    value = fields.get(name)
    if not isinstance(value, list) or len(value) != 2:
        raise InvalidInput("must be two numbers", where=f"{where}.{name}")
    x, y = (_number(dict(enumerate(value)), i, f"{where}.{name}") for i in (0, 1))
    return x, y


def _whole(fields: Raw, name: str, where: str, least: int, most: int) -> int:
    value = _number(fields, name, where)
    if value != int(value) or not least <= value <= most:
        raise InvalidInput(
            f"must be a whole number from {least} to {most}", where=f"{where}.{name}"
        )
    return int(value)


def _number(
    fields: Mapping[Any, Any], name: str | int, where: str, least: float = -math.inf
) -> float:
    value = fields.get(name)
    fine = isinstance(value, int | float) and not isinstance(value, bool)
    if not fine or not math.isfinite(value) or value < least:  # type: ignore[arg-type, operator]
        bound = "" if least == -math.inf else f" of {least:g} or more"
        raise InvalidInput(f"must be a number{bound}", where=f"{where}.{name}")
    return float(value)  # type: ignore[arg-type]
