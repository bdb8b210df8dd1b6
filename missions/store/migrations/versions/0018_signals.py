"""Devices, their last states and history; signals, their evidence and contacts."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TABLES = {
    "devices": ("kind", "state", "county", "department", "key"),
    "gauges": ("silent_at",),
    "gauge_days": ("device",),
    "signals": (
        *("state", "source", "matter", "device_id", "county", "department"),
        *("external_id", "request_id", "at", "lon", "lat"),
    ),
    "traces": ("device",),
    "contacts": ("department", "erase_at"),
}
_NUMBERS = ("lon", "lat")


def upgrade() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for table, columns in _TABLES.items():
        op.create_table(
            table,
            sa.Column("seq", sequence, primary_key=True, autoincrement=False),
            sa.Column("id", sa.String(200), nullable=False, unique=True),
            *(sa.Column(name, sa.Float() if name in _NUMBERS else sa.String()) for name in columns),
            sa.Column("body", sa.Text, nullable=False),
        )
        for name in columns:
            op.create_index(f"ix_{table}_{name}", table, [name, "seq"])
    together = ["matter", "lat", "lon", "at", "seq"]
    op.create_index("ix_signals_together", "signals", together)


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
