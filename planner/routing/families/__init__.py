"""The field's own tables: published routing instances as models of the engine.

instance = read("data/mdvrp/p01.txt")
cost = check.cost(instance.model, solve(instance.model, seconds=10))
instance.gap(cost)   # share above the best known value
"""

import json
from pathlib import Path

from core.errors import InvalidInput
from planner.routing.families import tables, vrplib
from planner.routing.families.instance import Family, Instance, Raw, instance
from planner.routing.families.solutions import timed
from planner.routing.families.text import lines
from planner.routing.model import Solution

__all__ = ["Family", "Instance", "published", "read", "timed"]

BEST_FILE = "BKS.json"
_BEST_KEYS = ("best_known_cost", "dimacs_distance_trunc1")
"""Where an entry of the file has several values: the one under the convention that we read in."""


def read(path: Path | str) -> Instance:
    """A published instance, with its best known value from the .sol or BKS.json beside it.

    Raises:
        InvalidInput: the file cannot be read, or is of none of the families.
    """
    where = Path(path)
    return instance(_raw(where), _best(where))


def published(path: Path | str, of: Instance) -> Solution:
    """The best known solution in a .sol file, as a solution of the instance.

    Its locations are numbered from 0, depots first; a depot within a route ends a trip.

    Raises:
        InvalidInput: it names a location that is not there, or has more routes than vehicles.
    """
    found, _ = vrplib.routes(Path(path))
    depots = len(of.model.out_s)
    if len(found) > of.model.vehicles:
        raise InvalidInput(f"{len(found)} routes, {of.model.vehicles} vehicles", where=str(path))
    orders: list[list[list[int]]] = [[] for _ in range(of.model.vehicles)]
    for own, route in zip(orders, found, strict=False):
        own.append([])
        for visit in route:
            if visit >= depots + of.model.groups:
                raise InvalidInput(f"location {visit} is not in the instance", where=str(path))
            if visit < depots:
                own.append([])
            else:
                own[-1].append(visit - depots)
    return timed(of.model, orders)


def _raw(path: Path) -> Raw:
    if path.suffix.lower() == ".vrp":
        return vrplib.read(path)
    found = lines(path)
    if found[0].text.replace(" ", "").startswith("n;"):
        return tables.chao(path, found)
    if len(found) > 1 and found[1].text == tables.SOLOMON_HEAD:
        return tables.solomon(path, found)
    if not found[0].text[:1].isdigit():
        raise InvalidInput(
            "is of none of the families that can be read",
            where=str(path),
            remedy=".vrp (VRPLIB), Cordeau, Solomon or Chao text",
        )
    return tables.cordeau(path, found)


def _best(path: Path) -> float | None:
    solution = path.with_suffix(".sol")
    if solution.exists():
        return vrplib.routes(solution)[1]
    table = path.with_name(BEST_FILE)
    if not table.exists():
        return None
    try:
        entry = json.loads(table.read_text(encoding="utf-8")).get(path.stem)
        if isinstance(entry, dict):
            entry = next((entry[key] for key in _BEST_KEYS if key in entry), None)
        return None if entry is None else float(entry)
    except (ValueError, TypeError, AttributeError) as why:
        raise InvalidInput(f"is no table of best known values: {why}", where=str(table)) from why
