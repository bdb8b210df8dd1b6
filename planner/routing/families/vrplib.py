"""VRPLIB files as PyVRP/Instances writes them (.vrp), and their solutions (.sol).

The format is described in PyVRP's documentation ("supported VRPLIB fields"). The package `vrplib`
reads it too, but its errors name neither file nor line, so it serves our tests as a second opinion.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import InvalidInput
from planner.routing.families.instance import Family, Raw
from planner.routing.families.text import Line, lines, whole
from planner.routing.model import Floats, Ints

_TYPES = {
    "MDVRPTW": Family.MDVRPTW,
    "MTVRPTWR": Family.MTVRPTWR,
    "PCVRPTW": Family.PCVRPTW,
    "VRPTW": Family.VRPTW,
}
_READ = {
    "NODE_COORD",
    "DEMAND",
    "SERVICE_TIME",
    "TIME_WINDOW",
    "RELEASE_TIME",
    "PRIZE",
    "DEPOT",
    "VEHICLES_DEPOT",
    "VEHICLES_RELOAD_DEPOT",
    "VEHICLES_MAX_DURATION",
}


@dataclass(frozen=True)
class _File:
    """Header lines and sections by name."""

    path: Path
    header: Mapping[str, Line]
    sections: Mapping[str, Sequence[Line]]

    def number(self, key: str, default: float | None = None) -> float:
        """A number of the header."""
        line = self.header.get(key)
        if line is None:
            if default is None:
                raise InvalidInput(f"has no {key}", where=str(self.path))
            return default
        value = line.text.split(":", 1)[1]
        return Line(line.path, line.number, value).numbers(section=key)[0]

    def rows(self, name: str, count: int, width: int) -> Floats | None:
        """(count, width) of a section of numbered rows, or None if the file has none."""
        if name not in self.sections:
            return None
        found = np.full((count, width), np.nan)
        for line in self.sections[name]:
            row = line.numbers(at_least=width + 1, section=f"{name}_SECTION")
            found[whole(row[0], line, "row", at_least=1, at_most=count) - 1] = row[1 : width + 1]
        if np.isnan(found).any():
            missing = int(np.argmax(np.isnan(found[:, 0]))) + 1
            raise InvalidInput(
                f"has no row {missing} of {count}", where=f"{self.path}, {name}_SECTION"
            )
        return found

    def column(self, name: str, count: int, default: float) -> Floats:
        """(count,) of a section or of the header, or the default everywhere."""
        found = self.rows(name, count, 1)
        return np.full(count, self.number(name, default)) if found is None else found[:, 0]


def read(path: Path) -> Raw:
    """What a .vrp file says.

    Raises:
        InvalidInput: it is none of the families, or a section is incomplete.
    """
    file = _parsed(path)
    family = _family(file)
    nodes = _count(file, "DIMENSION")
    coordinates = file.rows("NODE_COORD", nodes, 2)
    if coordinates is None:
        raise InvalidInput("has no NODE_COORD_SECTION", where=str(path))
    depots = _depots(file, nodes)
    windows = file.rows("TIME_WINDOW", nodes, 2)
    if windows is None:
        windows = np.tile([0.0, np.inf], (nodes, 1))
    vehicles = _count(file, "VEHICLES")
    home = _home(file, vehicles, depots)
    return Raw(
        path=path,
        family=family,
        depot_xy=coordinates[:depots],
        xy=coordinates[depots:],
        depot_window=windows[:depots],
        window=windows[depots:],
        service=file.column("SERVICE_TIME", nodes, 0.0)[depots:],
        release=file.column("RELEASE_TIME", nodes, 0.0)[depots:],
        demand=file.column("DEMAND", nodes, 0.0)[depots:],
        prize=file.column("PRIZE", nodes, np.inf)[depots:],
        start=home,
        end=home,
        capacity=np.full(vehicles, file.number("CAPACITY", np.inf)),
        longest=file.column("VEHICLES_MAX_DURATION", vehicles, np.inf),
        several=_reloads(file, home),
    )


def routes(path: Path) -> tuple[list[list[int]], float | None]:
    """The routes of a .sol file as numbers of locations, in order, and the cost it states."""
    found: list[list[int]] = []
    cost = None
    for line in lines(path):
        key, colon, value = line.text.partition(":")
        rest = Line(line.path, line.number, value.strip())
        if colon and key.startswith("Route"):
            visits = rest.numbers() if rest.text else []
            found.append([whole(visit, line, "location") for visit in visits])
        elif colon and key == "Cost":
            cost = rest.numbers()[0]
    return found, cost


def _parsed(path: Path) -> _File:
    header: dict[str, Line] = {}
    sections: dict[str, list[Line]] = {}
    into: list[Line] | None = None
    for line in lines(path):
        word = line.text.split(":")[0].strip()
        if word == "EOF":
            break
        if word.endswith("_SECTION"):
            name = word.removesuffix("_SECTION")
            if name not in _READ:
                raise line.wrong(f"{word} is not among the sections that can be read")
            into = sections.setdefault(name, [])
        elif ":" in line.text:
            header[word] = line
        elif into is None:
            raise line.wrong("is neither 'KEY: value' nor in a section")
        else:
            into.append(line)
    return _File(path, header, sections)


def _family(file: _File) -> Family:
    for key, only in (("TYPE", ", ".join(_TYPES)), ("EDGE_WEIGHT_TYPE", "EUC_2D")):
        line = file.header.get(key)
        said = line.text.split(":", 1)[1].strip() if line else ""
        if said not in only.split(", "):
            raise InvalidInput(
                f"{key} {said or 'is missing'} cannot be read", where=str(file.path), remedy=only
            )
    return _TYPES[file.header["TYPE"].text.split(":", 1)[1].strip()]


def _count(file: _File, key: str) -> int:
    value = file.number(key)
    return whole(value, file.header[key], key, at_least=1, at_most=20_000)


def _depots(file: _File, nodes: int) -> int:
    """How many depots; they are the first nodes, as the numbering of .sol files needs it."""
    named = [
        whole(line.numbers()[0], line, "depot", at_least=-1, at_most=nodes)
        for line in file.sections.get("DEPOT", [])
    ]
    depots = [n for n in named if n != -1]
    if not depots or depots != list(range(1, len(depots) + 1)):
        raise InvalidInput(
            f"depots {depots} are not the first nodes", where=f"{file.path}, DEPOT_SECTION"
        )
    return len(depots)


def _home(file: _File, vehicles: int, depots: int) -> Ints:
    named = file.column("VEHICLES_DEPOT", vehicles, 1.0)
    if not np.isin(named, np.arange(1, depots + 1)).all():
        raise InvalidInput("names no depot", where=f"{file.path}, VEHICLES_DEPOT_SECTION")
    return named.astype(np.int32) - 1


def _reloads(file: _File, home: Ints) -> bool:
    again = file.rows("VEHICLES_RELOAD_DEPOT", len(home), 1)
    if again is not None and np.any(again[:, 0] != home + 1):
        raise InvalidInput(
            "a vehicle reloads at another depot than its own, which is not read",
            where=f"{file.path}, VEHICLES_RELOAD_DEPOT_SECTION",
        )
    return again is not None
