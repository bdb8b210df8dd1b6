"""A case's verification (核查): photographs of the place since its report back, and the verdict."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from imagery.catalog import Medium
from missions.cases import pictures
from missions.cases.proof import current
from missions.cases.records import Outcome, Verification
from missions.entities import Case
from missions.presets import Preset
from missions.store.protocol import Unit


def shown(
    unit: Unit, preset: Preset, case: Case, media: Sequence[Medium], now: datetime, *, source: str
) -> Case:
    """The case with photographs of its place taken since the report back, matched with those from
    before, in its current verification (a new one from ``source`` where none was begun)."""
    rules = preset.casework.verify
    before = unit.media.find(id=case.before) if case.before else []
    begun = current(case) or Verification(asked_at=now, source=source)
    known = unit.media.find(id=begun.media) if begun.media else []
    every = [*known, *(m for m in media if m.id not in begun.media)]
    pairs = pictures.matched(before, every, rules)
    ids = pictures.best(every, pairs, case.position, rules.most)
    seen = replace(begun, media=ids, pairs=pairs, seen_at=now)
    return replace(with_current(case, begun, seen), after=ids)


def judged(case: Case, outcome: Outcome, now: datetime, by: str, note: str) -> Case:
    """The case with a word on its current verification, begun now where none was."""
    begun = current(case) or Verification(asked_at=now, source="officer")
    said = replace(begun, outcome=outcome, judged_at=now, by=by, note=note)
    return with_current(case, begun, said)


def looked(
    unit: Unit, preset: Preset, case: Case, request_id: str, outcome: Outcome, now: datetime
) -> Case:
    """The case with a re-check's verdict as its verification: what the detector said of the
    photographs in ``case.after``, matched with those from before."""
    rules = preset.casework.verify
    before = unit.media.find(id=case.before) if case.before else []
    after = unit.media.find(id=case.after) if case.after else []
    said = Verification(
        asked_at=now,
        source="flight",
        request_id=request_id,
        media=case.after,
        pairs=pictures.matched(before, after, rules),
        seen_at=now,
        outcome=outcome,
        judged_at=now,
        by="service",
    )
    return replace(case, verifications=(*case.verifications, said))


def with_current(case: Case, begun: Verification | None, now: Verification) -> Case:
    """The case with a verification in place of its current one, or with one more."""
    others = tuple(v for v in case.verifications if v is not begun)
    return replace(case, verifications=(*others, now))
