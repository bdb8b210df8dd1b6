"""Every sighting of an anomaly."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TEXTS = ("anomaly_id", "medium_id", "flight", "kind", "at")
_NUMBERS = ("lon", "lat")


def upgrade() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "sightings",
        sa.Column("seq", sequence, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(200), nullable=False, unique=True),
        *(sa.Column(name, sa.String()) for name in _TEXTS),
        *(sa.Column(name, sa.Float()) for name in _NUMBERS),
        sa.Column("body", sa.Text, nullable=False),
    )
    for name in (*_TEXTS, *_NUMBERS):
        op.create_index(f"ix_sightings_{name}", "sightings", [name, "seq"])


def downgrade() -> None:
    op.drop_table("sightings")
