"""The officers' queue: confirm, mark and reject."""

from collections.abc import Callable
from typing import Any

import pytest

from core.clock import ManualClock
from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from core.geo import LonLat, offset
from missions.access import Principal, Role
from missions.cases.places import place_of
from missions.cases.reviews import UNDO_S, Saying, undo
from missions.cases.reviews import decide as decide_saying
from missions.entities import (
    AnomalyState,
    CaseState,
    Found,
    PictureBox,
    Review,
    ReviewState,
)
from missions.lifecycle import move
from missions.presets import Preset
from missions.store import Store

Member = Callable[[str], Principal]


def decide(
    unit: Any, preset: Preset, clock: ManualClock, who: Principal, id: str, **asked: Any
) -> Review:
    return decide_saying(unit, preset, clock, who, id, Saying(**asked))


@pytest.fixture(autouse=True)
def review(store: Store, make: Any) -> Review:
    footprint = {
        "type": "Polygon",
        "coordinates": [
            [[118.699, 28.699], [118.701, 28.699], [118.701, 28.701], [118.699, 28.699]]
        ],
    }
    made: Review = make.review()
    with store.unit() as unit:
        unit.reviews.add(made)
        unit.media.add(make.medium("med-1", position=None))
        unit.media.add(make.medium("med-2", footprint=footprint))
    return made


def test_a_mark_makes_an_anomaly_an_event_and_a_case(
    store: Store, preset: Preset, clock: ManualClock, member: Member
) -> None:
    with store.unit() as unit:
        done = decide(
            unit,
            preset,
            clock,
            member("urban"),
            "rev-1",
            decision="mark",
            event_type="06-01",
            lon=118.7005,
            lat=28.7,
            note="堆放",
        )
    assert done.state is ReviewState.OPEN
    (mark,) = done.marks
    assert (mark.said.by, mark.said.note) == ("officer of urban", "堆放")
    with store.view() as unit:
        assert unit.reviews.get("rev-1") == done
        case = unit.cases.get(str(done.case_id))
        assert (case.department, case.shared_with) == ("urban", ("ecology",))
        assert case.before == ("med-2",)
        assert [m.id for m in unit.media.find(cases=case.id)] == ["med-2"]
        (anomaly,) = unit.anomalies.find()
        assert (anomaly.position, anomaly.case_id) == (LonLat(118.7005, 28.7), case.id)
        assert [e.case_id for e in unit.events.find()] == [case.id]
        assert [a.case_id for a in unit.alerts.find(audience="urban")] == [case.id]
        assert unit.log.count(subject="rev-1") == 1


def test_a_type_of_another_department_goes_to_that_department(
    store: Store, preset: Preset, clock: ManualClock, member: Member
) -> None:
    with store.unit() as unit:
        done = decide(
            unit, preset, clock, member("urban"), "rev-1", decision="mark", event_type="06-02"
        )
        case = unit.cases.get(str(done.case_id))
    assert (case.department, case.shared_with) == ("ecology", ("urban",))


def test_a_rejection_makes_nothing(
    store: Store, preset: Preset, clock: ManualClock, member: Member
) -> None:
    with store.unit() as unit:
        done = decide(unit, preset, clock, member("urban"), "rev-1", decision="reject")
    assert (done.state, done.case_id) == (ReviewState.DONE, None)
    with store.view() as unit:
        assert unit.cases.count() == unit.anomalies.count() == unit.events.count() == 0


def test_a_second_find_at_one_place_joins_the_first(
    store: Store, preset: Preset, clock: ManualClock, member: Member, make: Any
) -> None:
    here = LonLat(118.7, 28.7)
    near, far = offset(here, 90.0, 25.0), offset(here, 90.0, 80.0)
    cases = []
    for n, place in enumerate((here, near, far)):
        with store.unit() as unit:
            unit.reviews.add(make.review(f"find-{n}", kind="find", event_types=("06-01",)))
            done = decide(
                unit,
                preset,
                clock,
                member("urban"),
                f"find-{n}",
                decision="confirm",
                lon=place.lon,
                lat=place.lat,
            )
            cases.append(done.case_id)
    assert cases[0] == cases[1] != cases[2]
    with store.view() as unit:
        assert [a.sightings for a in unit.anomalies.find()] == [2, 1]
        assert unit.cases.count() == 2


