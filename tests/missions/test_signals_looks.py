"""Reports, finds and warnings ask for a look, and their sender learns what came of it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from shapely.geometry import Point, mapping, shape
from signals_city import LAT, LON, City, city

from core.clock import ManualClock
from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from core.geo import LonLat, offset
from missions.access import LOCAL_OPERATOR, Principal, Role
from missions.demand.planning import plan_day
from missions.demand.releasing import release
from missions.demand.revisit import requests_for
from missions.entities import AnomalyState, Answer, Origin, RequestState, ReviewState
from missions.lifecycle import move
from missions.presets import Preset
from missions.signals.desk import SignalView
from missions.signals.model import SignalState
from missions.signals.reporting import ContactDraft, FindDraft, ReportDraft
from missions.store import MemoryStore

Member = Callable[[str], Principal]
HERE = LonLat(LON, LAT)


@pytest.fixture
def here(preset: Preset, clock: ManualClock, tmp_path: Path) -> City:
    return city(preset, clock, MemoryStore(), tmp_path)


def report(here: City, by: Principal, **changes: Any) -> SignalView:
    said = {"category": "rubbish", "lon": LON, "lat": LAT, **changes}
    return here.desk.report(by, ReportDraft(**said))


def asked(here: City) -> None:
    asyncio.run(here.desk.ask_waiting())


def followed(here: City) -> None:
    asyncio.run(here.desk.follow())


def answer_request(here: City, signal_id: str, state: RequestState, **changes: Any) -> None:
    """What flying does to a signal's request."""
    with here.store.unit() as unit:
        request = unit.requests.get(unit.signals.get(signal_id).request_id)
        said = Answer(text="photographed: 3 media", text_zh="已拍摄", code="answered")
        steps = {
            RequestState.ANSWERED: (
                *(RequestState.PLANNED, RequestState.FLOWN, RequestState.ANSWERED),
            ),
            RequestState.FLOWN: (RequestState.PLANNED, RequestState.FLOWN),
        }.get(state, (state,))
        for step in steps:
            request = move(request, step)
        unit.requests.put(replace(request, answer=said, **changes))


def test_a_report_asks_once_for_the_look_that_its_category_needs(
    here: City, member: Member
) -> None:
    made = report(here, member("ecology"), text="a heap", external_id="12345-1")
    again = report(here, member("ecology"), text="a heap", external_id="12345-1")
    assert again.signal.id == made.signal.id
    assert made.text == "stored; a look is being asked for"
    asked(here)
    asked(here)
    with here.store.view() as unit:
        (request,) = unit.requests.find()
    assert (request.origin, request.scenario, request.priority) == (Origin.SIGNAL, "waste", 4)
    assert request.department == "ecology"
    assert "urban" in request.shared_with
    assert request.latest - request.earliest == timedelta(hours=1)
    ground = shape(request.geometry)
    assert ground.contains(Point(LON, LAT))
    east = offset(HERE, 90, 39)
    assert ground.contains(Point(east.lon, east.lat))
    assert here.desk.get(member("ecology"), made.signal.id).signal.state is SignalState.ASKED


def test_the_answer_names_the_flight(here: City, preset: Preset, member: Member) -> None:
    day = date(2026, 5, 12)
    planned = plan_day(preset, day, seconds=0.5, requests=requests_for(preset, day)[:1])
    release(here.store, preset, planned, here.clock.now())
    made = report(here, member("urban"), lon=118.57, lat=28.56)
    asked(here)
    view = here.desk.get(member("urban"), made.signal.id)
    assert view.request is not None
    assert view.request.state is RequestState.PLANNED
    assert view.request.answer is not None
    assert view.request.answer.flight_id
    assert view.request.answer.flight_id in view.text


def test_a_report_near_an_earlier_one_is_one_with_it(here: City, member: Member) -> None:
    first = report(here, member("urban"))
    here.clock.advance(12 * 60)
    near = offset(HERE, 90, 40)
    other = report(here, member("ecology"), lon=near.lon, lat=near.lat)
    assert other.signal.state is SignalState.DUPLICATE
    assert f"joined with signal {first.signal.id} of 12 min ago (40 m away)" in other.text
    asked(here)
    with here.store.view() as unit:
        assert unit.requests.count() == 1
        assert unit.alerts.count() == 1
        assert unit.signals.get(first.signal.id).members == 1
    answer_request(here, first.signal.id, RequestState.ANSWERED)
    followed(here)
    followed(here)
    told = here.desk.get(member("ecology"), other.signal.id)
    assert "looked: nothing found" in told.text


