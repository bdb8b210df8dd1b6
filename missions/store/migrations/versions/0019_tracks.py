"""Where flights were."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_COLUMNS = ("vehicle", "day", "start", "end")


def upgrade() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "tracks",
        sa.Column("seq", sequence, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(200), nullable=False, unique=True),
        *(sa.Column(name, sa.String()) for name in _COLUMNS),
        sa.Column("body", sa.Text, nullable=False),
    )
    for name in _COLUMNS:
        op.create_index(f"ix_tracks_{name}", "tracks", [name, "seq"])


def downgrade() -> None:
    op.drop_table("tracks")
