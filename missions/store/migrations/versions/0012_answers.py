"""Answers by idempotency key."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "answers",
        sa.Column("seq", sequence, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(200), nullable=False, unique=True),
        sa.Column("expires_at", sa.String()),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_answers_expires_at", "answers", ["expires_at", "seq"])


def downgrade() -> None:
    op.drop_table("answers")
