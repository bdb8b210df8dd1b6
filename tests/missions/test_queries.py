"""What lists and details show, and to whom."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.equipment import Sensor
from core.errors import InvalidInput, NotFound
from imagery.catalog import MediumState
from missions import queries
from missions.access import SERVICE, Principal
from missions.entities import Alert, FlightState, LedgerLine, PlanRecord, RequestState
from missions.store import Store

Member = Callable[[str], Principal]
DAY = date(2026, 5, 12)


@pytest.fixture(autouse=True)
def story(store: Store, make: Any) -> None:
    """A day with two flights, of which one serves two departments."""
    with store.unit() as unit:
        unit.requests.add_all(
            [
                make.request("r1"),
                make.request("r2", department="urban", shared_with=()),
                make.request("r3", state=RequestState.PLANNED),
            ]
        )
        unit.tasks.add_all(
            [
                make.task("t1", departments=("forestry",), flight_id="f1"),
                make.task("t2", departments=("urban",), flight_id="f1"),
                make.task("t3", departments=("urban",), flight_id="f2"),
            ]
        )
        unit.flights.add_all(
            [
                make.flight("f1", task_ids=("t2", "t1", "gone"), departments=("forestry", "urban")),
                make.flight("f2", task_ids=("t3",), departments=("urban",), state=FlightState.DONE),
            ]
        )
        unit.media.add_all(
            make.medium(
                f"m{n}",
                flight="f1",
                tasks=("t1",) if n % 2 else ("t2",),
                state=MediumState.DROPPED if n == 4 else MediumState.KEPT,
                sensor=Sensor.THERMAL if n < 2 else Sensor.VISIBLE,
            )
            for n in range(5)
        )
        unit.log.add(make.entry("l1", subject="f1"))
        unit.ledger.add(
            LedgerLine(id="g1", flight_id="f1", department="urban", metres=5, seconds=6)
        )
        unit.plans.add_all(_plan(name) for name in ("p1", "p2"))


def _plan(name: str) -> PlanRecord:
    return PlanRecord(
        id=name,
        day=DAY,
        made_at=datetime(2026, 5, 11, tzinfo=UTC),
        verified=True,
        value=1.0,
        km=2.0,
        km_separate=3.0,
        flights_separate=4,
        asked=3,
        merged=1,
        planned=3,
        refused=0,
        day_share=0.1,
    )


def test_requests_are_filtered_by_who_asks(store: Store, member: Member) -> None:
    with store.view() as unit:
        everything = queries.list_requests(unit, SERVICE)
        assert [r.id for r in everything.items] == ["r3", "r2", "r1"]
        assert everything.next is None
        assert [r.id for r in queries.list_requests(unit, member("emergency")).items] == [
            "r3",
            "r1",
        ]
        planned = queries.list_requests(unit, member("forestry"), state="planned")
        assert [r.id for r in planned.items] == ["r3"]
        assert queries.list_requests(unit, member("ecology")).items == ()
        assert queries.request_detail(unit, member("urban"), "r2").id == "r2"
        with pytest.raises(NotFound):
            queries.request_detail(unit, member("urban"), "r1")


def test_pages_join_up(store: Store) -> None:
    with store.view() as unit:
        seen: list[str] = []
        after = None
        for _ in range(5):
            page = queries.list_media(unit, SERVICE, after=after, limit=2)
            seen += [m.id for m in page.items]
            after = page.next
            if after is None:
                break
        assert seen == ["m4", "m3", "m2", "m1", "m0"]


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_a_sensible_size(store: Store, limit: int) -> None:
    with store.view() as unit:
        with pytest.raises(InvalidInput) as refused:
            queries.list_events(unit, SERVICE, limit=limit)
        with pytest.raises(InvalidInput):
            queries.list_alerts(unit, SERVICE, limit=limit)
    assert refused.value.where == "limit"


def test_an_unknown_state_is_refused(store: Store) -> None:
    with store.view() as unit, pytest.raises(InvalidInput, match="closed"):
        queries.list_cases(unit, SERVICE, state="done")


def test_media_by_flight_task_sensor_and_box(store: Store, member: Member) -> None:
    with store.view() as unit:

        def ids(**chosen: Any) -> list[str]:
            return [m.id for m in queries.list_media(unit, SERVICE, **chosen).items]

        assert ids(flight="f2") == []
        assert ids(task="t1") == ["m3", "m1"]
        assert ids(task="t1", sensor=Sensor.THERMAL) == ["m1"]
        assert len(ids(bbox=(118.69, 28.69, 118.71, 28.71))) == 5
        assert ids(bbox=(118.71, 28.69, 118.72, 28.71)) == []
        with pytest.raises(InvalidInput) as refused:
            ids(bbox=(118.72, 28.69, 118.71, 28.71))
        assert refused.value.where == "bbox"
        assert queries.list_media(unit, member("forestry")).items == ()
        assert queries.medium_detail(unit, member("urban"), "m1").id == "m1"
        with pytest.raises(NotFound):
            queries.medium_detail(unit, member("forestry"), "m1")


def test_a_flight_shows_what_concerns_the_caller(store: Store, member: Member) -> None:
    with store.view() as unit:
        seen = queries.flight_detail(unit, SERVICE, "f1")
        assert [t.id for t in seen.tasks] == ["t2", "t1"]
        assert [e.id for e in seen.log] == ["l1"]
        assert [line.metres for line in seen.ledger] == [5]
        assert (seen.photos.kept, seen.photos.dropped) == (4, 1)
        assert [t.id for t in queries.flight_detail(unit, member("forestry"), "f1").tasks] == ["t1"]
        with pytest.raises(NotFound):
            queries.flight_detail(unit, member("forestry"), "f2")
        with pytest.raises(NotFound):
            queries.flight_detail(unit, SERVICE, "f9")


def test_flights_by_day_and_state(store: Store, member: Member) -> None:
    with store.view() as unit:
        assert [f.id for f in queries.list_flights(unit, SERVICE, day=DAY).items] == ["f2", "f1"]
        assert queries.list_flights(unit, SERVICE, day=DAY + timedelta(days=1)).items == ()
        assert [f.id for f in queries.list_flights(unit, SERVICE, state="done").items] == ["f2"]
        assert [f.id for f in queries.list_flights(unit, member("forestry")).items] == ["f1"]


def test_the_plan_of_a_day_is_the_latest(store: Store, member: Member) -> None:
    with store.view() as unit:
        plan = queries.plan_detail(unit, SERVICE, DAY)
        assert plan.record is not None
        assert plan.record.id == "p2"
        assert (len(plan.flights), len(plan.tasks)) == (2, 3)
        mine = queries.plan_detail(unit, member("forestry"), DAY)
        assert ([f.id for f in mine.flights], [t.id for t in mine.tasks]) == (["f1"], ["t1"])
        assert queries.plan_detail(unit, SERVICE, DAY + timedelta(days=1)).record is None


def test_the_alert_feed_goes_on_where_the_reader_stopped(store: Store, make: Any) -> None:
    def add(*ids: str) -> None:
        event = make.event()
        with store.unit() as unit:
            unit.alerts.add_all(
                Alert(
                    id=i,
                    at=event.at,
                    kind="fire",
                    severity=4,
                    text="",
                    text_zh="",
                    department="forestry",
                    shared_with=(),
                )
                for i in ids
            )

    with store.view() as unit:
        assert queries.list_alerts(unit, SERVICE) == queries.Page((), None)
    add("a1", "a2", "a3")
    with store.view() as unit:
        last = queries.list_alerts(unit, SERVICE, limit=2)
        assert [a.id for a in last.items] == ["a2", "a3"]
        assert queries.list_alerts(unit, SERVICE, after="a3") == queries.Page((), "a3")
    add("a4")
    with store.view() as unit:
        news = queries.list_alerts(unit, SERVICE, after=last.next)
        assert ([a.id for a in news.items], news.next) == (["a4"], "a4")


def test_events_cases_reviews_and_anomalies(store: Store, make: Any, member: Member) -> None:
    with store.unit() as unit:
        unit.events.add_all([make.event("e1"), make.event("e2", event_type="06-01")])
        unit.cases.add(make.case("c1"))
        unit.reviews.add_all([make.review("v1"), make.review("v2")])
        unit.anomalies.add(make.anomaly("a1"))
    with store.view() as unit:
        found = queries.list_events(unit, member("emergency"), event_type="06-01")
        assert [e.id for e in found.items] == ["e2"]
        assert queries.list_events(unit, SERVICE, department="urban").items == ()
        assert [c.id for c in queries.list_cases(unit, member("forestry")).items] == ["c1"]
        assert [r.id for r in queries.list_reviews(unit, SERVICE, state="open").items] == [
            "v1",
            "v2",
        ]
        assert [a.id for a in queries.list_anomalies(unit, member("forestry"))] == ["a1"]
        assert queries.list_anomalies(unit, member("urban")) == []
        assert queries.case_detail(unit, member("forestry"), "c1").id == "c1"
        with pytest.raises(NotFound):
            queries.case_detail(unit, member("urban"), "c1")
