"""Media can be found by scenario and by case: the links of those taken before."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CHUNK = 1000
_media = sa.table("media", sa.column("seq"), sa.column("body"))
_tasks = sa.table("tasks", sa.column("id"), sa.column("body"))
_flights = sa.table("flights", sa.column("id"), sa.column("case_id"))
_links = sa.table(
    "links", sa.column("kind"), sa.column("field"), sa.column("value"), sa.column("seq")
)


def upgrade() -> None:
    """A medium's scenarios are those of its tasks, its case the one its flight was flown for."""
    bind = op.get_bind()
    scenarios = {
        row.id: json.loads(row.body).get("scenarios", ())
        for row in bind.execute(sa.select(_tasks.c.id, _tasks.c.body))
    }
    flown = sa.select(_flights.c.id, _flights.c.case_id).where(_flights.c.case_id.is_not(None))
    cases = {row.id: row.case_id for row in bind.execute(flown)}
    last = -1
    while True:
        chosen = _media.select().where(_media.c.seq > last).order_by(_media.c.seq).limit(_CHUNK)
        rows = bind.execute(chosen).all()
        if not rows:
            return
        for row in rows:
            _link(bind, row.seq, json.loads(row.body), scenarios, cases)
        last = rows[-1].seq


def _link(bind, seq, body, scenarios, cases) -> None:  # type: ignore[no-untyped-def]
    found = {
        "scenarios": list(dict.fromkeys(s for t in body["tasks"] for s in scenarios.get(t, ()))),
        "cases": [cases[body["flight"]]] if body["flight"] in cases else [],
    }
    if not any(found.values()):
        return
    values = [
        {"kind": "media", "field": field, "value": value, "seq": seq}
        for field, several in found.items()
        for value in several
    ]
    bind.execute(_links.insert(), values)
    text = json.dumps({**body, **found}, ensure_ascii=False, separators=(",", ":"))
    bind.execute(_media.update().where(_media.c.seq == seq).values(body=text))


def downgrade() -> None:
    """The links go; bodies keep two fields that an older version passes over."""
    gone = _links.c.field.in_(("scenarios", "cases"))
    op.get_bind().execute(_links.delete().where((_links.c.kind == "media") & gone))