def test_a_warning_and_a_report_of_one_matter_are_one(here: City, member: Member) -> None:
    here.device()
    (warned,) = here.send(*(here.row(20, minutes=m - 3) for m in range(3))).signals
    assert report(here, member("urban")).leader == here.desk.get(LOCAL_OPERATOR, warned.id).signal


def test_what_was_found_near_is_the_outcome(here: City, make: Any, member: Member) -> None:
    made = report(here, member("urban"))
    asked(here)
    answer_request(here, made.signal.id, RequestState.ANSWERED)
    seen = {
        "event_type": "06-01",
        "department": "urban",
        "state": AnomalyState.OPEN,
        "last_seen": here.clock.now(),
    }
    with here.store.unit() as unit:
        unit.cases.add(make.case("cas-1", event_type="06-01", department="urban"))
        unit.anomalies.add(make.anomaly("far", position=offset(HERE, 0, 500), **seen))
        near = make.anomaly("near", position=offset(HERE, 0, 20), case_id="cas-1", **seen)
        unit.anomalies.add(near)
        before = {**seen, "last_seen": here.clock.now() - timedelta(hours=2)}
        unit.anomalies.add(make.anomaly("old", position=HERE, **before))
    followed(here)
    followed(here)
    view = here.desk.get(member("urban"), made.signal.id)
    assert view.signal.outcome is not None
    assert view.signal.outcome.code == "found"
    assert view.case_id == "cas-1"
    with here.store.unit() as unit:
        unit.cases.put(replace(unit.cases.get("cas-1"), department="forestry", shared_with=()))
    assert here.desk.get(member("urban"), made.signal.id).case_id is None


def test_nothing_is_said_while_an_officer_still_searches(
    here: City, make: Any, member: Member
) -> None:
    made = report(here, member("urban"))
    asked(here)
    answer_request(here, made.signal.id, RequestState.ANSWERED, task_ids=("tsk-1",))
    with here.store.unit() as unit:
        unit.reviews.add(make.review("rev-1", task_id="tsk-1"))
    for _ in range(3):
        followed(here)
    view = here.desk.get(member("urban"), made.signal.id)
    assert view.signal.state is SignalState.LOOKED
    assert "being searched" in view.text
    with here.store.unit() as unit:
        unit.reviews.put(move(unit.reviews.get("rev-1"), ReviewState.DONE))
    followed(here)
    view = here.desk.get(member("urban"), made.signal.id)
    assert view.signal.outcome is not None
    assert view.signal.outcome.code == "nothing"


def test_a_flight_without_photographs_is_told_so(here: City, member: Member) -> None:
    made = report(here, member("urban"))
    asked(here)
    answer_request(here, made.signal.id, RequestState.FLOWN)
    followed(here)
    followed(here)
    assert here.desk.get(member("urban"), made.signal.id).signal.state is SignalState.LOOKED
    here.clock.advance(2 * 3600 + 1)
    followed(here)
    outcome = here.desk.get(member("urban"), made.signal.id).signal.outcome
    assert outcome is not None
    assert outcome.code == "unseen"


@pytest.mark.parametrize("state", [RequestState.REFUSED, RequestState.EXPIRED])
def test_a_look_that_cannot_be_flown_ends_with_the_reason(
    here: City, member: Member, state: RequestState
) -> None:
    made = report(here, member("urban"))
    asked(here)
    answer_request(here, made.signal.id, state)
    followed(here)
    outcome = here.desk.get(member("urban"), made.signal.id).signal.outcome
    assert outcome is not None
    assert outcome.code == str(state)
    assert "photographed: 3 media" in outcome.text  # the request's own reason


