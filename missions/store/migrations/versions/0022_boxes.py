"""Flights and tracks are found by the ground that they cross, anomalies by when they were seen."""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_CHUNK = 500
_BOX = ("west", "south", "east", "north", "span")
_TOGETHER = ("west", "east", "south", "north", "start", "seq")
_COLUMNS = {
    "flights": (*((name, sa.Float) for name in _BOX), ("end", sa.String)),
    "tracks": tuple((name, sa.Float) for name in _BOX),
    "anomalies": (("first_seen", sa.String), ("last_seen", sa.String)),
}


def upgrade() -> None:
    for table, columns in _COLUMNS.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind()))
        _fill(op.get_bind(), table, [name for name, _ in columns])
        for name, _ in columns:
            if name not in _BOX or name == "span":
                op.create_index(f"ix_{table}_{name}", table, [name, "seq"])
        if "west" in dict(columns):
            op.create_index(f"ix_{table}_together", table, list(_TOGETHER))


def _fill(bind, name, columns) -> None:  # type: ignore[no-untyped-def]
    """The values of what is there, from the bodies."""
    table = sa.table(name, *(sa.column(column) for column in ("seq", "body", *columns)))
    change = table.update().where(table.c.seq == sa.bindparam("of"))
    change = change.values({column: sa.bindparam(f"new_{column}") for column in columns})
    last = -1
    while True:
        chosen = sa.select(table.c.seq, table.c.body).where(table.c.seq > last)
        rows = bind.execute(chosen.order_by(table.c.seq).limit(_CHUNK)).all()
        if not rows:
            return
        bind.execute(change, [_values(name, row.seq, json.loads(row.body)) for row in rows])  # type: ignore[no-untyped-call]
        last = rows[-1].seq


def _values(name, seq, body):  # type: ignore[no-untyped-def]
    if name == "anomalies":
        times = {f"new_{key}": _time(body[key]) for key in ("first_seen", "last_seen")}  # type: ignore[no-untyped-call]
        return {"of": seq, **times}
    if name == "tracks":
        points = [
            (lon / 1e7, lat / 1e7) for lon, lat in zip(body["lon_e7"], body["lat_e7"], strict=True)
        ]
        return {"of": seq, **_box(points)}  # type: ignore[no-untyped-call]
    points = [(row[0], row[1]) for row in json.loads(body["route"])]
    return {"of": seq, "new_end": _time(body["end"]), **_box(points)}  # type: ignore[no-untyped-call]


def _box(points):  # type: ignore[no-untyped-def]
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    west, east = min(lons), max(lons)
    box = (west, min(lats), east, max(lats), east - west)
    return {f"new_{name}": value for name, value in zip(_BOX, box, strict=True)}


def _time(text):  # type: ignore[no-untyped-def]
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="microseconds")


def downgrade() -> None:
    for table, columns in _COLUMNS.items():
        if "west" in dict(columns):
            op.drop_index(f"ix_{table}_together", table)
        for name, _ in columns:
            if name not in _BOX or name == "span":
                op.drop_index(f"ix_{table}_{name}", table)
        with op.batch_alter_table(table) as batch:
            for name, _ in columns:
                batch.drop_column(name)
