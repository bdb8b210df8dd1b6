"""In which counties things lie, for lists of callers who are limited to some.

The store itself knows no counties: the composition root tells it (`scope_by`). Beside a department
the links of an audience then hold "department@county" and "@county" for everything that lies in a
county; kinds with a column for the county are found by that. Where nothing was told, or a thing
lies nowhere, there are no such links, and who is limited to counties finds nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any

from missions.access import Territory
from missions.store.kinds import COUNTY, KINDS, Kind
from missions.store.protocol import Store, Unit

SCHEME = "audience_scheme"
"""The setting that says by which borders and rules the links were made."""

Locate = Callable[[Any], Iterable[str]]

_PAGE = 500
_PLACED = frozenset({"route", "footprint", "geometry", "position", "drone", "vehicle", "wish"})


def nowhere(_item: Any) -> Iterable[str]:
    """Where things lie as long as nobody has told."""
    return ()


def scope_by(store: Store, territory: Territory, scheme: str) -> int:
    """Tell a store where things lie; what was stored by other borders or rules is linked anew.

    Returns:
        How many things were looked at again; 0 at an ordinary start.
    """
    store.locate = territory.counties_of
    with store.view() as unit:
        if unit.settings.get(SCHEME) == scheme:
            return 0
    count = 0
    for kind in KINDS.values():
        if kind.seen_by is not None and _PLACED & {f.name for f in fields(kind.cls)}:
            count += _anew(store, kind)
    with store.unit() as unit:
        unit.settings.set(SCHEME, scheme)
    return count


def _anew(store: Store, kind: Kind) -> int:
    """Link every thing of a kind anew, a page at a time; broken off, it begins again."""
    count, after = 0, None
    while True:
        with store.unit() as unit:
            repository = getattr(unit, kind.name)
            page = repository.find(after=after, limit=_PAGE)
            for item in page:
                _placed_anew(unit, kind, repository, item)
        if not page:
            return count
        count += len(page)
        after = page[-1].id


def _placed_anew(unit: Unit, kind: Kind, repository: Any, item: Any) -> None:
    if COUNTY not in kind.columns:
        repository.relink(item)
        return
    if getattr(item, "position", None) is None:
        return
    bare = replace(item, **{COUNTY: ""})
    found = sorted(unit.locate(bare))
    if item.county not in found and (found or item.county):
        repository.put(replace(item, **{COUNTY: found[0] if found else ""}))
