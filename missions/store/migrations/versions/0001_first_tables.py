"""The first tables: fifteen kinds of things, links and settings."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBERS = {"lon": sa.Float, "lat": sa.Float, "system_id": sa.Integer, "emergency": sa.Integer}
_COLUMNS = {
    "requests": "state scenario department origin case_id place earliest latest",
    "tasks": "state day flight_id",
    "plans": "day",
    "flights": "state day vehicle system_id plan_id case_id filing_id origin start",
    "filings": "state day emergency",
    "media": "sha256 flight vehicle camera sensor state taken_at received_at lon lat",
    "anomalies": "state event_type department case_id lon lat",
    "events": "event_type anomaly_id case_id department at",
    "cases": "state event_type number department opened_at due_at",
    "reviews": "state kind task_id department case_id",
    "alerts": "kind event_type case_id at",
    "ledger": "flight_id department",
    "log": "at actor action subject",
    "keys": "entity_id",
    "tokens": "name",
}


def upgrade() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for table, columns in _COLUMNS.items():
        op.create_table(
            table,
            sa.Column("seq", sequence, primary_key=True, autoincrement=False),
            sa.Column("id", sa.String(200), nullable=False, unique=True),
            *(sa.Column(name, _NUMBERS.get(name, sa.String)()) for name in columns.split()),
            sa.Column("body", sa.Text, nullable=False),
        )
        for name in columns.split():
            op.create_index(f"ix_{table}_{name}", table, [name, "seq"])
    op.create_table(
        "links",
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("field", sa.String(20), primary_key=True),
        sa.Column("value", sa.String(200), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_links_owner", "links", ["kind", "seq"])
    op.create_table(
        "settings",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )


def downgrade() -> None:
    for table in ("settings", "links", *reversed(_COLUMNS)):
        op.drop_table(table)