def test_same_place_means_near_and_of_one_type(store: Store, preset: Preset, make: Any) -> None:
    here = LonLat(118.555, 28.505)
    with store.unit() as unit:
        unit.anomalies.add(make.anomaly("a", position=offset(here, 0.0, 20.0)))
        unit.anomalies.add(make.anomaly("b", position=offset(here, 0.0, 10.0)))
        unit.anomalies.add(make.anomaly("c", position=here, state=AnomalyState.DISMISSED))
        unit.anomalies.add(make.anomaly("d", position=here, event_type="06-01"))
        at = make.anomaly().last_seen
        found = place_of(unit, preset, "01-01", here, at=at)
        assert found is not None
        assert found.id == "b"
        away = offset(here, 180.0, 60.0)
        assert place_of(unit, preset, "01-01", away, at=at) is None


def test_a_thermal_find_and_an_officers_mark_of_one_place_are_one_anomaly(
    store: Store, preset: Preset, clock: ManualClock, member: Member, make: Any
) -> None:
    """Found by the thermal detector, marked in a visible photograph later: also when closed."""
    here = LonLat(118.7, 28.7)
    with store.unit() as unit:
        case = make.case(state=CaseState.CLOSED, closed_at=clock.now(), anomaly_ids=("ano-1",))
        unit.cases.add(case)
        unit.anomalies.add(
            make.anomaly(position=here, case_id=case.id, state=AnomalyState.COLD, error_m=6.0)
        )
        unit.reviews.add(make.review("rev-f", event_types=("01-01",), department="forestry"))
    near = offset(here, 45.0, 9.0)
    with store.unit() as unit:
        done = decide(
            unit,
            preset,
            clock,
            member("forestry"),
            "rev-f",
            decision="mark",
            event_type="01-01",
            lon=near.lon,
            lat=near.lat,
        )
        assert done.case_id == case.id or done.marks[0].case_id == case.id
        (anomaly,) = unit.anomalies.find()
        (kept,) = unit.sightings.find(anomaly_id="ano-1")
        again = unit.cases.get(case.id)
    assert anomaly.state is AnomalyState.OPEN
    assert anomaly.sightings == 2
    assert kept.kind == "officer"
    assert again.state is CaseState.DISPATCHED


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"decision": "perhaps"}, "decision"),
        ({"decision": "mark"}, "event_type"),
        ({"decision": "mark", "event_type": "99-99"}, "event_type"),
        ({"decision": "mark", "event_type": "06-01", "lon": 118.7}, "lat"),
        ({"decision": "mark", "event_type": "06-01", "lon": 28.7, "lat": 118.7}, "lon"),
        ({"decision": "mark", "event_type": "06-01", "lon": 118.9, "lat": 28.7}, "lon"),
    ],
)
def test_a_bad_decision_is_refused(
    store: Store,
    preset: Preset,
    clock: ManualClock,
    member: Member,
    asked: dict[str, Any],
    field: str,
) -> None:
    with pytest.raises(InvalidInput) as refused, store.unit() as unit:
        decide(unit, preset, clock, member("urban"), "rev-1", **asked)
    assert refused.value.where == field
    with store.view() as unit:
        assert unit.reviews.get("rev-1").state is ReviewState.OPEN


def test_a_review_is_decided_once_and_by_those_who_may(
    store: Store, preset: Preset, clock: ManualClock, member: Member
) -> None:
    with pytest.raises(NotFound), store.unit() as unit:
        decide(unit, preset, clock, member("forestry"), "rev-1", decision="reject")
    pilot = Principal(name="p", role=Role.PILOT)
    with pytest.raises(NotAllowed), store.unit() as unit:
        decide(unit, preset, clock, pilot, "rev-1", decision="reject")
    with store.unit() as unit:
        decide(unit, preset, clock, member("ecology"), "rev-1", decision="reject")
    with pytest.raises(IllegalTransition), store.unit() as unit:
        decide(unit, preset, clock, member("urban"), "rev-1", decision="reject")


def found(**changes: Any) -> Found:
    given: dict[str, Any] = {
        "detector": "change",
        "version": "2",
        "score": 0.7,
        "boxes": (PictureBox(medium_id="med-2", x=10.0, y=20.0, w=30.0, h=40.0),),
    }
    return Found(**{**given, **changes})


def test_a_strip_holds_several_finds_until_the_officer_is_done(
    store: Store, preset: Preset, clock: ManualClock, member: Member
) -> None:
    box = PictureBox(medium_id="med-2", x=5.0, y=6.0)
    with store.unit() as unit:
        for lon, code in ((118.7005, "06-01"), (118.702, "06-01"), (118.7005, "06-02")):
            decide(
                unit,
                preset,
                clock,
                member("urban"),
                "rev-1",
                decision="mark",
                event_type=code,
                lon=lon,
                lat=28.7,
                box=box,
            )
        done = decide(unit, preset, clock, member("urban"), "rev-1", decision="done")
    assert done.state is ReviewState.DONE
    assert len({mark.case_id for mark in done.marks}) == 3
    with store.view() as unit:
        labels = unit.labels.find(review_id="rev-1")
        assert [(x.verdict, x.said_type) for x in labels] == [
            ("marked", "06-01"),
            ("marked", "06-01"),
            ("marked", "06-02"),
        ]
        assert labels[0].box == box


