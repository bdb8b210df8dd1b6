"""Joint inspections: grouped by place, called once, written back into each case."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box, mapping

from core.clock import ManualClock
from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from core.geo import LonLat, distance_m
from missions.access import Principal, Role
from missions.cases import joint
from missions.cases.cases import open_case
from missions.cases.inspections import Inspections
from missions.cases.visiting import InspectionOrder, Result
from missions.catalog.casework import CaseRules
from missions.entities import Case
from missions.presets import Place, Preset
from missions.store import Store

DISPATCH = Principal(name="Chen", role=Role.DISPATCHER)
URBAN = Principal(name="Li", role=Role.MEMBER, department="urban")
ECOLOGY = Principal(name="Wu", role=Role.MEMBER, department="ecology")
FORESTRY = Principal(name="Sun", role=Role.MEMBER, department="forestry")
CALL, DONE, CANCEL = (InspectionOrder(step=s, note="why") for s in ("call", "done", "cancel"))
_RULES = CaseRules()


class Office:
    def __init__(self, store: Store, preset: Preset, clock: ManualClock, make: Any) -> None:
        self.store, self.preset, self.clock, self.make = store, preset, clock, make
        room: Any = SimpleNamespace(
            preset=preset,
            clock=clock,
            records=store,
            now=clock.now,
            unit=store.unit,
            view=store.view,
            answering=None,
        )
        self.desk = Inspections(room)
        self.count = 0

    def opened(self, code: str, lon: float, lat: float = 28.7) -> Case:
        self.count += 1
        owner = self.preset.event_types[code].department
        anomaly = self.make.anomaly(
            f"ano-{self.count}",
            event_type=code,
            position=LonLat(lon, lat),
            department=owner,
            shared_with=(),
        )
        with self.store.unit() as unit:
            return open_case(unit, self.preset, self.clock, code, anomaly, [])[0]


@pytest.fixture
def office(store: Store, preset: Preset, clock: ManualClock, make: Any) -> Office:
    return Office(store, preset, clock, make)


def test_cases_of_two_departments_at_one_place_are_proposed(office: Office) -> None:
    waste = office.opened("06-01", 118.700)
    smoke = office.opened("06-02", 118.702)  # 195 m away
    office.opened("06-01", 118.720)  # far from all
    (found,) = office.desk.proposals(DISPATCH)
    assert {c.id for c in found.group.cases} == {waste.id, smoke.id}
    assert found.group.departments == ("ecology", "urban")
    assert found.separate.visits == 2
    away = distance_m(office.preset.docks[0].position, smoke.position) / 1000
    assert found.separate.km == pytest.approx(4 * away, rel=0.02)
    assert "Plaza" in found.name
    assert office.desk.proposals(URBAN) == []  # sees its own case alone
    assert office.desk.proposals(DISPATCH, bbox=(118.71, 28.6, 118.8, 28.8)) == []


def test_one_visit_is_called_and_each_department_writes_its_own(office: Office) -> None:
    waste, smoke = office.opened("06-01", 118.700), office.opened("06-02", 118.702)
    ids = (waste.id, smoke.id)
    made = office.desk.create(DISPATCH, ids, planned_for=None, note="")
    name = made.inspection.id
    assert office.desk.proposals(DISPATCH) == []  # both are taken care of
    with pytest.raises(NotFound):
        office.desk.view(FORESTRY, name)
    assert [c.id for c in office.desk.view(URBAN, name).cases] == [waste.id]
    with pytest.raises(IllegalTransition, match="part of"):
        office.desk.create(DISPATCH, ids, planned_for=None, note="")
    with pytest.raises(IllegalTransition, match="proposed"):
        office.desk.record(URBAN, name, [Result(case_id=waste.id)])
    with pytest.raises(NotAllowed, match="dispatcher"):
        office.desk.step(URBAN, name, CALL)
    office.desk.step(DISPATCH, name, replace(CALL, flight=True))
    with pytest.raises(NotFound):
        office.desk.record(URBAN, name, [Result(case_id=smoke.id)])
    with pytest.raises(NotFound):
        office.desk.record(URBAN, name, [Result(case_id="cas-other")])
    office.clock.advance(3600)
    photo = office.make.medium(
        "med-1",
        taken_at=office.clock.now(),
        footprint=mapping(box(118.69, 28.69, 118.71, 28.71)),
    )
    with office.store.unit() as unit:
        unit.media.add(photo)
    found = Result(case_id=waste.id, found=True, note="two tonnes", media=("med-1",))
    office.desk.record(URBAN, name, [found])
    office.desk.step(DISPATCH, name, DONE)
    with office.store.view() as unit:
        case = unit.cases.get(waste.id)
        assert (case.visits[0].note, case.visits[0].media) == ("two tonnes", ("med-1",))
        assert case.inspection_id is None
        request = unit.requests.get(str(office.desk.view(DISPATCH, name).inspection.request_id))
        assert (request.department, request.shared_with) == ("ecology", ("urban",))
        assert len(request.geometry["coordinates"]) == 2
        assert unit.log.count(subject=case.id, action="case.inspect") == 1
    with pytest.raises(IllegalTransition, match="final"):
        office.desk.step(DISPATCH, name, CANCEL)


def test_what_is_no_joint_inspection_is_refused(office: Office) -> None:
    waste, smoke = office.opened("06-01", 118.700), office.opened("06-02", 118.730)
    again = office.opened("06-01", 118.701)
    for ids, why in (
        ((waste.id,), "1 cases of 1"),
        ((waste.id, again.id), "of 1 departments"),
        ((waste.id, smoke.id), "m apart"),
    ):
        with pytest.raises(InvalidInput, match=why):
            office.desk.create(DISPATCH, ids, planned_for=None, note="")
    with pytest.raises(NotFound):
        office.desk.create(FORESTRY, (waste.id, smoke.id), planned_for=None, note="")
    with office.store.view() as unit:
        assert unit.inspections.count() == 0


def test_a_cancelled_inspection_frees_its_cases(office: Office) -> None:
    ids = (office.opened("06-01", 118.700).id, office.opened("06-02", 118.701).id)
    made = office.desk.create(DISPATCH, ids, planned_for=None, note="")
    with pytest.raises(InvalidInput, match="reason"):
        office.desk.step(DISPATCH, made.inspection.id, InspectionOrder(step="cancel"))
    office.desk.step(DISPATCH, made.inspection.id, CANCEL)
    assert len(office.desk.proposals(DISPATCH)) == 1


def test_a_small_place_makes_one_visit_of_cases_out_of_each_others_reach(
    preset: Preset, make: Any
) -> None:
    yard = Place(
        id="Y1",
        kind="industrial",
        name="Yard",
        name_zh="厂区",
        county="a",
        geometry=box(118.80, 28.80, 118.806, 28.806),
    )
    here = [
        make.case("cas-1", position=LonLat(118.801, 28.801), department="urban"),
        make.case("cas-2", position=LonLat(118.8055, 28.8055), department="ecology"),
    ]
    assert joint.grouped(here, preset) == []
    (found,) = joint.grouped(here, replace(preset, places=(*preset.places, yard)))
    assert len(found.cases) == 2


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(118.60, 118.66), st.floats(28.60, 28.64), st.sampled_from("abcd")),
        max_size=40,
    )
)
def test_visits_are_apart_small_and_joint(found: list[tuple[float, float, str]]) -> None:
    preset: Any = SimpleNamespace(casework=_RULES, places=())
    cases: list[Any] = [
        SimpleNamespace(id=f"cas-{n:03d}", position=LonLat(lon, lat), department=d)
        for n, (lon, lat, d) in enumerate(found)
    ]
    rules = _RULES.inspections
    groups = joint.grouped(cases, preset)
    seen = [c.id for g in groups for c in g.cases]
    assert len(seen) == len(set(seen))
    for group in groups:
        assert len(group.departments) >= rules.least_departments
        for one in group.cases:
            assert all(
                distance_m(one.position, c.position) <= rules.most_span_m for c in group.cases
            )
    # every pair within the radius hangs together
    clusters = joint.clusters(cases, preset)
    of = {c.id: n for n, cluster in enumerate(clusters) for c in cluster}
    for a in cases:
        for b in cases:
            if distance_m(a.position, b.position) <= rules.radius_m:
                assert of[a.id] == of[b.id]
