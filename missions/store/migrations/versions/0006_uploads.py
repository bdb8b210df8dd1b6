"""Uploads and batches; requests that close the gaps of another."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COLUMNS = {
    "uploads": ("batch", "state", "sha256", "by", "department", "expires_at"),
    "batches": ("by", "department"),
}


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
    op.add_column("requests", sa.Column("refly_of", sa.String()))
    op.create_index("ix_requests_refly_of", "requests", ["refly_of", "seq"])


def downgrade() -> None:
    op.drop_index("ix_requests_refly_of", "requests")
    op.drop_column("requests", "refly_of")
    for table in reversed(_COLUMNS):
        op.drop_table(table)
