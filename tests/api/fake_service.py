"""A service that holds its values in memory."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

from api_values import (
    HERE,
    NOW,
    REHEARSAL,
    SQUARE,
    TOKENS,
    Page,
    Point9,
    a_case,
    a_flight,
    a_medium,
    a_preset,
    a_request,
    a_task,
    alert,
    an_order,
)

from core.clock import ManualClock
from core.errors import IllegalTransition, InvalidInput
from imagery.catalog import Medium
from missions import entities
from missions.access import Principal
from missions.answers import Answers
from missions.cases.deadlines import Standing
from missions.cases.desk import CaseView
from missions.cases.proof import proof_of
from missions.cases.steps import offers
from missions.identity.desk import Identity
from missions.operations.links import LinkState
from missions.queries import PlanDetail
from missions.quotas import Quotas
from missions.schedule import Lease
from missions.schedule.showing import Jobs
from missions.store import MemoryStore
from missions.versions import Versions


class FakeService:
    """The use cases over values in memory; `calls` remembers what it was asked."""

    def __init__(self) -> None:
        self.preset = a_preset()
        self.clock = ManualClock(NOW)
        self.calls: list[tuple[Any, ...]] = []
        self.fails: Exception | None = None
        self.refuses_point: str | None = None
        self.stored: dict[str, tuple[Medium, bytes]] = {}
        self.alert_list = [alert(n) for n in range(60)]
        self.frames = 0
        store = MemoryStore()
        self.answers = Answers(store)
        self.identity = Identity(store, self.preset, self.clock)
        self.versions = Versions(store)
        self.quotas = Quotas(store, self.preset, self.clock)
        self.jobs = Jobs(store, self.clock, Lease(store, "here"))
        self.pulse: Any = SimpleNamespace(figures=list, checks=list)

    def _called(self, *what: Any) -> None:
        self.calls.append(what)
        if self.fails is not None:
            raise self.fails

    def health(self) -> dict[str, Any]:
        return {"status": "ok", "time": NOW, "vehicles": 51, "vehicles_heard": 50}

    def principal(self, token: str | None, address: str = "") -> Principal | None:
        return TOKENS.get(token or "")

    def report(self) -> dict[str, Any]:
        return {"drones": 51}

    def requests(self, p: Principal, **filters: Any) -> Page:
        self._called("requests", p, filters)
        return Page([a_request()], "cursor-2")

    def request(self, p: Principal, id: str) -> entities.Request:
        return p.checked(a_request())

    def ask(self, p: Principal, draft: Any, key: str | None) -> entities.Request:
        self._called("ask", p, draft, key)
        return a_request()

    def orders(self, p: Principal, **filters: Any) -> Page:
        self._called("orders", p, filters)
        return Page([an_order()], "cursor-2")

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
        return an_order()

    def flights(self, p: Principal, **filters: Any) -> Page:
        self._called("flights", p, filters)
        return Page([a_flight()])

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
            flight=a_flight(),
            tasks=[a_task("tsk-1")],
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
            flights=(a_flight(),),
            tasks=(a_task("tsk-1"), a_task("tsk-2", no)),
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

    async def deliver(
        self, p: Principal, data: bytes, *, vehicle: str, camera: str, declared: str = ""
    ) -> Any:
        self._called("deliver", p, len(data), vehicle, camera, *filter(None, [declared]))
        medium = a_medium(data, vehicle, camera)
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

    watched: Any = None

    @property
    def casework(self) -> Any:
        def viewed(p: Principal, id: str, *, checked: bool = True) -> CaseView:
            found = p.checked(a_case()) if checked else a_case()
            return CaseView(
                case=found,
                standing=Standing(hours=1.0, left_h=1.0, overdue_since=None, late=False),
                watch=self.watched,
                steps_open=offers(found, self.preset, p),
                proof=proof_of(found, self.preset),
                recurred=(),
            )

        def listed(p: Principal, wanted: Any, **filters: Any) -> Page:
            self._called("cases", p, filters)
            return Page([a_case()])

        return SimpleNamespace(list=listed, view=viewed, step=self._step(viewed))

    def _step(self, viewed: Any) -> Any:
        def step(p: Principal, id: str, order: Any) -> CaseView:
            self._called("step", p, id, order.step, order.note)
            if order.step == "close":
                raise IllegalTransition("cannot go from dispatched to closed", where=id, remedy="-")
            return viewed(p, id, checked=False)

        return step

    def reviews(self, p: Principal, **filters: Any) -> Page:
        self._called("reviews", p, filters)
        return Page([self._review()])

    @property
    def desk(self) -> Any:
        return SimpleNamespace(decide=self._decide, get=lambda p, id: p.checked(self._review()))

    def _decide(self, p: Principal, id: str, saying: Any) -> entities.Review:
        self._called("decide", p, id, saying)
        if saying.decision == "mark" and saying.lon is None:
            raise InvalidInput("a mark needs a place", where="lon", remedy="give lon and lat")
        word = entities.Decision(decision=saying.decision, by=p.name, at=NOW, position=HERE)
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
