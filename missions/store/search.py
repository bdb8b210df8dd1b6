"""Searches as SQL: one statement for each shape of question, built once and asked often.

To build and hash a statement anew costs several times what the database needs to answer it.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    func,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal

from missions.store.kinds import KINDS, Kind
from missions.store.protocol import Between
from missions.store.tables import LINKS, TABLES

Shape = tuple[tuple[str, str], ...]
"""(field, how it is asked for) of each condition."""

Order = tuple[bool, bool, bool]
"""(newest first, behind a cursor, with a limit)."""


def shape_of(conditions: dict[str, Any]) -> tuple[Shape, dict[str, Any]]:
    """The shape of some conditions, and the values to ask with."""
    shape: list[tuple[str, str]] = []
    values: dict[str, Any] = {}
    for name, wanted in conditions.items():
        if isinstance(wanted, Between):
            form = ("from" if wanted.low is not None else "") + (
                "to" if wanted.high is not None else ""
            )
            shape.append((name, form or "any"))
            values |= {f"{name}_low": wanted.low, f"{name}_high": wanted.high}
        elif isinstance(wanted, tuple):
            shape.append((name, "in"))
            values[f"{name}_is"] = wanted
        else:
            shape.append((name, "null" if wanted is None else "is"))
            values[f"{name}_is"] = wanted
    return tuple(shape), {name: value for name, value in values.items() if value is not None}


@lru_cache(maxsize=2000)
def listing(kind_name: str, shape: Shape, order: Order) -> Select[Any]:
    """The bodies of what fits, in order of arrival.

    Where an index gives what fits in another order, the numbers are sorted alone and the bodies of
    those that are wanted fetched by them: a page of a hundred does not carry a hundred thousand.
    """
    newest_first, behind, limited = order
    kind, table = KINDS[kind_name], TABLES[kind_name]
    of_link = limited and len(shape) == 1 and shape[0][0] not in table.c and shape[0][1] == "is"
    apart = of_link or (limited and _comes_unsorted(table, shape))
    if of_link:
        query, seq = _of_link(kind, shape[0][0])
    else:
        query, seq = _select(kind, table.c.seq if apart else table.c.body, shape)
    if behind:
        start: Any = bindparam("start_seq", type_=BigInteger)
        query = query.where(seq < start if newest_first else seq > start)
    query = query.order_by(seq.desc() if newest_first else seq)
    if limited:
        query = query.limit(bindparam("row_limit", type_=Integer))
    if not apart:
        return query
    whole = table.alias()
    found = select(whole.c.body).where(whole.c.seq.in_(query))
    return found.order_by(whole.c.seq.desc() if newest_first else whole.c.seq)


def _of_link(kind: Kind, name: str) -> tuple[Select[Any], Any]:
    """The numbers of what one link leads to, from the links alone: PostgreSQL would join all that
    a department may see before it takes the last hundred."""
    link = LINKS.alias()
    fits = condition(link.c.value, name, "is")
    return select(link.c.seq).where(
        link.c.kind == kind.name, link.c.field == name, fits
    ), link.c.seq


def _comes_unsorted(table: Any, shape: Shape) -> bool:
    """Whether a search is by ranges or by several columns."""
    forms = [form for name, form in shape if name in table.c]
    return len(forms) > 1 or any(form not in ("is", "null") for form in forms)


@lru_cache(maxsize=200)
def picking(kind_name: str, names: tuple[str, ...], shape: Shape) -> Select[Any]:
    """Some columns of what fits, in no order."""
    table = TABLES[kind_name]
    query, _ = _select(KINDS[kind_name], table.c[names[0]], shape)
    query = query.with_only_columns(*(table.c[name] for name in names), maintain_column_froms=True)
    return query.limit(bindparam("row_limit", type_=Integer))


@lru_cache(maxsize=500)
def counting(kind_name: str, shape: Shape) -> Select[Any]:
    """How many fit."""
    return _select(KINDS[kind_name], func.count(), shape)[0]


class Unindexed(ColumnElement[Any]):
    """A column that SQLite shall not look up by its index: without statistics it takes "state is
    kept" for as narrow as "flight is flt-1" and may walk through every photograph there is
    (https://sqlite.org/optoverview.html, unary plus)."""

    inherit_cache = True
    _traverse_internals = [("column", InternalTraversal.dp_clauseelement)]  # noqa: RUF012

    def __init__(self, column: Any) -> None:
        self.column = column
        self.type = column.type


@compiles(Unindexed)
def _plain(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.column, **options))


@compiles(Unindexed, "sqlite")
def _signed(element: Any, compiler: Any, **options: Any) -> str:
    return f"+{compiler.process(element.column, **options)}"


def _select(kind: Kind, what: Any, shape: Shape) -> tuple[Select[Any], Any]:
    """The search, and the column that orders it.

    It is joined with one link when no column narrows it more, so that order and limit come from
    the link's index; every other link is a yes-or-no question.
    """
    table = TABLES[kind.name]
    query, seq = select(what).select_from(table), table.c.seq
    columns = {name: form for name, form in shape if name in table.c}
    links = {name: form for name, form in shape if name not in table.c}
    selective = any(_narrows(kind, name, form) for name, form in shape)
    for name, form in columns.items():
        column: Any = table.c[name]
        if selective and not _narrows(kind, name, form) and not _paired(kind, name, columns):
            column = Unindexed(column)
        query = query.where(condition(column, name, form))
    narrow = any(_narrows(kind, name, form) for name, form in columns.items())
    for name in sorted(links, key=kind.is_selective, reverse=True):
        link = LINKS.alias()
        match = and_(
            link.c.kind == kind.name,
            link.c.field == name,
            condition(link.c.value, name, links[name]),
            link.c.seq == table.c.seq,
        )
        if narrow or links[name] == "in":
            query = query.where(exists().where(match).correlate(table))
        else:
            query, seq, narrow = query.join(link, match), link.c.seq, True
    return query, seq


def _narrows(kind: Kind, name: str, form: str) -> bool:
    """Whether a condition leaves few things; a range that is open at one end may leave nearly all:
    of a year's cases, all but the last days' are due before now."""
    return kind.is_selective(name) and form not in ("from", "to", "any")


def _paired(kind: Kind, name: str, columns: dict[str, str]) -> bool:
    """Whether a column is asked for by value together with another, and both have one index."""
    return any(
        name in pair and all(columns.get(each) == "is" for each in pair) for pair in kind.pairs
    )


def condition(column: Any, name: str, form: str) -> ColumnElement[bool]:
    """A condition on a column, to be asked with the values of `shape_of`."""
    value: Any = bindparam(f"{name}_is", expanding=form == "in")
    low: Any = bindparam(f"{name}_low")
    high: Any = bindparam(f"{name}_high")
    forms: dict[str, ColumnElement[bool]] = {
        "is": column == value,
        "null": column.is_(None),
        "any": column.is_not(None),
        "from": column >= low,
        "to": column <= high,
        "fromto": and_(column >= low, column <= high),
    }
    return column.in_(value) if form == "in" else forms[form]
