"""Standing orders, and the requests that are their occurrences."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_COLUMNS = ("state", "department")


def upgrade() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "standings",
        sa.Column("seq", sequence, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(200), nullable=False, unique=True),
        *(sa.Column(name, sa.String()) for name in _COLUMNS),
        sa.Column("body", sa.Text, nullable=False),
    )
    for name in _COLUMNS:
        op.create_index(f"ix_standings_{name}", "standings", [name, "seq"])
    op.add_column("requests", sa.Column("standing", sa.String()))
    op.create_index("ix_requests_standing", "requests", ["standing", "seq"])


def downgrade() -> None:
    op.drop_index("ix_requests_standing", "requests")
    op.drop_column("requests", "standing")
    op.drop_table("standings")
