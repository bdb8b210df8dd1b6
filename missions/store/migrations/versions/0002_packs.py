"""Battery packs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "packs",
        sa.Column("seq", sequence, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(200), nullable=False, unique=True),
        sa.Column("vehicle", sa.String()),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_packs_vehicle", "packs", ["vehicle", "seq"])


def downgrade() -> None:
    op.drop_table("packs")
