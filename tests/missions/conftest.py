"""A small city and small things, made by hand."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from shapely.geometry import LineString, Point, Polygon, box

from core.clock import ManualClock
from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.geo import HeightGrid, LonLat
from core.route import Route, Waypoint
from imagery.catalog import Medium
from missions.access import Principal, Role
from missions.catalog.model import Department, EventType, Scenario
from missions.entities import (
    Anomaly,
    Case,
    Event,
    Flight,
    LogEntry,
    Origin,
    Recheck,
    Request,
    Review,
    Task,
)
from missions.presets import (
    County,
    DemoSettings,
    Dock,
    FilingRules,
    Place,
    Preset,
    RecheckRules,
    WorkingHours,
)
from missions.store import MemoryStore, SqlStore, Store

START = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
"""Tuesday, 09:00 in the city."""


def _camera(sensor: Sensor) -> CameraSpec:
    return CameraSpec(id=f"cam-{sensor}", sensor=sensor, width_px=640, height_px=512, hfov_deg=50)


def _scenario(name: str, places: tuple[str, ...], **changes: Any) -> Scenario:
    made = Scenario(
        id=name,
        name=name.title(),
        name_zh=f"场景{name}",
        department="forestry",
        shared_with=("emergency",),
        places=places,
        geometry="area",
        sensor=Sensor.THERMAL,
        gsd_m=0.1,
        front_overlap=0.6,
        side_overlap=0.5,
        revisit_h=24.0,
        window=(time(8), time(17)),
        weekdays=None,
        priority=3,
        event_types=("01-01",),
    )
    return replace(made, **changes)


def _event_type(code: str, detector: str, **changes: Any) -> EventType:
    made = EventType(
        code=code,
        class_code=code[:2],
        class_name="Fire",
        class_name_zh="火情",
        name="Forest fire",
        name_zh="森林火情",
        sensor=Sensor.THERMAL,
        detector=detector,
        severity=4,
        department="forestry",
        deadline_h=1.0,
    )
    return replace(made, **changes)


@pytest.fixture(scope="session")
def preset() -> Preset:
    """A city of a quarter degree with seven places."""
    grid = HeightGrid(west=118.0, south=28.0, step=1.0, heights_m=np.zeros((3, 3)))
    spec = VehicleSpec(
        id="quad",
        name="Quad",
        name_zh="四旋翼",
        vtol=False,
        cruise_mps=15.0,
        climb_mps=5.0,
        descent_mps=3.0,
        endurance_s=2400.0,
        recharge_s=1800.0,
        wind_limit_mps=12.0,
        cameras=(_camera(Sensor.VISIBLE), _camera(Sensor.THERMAL)),
    )
    woods = [
        Place(
            id=f"F{n}",
            kind="forest",
            name=f"Wood {n}",
            name_zh=f"林{n}",
            county="a",
            geometry=box(118.50 + n / 20, 28.50, 118.51 + n / 20, 28.51),
        )
        for n in range(5)
    ]
    river = Place(
        id="R1",
        kind="river",
        name="River",
        name_zh="江",
        county="a",
        geometry=LineString([(118.5, 28.6), (118.6, 28.62)]),
        width_m=80.0,
    )
    spot = Place(
        id="P1",
        kind="plaza",
        name="Plaza",
        name_zh="广场",
        county="a",
        geometry=Point(118.7, 28.7),
    )
    scenarios = (
        _scenario("fire", ("forest",)),
        _scenario("weekly", ("forest",), revisit_h=168.0),
        _scenario("fortnight", ("river",), geometry="corridor", revisit_h=336.0),
        _scenario("workdays", ("forest",), revisit_h=72.0, weekdays=(0, 1, 2, 3, 4)),
        _scenario("often", ("plaza",), geometry="points", revisit_h=3.0),
        _scenario(
            "waste",
            ("plaza",),
            geometry="points",
            sensor=Sensor.VISIBLE,
            department="urban",
            shared_with=("ecology",),
            event_types=("06-01", "06-02"),
        ),
    )
    types = (
        _event_type("01-01", "thermal"),
        _event_type(
            "06-01", "officer", name="Waste", name_zh="垃圾", department="urban", severity=2
        ),
        _event_type(
            "06-02", "officer", name="Smoke", name_zh="烟", department="ecology", severity=1
        ),
    )
    names = ("forestry", "emergency", "urban", "ecology")
    return Preset(
        name="testcity",
        title="Test City",
        title_zh="测试市",
        territory={
            "a": County(
                id="a", name="A", name_zh="甲", polygon=Polygon(box(118.4, 28.4, 118.9, 28.9))
            )
        },
        docks=(
            Dock(
                id="TC-01",
                system_id=1,
                name="Dock 1",
                name_zh="机场1",
                county="a",
                position=LonLat(118.55, 28.55),
                kind="quad",
                alternates=(),
            ),
        ),
        kinds={"quad": spec},
        zones=(),
        places=(*woods, river, spot),
        heights=grid,
        departments={n: Department(id=n, name=n.title(), name_zh=n) for n in names},
        scenarios={s.id: s for s in scenarios},
        event_types={t.code: t for t in types},
        filing=FilingRules(cutoff=time(12), emergency_answer_min=2.0),
        recheck=RecheckRules(interval_min=8.0, passes=2, cold_below_c=50.0, max_h=6.0),
        calendar=WorkingHours(
            hours=((time(8, 30), time(12)), (time(14), time(17, 30))),
            weekdays=(0, 1, 2, 3, 4),
            holidays=frozenset({date(2026, 5, 1)}),
            workdays=frozenset({date(2026, 5, 9)}),
        ),
        demo=DemoSettings(
            start=START,
            day_hours=10.0,
            speed=10.0,
            seed=7,
            jpeg_quality=60,
            fires=1,
            first_fire_min=(20.0, 40.0),
        ),
        attribution="",
        zone_info=ZoneInfo("Asia/Shanghai"),
    )


@pytest.fixture
def clock() -> ManualClock:
    """Tuesday, 12 May 2026, 09:00 in the city."""
    return ManualClock(START)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each sort."""
    made: Store = MemoryStore() if request.param == "memory" else SqlStore(tmp_path / "f.db")
    yield made
    made.close()