def test_fresh_photographs_answer_and_an_officer_searches_them(
    here: City, make: Any, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Answer(text="2 photographs show all of it", text_zh="已覆盖", code="imagery")

    def served(unit: Any, request: Any, hours: float, now: datetime) -> Any:
        assert hours == pytest.approx(1 / 3)
        return move(request, RequestState.ANSWERED, answer=answer, reused=("med-1",))

    monkeypatch.setattr("missions.signals.asking.served", served)
    with here.store.unit() as unit:
        unit.media.add(make.medium("med-1"))
    made = report(here, member("urban"))
    asked(here)
    followed(here)
    followed(here)
    view = here.desk.get(member("urban"), made.signal.id)
    assert view.signal.state is SignalState.LOOKED
    assert "2 photographs show all" in view.text
    with here.store.unit() as unit:
        (review,) = unit.reviews.find()
        assert review.media == ("med-1",)
        assert review.event_types == ("06-01",)
        unit.reviews.put(move(review, ReviewState.DONE))
    followed(here)
    outcome = here.desk.get(member("urban"), made.signal.id).signal.outcome
    assert outcome is not None
    assert outcome.code == "nothing"


def test_what_comes_at_night_is_looked_at_in_the_morning(here: City, member: Member) -> None:
    here.clock.advance(13.5 * 3600)  # 22:30
    made = report(here, member("urban"))
    asked(here)
    with here.store.view() as unit:
        request = unit.requests.get(unit.signals.get(made.signal.id).request_id)
    local = request.earliest.astimezone(ZoneInfo("Asia/Shanghai"))
    assert (local.day, local.hour) == (13, 8)


def test_what_comes_in_the_last_minutes_of_the_day_is_looked_at_in_the_morning(
    here: City, member: Member
) -> None:
    here.clock.advance(8 * 3600 + 50 * 60)  # 17:50
    made = report(here, member("urban"))
    asked(here)
    with here.store.view() as unit:
        request = unit.requests.get(unit.signals.get(made.signal.id).request_id)
    assert request.earliest.astimezone(ZoneInfo("Asia/Shanghai")).day == 13


def test_a_signal_that_waited_a_day_is_history(here: City, member: Member) -> None:
    made = report(here, member("urban"))
    here.clock.advance(25 * 3600)
    asked(here)
    outcome = here.desk.get(member("urban"), made.signal.id).signal.outcome
    assert outcome is not None
    assert outcome.code == "late"


def test_the_most_urgent_is_asked_for_first(here: City, member: Member) -> None:
    report(here, member("urban"))
    fire = report(here, member("urban"), category="fire")
    assert here.desk._asker.waiting()[0] == fire.signal.id


def test_another_systems_find_below_its_least_score_is_kept_and_asks_for_nothing(
    here: City, member: Member
) -> None:
    draft = FindDraft(label="heap", score=0.5, camera="cam 7", lon=LON, lat=LAT, picture="x://y")
    with pytest.raises(InvalidInput, match="no address"):
        here.desk.find(member("urban"), draft)
    weak = here.desk.find(member("urban"), replace(draft, picture="https://cctv.example/7.jpg"))
    assert weak.signal.state is SignalState.ANSWERED
    assert "below 0.60" in weak.text
    strong = here.desk.find(member("urban"), replace(draft, picture="", score=0.9))
    assert strong.signal.state is SignalState.RECEIVED
    asked(here)
    with here.store.view() as unit:
        assert unit.requests.count() == 1


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"category": "ufo"}, "category"),
        ({"lon": None, "lat": None}, "lon"),
        ({"lon": None}, "lon"),
        ({"lon": float("nan")}, "lon"),
        ({"lon": 0.0, "lat": 0.0}, "geometry"),
        ({"lon": LAT, "lat": LON}, "geometry"),
        ({"lon": None, "lat": None, "place": "nowhere"}, "place"),
        ({"crs": "mars"}, "crs"),
        ({"text": "x" * 2001}, "text"),
        ({"photos": ("p",) * 11}, "photos"),
        ({"at": datetime.fromisoformat("2026-05-12T01:00:00")}, "at"),
        ({"at": datetime(2030, 1, 1, tzinfo=ZoneInfo("UTC"))}, "at"),
        ({"at": datetime(2020, 1, 1, tzinfo=ZoneInfo("UTC"))}, "at"),
    ],
)
def test_a_bad_report_names_the_field_and_nothing_is_stored(
    here: City, member: Member, changes: dict[str, Any], where: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        report(here, member("urban"), **changes)
    assert refused.value.where == where
    assert refused.value.remedy
    with here.store.view() as unit:
        assert not unit.signals.find()
        assert not unit.log.find()


def test_a_phones_map_coordinates_are_converted(here: City, member: Member) -> None:
    from missions.demand.gcj02 import to_gcj02

    lon, lat = (float(v) for v in to_gcj02([[LON, LAT]])[0])
    made = report(here, member("urban"), lon=lon, lat=lat, crs="gcj02")
    assert made.signal.position.lon == pytest.approx(LON, abs=1e-7)
    assert abs(lon - LON) > 1e-3


def test_photographs_must_be_the_senders_to_name(here: City, make: Any, member: Member) -> None:
    with here.store.unit() as unit:
        own = {"department": "urban", "shared_with": ()}
        unit.media.add(make.medium("med-1", position=HERE, **own))
    made = report(here, member("urban"), photos=("med-1",), lon=None, lat=None)
    assert made.signal.position == HERE
    for other, photos in ((member("ecology"), ("med-1",)), (member("urban"), ("nope",))):
        with pytest.raises(NotFound, match="photograph"):
            report(here, other, photos=photos)


def test_contacts_are_the_own_departments_alone_and_erased_in_time(
    here: City, member: Member
) -> None:
    said = ContactDraft(name="Li Hua", phone="138 0000 0000")
    made = report(here, member("ecology"), contact=said, text="behind number 12")
    assert "urban" in made.signal.shared_with
    contact = here.desk.contacts.read(member("ecology"), made.signal.id)
    assert contact.phone == "138 0000 0000"
    for other in (member("urban"), member("forestry"), LOCAL_OPERATOR):
        with pytest.raises(NotFound):
            here.desk.contacts.read(other, made.signal.id)
    with here.store.view() as unit:
        trail = [(e.action, e.text + e.text_zh) for e in unit.log.find()]
    assert "contact.read" in [a for a, _ in trail]
    assert not any("Li" in t for _, t in trail)
    assert not any("number 12" in t for _, t in trail)
    here.clock.advance(31 * 86_400)
    asyncio.run(here.desk.erase())
    with pytest.raises(NotFound):
        here.desk.contacts.read(member("ecology"), made.signal.id)
    with here.store.view() as unit:
        assert unit.contacts.get(made.signal.id).phone == ""
        assert unit.signals.get(made.signal.id).words == ""


def test_a_department_sees_its_own_and_shared_signals_alone(here: City, member: Member) -> None:
    made = report(here, member("ecology"))
    assert here.desk.get(member("urban"), made.signal.id)  # handles what is reported
    with pytest.raises(NotFound):
        here.desk.get(member("forestry"), made.signal.id)
    assert not here.desk.list(member("forestry")).items
    with pytest.raises(NotAllowed, match="own department"):
        report(here, member("urban"), department="ecology")
    machine = Principal(name="hotline", role=Role.MACHINE)
    with pytest.raises(NotAllowed, match="no department"):
        report(here, machine)
    with pytest.raises(NotAllowed):
        report(here, Principal(name="a", role=Role.AUDITOR))


def test_an_officer_dismisses_with_a_reason_and_the_look_is_withdrawn(
    here: City, member: Member
) -> None:
    made = report(here, member("urban"))
    asked(here)
    with pytest.raises(InvalidInput):
        here.desk.dismiss(member("urban"), made.signal.id, "  ")
    told = here.desk.dismiss(member("urban"), made.signal.id, "announced works")
    assert told.text == "dismissed: announced works"
    with here.store.view() as unit:
        (request,) = unit.requests.find()
    assert request.state is RequestState.WITHDRAWN
    with pytest.raises(IllegalTransition):
        here.desk.dismiss(member("urban"), made.signal.id, "again")
    assert report(here, member("urban")).leader is None  # a dismissed one is joined by nobody


def test_nobody_dismisses_what_others_wait_for(here: City, member: Member) -> None:
    first = report(here, member("ecology"))
    with pytest.raises(NotAllowed, match="another department's"):
        here.desk.dismiss(member("urban"), first.signal.id, "no")
    report(here, member("urban"))
    with pytest.raises(IllegalTransition, match="1 other signals"):
        here.desk.dismiss(member("ecology"), first.signal.id, "no")


def test_who_joined_a_look_sees_the_photographs_of_its_own_place_and_nothing_else(
    here: City, member: Member, make: Any
) -> None:
    first = report(here, member("ecology"), text="a heap", photos=())
    asked(here)
    near = offset(HERE, 90.0, 40.0)
    other = report(here, member("urban"), lon=near.lon, lat=near.lat)
    assert other.leader is not None

    def photo(id: str, place: LonLat) -> Any:
        ground = Point(place.lon, place.lat).buffer(0.0001)
        return make.medium(
            id,
            sha256=id.rjust(64, "0"),
            tasks=("tsk-look",),
            footprint=mapping(ground),
            position=place,
            department="ecology",
        )

    with here.store.unit() as unit:
        unit.media.add_all([photo("med-here", HERE), photo("med-near", near)])
        unit.media.add(replace(photo("med-else", near), tasks=("tsk-of-somebody",)))
    answer_request(here, first.signal.id, RequestState.ANSWERED, task_ids=("tsk-look",))
    followed(here)
    followed(here)
    late = report(here, member("water"), lon=near.lon, lat=near.lat)
    with here.store.view() as unit:
        shared = {m.id: m.shared_with for m in unit.media.find()}
        hers, his = unit.signals.get(first.signal.id), unit.signals.get(other.signal.id)
        look = unit.requests.get(hers.request_id)
    assert (hers.seen, his.seen, late.signal.seen) == (("med-here",), ("med-near",), ("med-near",))
    assert shared == {"med-here": (), "med-near": ("urban", "water"), "med-else": ()}
    assert not member("water").sees(look)
    with pytest.raises(NotFound):
        here.desk.get(member("water"), first.signal.id)
