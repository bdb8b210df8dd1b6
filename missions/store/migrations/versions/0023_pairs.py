"""Cases are found by type and department, and by county and state, in one index each."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_PAIRS = (("event_type", "department"), ("county", "state"))


def upgrade() -> None:
    for a, b in _PAIRS:
        op.create_index(f"ix_cases_{a}_{b}", "cases", [a, b, "seq"])


def downgrade() -> None:
    for a, b in _PAIRS:
        op.drop_index(f"ix_cases_{a}_{b}", "cases")
