"""A service that holds its values in memory, and the application around it."""

import hashlib
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from shapely.geometry import Point, Polygon, box

from api import cli
from api.app import create_app
from api.settings import Settings
from core.clock import ManualClock
from core.conformity import Conformity, Deviation, Spread
from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.errors import IllegalTransition, InvalidInput
from core.geo import LonLat
from core.route import Route, Waypoint
from core.zones import Zone, ZoneKind
from fleet.orders import OrderState
from imagery.catalog import Medium, MediumState
from missions import entities
from missions.access import Principal, Role
from missions.operations.links import LinkState
from missions.queries import PlanDetail

with warnings.catch_warnings():  # it wants httpx2, which we do not need otherwise
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

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


def _request() -> entities.Request:
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


def _flight() -> entities.Flight:
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
        conformity=_conformity(),
    )


def _conformity() -> Conformity:
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


def _task(id: str, refusal: entities.Answer | None = None) -> entities.Task:
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


def _medium(data: bytes, vehicle: str, camera: str) -> Medium:
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


def _case() -> entities.Case:
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


def _preset() -> Any:
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
    )


def _order() -> entities.OrderRecord:
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


class FakeService:
    """The use cases over values in memory; `calls` remembers what it was asked."""

    def __init__(self) -> None:
        self.preset = _preset()
        self.clock = ManualClock(NOW)
        self.calls: list[tuple[Any, ...]] = []
        self.fails: Exception | None = None
        self.refuses_point: str | None = None
        self.stored: dict[str, tuple[Medium, bytes]] = {}
        self.alert_list = [alert(n) for n in range(60)]
        self.frames = 0

    def _called(self, *what: Any) -> None:
        self.calls.append(what)
        if self.fails is not None:
            raise self.fails

    def health(self) -> dict[str, Any]:
        return {"status": "ok", "time": NOW, "vehicles": 51, "vehicles_heard": 50}

    def principal(self, token: str | None) -> Principal | None:
        return TOKENS.get(token or "")

    def report(self) -> dict[str, Any]:
        return {"drones": 51}

    def requests(self, p: Principal, **filters: Any) -> Page:
        self._called("requests", p, filters)
        return Page([_request()], "cursor-2")

    def request(self, p: Principal, id: str) -> entities.Request:
        return p.checked(_request())

    def ask(self, p: Principal, draft: Any, key: str | None) -> entities.Request:
        self._called("ask", p, draft, key)
        return _request()

    def orders(self, p: Principal, **filters: Any) -> Page:
        self._called("orders", p, filters)
        return Page([_order()], "cursor-2")

    def links(self, p: Principal) -> list[LinkState]:
        self._called("links", p)
        refused = {"main/7": {"unsigned": 3}}
        return [
            LinkState(
                name="main", address="tcp:127.0.0.1:5790", connected=True, vehicles=51, signed=0,
                conflicts={"main/7": "they are heard from two ports by turns"}, refused=refused,
                unsendable={}, dropped_in={"SERIAL_CONTROL": 1}, dropped_out={},
            )
        ]  # fmt: skip

    def order(self, p: Principal, id: str) -> entities.OrderRecord:
        self._called("order", p, id)
        return _order()

    def flights(self, p: Principal, **filters: Any) -> Page:
        self._called("flights", p, filters)
        return Page([_flight()])

    def rehearsals_of(self, flights: Any) -> dict[str, Any]:
        return {}

    def rehearsal(self, p: Principal, day: Any) -> dict[str, Any]:
        self._called("rehearsal", p, day)
        return REHEARSAL

    def flight(self, p: Principal, id: str) -> Any:
        self._called("flight", p, id)
        log = entities.LogEntry(
            id="log-1",
            at=NOW,
            actor="service",
            action="upload",
            subject="flt-1",
            text="up",
            text_zh="上传",
        )
        line = entities.LedgerLine(
            id="led-1", flight_id="flt-1", department="water", metres=6250, seconds=600
        )
        return SimpleNamespace(
            flight=_flight(),
            tasks=[_task("tsk-1")],
            log=[log],
            ledger=[line],
            photos=SimpleNamespace(expected=5, taken=5, kept=4, dropped=1),
            rehearsal=None,
        )

    def flight_log(self, p: Principal, id: str) -> bytes:
        self._called("flight_log", id)
        return b"\x00" * 8 + b"\xfd"

    async def command(self, p: Principal, flight_id: str, command: str) -> dict[str, Any]:
        self._called("command", p, flight_id, command)
        return {"id": flight_id, "state": "flying", "command_id": "ord-1"}

    def plan(self, p: Principal, day: date | None) -> Any:
        self._called("plan", p, day)
        if day == date(2026, 1, 1):
            return PlanDetail(record=None, flights=(), tasks=())
        record = entities.PlanRecord(
            id="pln-1",
            day=date(2026, 5, 12),
            made_at=NOW,
            verified=True,
            value=10.0,
            km=120.0,
            km_separate=300.0,
            flights_separate=40,
            asked=50,
            merged=30,
            planned=29,
            refused=1,
            day_share=0.05,
        )
        no = entities.Answer(text="too far", text_zh="太远", code="no_reach")
        return PlanDetail(
            record=record,
            flights=(_flight(),),
            tasks=(_task("tsk-1"), _task("tsk-2", no)),
            week_share=0.3,
        )

    async def point(self, p: Principal, **where: Any) -> Point9:
        self._called("point", p, where)
        return Point9(reason=self.refuses_point)

    def preview_point(self, p: Principal, **where: Any) -> Point9:
        self._called("preview_point", p, where)
        return Point9(flight_id=None, reason=self.refuses_point)

    def media(self, p: Principal, **filters: Any) -> Page:
        self._called("media", p, filters)
        return Page([medium for medium, _ in self.stored.values()])

    def medium(self, p: Principal, id: str) -> Medium:
        return p.checked(self.stored[id][0])

    def medium_file(self, p: Principal, id: str) -> tuple[bytes, str]:
        return self.stored[p.checked(self.stored[id][0]).id][1], "image/jpeg"

    def medium_preview(self, p: Principal, id: str) -> bytes:
        return b"\x89PNG preview"

    async def deliver(self, p: Principal, data: bytes, *, vehicle: str, camera: str) -> Any:
        self._called("deliver", p, len(data), vehicle, camera)
        medium = _medium(data, vehicle, camera)
        created = medium.id not in self.stored
        self.stored[medium.id] = (medium, data)
        return SimpleNamespace(medium=medium, created=created)

    def anomalies(self, p: Principal) -> list[entities.Anomaly]:
        return [
            entities.Anomaly(
                id="ano-1",
                event_type="01-01",
                position=HERE,
                error_m=4.0,
                first_seen=NOW,
                last_seen=NOW,
                sightings=3,
                severity=4,
                department="forestry",
                shared_with=(),
                peak_c=310.5,
            )
        ]

    def events(self, p: Principal, **filters: Any) -> Page:
        self._called("events", p, filters)
        event = entities.Event(
            id="evt-1",
            event_type="01-01",
            anomaly_id="ano-1",
            case_id="cas-1",
            at=NOW,
            department="forestry",
            shared_with=("emergency",),
            position=HERE,
            severity=4,
            text="fire",
            text_zh="火",
            medium_ids=("med-1",),
        )
        return Page([event])

    def cases(self, p: Principal, **filters: Any) -> Page:
        self._called("cases", p, filters)
        return Page([_case()])

    def case(self, p: Principal, id: str) -> entities.Case:
        return p.checked(_case())

    def step(self, p: Principal, id: str, step: str, note: str) -> entities.Case:
        self._called("step", p, id, step, note)
        if step == "close":
            raise IllegalTransition("cannot go from dispatched to closed", where=id, remedy="wait")
        return _case()

    def reviews(self, p: Principal, **filters: Any) -> Page:
        self._called("reviews", p, filters)
        return Page([self._review()])

    def decide(self, p: Principal, id: str, **decision: Any) -> entities.Review:
        self._called("decide", p, id, decision)
        if decision["decision"] == "mark" and decision["lon"] is None:
            raise InvalidInput("a mark needs a place", where="lon", remedy="give lon and lat")
        word = entities.Decision(decision=decision["decision"], by=p.name, at=NOW, position=HERE)
        return replace(self._review(), state=entities.ReviewState.DONE, decision=word)

    def _review(self) -> entities.Review:
        return entities.Review(
            id="rev-1",
            kind="look",
            event_types=("02-01",),
            task_id="tsk-1",
            place="Qu river",
            geometry=SQUARE,
            position=HERE,
            media=("med-1",),
            created_at=NOW,
            department="water",
            shared_with=(),
        )

    def alerts(self, p: Principal, **filters: Any) -> Page:
        self._called("alerts", p, filters)
        return Page(self.alert_list[-1:])

    def live(self, since_alert: str | None, p: Principal) -> Any:
        if self.fails is not None:
            raise self.fails
        self.frames += 1
        new = [a for a in self.alert_list if since_alert is None or a.id > since_alert]
        row = ("QZ-07", 118.87, 28.95, 80.0, 90.0, 12.0, 0.8, "mission", "flt-1", 0.5, 0.2, 12)
        return SimpleNamespace(
            t=NOW,
            speed=10.2,
            drones=[row],
            counts={"flying": 1, "frames": self.frames},
            alerts=new[-50:] if since_alert is None else new,
        )


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def make_app(service: FakeService) -> Callable[..., FastAPI]:
    def make(**settings: Any) -> FastAPI:
        return create_app(service, Settings(**settings))

    return make


@pytest.fixture
def make_client(make_app: Callable[..., FastAPI]) -> Iterator[Callable[..., TestClient]]:
    """Clients on this machine; `remote=True` for one from elsewhere."""
    opened: list[TestClient] = []

    def make(*, remote: bool = False, **settings: Any) -> TestClient:
        client = TestClient(
            make_app(**settings),
            base_url="http://127.0.0.1:8000",
            client=("203.0.113.9" if remote else "127.0.0.1", 50000),
            raise_server_exceptions=False,
        )
        client.__enter__()
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(make_client: Callable[..., TestClient]) -> TestClient:
    return make_client()


@pytest.fixture
def new_alert() -> Callable[[int], entities.Alert]:
    return alert


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command in a folder of its own; gives status, output and messages."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["flyonce", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call
