"""The officers' review queue: confirm a find, give it another type, reject it, mark by hand, undo.

A look may hold several finds: marks leave it open until "done" (or "reject": nothing more there).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shapely.geometry import Point, shape

from core.clock import Clock
from core.errors import IllegalTransition, InvalidInput
from core.geo import LonLat
from core.ids import new_id
from missions.access import Principal
from missions.cases.cases import known_type
from missions.cases.found import Outcome, find, take_back
from missions.cases.placing import place_of
from missions.entities import Decision, LogEntry, Mark, PictureBox, Review, ReviewState
from missions.evidence.custody import Custody, Note
from missions.evidence.records import Act
from missions.lifecycle import move
from missions.media import labels
from missions.presets import Preset
from missions.store.protocol import Unit

DECISIONS = ("confirm", "reclass", "reject", "mark", "done")
UNDO_S = 600.0
"""A decision can be taken back for ten minutes: long enough to see the slip, too short for a crew
to have come home."""
MARKS = 200
"""Most marks in one look: more is a model's work."""
_MARGIN_DEG = 0.02
"""About two kilometres: a mark farther from what was photographed is a slip of the hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What an officer sends.

    Attributes:
        event_type: code; needed when the review names several types, and to reclass.
        lon, lat: where it is; when left out, the ground under the box, else the review's position.
        box: where it is in a photograph, for a mark.
    """

    decision: str
    event_type: str | None = None
    lon: float | None = None
    lat: float | None = None
    note: str = ""
    box: PictureBox | None = None


def decide(
    unit: Unit, preset: Preset, clock: Clock, principal: Principal, review_id: str, saying: Saying
) -> Review:
    """An officer's word on a review; confirm, reclass and mark make an anomaly, event and case.

    A find at an open anomaly of the same type joins it. A mark in a look leaves the look open; a
    mark on a detector's find says that it is real, but elsewhere.

    Raises:
        NotFound: no such review for this principal.
        NotAllowed: the role may not decide.
        InvalidInput: unknown decision or type, or a place far from what was photographed.
        IllegalTransition: it was decided already.
    """
    principal.require("decide")
    review: Review = principal.checked(unit.reviews.get(review_id))
    if saying.decision not in DECISIONS:
        raise InvalidInput(
            f"no such decision: {saying.decision[:80]}",
            where="decision",
            remedy=f"use one of {', '.join(DECISIONS)}",
        )
    now = clock.now()
    _own_picture(review, saying.box)
    if saying.box is not None and saying.lon is None and saying.lat is None:
        at = place_of(unit, preset, saying.box)
        if at is not None:
            saying = replace(saying, lon=at.lon, lat=at.lat)
    said = _said(preset, review, principal, saying, now)
    if said.decision == "mark" and review.kind == "look":
        done = _marked(unit, preset, clock, principal, review, said, saying.box)
    else:
        done = _decided(unit, preset, clock, principal, review, said, saying.box)
    unit.reviews.put(done)
    _note(unit, now, principal, done, said.decision)
    return done


def undo(unit: Unit, clock: Clock, principal: Principal, review_id: str) -> Review:
    """Take back the latest word on a review: its label counts no more, the case that was opened
    for it is rejected unless somebody has begun on it.

    Raises:
        NotFound, NotAllowed: as for `decide`.
        IllegalTransition: nothing to take back, `UNDO_S` is over, or the case has gone on.
    """
    principal.require("decide")
    review: Review = principal.checked(unit.reviews.get(review_id))
    now = clock.now()
    said = review.decision or (review.marks[-1].said if review.marks else None)
    if said is None or now - said.at > timedelta(seconds=UNDO_S):
        why = "nothing was decided yet" if said is None else "it was decided too long ago"
        raise IllegalTransition(
            why, where=review.id, remedy=f"undo works for {UNDO_S / 60:.0f} minutes"
        )
    if review.decision is not None:
        back = move(review, ReviewState.OPEN, decision=None)
        case_id = review.case_id if said.anomaly_id else None
        if said.anomaly_id:
            back = replace(back, case_id=review.marks[-1].case_id if review.marks else None)
    else:
        rest = review.marks[:-1]
        case_id = review.marks[-1].case_id
        back = replace(review, marks=rest, case_id=rest[-1].case_id if rest else None)
    take_back(unit, now, principal, said, case_id)
    _withdraw_label(unit, now, review, said)
    unit.reviews.put(back)
    _note(unit, now, principal, back, "undo")
    return back


