"""The officers' queue: confirm, mark and reject."""

from collections.abc import Callable
from typing import Any

import pytest

from core.clock import ManualClock
from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from core.geo import LonLat, offset
from missions.access import Principal, Role
from missions.cases.reviews import decide, same_place
from missions.entities import AnomalyState, Review, ReviewState
from missions.presets import Preset
from missions.store import Store

Member = Callable[[str], Principal]


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
    assert done.state is ReviewState.DONE
    assert done.decision is not None
    assert (done.decision.by, done.decision.note) == ("officer of urban", "堆放")
    with store.view() as unit:
        assert unit.reviews.get("rev-1") == done
        case = unit.cases.get(str(done.case_id))
        assert (case.department, case.shared_with) == ("urban", ("ecology",))
        assert case.before == ("med-2",)
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


def test_same_place_means_open_near_and_of_one_type(store: Store, make: Any) -> None:
    here = LonLat(118.555, 28.505)
    with store.unit() as unit:
        unit.anomalies.add(make.anomaly("a", position=offset(here, 0.0, 20.0)))
        unit.anomalies.add(make.anomaly("b", position=offset(here, 0.0, 10.0)))
        unit.anomalies.add(make.anomaly("c", position=here, state=AnomalyState.COLD))
        unit.anomalies.add(make.anomaly("d", position=here, event_type="06-01"))
        found = same_place(unit, "01-01", here)
        assert found is not None
        assert found.id == "b"
        assert same_place(unit, "01-01", here, within_m=5.0) is None


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
