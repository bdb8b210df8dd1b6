"""The ledger: whatever flew for whomever, the departments' shares are exactly what was flown."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.equipment import Sensor
from core.geo import LonLat
from core.route import Route, Waypoint
from missions.access import SERVICE, Principal, Role
from missions.entities import Flight, Origin, Request, Task
from missions.ledger import photographed_m, split
from missions.ledgers import Ledgers
from missions.store import MemoryStore

DAY = date(2026, 5, 12)
START = datetime(2026, 5, 12, 1, tzinfo=UTC)
NAMES = ("water", "forestry", "urban", "ecology")
lon = st.floats(118.5, 118.6)
lat = st.floats(28.5, 28.6)


@st.composite
def squares(draw: Any) -> dict[str, Any]:
    """An area, often on another one's ground."""
    x, y = draw(st.sampled_from([118.5, 118.52, 118.55])), draw(st.sampled_from([28.5, 28.53]))
    size = draw(st.sampled_from([0.01, 0.03]))
    ring = [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]
    return {"type": "Polygon", "coordinates": [ring]}


@st.composite
def waypoints(draw: Any) -> Waypoint:
    return Waypoint(
        position=LonLat(draw(lon), draw(lat)),
        height_m=80.0,
        photo_spacing_m=draw(st.sampled_from([0.0, 25.0])),
        photo=draw(st.booleans()),
    )


@st.composite
def flown(draw: Any) -> tuple[Flight, list[Task], list[Request]]:
    """A flight with tasks, each for one to three requests of any departments."""
    number = draw(st.integers(0, 10**6))
    tasks, requests = [], []
    for t in range(draw(st.integers(0, 4))):
        own = [
            _request(f"req-{number}-{t}-{k}", draw(st.sampled_from(NAMES)), draw(squares()))
            for k in range(draw(st.integers(1, 3)))
        ]
        requests += own
        tasks.append(_task(f"tsk-{number}-{t}", own, draw(squares())))
    flight = Flight(
        id=f"flt-{number}",
        plan_id=None,
        day=DAY,
        origin=Origin.ASKED,
        dock="D",
        vehicle="D",
        system_id=1,
        task_ids=tuple(t.id for t in tasks),
        departments=tuple(dict.fromkeys(d for t in tasks for d in t.departments)),
        priority=3,
        route=Route(tuple(draw(st.lists(waypoints(), min_size=1, max_size=6)))),
        start=START,
        end=START + timedelta(minutes=20),
        km=draw(st.floats(0, 200)),
        landing_share=0.3,
        landed_at=START + timedelta(seconds=draw(st.integers(0, 7200))),
    )
    return flight, tasks, requests


def _request(name: str, department: str, geometry: dict[str, Any]) -> Request:
    return Request(
        id=name,
        scenario="",
        department=department,
        shared_with=(),
        purpose="",
        place="",
        geometry=geometry,
        kind="area",
        width_m=0.0,
        sensor=Sensor.VISIBLE,
        gsd_m=0.1,
        front_overlap=0.7,
        side_overlap=0.6,
        earliest=START,
        latest=START + timedelta(hours=1),
        priority=3,
        origin=Origin.ASKED,
        created_at=START,
    )


def _task(name: str, own: list[Request], geometry: dict[str, Any]) -> Task:
    return Task(
        id=name,
        day=DAY,
        request_ids=tuple(r.id for r in own),
        scenarios=("",),
        departments=tuple(dict.fromkeys(r.department for r in own)),
        sensors=(Sensor.VISIBLE,),
        geometry=geometry,
        gsd_m=0.1,
        earliest=START,
        latest=START + timedelta(hours=1),
        priority=3,
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(flown(), min_size=1, max_size=4, unique_by=lambda f: f[0].id))
def test_departments_together_owe_exactly_what_was_flown(
    many: list[tuple[Flight, list[Task], list[Request]]],
) -> None:
    """By flight, and in the account of the day; and a department's own account is its part."""
    store = MemoryStore()
    with store.unit() as unit:
        for flight, tasks, requests in many:
            lines = split(flight, tasks, requests)
            assert sum(line.metres for line in lines) == round(flight.km * 1000)
            landed = flight.landed_at or flight.end
            assert sum(line.seconds for line in lines) == round((landed - START).total_seconds())
            assert all(line.metres >= 0 and line.seconds >= 0 for line in lines)
            unit.ledger.add_all(lines)
    room: Any = SimpleNamespace(view=store.view, today=lambda: DAY)
    account = Ledgers(room).account(SERVICE, DAY, DAY)
    assert account.metres == sum(round(flight.km * 1000) for flight, _, _ in many)
    for share in account.shares:
        member = Principal(name="m", role=Role.MEMBER, department=share.department)
        assert Ledgers(room).account(member, DAY, DAY).shares == (share,)


@settings(deadline=None, max_examples=60)
@given(flown())
def test_who_asked_for_the_same_ground_bears_the_same(
    one: tuple[Flight, list[Task], list[Request]],
) -> None:
    """A task that joined for another's ground is not carried for nothing by who came first."""
    flight, tasks, _ = one
    twice = [task for task in tasks for _ in range(2)]
    if not twice:
        return
    weights = photographed_m(flight.route, twice)
    for n in range(0, len(twice), 2):
        assert abs(weights[n] - weights[n + 1]) < 1e-6
