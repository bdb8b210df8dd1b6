"""Go and no-go, and groundings."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COLUMNS = {"preflights": ("flight_id", "at", "word"), "groundings": ("lifted_at", "ends")}


def upgrade() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for table, columns in _COLUMNS.items():
        op.create_table(
            table,
            sa.Column("seq", sequence, primary_key=True, autoincrement=False),
            sa.Column("id", sa.String(200), nullable=False, unique=True),
            *(sa.Column(name, sa.String()) for name in columns),
            sa.Column("body", sa.Text, nullable=False),
        )
        for name in columns:
            op.create_index(f"ix_{table}_{name}", table, [name, "seq"])


def downgrade() -> None:
    for table in _COLUMNS:
        op.drop_table(table)
