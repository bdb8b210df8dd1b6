"""Searches in the order of a column, as SQL: what is on this piece of ground, the latest first.

There are two ways to such a list. Walk along the order's index and pass over what does not fit:
good when much fits. Or find the few things that fit one narrow condition (a box, a flight, a
scenario) and sort them: good when little fits. A database without statistics cannot know which, so
the conditions are counted first, each only as far as `NARROW`.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    func,
    select,
    tuple_,
)

from missions.store.kinds import BOX, KINDS, Kind
from missions.store.protocol import Between
from missions.store.search import Shape, Unindexed, condition
from missions.store.tables import LINKS, TABLES

NARROW = 4000
"""A condition that leaves at most so many things is worth sorting by; more are walked past sooner
than they are sorted."""


def narrowed(conditions: dict[str, Any], widest_deg: float) -> dict[str, Any]:
    """The same conditions, with the box's western side bounded on both sides.

    Nothing is wider than ``widest_deg``, so what reaches east over a line begins no further west
    of it than that; an index on the western sides then holds only a strip of them.
    """
    west, east = conditions.get("west"), conditions.get("east")
    if not isinstance(west, Between) or not isinstance(east, Between) or west.low is not None:
        return conditions
    if not isinstance(east.low, (int, float)):
        return conditions
    return {**conditions, "west": Between(east.low - widest_deg, west.high)}


def drivers(kind: Kind, shape: Shape) -> list[tuple[str, ...]]:
    """The conditions, each alone or as a box, that may leave little."""
    names = [name for name, form in shape if form in ("is", "in") and kind.is_selective(name)]
    found: list[tuple[str, ...]] = [(name,) for name in names if name not in BOX]
    coarse = [n for n, form in shape if not kind.is_selective(n) and n in kind.together and form]
    if any(name in BOX for name, _ in shape):
        found.append((*coarse, *(name for name, _ in shape if name in BOX)))
    return found


@lru_cache(maxsize=500)
def counting(kind_name: str, shape: Shape, driver: tuple[str, ...]) -> Select[Any]:
    """How many things fit the driver's conditions, counted no further than `NARROW` + 1."""
    few = _seqs(KINDS[kind_name], shape, driver).limit(NARROW + 1).subquery()
    return select(func.count()).select_from(few)


@lru_cache(maxsize=1000)
def listing(
    kind_name: str, shape: Shape, driver: tuple[str, ...], by: str, order: tuple[bool, bool]
) -> Select[Any]:
    """The bodies of what fits; ``order`` is (newest first, behind a cursor)."""
    kind, table = KINDS[kind_name], TABLES[kind_name]
    newest_first, behind = order
    query = select(table.c.body)
    for name, form in shape:
        if name not in table.c:
            query = query.where(exists().where(_linked(kind, name, form)).correlate(table))
        elif name == by and not driver:
            query = query.where(condition(table.c[name], name, form))
        else:
            query = query.where(condition(Unindexed(table.c[name]), name, form))
    if driver:
        query = query.where(table.c.seq.in_(_seqs(kind, shape, driver)))
    value: Any = Unindexed(table.c[by]) if driver else table.c[by]
    query = query.where(value.is_not(None))
    if behind:
        start = tuple_(bindparam("start_value"), bindparam("start_seq", type_=BigInteger))
        place = tuple_(value, table.c.seq)
        query = query.where(place < start if newest_first else place > start)
    ends = (value.desc(), table.c.seq.desc()) if newest_first else (value, table.c.seq)
    return query.order_by(*ends).limit(bindparam("row_limit", type_=Integer))


@lru_cache(maxsize=200)
def extent(kind_name: str, shape: Shape) -> Select[Any]:
    """The sides of the box round everything that fits, and the first and the last time."""
    kind, table = KINDS[kind_name], TABLES[kind_name]
    c = table.c
    query = select(
        *(func.min(c.west), func.min(c.south), func.max(c.east), func.max(c.north)),
        *(func.min(c.taken_at), func.max(c.taken_at)),
    ).where(c.west.is_not(None), c.taken_at.is_not(None))
    for name, form in shape:
        if name in c:
            query = query.where(condition(c[name], name, form))
        else:
            query = query.where(exists().where(_linked(kind, name, form)).correlate(table))
    return query


@lru_cache(maxsize=20)
def widest(kind_name: str) -> Select[Any]:
    """The largest width of a box, degrees."""
    return select(func.max(TABLES[kind_name].c.span))


def _seqs(kind: Kind, shape: Shape, driver: tuple[str, ...]) -> Select[Any]:
    table = TABLES[kind.name].alias()
    forms = dict(shape)
    if driver[0] not in table.c and driver[0] not in BOX:
        link = LINKS.alias()
        value = condition(link.c.value, driver[0], forms[driver[0]])
        return select(link.c.seq).where(link.c.kind == kind.name, link.c.field == driver[0], value)
    fits = and_(*(condition(table.c[name], name, forms[name]) for name in driver))
    return select(table.c.seq).where(fits)


def _linked(kind: Kind, name: str, form: str) -> Any:
    link = LINKS.alias()
    return and_(
        link.c.kind == kind.name,
        link.c.field == name,
        condition(link.c.value, name, form),
        link.c.seq == TABLES[kind.name].c.seq,
    )