@pytest.fixture
def member() -> Callable[[str], Principal]:
    """A member of a department."""
    return lambda department: Principal(
        name=f"officer of {department}", role=Role.MEMBER, department=department
    )


class Maker:
    """Makes things that differ from a plain one in what a test is about."""

    def request(self, id: str = "req-1", **changes: Any) -> Request:
        made = Request(
            id=id,
            scenario="fire",
            department="forestry",
            shared_with=("emergency",),
            purpose="",
            place="F1",
            geometry={"type": "Point", "coordinates": [118.55, 28.505]},
            kind="points",
            width_m=0.0,
            sensor=Sensor.THERMAL,
            gsd_m=0.1,
            front_overlap=0.6,
            side_overlap=0.5,
            earliest=START,
            latest=START + timedelta(hours=3),
            priority=3,
            origin=Origin.REVISIT,
            created_at=START,
        )
        return replace(made, **changes)

    def task(self, id: str = "tsk-1", **changes: Any) -> Task:
        made = Task(
            id=id,
            day=START.date(),
            request_ids=("req-1",),
            scenarios=("fire",),
            departments=("forestry",),
            sensors=(Sensor.THERMAL,),
            geometry={"type": "Point", "coordinates": [118.55, 28.505]},
            gsd_m=0.1,
            earliest=START,
            latest=START + timedelta(hours=3),
            priority=3,
        )
        return replace(made, **changes)

    def flight(self, id: str = "flt-1", **changes: Any) -> Flight:
        made = Flight(
            id=id,
            plan_id="pln-1",
            day=START.date(),
            origin=Origin.REVISIT,
            dock="TC-01",
            vehicle="TC-01",
            system_id=1,
            task_ids=("tsk-1",),
            departments=("forestry",),
            priority=3,
            route=Route((Waypoint(position=LonLat(118.55, 28.55), height_m=80.0),)),
            start=START,
            end=START + timedelta(minutes=20),
            km=12.3456,
            landing_share=0.3,
        )
        return replace(made, **changes)

    def medium(self, id: str = "med-1", **changes: Any) -> Medium:
        made = Medium(
            id=id,
            sha256="0" * 64,
            key=id,
            size_bytes=1,
            received_at=START,
            taken_at=START,
            vehicle="TC-01",
            flight="flt-1",
            camera="cam",
            sensor=Sensor.VISIBLE,
            position=LonLat(118.7, 28.7),
            altitude_m=150.0,
            department="urban",
        )
        return replace(made, **changes)

    def anomaly(self, id: str = "ano-1", **changes: Any) -> Anomaly:
        made = Anomaly(
            id=id,
            event_type="01-01",
            position=LonLat(118.555, 28.505),
            error_m=5.0,
            first_seen=START,
            last_seen=START,
            sightings=1,
            severity=4,
            department="forestry",
            shared_with=("emergency",),
            peak_c=412.3,
        )
        return replace(made, **changes)

    def case(self, id: str = "cas-1", **changes: Any) -> Case:
        made = Case(
            id=id,
            number="TC-20260512-0001",
            event_type="01-01",
            title="Forest fire",
            title_zh="森林火情",
            department="forestry",
            shared_with=("emergency",),
            position=LonLat(118.555, 28.505),
            severity=4,
            opened_at=START,
            due_at=START + timedelta(hours=1),
        )
        return replace(made, **changes)

    def review(self, id: str = "rev-1", **changes: Any) -> Review:
        made = Review(
            id=id,
            kind="look",
            event_types=("06-01", "06-02"),
            task_id="tsk-1",
            place="Plaza",
            geometry={"type": "Point", "coordinates": [118.7, 28.7]},
            position=LonLat(118.7, 28.7),
            media=("med-1", "med-2"),
            created_at=START,
            department="urban",
            shared_with=("ecology",),
        )
        return replace(made, **changes)

    def event(self, id: str = "evt-1", **changes: Any) -> Event:
        made = Event(
            id=id,
            event_type="01-01",
            anomaly_id="ano-1",
            case_id="cas-1",
            at=START,
            department="forestry",
            shared_with=("emergency",),
            position=LonLat(118.555, 28.505),
            severity=4,
            text="",
            text_zh="",
            medium_ids=(),
        )
        return replace(made, **changes)

    def entry(self, id: str = "log-1", **changes: Any) -> LogEntry:
        made = LogEntry(
            id=id, at=START, actor="a", action="do", subject="flt-1", text="done", text_zh="完成"
        )
        return replace(made, **changes)

    def recheck(self, minutes: float, **changes: Any) -> Recheck:
        at = START + timedelta(minutes=minutes)
        return replace(Recheck(at=at, request_id="req-1", looked_at=at), **changes)


@pytest.fixture
def make() -> Maker:
    """Makes things for a test."""
    return Maker()
