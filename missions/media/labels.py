"""Labels: what people said of finds, kept as the truth that detectors are measured by.

A review's decision writes one, a mark writes one, and the end of a thermal case writes one: thermal
finds become cases at once, so their verdict is what the case's crew found.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from core.ids import new_id
from imagery.catalog import Medium
from missions.access import Principal
from missions.entities import Case, CaseState, Decision, Found, Label, PictureBox, Review
from missions.presets import Preset
from missions.store.protocol import Between, Store, Unit

OFFICER = "officer"
VERDICTS = ("confirmed", "rejected", "reclassed", "marked")
THERMAL_VERSION = "1"
"""Raised when the thermal rules change so much that old verdicts say nothing of the new ones."""


class Labels:
    """The labels, for departments that train models and for whoever asks how good ours are."""

    def __init__(self, records: Store, preset: Preset) -> None:
        self._records, self._preset = records, preset

    def find(
        self,
        p: Principal,
        *,
        detector: str | None = None,
        event_type: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> list[Label]:
        """Labels that the caller may see and that still count, oldest first."""
        conditions: dict[str, Any] = {"withdrawn_at": None}
        if detector is not None:
            conditions["detector"] = detector
        if event_type is not None:
            conditions["event_type"] = event_type
        if since is not None or until is not None:
            conditions["at"] = Between(low=since, high=until)
        with self._records.view() as unit:
            return unit.labels.find(audience=p.audience(), after=after, limit=limit, **conditions)

    def export(self, p: Principal, **asked: Any) -> tuple[list[Label], dict[str, Medium]]:
        """Labels with the photographs that they lie in, by id, as far as the caller sees them."""
        labels = self.find(p, **asked)
        wanted = {label.medium_id for label in labels if label.medium_id is not None}
        with self._records.view() as unit:
            media = unit.media.find(audience=p.audience(), id=tuple(sorted(wanted)))
        return labels, {m.id: m for m in media}

    @property
    def preset(self) -> Preset:
        """The city, for the names of event types."""
        return self._preset


def of_decision(unit: Unit, now: datetime, review: Review, said: Decision) -> Label | None:
    """Keep an officer's word on a detector's find; None for a look without a find in it."""
    found = review.found
    if found is None:
        return None
    verdict = {"confirm": "confirmed", "reject": "rejected"}.get(said.decision, "reclassed")
    label = _label(review, said, now, verdict, found.boxes[0] if found.boxes else None)
    return _kept(unit, replace(label, **_of(found, review)))


def of_mark(
    unit: Unit, now: datetime, review: Review, said: Decision, box: PictureBox | None
) -> Label:
    """Keep what an officer found by looking."""
    return _kept(unit, _label(review, said, now, "marked", box))


def of_case(unit: Unit, preset: Preset, now: datetime, case: Case) -> None:
    """Keep the end of a case that the thermal detector opened as a verdict on its find.

    Rejected means nothing was there; closed means that something was, unless whoever reported back
    said that there was nothing. A case that ends a second time has its first verdict withdrawn.
    """
    kind = preset.event_types[case.event_type]
    by_hand = not case.steps or case.steps[0].by != "service"
    if kind.detector != "thermal" or by_hand or case.state not in _ENDS:
        return
    withdraw(unit, now, case_id=case.id, detector="thermal")
    nothing = case.state is CaseState.REJECTED or _found_nothing(case)
    _kept(
        unit,
        Label(
            id=new_id("lab", now),
            at=now,
            by=case.steps[-1].by,
            verdict="rejected" if nothing else "confirmed",
            detector="thermal",
            version=THERMAL_VERSION,
            event_type=case.event_type,
            said_type=None if nothing else case.event_type,
            position=case.position,
            department=case.department,
            shared_with=case.shared_with,
            medium_id=case.before[0] if case.before else None,
            case_id=case.id,
        ),
    )


def withdraw(unit: Unit, now: datetime, **which: Any) -> None:
    """Let labels count no more; they stay in the records."""
    for label in unit.labels.find(withdrawn_at=None, **which):
        unit.labels.put(replace(label, withdrawn_at=now))


_ENDS = (CaseState.REJECTED, CaseState.CLOSED)


def _found_nothing(case: Case) -> bool:
    """What the latest step that says anything of it says."""
    said = [step.found for step in case.steps if step.found is not None]
    return bool(said) and not said[-1]


def _of(found: Found, review: Review) -> Mapping[str, Any]:
    return {
        "detector": found.detector,
        "version": found.version,
        "score": found.score,
        "event_type": review.event_types[0],
    }


def _label(
    review: Review, said: Decision, now: datetime, verdict: str, box: PictureBox | None
) -> Label:
    return Label(
        id=new_id("lab", now),
        at=now,
        by=said.by,
        verdict=verdict,
        detector=OFFICER,
        version="",
        event_type=said.event_type or review.event_types[0],
        said_type=said.event_type if verdict != "rejected" else None,
        position=said.position or review.position,
        department=review.department,
        shared_with=review.shared_with,
        medium_id=box.medium_id if box else None,
        box=box,
        review_id=review.id,
    )


def _kept(unit: Unit, label: Label) -> Label:
    unit.labels.add(label)
    return label
