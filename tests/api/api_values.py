"""Values as the service would give them: one of each kind."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from shapely.geometry import Point, Polygon, box

from core.conformity import Conformity, Deviation, Spread
from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.geo import LonLat
from core.route import Route, Waypoint
from core.zones import Zone, ZoneKind
from fleet.orders import OrderState
from imagery.catalog import Medium, MediumState
from missions import entities
from missions.access import Principal, Role
from missions.catalog.limits import shipped
from missions.presets import FilingRules, RecheckRules

NOW = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
HERE = LonLat(118.87, 28.95)
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[118.86, 28.94], [118.88, 28.94], [118.88, 28.96], [118.86, 28.94]]],
}
TOKENS = {
    "t-admin": Principal(name="Root", role=Role.ADMINISTRATOR),
    "t-dispatch": Principal(name="Dispatch", role=Role.DISPATCHER),
    "t-pilot": Principal(name="Pilot", role=Role.PILOT),
    "t-water": Principal(name="Water", role=Role.MEMBER, department="water"),
    "t-forest": Principal(name="Forest", role=Role.MEMBER, department="forestry"),
    "t-audit": Principal(name="Audit", role=Role.AUDITOR),
    "t-dock": Principal(name="Dock", role=Role.MACHINE),
}


@dataclass
class Page:
    items: Sequence[Any]
    next: str | None = None


@dataclass
class Point9:
    flight_id: str | None = "flt-9"
    vehicle: str | None = "QZ-07"
    eta_s: float | None = 95.0
    distance_km: float | None = 1.4
    filing: Any = "approved"
    reason: str | None = None


def a_request() -> entities.Request:
    return entities.Request(
        id="req-1",
        scenario="water-01",
        department="water",
        shared_with=("ecology",),
        purpose="banks",
        place="qu-river",
        geometry=SQUARE,
        kind="area",
        width_m=0.0,
        sensor=Sensor.VISIBLE,
        gsd_m=0.04,
        front_overlap=0.3,
        side_overlap=0.3,
        earliest=NOW,
        latest=NOW + timedelta(hours=4),
        priority=3,
        origin=entities.Origin.ASKED,
        created_at=NOW,
        state=entities.RequestState.PLANNED,
        answer=entities.Answer(text="at ten", text_zh="十点", flight_id="flt-1", start=NOW),
    )


def a_flight() -> entities.Flight:
    legs = [Waypoint(position=LonLat(118.87 + i / 1000, 28.95), height_m=80.0) for i in range(3)]
    legs[1] = replace(legs[1], photo_spacing_m=20.0)
    return entities.Flight(
        id="flt-1",
        plan_id="pln-1",
        day=date(2026, 5, 12),
        origin=entities.Origin.REVISIT,
        dock="QZ-07",
        vehicle="QZ-07",
        system_id=7,
        task_ids=("tsk-1",),
        departments=("water", "ecology"),
        priority=3,
        route=Route(tuple(legs)),
        start=NOW,
        end=NOW + timedelta(minutes=20),
        km=12.5,
        landing_share=0.3,
        conformity=a_conformity(),
    )


def a_conformity() -> Conformity:
    off = Deviation(
        kind="sideways",
        start=NOW,
        end=NOW + timedelta(seconds=9),
        worst=24.0,
        place=LonLat(118.87, 28.95),
    )
    return Conformity(
        sideways_m=Spread(median=1.0, p95=3.0, most=24.0),
        height_m=None,
        flown=1.0,
        took_off_late_s=4.0,
        landed_late_s=70.0,
        pace=1.1,
        deviations=(off,),
        as_planned=False,
    )


def a_task(id: str, refusal: entities.Answer | None = None) -> entities.Task:
    return entities.Task(
        id=id,
        day=date(2026, 5, 12),
        request_ids=("req-1",),
        scenarios=("water-01",),
        departments=("water",),
        sensors=(Sensor.VISIBLE,),
        geometry=SQUARE,
        gsd_m=0.04,
        earliest=NOW,
        latest=NOW + timedelta(hours=4),
        priority=3,
        refusal=refusal,
    )


def a_medium(data: bytes, vehicle: str, camera: str) -> Medium:
    sha = hashlib.sha256(data).hexdigest()
    return Medium(
        id=f"med-{sha[:8]}",
        sha256=sha,
        key=sha,
        size_bytes=len(data),
        received_at=NOW,
        taken_at=NOW,
        vehicle=vehicle,
        flight="flt-1",
        camera=camera,
        sensor=Sensor.THERMAL,
        position=HERE,
        altitude_m=150.0,
        footprint=SQUARE,
        department="water",
        state=MediumState.KEPT,
    )


def a_case() -> entities.Case:
    return entities.Case(
        id="cas-1",
        number="QZ-20260512-0001",
        event_type="01-01",
        title="Forest fire",
        title_zh="森林火情",
        department="forestry",
        shared_with=("emergency",),
        position=HERE,
        severity=4,
        opened_at=NOW,
        due_at=NOW + timedelta(hours=1),
        state=entities.CaseState.DISPATCHED,
        steps=(entities.CaseStep(step="collected", at=NOW, by="service"),),
        anomaly_ids=("ano-1",),
        before=("med-1",),
        after=("med-2", "med-3"),
        rechecks=(
            entities.Recheck(at=NOW, request_id="req-2", verdict=entities.Verdict.HOT, peak_c=61.0),
        ),
    )


def alert(number: int) -> entities.Alert:
    return entities.Alert(
        id=f"alr-{number:04d}",
        at=NOW,
        kind="fire",
        severity=4,
        text=f"fire {number}",
        text_zh=f"火情 {number}",
        department="forestry",
        shared_with=(),
        position=HERE,
    )


def a_preset() -> Any:
    names = {"name": "Thing", "name_zh": "东西"}
    thermal = CameraSpec(id="t1", sensor=Sensor.THERMAL, width_px=640, height_px=512, hfov_deg=45.0)
    kind = VehicleSpec(
        id="m4",
        **names,
        vtol=True,
        cruise_mps=15,
        climb_mps=5,
        descent_mps=3,
        endurance_s=2400,
        recharge_s=1500,
        wind_limit_mps=12,
        cameras=(thermal,),
    )
    scenario = SimpleNamespace(
        id="water-01",
        **names,
        department="water",
        shared_with=("ecology",),
        places=("river",),
        geometry="corridor",
        sensor=Sensor.VISIBLE,
        gsd_m=0.04,
        front_overlap=0.3,
        side_overlap=0.3,
        revisit_h=48.0,
        window=(time(8), time(17)),
        weekdays=None,
        priority=3,
        event_types=("02-01",),
    )
    fire = SimpleNamespace(
        code="01-01",
        class_code="01",
        class_name="Fire and heat",
        class_name_zh="火情与热源",
        name="Forest fire",
        name_zh="森林火情",
        sensor=Sensor.THERMAL,
        detector="thermal",
        severity=4,
        department="forestry",
        deadline_h=1.0,
        evidence=0,
    )
    area = box(118.8, 28.9, 118.9, 29.0)
    zone = Zone(id="z1", **names, kind=ZoneKind.CONTROL, polygon=area)
    dock = SimpleNamespace(
        id="QZ-07",
        system_id=7,
        link="main",
        **names,
        county="330802",
        position=HERE,
        kind="m4",
        alternates=(),
    )
    return SimpleNamespace(
        name="quzhou",
        title="Quzhou",
        title_zh="衢州",
        attribution="made up",
        zone_info=ZoneInfo("Asia/Shanghai"),
        territory={"330802": SimpleNamespace(id="330802", **names, polygon=area)},
        docks=(dock,),
        zones=(zone,),
        places=(
            SimpleNamespace(id="p1", kind="river", **names, geometry=Point(118.87, 28.95)),
            SimpleNamespace(id="p2", kind="forest", **names, geometry=Polygon(area)),
        ),
        departments={"water": SimpleNamespace(id="water", **names)},
        kinds={"m4": kind},
        scenarios={"water-01": scenario},
        event_types={"01-01": fire},
        recheck_of=lambda code: RecheckRules(interval_min=8, passes=2, cold_below_c=50, max_h=6),
        limits=shipped(),
        filing=FilingRules(cutoff=time(12), emergency_answer_min=3),
    )


def an_order() -> entities.OrderRecord:
    return entities.OrderRecord(
        id="ord-1",
        drone="QZ-07",
        link="main",
        system_id=7,
        what="return home",
        by="service",
        given_at=NOW,
        at=NOW,
        state=OrderState.FAILED,
        reason="the service was restarted",
    )


REHEARSAL: dict[str, Any] = {
    "state": "not-rehearsed",
    "reason": "not rehearsed: it was not done within 10 minutes",
    "reason_zh": "未复演：10 分钟内未完成",
    "day": "2026-05-12",
    "at": "2026-05-12T00:00:00+00:00",
    "counts": {},
    "flights": [],
}
