"""Cases as people work on them: proof, hand-over, extensions, escalation, recurrence, filters."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from shapely.geometry import box, mapping

from core.clock import ManualClock
from core.equipment import Sensor
from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from core.geo import LonLat
from missions.access import SERVICE, Principal, Role
from missions.cases.cases import open_case
from missions.cases.desk import CaseFilter, Casework
from missions.cases.proof import proof_of
from missions.cases.steps import StepOrder, offers
from missions.cases.taking import take
from missions.catalog.casework import CaseRules, ExtensionRules, Level
from missions.entities import Case, CaseState, RequestState
from missions.operations import escalation, verification
from missions.presets import Preset
from missions.store import Store

Member = Callable[[str], Principal]
HERE = LonLat(118.7, 28.7)
LEVELS = (
    Level(number=1, name="due soon", name_zh="临期", share=0.8, after_h=0, to="department"),
    Level(number=2, name="overdue", name_zh="超期", share=1, after_h=0, to="dispatcher"),
    Level(
        number=3,
        name="city",
        name_zh="市级",
        share=1,
        after_h=4,
        to="city",
        departments=("emergency",),
    ),
)


@pytest.fixture
def city(preset: Preset) -> Preset:
    """The small city, with rules and a type of find that needs evidence."""
    waste = replace(preset.event_types["06-01"], evidence=1, deadline_h=5.0, sensor=Sensor.VISIBLE)
    return replace(
        preset,
        event_types={**preset.event_types, "06-01": waste},
        casework=CaseRules(escalation=LEVELS, extensions=ExtensionRules(most=1, longest_h=10)),
    )


class Office:
    """One case of waste on the plaza, and everybody who works on it."""

    def __init__(self, store: Store, preset: Preset, clock: ManualClock, make: Any) -> None:
        self.store, self.preset, self.clock, self.make = store, preset, clock, make
        self.room: Any = SimpleNamespace(
            preset=preset,
            clock=clock,
            records=store,
            now=clock.now,
            unit=store.unit,
            view=store.view,
        )
        self.desk = Casework(self.room)
        self.case = self.opened("ano-1")

    def opened(self, anomaly: str, position: LonLat = HERE, code: str = "06-01") -> Case:
        found = self.make.anomaly(
            anomaly, event_type=code, position=position, severity=2, department="urban"
        )
        with self.store.unit() as unit:
            return open_case(unit, self.preset, self.clock, code, found, ["med-before"])[0]

    def step(self, who: Principal, step: str, **more: Any) -> Case:
        self.clock.advance(60)
        with self.store.unit() as unit:
            order = StepOrder(step=step, **more)
            return take(unit, self.preset, self.clock, who, self.case.id, order)

    def photograph(self, name: str, **changes: Any) -> str:
        """A photograph of the plaza, taken now."""
        made = self.make.medium(
            name,
            taken_at=self.clock.now(),
            position=HERE,
            gsd_m=0.03,
            footprint=mapping(box(118.699, 28.699, 118.701, 28.701)),
            **changes,
        )
        with self.store.unit() as unit:
            unit.media.add(made)
        return name

    def got(self) -> Case:
        with self.store.view() as unit:
            return unit.cases.get(self.case.id)


@pytest.fixture
def office(store: Store, city: Preset, clock: ManualClock, make: Any) -> Office:
    made = Office(store, city, clock, make)
    with store.unit() as unit:
        before = make.medium(
            "med-before",
            taken_at=clock.now() - timedelta(hours=1),
            gsd_m=0.03,
            footprint=mapping(box(118.6992, 28.6991, 118.7012, 28.7011)),
        )
        unit.media.add(before)
    return made


URBAN = Principal(name="Li", role=Role.MEMBER, department="urban")
ECOLOGY = Principal(name="Wu", role=Role.MEMBER, department="ecology")
DISPATCH = Principal(name="Chen", role=Role.DISPATCHER)


def test_a_report_back_needs_the_evidence_that_its_type_asks_for(office: Office) -> None:
    office.step(URBAN, "handle")
    with pytest.raises(InvalidInput, match="needs 1 photographs"):
        office.step(URBAN, "report_back")
    with pytest.raises(NotFound):
        office.step(URBAN, "report_back", media=("med-none",))
    with pytest.raises(InvalidInput, match="before that"):
        office.step(URBAN, "report_back", media=("med-before",))
    foreign = office.photograph("med-secret", department="forestry")
    with pytest.raises(NotFound):
        office.step(URBAN, "report_back", media=(foreign,))
    done = office.step(URBAN, "report_back", media=(office.photograph("med-ours"),))
    assert done.steps[-1].media == ("med-ours",)
    with office.store.view() as unit:
        shared = unit.media.get("med-ours")
        assert (shared.cases, set(shared.shared_with)) == ((done.id,), set(done.shared_with))


def reported(office: Office) -> Case:
    office.step(URBAN, "handle")
    return office.step(URBAN, "report_back", media=(office.photograph("med-ours"),))


def test_nobody_closes_without_a_picture_of_afterwards_but_with_a_reason(office: Office) -> None:
    reported(office)
    office.step(URBAN, "verify")
    with pytest.raises(IllegalTransition, match="since it was reported back"):
        office.step(URBAN, "close", note="all is well")
    with pytest.raises(IllegalTransition, match="since it was reported back"):
        office.step(DISPATCH, "close")
    closed = office.step(DISPATCH, "close", note="the street was rebuilt: nothing to show")
    proof = proof_of(closed, office.preset)
    assert [lack.code for lack in proof.missing] == ["after"]
    assert proof.reason.startswith("the street")
    assert proof.closed_by == "Chen"


def test_an_officer_closes_with_photographs_of_the_place_since_then(office: Office) -> None:
    reported(office)
    office.step(URBAN, "verify")
    with pytest.raises(InvalidInput, match="before that"):
        office.step(URBAN, "close", media=("med-before",))
    elsewhere = office.photograph("med-far", department="urban")
    with office.store.unit() as unit:
        far = replace(unit.media.get(elsewhere), footprint=mapping(box(118.1, 28.1, 118.2, 28.2)))
        unit.media.put(far)
    with pytest.raises(InvalidInput, match="another place"):
        office.step(URBAN, "close", media=(elsewhere,))
    closed = office.step(URBAN, "close", media=(office.photograph("med-after"),))
    proof = proof_of(closed, office.preset)
    assert (proof.missing, proof.after) == ((), ("med-after",))
    assert [(p.before, p.after, p.same_camera) for p in proof.pairs] == [
        ("med-before", "med-after", True)
    ]
    assert proof.pairs[0].share == pytest.approx(0.855, abs=0.01)


def test_photographs_since_the_report_back_are_gathered_and_matched(office: Office) -> None:
    reported(office)
    office.step(URBAN, "verify")
    office.photograph("med-thermal", sensor=Sensor.THERMAL)
    office.photograph("med-hidden", department="forestry")
    with office.store.unit() as unit:
        assert not verification.gathered(unit, office.preset, office.got(), office.clock.now())
    office.photograph("med-new")
    with office.store.unit() as unit:
        assert verification.gathered(unit, office.preset, office.got(), office.clock.now())
        assert unit.alerts.find(kind="verify")
        assert unit.media.get("med-new").cases == (office.case.id,)
    assert office.got().after == ("med-new",)
    failed = office.step(URBAN, "verify", passed=False, note="half of it is still there")
    assert (failed.state, failed.after) == (CaseState.DISPATCHED, ())
    assert failed.verifications[-1].media == ("med-new",)
    assert failed.verifications[-1].outcome == "failed"


def test_a_flight_is_asked_for_where_nothing_was_photographed(office: Office) -> None:
    reported(office)
    office.step(URBAN, "verify")
    with office.store.unit() as unit:
        asked = verification.wanted(unit, office.preset, office.got(), office.clock.now())
        assert asked is not None
        assert (asked.origin, asked.case_id, asked.gsd_m) == ("verify", office.case.id, 0.03)
        assert (asked.department, asked.sensor) == ("urban", Sensor.VISIBLE)
        case = unit.cases.get(office.case.id)
        assert verification.wanted(unit, office.preset, case, office.clock.now()) is None
        unit.requests.put(replace(asked, state=RequestState.REFUSED))
        later = office.clock.now() + verification.AGAIN
        assert verification.wanted(unit, office.preset, case, later) is not None


async def test_no_more_flights_for_verification_are_asked_for_in_a_day_than_the_rules_say(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported(office)
    office.step(URBAN, "verify")
    asked: list[str] = []

    def insert(_store: Any, _preset: Any, request: Any, *_more: Any) -> None:
        asked.append(request.id)

    monkeypatch.setattr(verification, "insert", insert)
    plenty = office.room.preset
    verify = replace(plenty.casework.verify, a_day=0)
    day = office.clock.now().date()
    room: Any = SimpleNamespace(
        **{**vars(office.room), "today": lambda: day, "answering": None, "view": office.store.view}
    )
    room.preset = replace(plenty, casework=replace(plenty.casework, verify=verify))
    await verification.tick(room)
    assert asked == []
    room.preset = plenty
    await verification.tick(room)
    assert len(asked) == 1


def test_a_hand_over_keeps_the_deadline_and_the_way_back(office: Office) -> None:
    before = office.case
    with pytest.raises(InvalidInput, match="department"):
        office.step(URBAN, "hand_over", note="not ours")
    with pytest.raises(InvalidInput, match="no such department"):
        office.step(URBAN, "hand_over", note="not ours", department="navy")
    with pytest.raises(NotFound):
        office.step(Principal(name="x", role=Role.MEMBER, department="forestry"), "handle")
    moved = office.step(URBAN, "hand_over", note="industrial waste", department="ecology")
    assert (moved.department, moved.due_at) == ("ecology", before.due_at)
    assert "urban" in moved.shared_with
    assert moved.steps[-1].handed_over
    with pytest.raises(NotAllowed, match="only ecology"):
        office.step(URBAN, "hand_over", note="back", department="forestry")
    assert office.step(ECOLOGY, "handle").state is CaseState.HANDLING


def test_an_extension_is_asked_for_and_granted_once(office: Office) -> None:
    with pytest.raises(InvalidInput, match="so many hours"):
        office.step(URBAN, "ask_extension", note="rain")
    with pytest.raises(InvalidInput, match="11"):
        office.step(URBAN, "ask_extension", note="rain", hours=11.0)
    asked = office.step(URBAN, "ask_extension", note="rain", hours=7.0)
    assert asked.due_at == office.case.due_at
    with pytest.raises(NotAllowed, match="dispatcher"):
        office.step(URBAN, "grant_extension")
    granted = office.step(DISPATCH, "grant_extension")
    # opened Tuesday 09:00 with 5 hours: due 16:00; 7 more working hours are one day
    assert granted.due_at == office.case.due_at + timedelta(days=1)
    with pytest.raises(IllegalTransition, match="were granted"):
        office.step(URBAN, "ask_extension", note="more rain", hours=1.0)


def test_a_refused_extension_leaves_the_deadline(office: Office) -> None:
    until = office.clock.now() + timedelta(days=3)
    office.step(URBAN, "ask_extension", note="awaits the court", until=until)
    refused = office.step(DISPATCH, "refuse_extension", note="no court is needed")
    assert refused.due_at == office.case.due_at
    assert refused.extensions[0].answer == "no court is needed"
    with pytest.raises(IllegalTransition, match="no extension"):
        office.step(DISPATCH, "grant_extension")


def test_each_level_of_escalation_is_told_once(office: Office) -> None:
    def told() -> list[tuple[int, str]]:
        escalation.tick(office.room)
        with office.store.view() as unit:
            return [(a.severity, a.text) for a in unit.alerts.find(kind="escalation")]

    assert told() == []
    office.clock.advance(6 * 3600)  # 15:00: 4 of the 5 hours are over
    assert len(told()) == 1
    assert len(told()) == 1
    office.clock.advance(3600 + 60)
    assert len(told()) == 2
    late = office.desk.list(URBAN, CaseFilter(overdue=True, escalated=2)).items
    assert [c.id for c in late] == [office.case.id]
    office.clock.advance(24 * 3600)
    assert len(told()) == 3
    case = office.got()
    assert [e.level for e in case.escalations] == [1, 2, 3]
    assert "emergency" in case.shared_with
    assert case.escalate_at is None
    again = office.step(DISPATCH, "hand_over", note="try them", department="ecology")
    assert again.escalation == 3  # the same deadline: nothing is told twice
    with office.store.view() as unit:
        assert unit.log.count(subject=case.id, action="case.escalate") == 3


def test_levels_missed_while_the_service_stood_make_one_alert(office: Office) -> None:
    office.clock.advance(14 * 24 * 3600)
    escalation.tick(office.room)
    with office.store.view() as unit:
        assert unit.alerts.count(kind="escalation") == 1
    assert [e.level for e in office.got().escalations] == [1, 2, 3]


def test_cases_from_before_there_were_levels_are_taken_over_once(office: Office) -> None:
    with office.store.unit() as unit:
        old = replace(office.got(), escalate_at=None, county="")
        unit.cases.put(old)
    escalation.tick(office.room)
    assert (office.got().escalate_at, office.got().county) == (office.case.escalate_at, "a")
    with office.store.unit() as unit:
        unit.cases.put(old)
    escalation.tick(office.room)
    assert office.got().escalate_at is None  # nobody searches all cases every minute


def test_the_same_find_at_the_same_place_recurs(office: Office) -> None:
    reported(office)
    office.step(URBAN, "verify")
    closed = office.step(DISPATCH, "close", note="seen by me")
    office.clock.advance(3 * 24 * 3600)
    again = office.opened("ano-2", LonLat(118.7002, 28.7))
    assert (again.recurs_of, again.recurrence) == (closed.id, 1)
    assert office.opened("ano-3", LonLat(118.71, 28.7)).recurs_of is None
    assert office.opened("ano-4", code="06-02").recurs_of is None
    assert office.desk.view(URBAN, closed.id).recurred == (again.id,)
    assert [c.id for c in office.desk.list(URBAN, CaseFilter(recurring=True)).items] == [again.id]
    office.clock.advance(60 * 24 * 3600)
    assert office.opened("ano-5").recurs_of is None


def test_a_caller_is_told_which_steps_are_open_and_why_not(office: Office) -> None:
    def told(who: Principal) -> dict[str, tuple[bool, str]]:
        return {o.step: (o.is_open, o.why) for o in offers(office.got(), office.preset, who)}

    mine = told(URBAN)
    assert mine["handle"] == (True, "")
    assert "cannot go from dispatched" in mine["close"][1]
    assert "only a dispatcher" in mine["grant_extension"][1]
    assert "only urban" in told(ECOLOGY)["hand_over"][1]
    auditor = told(Principal(name="a", role=Role.AUDITOR))
    assert not any(is_open for is_open, _ in auditor.values())
    office.step(URBAN, "handle")
    needs = {o.step: o.needs for o in offers(office.got(), office.preset, URBAN)}
    assert needs["report_back"] == ("media",)


def test_filters_find_cases_by_what_they_are_and_where(office: Office) -> None:
    far = office.opened("ano-2", LonLat(118.45, 28.45), "06-02")

    def found(who: Principal = SERVICE, **wanted: Any) -> list[str]:
        return [c.id for c in office.desk.list(who, CaseFilter(**wanted)).items]

    assert found() == [far.id, office.case.id]
    assert found(event_type="06-02") == [far.id]
    assert found(department="urban") == [office.case.id]
    assert found(bbox=(118.6, 28.6, 118.8, 28.8)) == [office.case.id]
    assert found(number=far.number) == [far.id]
    assert len(found(number="TC-20260512")) == 2
    assert found(county="a", state=CaseState.DISPATCHED) == [far.id, office.case.id]
    assert found(since=datetime(2026, 5, 13, tzinfo=UTC)) == []
    assert found(Principal(name="x", role=Role.MEMBER, department="forestry")) == []
    with pytest.raises(InvalidInput, match="overdue"):
        found(state=CaseState.CLOSED, overdue=True)
    with pytest.raises(InvalidInput, match="box"):
        found(bbox=(3, 2, 1, 4))


def test_a_find_goes_to_the_department_of_its_county(
    store: Store, preset: Preset, clock: ManualClock, make: Any
) -> None:
    kind = replace(
        preset.event_types["06-01"], departments={"a": "ecology"}, deadlines_h={1: 8.0, 3: 2.0}
    )
    here = replace(preset, event_types={**preset.event_types, "06-01": kind})
    with store.unit() as unit:
        anomaly = make.anomaly(event_type="06-01", position=HERE, severity=3, department="urban")
        case, _ = open_case(unit, here, clock, "06-01", anomaly, [])
    assert (case.department, case.county) == ("ecology", "a")
    assert "urban" in case.shared_with
    assert case.due_at == clock.now() + timedelta(hours=2)
