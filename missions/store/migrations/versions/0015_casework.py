"""Cases are found by escalation, recurrence and change; joint inspections."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_CHUNK = 1000
_TEXTS = ("escalate_at", "recurs_of", "changed_at")
_INSPECTIONS = ("state", "county", "proposed_at")
_cases = sa.table("cases", *map(sa.column, ("seq", "body", "escalation", "changed_at")))


def upgrade() -> None:
    op.add_column("cases", sa.Column("escalation", sa.Integer()))
    for name in _TEXTS:
        op.add_column("cases", sa.Column(name, sa.String()))
    _fill(op.get_bind())
    for name in ("escalation", *_TEXTS):
        op.create_index(f"ix_cases_{name}", "cases", [name, "seq"])
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "inspections",
        sa.Column("seq", sequence, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(200), nullable=False, unique=True),
        *(sa.Column(name, sa.String()) for name in _INSPECTIONS),
        sa.Column("body", sa.Text, nullable=False),
    )
    for name in _INSPECTIONS:
        op.create_index(f"ix_inspections_{name}", "inspections", [name, "seq"])


def _fill(bind) -> None:  # type: ignore[no-untyped-def]
    """Nothing is escalated yet; what was last done with a case is its last step or re-check."""
    last = -1
    change = _cases.update().where(_cases.c.seq == sa.bindparam("of"))
    change = change.values(escalation=0, changed_at=sa.bindparam("at"))
    while True:
        chosen = sa.select(_cases.c.seq, _cases.c.body).where(_cases.c.seq > last)
        rows = bind.execute(chosen.order_by(_cases.c.seq).limit(_CHUNK)).all()
        if not rows:
            return
        bind.execute(change, [{"of": r.seq, "at": _changed(json.loads(r.body))} for r in rows])
        last = rows[-1].seq


def _changed(body) -> str:  # type: ignore[no-untyped-def]
    looks = [r.get("looked_at") or r["at"] for r in body.get("rechecks", ())]
    latest = max([body["opened_at"], *(s["at"] for s in body.get("steps", ())), *looks])
    # columns hold times with six digits of a second, bodies only those there are
    return latest if "." in latest else latest.replace("+00:00", ".000000+00:00")


def downgrade() -> None:
    op.drop_table("inspections")
    for name in ("escalation", *_TEXTS):
        op.drop_index(f"ix_cases_{name}", "cases")
    with op.batch_alter_table("cases") as table:
        for name in ("escalation", *_TEXTS):
            table.drop_column(name)