def _said(
    preset: Preset, review: Review, principal: Principal, saying: Saying, now: datetime
) -> Decision:
    """The decision as it is written down, checked."""
    decision, found = saying.decision, saying.decision not in ("reject", "done")
    code = _event_type(preset, review, saying.event_type) if found else None
    if decision == "confirm" and code not in review.event_types:
        decision = "reclass"
    if decision == "reclass" and code in review.event_types[:1]:
        raise InvalidInput(
            f"the find is called {code} already",
            where="event_type",
            remedy="confirm it, or name another type",
        )
    return Decision(
        decision=decision,
        by=principal.name,
        at=now,
        event_type=code,
        position=_position(review, saying.lon, saying.lat) if found else None,
        note=saying.note,
    )


def _marked(
    unit: Unit,
    preset: Preset,
    clock: Clock,
    principal: Principal,
    review: Review,
    said: Decision,
    box: PictureBox | None,
) -> Review:
    """One more mark in a look that stays open."""
    if review.state is not ReviewState.OPEN:
        move(review, ReviewState.DONE)  # says why not
    if len(review.marks) >= MARKS:
        raise InvalidInput(
            f"{MARKS} marks in one look", where="decision", remedy="say done and ask for a model"
        )
    outcome = find(unit, preset, clock, principal, review, said)
    said = _with(said, outcome)
    labels.of_mark(unit, clock.now(), review, said, box)
    mark = Mark(id=new_id("mrk", clock.now()), said=said, case_id=outcome.case_id, box=box)
    return replace(review, marks=(*review.marks, mark), case_id=outcome.case_id)


def _decided(
    unit: Unit,
    preset: Preset,
    clock: Clock,
    principal: Principal,
    review: Review,
    said: Decision,
    box: PictureBox | None,
) -> Review:
    """The last word on a review."""
    done = move(review, ReviewState.DONE, decision=said)
    if said.event_type is not None:
        outcome = find(unit, preset, clock, principal, review, said)
        said = _with(said, outcome)
        done = replace(done, decision=said, case_id=outcome.case_id)
    if review.kind == "find" and said.decision != "done":
        asked = replace(said, decision="confirm") if said.decision == "mark" else said
        labels.of_decision(unit, clock.now(), review, asked)
    return done


def _with(said: Decision, outcome: Outcome) -> Decision:
    return replace(said, anomaly_id=outcome.anomaly_id, opened=outcome.opened)


def _withdraw_label(unit: Unit, now: datetime, review: Review, said: Decision) -> None:
    """The label of a word that is taken back: the latest of this review that was made with it."""
    made = unit.labels.find(review_id=review.id, withdrawn_at=None, at=said.at)
    for label in made[-1:]:
        unit.labels.put(replace(label, withdrawn_at=now))


def _event_type(preset: Preset, review: Review, code: str | None) -> str:
    if code is None:
        if len(review.event_types) != 1:
            raise InvalidInput(
                "which type of event is it?",
                where="event_type",
                remedy=f"name one of {', '.join(review.event_types)}",
            )
        code = review.event_types[0]
    return known_type(preset, code).code


def _own_picture(review: Review, box: PictureBox | None) -> None:
    if box is not None and box.medium_id not in review.media:
        raise InvalidInput(
            "the box is in a photograph that is not of this review",
            where="box.medium_id",
            remedy="mark in one of the review's own photographs",
        )


def _position(review: Review, lon: float | None, lat: float | None) -> LonLat:
    if lon is None and lat is None:
        return review.position
    if lon is None or lat is None:
        missing = "lon" if lon is None else "lat"
        raise InvalidInput("half a position", where=missing, remedy="give lon and lat, or neither")
    try:
        position = LonLat(lon, lat)
    except ValueError as error:
        raise InvalidInput(str(error), where="lon", remedy="give degrees, WGS-84") from error
    if shape(review.geometry).distance(Point(lon, lat)) > _MARGIN_DEG:
        raise InvalidInput(
            "the mark lies more than two kilometres from what was photographed",
            where="lon",
            remedy="check that longitude and latitude are not exchanged",
        )
    return position


def _note(unit: Unit, now: datetime, principal: Principal, review: Review, decision: str) -> None:
    unit.log.add(
        LogEntry(
            id=new_id("log", now),
            at=now,
            actor=principal.name,
            action=f"review.{decision}",
            subject=review.id,
            text=f"{review.place}: {decision}",
            text_zh=f"{review.place}：{_WORDS_ZH[decision]}",
            department=review.department,
        )
    )
    detail = {"review": review.id, "decision": decision}
    Custody(unit).note_all(
        Note(medium_id=m, what=Act.REVIEWED, by=principal.name, at=now, detail=detail)
        for m in review.media
    )


_WORDS_ZH = {
    "confirm": "确认",
    "reclass": "改类",
    "reject": "排除",
    "mark": "标注",
    "done": "完成",
    "undo": "撤销",
}
