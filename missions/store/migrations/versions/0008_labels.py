"""Officers' verdicts as labels."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_COLUMNS = (
    *("detector", "event_type", "verdict", "at", "department"),
    *("review_id", "case_id", "withdrawn_at"),
)


def upgrade() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "labels",
        sa.Column("seq", sequence, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(200), nullable=False, unique=True),
        *(sa.Column(name, sa.String()) for name in _COLUMNS),
        sa.Column("body", sa.Text, nullable=False),
    )
    for name in _COLUMNS:
        op.create_index(f"ix_labels_{name}", "labels", [name, "seq"])


def downgrade() -> None:
    op.drop_table("labels")
