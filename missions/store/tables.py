"""The tables: for each kind its columns to find by and a JSON body.

``seq`` is the order of arrival. Fields with several values, the audience among them, are rows of
``links``. The migrations make these tables; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

from missions.store.kinds import BOX, KINDS, Kind

metadata = MetaData()

_NUMBERS: dict[str, type[TypeEngine]] = {
    **dict.fromkeys(("lon", "lat", *BOX), Float),
    "system_id": Integer,
    "strip": Integer,
    "emergency": Integer,
    "escalation": Integer,
    "metres": Integer,
    "seconds": Integer,
}


_ONLY_READ = frozenset({"strip", "metres", "seconds"})
"""Columns that are read, or asked for together with others, and need no index of their own."""


def _table(kind: Kind) -> Table:
    # PostgreSQL wants 64 bits; SQLite only takes INTEGER for its row number.
    sequence = BigInteger().with_variant(Integer(), "sqlite")
    return Table(
        kind.name,
        metadata,
        Column("seq", sequence, primary_key=True, autoincrement=False),
        Column("id", String(200), nullable=False, unique=True),
        *(Column(name, _NUMBERS.get(name, String)()) for name in kind.columns),
        Column("body", Text, nullable=False),
        *(Index(f"ix_{kind.name}_{name}", name, "seq") for name in indexed(kind)),
        *((Index(f"ix_{kind.name}_together", *kind.together, "seq"),) if kind.together else ()),
        *(Index(f"ix_{kind.name}_{a}_{b}", a, b, "seq") for a, b in kind.pairs),
    )


def indexed(kind: Kind) -> list[str]:
    """Columns with an index of their own. A box is looked up by its sides together; of its width
    only the largest is asked for. Strips of the map are asked for together with the longitude."""
    return [n for n in kind.columns if n == "span" or (n not in BOX and n not in _ONLY_READ)]


TABLES = {name: _table(kind) for name, kind in KINDS.items()}

LINKS = Table(
    "links",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("field", String(20), primary_key=True),
    Column("value", String(200), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Index("ix_links_owner", "kind", "seq"),
    sqlite_with_rowid=False,
)

SETTINGS = Table(
    "settings",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
)

TALLIES = Table(
    "tallies",
    metadata,
    *(
        Column(name, String(width), primary_key=True)
        for name, width in (("subject", 12), ("grain", 1), ("bucket", 10))
    ),
    *(Column(name, String(80), primary_key=True) for name in ("department", "place", "kind")),
    Column("counts", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

CELLS = Table(
    "cells",
    metadata,
    *(Column(name, Integer, nullable=False) for name in ("level", "y", "x")),
    *(Column(name, String(80), nullable=False) for name in ("department", "county")),
    *(
        Column(name, BigInteger, nullable=False)
        for name in ("open", "all", "open_lon", "open_lat", "all_lon", "all_lat")
    ),
    PrimaryKeyConstraint("level", "y", "department", "x", "county"),
    sqlite_with_rowid=False,
)
