"""Counts kept along with what they count; cases lie in strips of the map."""

import json

import sqlalchemy as sa
from alembic import op

from core.squares import square_of

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_LEVEL = 16
_CHUNK = 1000
_COUNTS = ("open", "all", "open_lon", "open_lat", "all_lon", "all_lat")


def upgrade() -> None:
    """What is there is counted when the service starts: this only makes room."""
    op.create_table(
        "tallies",
        *(
            sa.Column(name, sa.String(width), primary_key=True)
            for name, width in (("subject", 12), ("grain", 1), ("bucket", 10))
        ),
        *(sa.Column(n, sa.String(80), primary_key=True) for n in ("department", "place", "kind")),
        sa.Column("counts", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cells",
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("level", "y", "x")),
        *(sa.Column(name, sa.String(80), nullable=False) for name in ("department", "county")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint("level", "y", "department", "x", "county"),
        sqlite_with_rowid=False,
    )
    op.add_column("cases", sa.Column("strip", sa.Integer()))
    _fill(op.get_bind())
    op.create_index("ix_cases_together", "cases", ["strip", "lon", "lat", "state", "seq"])


def _fill(bind) -> None:  # type: ignore[no-untyped-def]
    """The strips of the cases that are there, from their bodies."""
    table = sa.table("cases", *(sa.column(name) for name in ("seq", "body", "strip")))
    change = table.update().where(table.c.seq == sa.bindparam("of"))
    change = change.values(strip=sa.bindparam("new_strip"))
    last = -1
    while True:
        chosen = sa.select(table.c.seq, table.c.body).where(table.c.seq > last)
        rows = bind.execute(chosen.order_by(table.c.seq).limit(_CHUNK)).all()
        if not rows:
            return
        places = [(row.seq, json.loads(row.body)["position"]) for row in rows]
        strips = [(seq, square_of(p["lon"], p["lat"], _LEVEL)[1]) for seq, p in places]
        bind.execute(change, [{"of": seq, "new_strip": strip} for seq, strip in strips])
        last = rows[-1].seq


def downgrade() -> None:
    op.drop_index("ix_cases_together", "cases")
    with op.batch_alter_table("cases") as table:
        table.drop_column("strip")
    op.drop_table("cells")
    op.drop_table("tallies")
