"""Cases, events and alerts know their county; cases and events are found by place."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_CHUNK = 1000
_PLACED = ("cases", "events")
_KINDS = (*_PLACED, "alerts")


def upgrade() -> None:
    """What is there lies in no known county: the counties are the city's, not the database's."""
    for kind in _KINDS:
        op.add_column(kind, sa.Column("county", sa.String()))
        op.get_bind().execute(sa.table(kind, sa.column("county")).update().values(county=""))
        op.create_index(f"ix_{kind}_county", kind, ["county", "seq"])
    for kind in _PLACED:
        for name in ("lon", "lat"):
            op.add_column(kind, sa.Column(name, sa.Float()))
        _fill(op.get_bind(), kind)
        for name in ("lon", "lat"):
            op.create_index(f"ix_{kind}_{name}", kind, [name, "seq"])


def _fill(bind, kind) -> None:  # type: ignore[no-untyped-def]
    """The positions of what is there, from the bodies."""
    table = sa.table(kind, *(sa.column(name) for name in ("seq", "body", "lon", "lat")))
    change = table.update().where(table.c.seq == sa.bindparam("of"))
    change = change.values(lon=sa.bindparam("new_lon"), lat=sa.bindparam("new_lat"))
    last = -1
    while True:
        chosen = sa.select(table.c.seq, table.c.body).where(table.c.seq > last)
        rows = bind.execute(chosen.order_by(table.c.seq).limit(_CHUNK)).all()
        if not rows:
            return
        places = [(row.seq, json.loads(row.body)["position"]) for row in rows]
        bind.execute(
            change, [{"of": seq, "new_lon": p["lon"], "new_lat": p["lat"]} for seq, p in places]
        )
        last = rows[-1].seq


def downgrade() -> None:
    for kind in _KINDS:
        names = ("county", "lon", "lat") if kind in _PLACED else ("county",)
        for name in names:
            op.drop_index(f"ix_{kind}_{name}", kind)
        with op.batch_alter_table(kind) as table:
            for name in names:
                table.drop_column(name)