@pytest.mark.parametrize(
    ("asked", "verdict", "said"),
    [
        ({"decision": "confirm"}, "confirmed", "06-01"),
        ({"decision": "reject"}, "rejected", None),
        ({"decision": "reclass", "event_type": "06-02"}, "reclassed", "06-02"),
        ({"decision": "mark", "lon": 118.7001, "lat": 28.7}, "confirmed", "06-01"),
    ],
)
def test_a_word_on_a_find_is_a_label_of_its_detector(
    store: Store,
    preset: Preset,
    clock: ManualClock,
    member: Member,
    make: Any,
    asked: dict[str, Any],
    verdict: str,
    said: str | None,
) -> None:
    with store.unit() as unit:
        find = make.review("f", kind="find", event_types=("06-01",), found=found())
        unit.reviews.add(find)
        done = decide(unit, preset, clock, member("urban"), "f", **asked)
    assert (done.case_id is None) == (said is None)
    with store.view() as unit:
        (label,) = unit.labels.find(detector="change")
        assert (label.verdict, label.said_type, label.score) == (verdict, said, 0.7)
        assert (label.event_type, label.medium_id, label.version) == ("06-01", "med-2", "2")


def test_to_reclass_as_what_it_is_called_already_is_refused(
    store: Store, preset: Preset, clock: ManualClock, member: Member, make: Any
) -> None:
    with store.unit() as unit:
        unit.reviews.add(make.review("f", kind="find", event_types=("06-01",), found=found()))
    with pytest.raises(InvalidInput, match="already"), store.unit() as unit:
        decide(unit, preset, clock, member("urban"), "f", decision="reclass", event_type="06-01")


def test_undo_takes_back_the_case_and_the_label(
    store: Store, preset: Preset, clock: ManualClock, member: Member, make: Any
) -> None:
    with store.unit() as unit:
        unit.reviews.add(make.review("f", kind="find", event_types=("06-01",), found=found()))
        done = decide(unit, preset, clock, member("urban"), "f", decision="confirm")
    with store.unit() as unit:
        back = undo(unit, clock, member("urban"), "f")
    assert (back.state, back.decision, back.case_id) == (ReviewState.OPEN, None, None)
    with store.view() as unit:
        assert unit.cases.get(str(done.case_id)).state is CaseState.REJECTED
        assert [a.state for a in unit.anomalies.find()] == [AnomalyState.DISMISSED]
        assert unit.labels.count(withdrawn_at=None) == 0
    with store.unit() as unit:
        again = decide(unit, preset, clock, member("urban"), "f", decision="reject")
    assert again.state is ReviewState.DONE
    with store.view() as unit:
        assert [x.verdict for x in unit.labels.find(withdrawn_at=None)] == ["rejected"]


def test_undo_takes_back_the_latest_mark_only(
    store: Store, preset: Preset, clock: ManualClock, member: Member
) -> None:
    with store.unit() as unit:
        for lon in (118.7, 118.705):
            decide(
                unit,
                preset,
                clock,
                member("urban"),
                "rev-1",
                decision="mark",
                event_type="06-01",
                lon=lon,
                lat=28.7,
            )
            clock.advance(5.0)
        back = undo(unit, clock, member("urban"), "rev-1")
        assert len(back.marks) == 1
        assert back.case_id == back.marks[0].case_id
        assert unit.labels.count(withdrawn_at=None) == 1


def test_what_was_decided_long_ago_or_is_being_handled_cannot_be_undone(
    store: Store, preset: Preset, clock: ManualClock, member: Member, make: Any
) -> None:
    with pytest.raises(IllegalTransition, match="nothing"), store.unit() as unit:
        undo(unit, clock, member("urban"), "rev-1")
    with store.unit() as unit:
        unit.reviews.add(make.review("f", kind="find", event_types=("06-01",), found=found()))
        done = decide(unit, preset, clock, member("urban"), "f", decision="confirm")
        case = unit.cases.get(str(done.case_id))
        unit.cases.put(move(case, CaseState.HANDLING))
    with pytest.raises(IllegalTransition, match="gone on"), store.unit() as unit:
        undo(unit, clock, member("urban"), "f")
    clock.advance(UNDO_S + 1)
    with pytest.raises(IllegalTransition, match="too long ago"), store.unit() as unit:
        undo(unit, clock, member("urban"), "f")
    with pytest.raises(NotFound), store.unit() as unit:
        undo(unit, clock, member("forestry"), "f")
