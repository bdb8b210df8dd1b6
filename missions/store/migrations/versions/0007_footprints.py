"""Media are found by the ground they show; products made of them."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CHUNK = 1000
_BOX = ("west", "south", "east", "north", "span")
_TOGETHER = ("west", "east", "south", "north", "taken_at", "seq")
_PRODUCTS = ("kind", "state", "medium", "flight", "task", "request", "vehicle", "camera")
_media = sa.table("media", *(sa.column(name) for name in ("seq", "body", *_BOX)))


def upgrade() -> None:
    for name in _BOX:
        op.add_column("media", sa.Column(name, sa.Float()))
    _fill(op.get_bind())
    op.create_index("ix_media_span", "media", ["span", "seq"])
    op.create_index("ix_media_together", "media", ["state", "sensor", *_TOGETHER])
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    columns = (*_PRODUCTS, "taken_at")
    op.create_table(
        "products",
        sa.Column("seq", sequence, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(200), nullable=False, unique=True),
        *(sa.Column(name, sa.String()) for name in columns),
        *(sa.Column(name, sa.Float()) for name in _BOX),
        sa.Column("body", sa.Text, nullable=False),
    )
    for name in (*columns, "span"):
        op.create_index(f"ix_products_{name}", "products", [name, "seq"])
    op.create_index("ix_products_together", "products", ["state", "kind", *_TOGETHER])


def _fill(bind) -> None:  # type: ignore[no-untyped-def]
    """The boxes of what is there, from the bodies."""
    last = -1
    change = _media.update().where(_media.c.seq == sa.bindparam("of"))
    change = change.values({name: sa.bindparam(f"new_{name}") for name in _BOX})
    while True:
        chosen = sa.select(_media.c.seq, _media.c.body).where(_media.c.seq > last)
        rows = bind.execute(chosen.order_by(_media.c.seq).limit(_CHUNK)).all()
        if not rows:
            return
        boxes = [(row.seq, _box(json.loads(row.body))) for row in rows]  # type: ignore[no-untyped-call]
        known = [
            {"of": seq, **{f"new_{name}": value for name, value in zip(_BOX, box, strict=True)}}
            for seq, box in boxes
            if box is not None
        ]
        if known:
            bind.execute(change, known)
        last = rows[-1].seq


def _box(body):  # type: ignore[no-untyped-def]
    footprint, position = body.get("footprint"), body.get("position")
    if footprint:
        points = [point for ring in footprint["coordinates"] for point in ring]
    elif position:
        points = [(position["lon"], position["lat"])]
    else:
        return None
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    return min(lons), min(lats), max(lons), max(lats), max(lons) - min(lons)


def downgrade() -> None:
    op.drop_table("products")
    for name in ("ix_media_together", "ix_media_span"):
        op.drop_index(name, "media")
    with op.batch_alter_table("media") as table:
        for name in _BOX:
            table.drop_column(name)
