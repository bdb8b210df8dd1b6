"""The ledger by day, its figures as columns: totals without reading every line."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_BATCH = 1_000


def upgrade() -> None:
    op.add_column("ledger", sa.Column("day", sa.String()))
    op.add_column("ledger", sa.Column("metres", sa.Integer()))
    op.add_column("ledger", sa.Column("seconds", sa.Integer()))
    op.create_index("ix_ledger_day", "ledger", ["day", "seq"])
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """Lines that are there already: their figures from their bodies, their days from flights."""
    names = ("seq", "flight_id", "day", "metres", "seconds", "body")
    ledger = sa.table("ledger", *(sa.column(name) for name in names))
    flights = sa.table("flights", sa.column("id"), sa.column("day"))
    day = sa.select(flights.c.day).where(flights.c.id == ledger.c.flight_id).scalar_subquery()
    connection.execute(sa.update(ledger).values(day=day))
    last = -1
    while rows := connection.execute(
        sa.select(ledger.c.seq, ledger.c.body)
        .where(ledger.c.seq > last)
        .order_by(ledger.c.seq)
        .limit(_BATCH)
    ).all():
        for seq, body in rows:
            line = json.loads(body)
            figures = {"metres": line["metres"], "seconds": line["seconds"]}
            connection.execute(sa.update(ledger).where(ledger.c.seq == seq).values(**figures))
            last = seq


def downgrade() -> None:
    op.drop_index("ix_ledger_day", "ledger")
    for name in ("seconds", "metres", "day"):
        op.drop_column("ledger", name)
