"""The chain of custody, and legal holds."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = {
    "custody": ("medium_id", "what", "at"),
    "holds": ("subject", "department", "lifted_at"),
}


def upgrade() -> None:
    for table, columns in _TABLES.items():
        sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
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
    for table in _TABLES:
        op.drop_table(table)
