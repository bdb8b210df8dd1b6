"""Accounts, the sessions of those who signed in, and custom roles."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_COLUMNS = {
    "accounts": ("name", "role", "subject"),
    "sessions": ("account_id", "access", "family", "ended_at"),
    "roles": (),
}


def upgrade() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for kind, columns in _COLUMNS.items():
        op.create_table(
            kind,
            sa.Column("seq", sequence, primary_key=True, autoincrement=False),
            sa.Column("id", sa.String(200), nullable=False, unique=True),
            *(sa.Column(name, sa.String()) for name in columns),
            sa.Column("body", sa.Text, nullable=False),
        )
        for name in columns:
            op.create_index(f"ix_{kind}_{name}", kind, [name, "seq"])


def downgrade() -> None:
    for kind in _COLUMNS:
        op.drop_table(kind)
