"""The use cases, top to bottom the story: ask, plan, fly, deliver, find, settle.

Everybody outside `missions` comes in through this one door; the caller's rights are checked here.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from threading import BoundedSemaphore
from typing import Any

from core.clock import Clock
from core.equipment import Sensor
from fleet.docks.dock import DockState
from imagery.catalog import Medium
from missions import queries
from missions.access import Principal
from missions.answers import Answers
from missions.cases.desk import Casework
from missions.cases.inspections import Inspections
from missions.demand.asking import RequestDraft, ask
from missions.demand.desk import DemandDesk
from missions.demand.inserting import insert
from missions.demand.standings import Standings
from missions.demand.waiting import later
from missions.entities import (
    Alert,
    Anomaly,
    Case,
    Event,
    Flight,
    OrderRecord,
    Request,
    RequestState,
    Review,
)
from missions.evidence.desk import Evidence
from missions.exchange.desk import Exchange
from missions.features.finding import Features
from missions.feed.courier import Courier
from missions.feed.desk import Feed
from missions.feed.webhooks import Webhooks
from missions.identity import tokens
from missions.identity.desk import Identity
from missions.ledgers import Ledgers
from missions.media.archive import Archive
from missions.media.batches import Batches
from missions.media.desk import Desk
from missions.media.detectors import DetectorList
from missions.media.labels import Labels
from missions.media.looking import Coverage
from missions.media.products import Products
from missions.media.reviewing import ReviewDesk
from missions.media.uploads import Uploads
from missions.operations import flightlog
from missions.operations import packs as packing
from missions.operations import point as pointing
from missions.operations.anomalies import Anomalies
from missions.operations.flying import Flying, commanded
from missions.operations.intake import Delivered, Intake
from missions.operations.links import LinkState, link_states
from missions.operations.live import Live, LiveFrame
from missions.operations.orders import listed
from missions.operations.packs import PackView
from missions.operations.point import PointAnswer
from missions.operations.reports import told
from missions.operations.room import ControlRoom
from missions.preflight.desk import PreflightDesk
from missions.presets import Preset
from missions.pulse import Pulse
from missions.queries import FlightDetail, Page, PlanDetail
from missions.quotas import Quotas
from missions.report import Reporter
from missions.schedule.showing import Jobs
from missions.signals.desk import Signals
from missions.statistics.casemap import Map
from missions.statistics.desk import Statistics
from missions.telemetry.history import TelemetryHistory
from missions.versions import Versions

ANSWERED_AT_ONCE = 8
"""Departments that may wait for their answers at a time: each of them holds one of the threads that
everybody's requests are answered by (40 by default). Others are answered within the minute."""


class Service:
    """What departments, dispatchers, pilots and machines can do."""

    def __init__(self, room: ControlRoom, intake: Intake, reporter: Reporter) -> None:
        self._room = room
        self._intake = intake
        self._reporter = reporter
        self._live = Live(room)
        self._at_once = BoundedSemaphore(ANSWERED_AT_ONCE)
        self.identity = Identity(room.records, room.preset, room.clock)
        """Accounts, sessions, keys and roles: who may use the service."""
        self.evidence = Evidence(Desk.of(room))
        """Originals and protected copies, custody, exports, holds and retention."""
        self.archive = Archive(room)
        """The catalogue of photographs and products, searched by place and time."""
        self.desk = ReviewDesk(room)
        """What officers decide, and the pictures they decide by."""
        self.labels = Labels(room.records, room.preset)
        """What people said of finds."""
        self.detectors = DetectorList(room, self.labels)
        """Every detector with its measured precision."""
        self.products = Products(room)
        """What is made of photographs: temperature rasters, mosaics."""
        self.preflight = PreflightDesk(room)
        """What was filed, what is grounded, the weather ahead: may a flight go?"""
        self.demand = DemandDesk(room)
        """Trying, accepting, withdrawing requests, and the files they come in."""
        self.standings = Standings(room)
        """Looks that are wanted again and again."""
        self.ledgers = Ledgers(room)
        """Who owes what of what was flown."""
        self.flying = Flying(room)
        """What pilots do with drones in the air."""
        self.signals = Signals(room)
        """Readings of sensors, citizens' reports, other systems' finds."""
        self.uploads = Uploads(room, intake)
        """Files that people bring, one by one."""
        self.batches = Batches(room)
        """Files that were brought together."""
        self.coverage = Coverage(room)
        """What was really photographed, and whether that will do."""
        self.places = Anomalies(room)
        """One anomaly and its temperature history."""
        self.features = Features(room.records)
        """What lies on the map, for other systems."""
        self.feed = Feed(room.records)
        """What changed, in order."""
        self.webhooks = Webhooks(room, self.feed.rules)
        """Where changes are sent."""
        held = room.lease.held
        self.courier = Courier(
            room, self.feed.rules, held=held, allowed=lambda: self.webhooks.allowed
        )
        """Who sends them."""
        self.answers = Answers(room.records)
        """Answers by idempotency key."""
        self.versions = Versions(room.records)
        """Versions of stored things, for conditional requests."""
        self.quotas = Quotas(room.records, room.preset, room.clock)
        """What departments may have in a month."""
        self.pulse = Pulse(room, lambda: self.status, held=held)
        """Whether the service is ready, and its figures."""
        self.casework = Casework(room)
        """Cases and their seven steps."""
        self.inspections = Inspections(room)
        """Joint inspections: one visit for several departments."""
        self.exchange = Exchange(Desk.of(room))
        """Cases for the province's platform."""
        self.telemetry = TelemetryHistory(room)
        """Where drones were."""
        self.statistics = Statistics(room.records, room.preset, room.clock)
        """What the city reports of itself."""
        self.case_map = Map(room.records)
        """Many cases on a map."""
        self.jobs = Jobs(room.records, room.clock, room.lease)
        """What runs by the clock."""
        self.status = "starting"
        """"ok" once the day's plan is released."""

    @property
    def preset(self) -> Preset:
        """The city."""
        return self._room.preset

    @property
    def clock(self) -> Clock:
        """The service's time."""
        return self._room.clock

    def health(self) -> Mapping[str, Any]:
        """Whether the service is up, and how many vehicles it hears."""
        states = self._room.fleet.states()
        return {
            "status": self.status,
            "time": self._room.now(),
            "vehicles": len(self.preset.docks),
            "vehicles_heard": sum(not self._room.fleet.vehicle(i).lost for i in states),
        }

    def principal(self, token: str | None, address: str | None = None) -> Principal | None:
        """Who a token belongs to; None for one that is not known, has ended, or comes from an
        address that it may not come from."""
        return self.identity.principal(token, address)

    def token_for(self, principal: Principal) -> str:
        """A new token, in place of those that the same name had before."""
        with self._room.unit() as unit:
            tokens.revoke(unit, principal.name, clock=self._room.clock)
            return tokens.make(unit, principal, clock=self._room.clock)

    # --- request ---------------------------------------------------------------------------

    def ask(self, p: Principal, draft: RequestDraft, key: str | None) -> Request:
        """A department asks for a look; the answer says which flight, or why not."""
        p.require("request")
        with self._room.unit() as unit:
            request = ask(unit, self.preset, self.clock, p, draft, key)
        if request.state is not RequestState.ASKED:
            return request
        if not self._at_once.acquire(blocking=False):
            return later(self._room.records, request, self._room.now())
        room = self._room
        try:
            return insert(room.records, room.preset, request, room.now(), room.answering)
        finally:
            self._at_once.release()

    def requests(
        self, p: Principal, *, state: str | None = None, after: str | None = None, limit: int = 100
    ) -> Page[Request]:
        """Requests that the caller may see."""
        with self._room.view() as unit:
            return queries.list_requests(unit, p, state=state, after=after, limit=limit)

    def request(self, p: Principal, id: str) -> Request:
        """One request."""
        with self._room.view() as unit:
            found: Request = p.checked(unit.requests.get(id))
            return found

    # --- plan and flight -------------------------------------------------------------------

    def plan(self, p: Principal, day: date | None) -> PlanDetail:
        """A day's plan; today's without a day."""
        with self._room.view() as unit:
            return queries.plan_detail(unit, p, day or self._room.today())

    def flights(
        self,
        p: Principal,
        *,
        day: date | None = None,
        state: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Flight]:
        """Flights that the caller may see."""
        with self._room.view() as unit:
            return queries.list_flights(unit, p, day=day, state=state, after=after, limit=limit)

    def rehearsal(self, p: Principal, day: date | None) -> Mapping[str, Any]:
        """What the rehearsal of a day showed; of the one rehearsed last without a day."""
        with self._room.view() as unit:
            return queries.rehearsal(unit, p, day)

    def rehearsals_of(self, flights: Sequence[Flight]) -> Mapping[str, Mapping[str, Any]]:
        """By flight id, what the rehearsals showed of these."""
        with self._room.view() as unit:
            return told(unit, flights)

    def orders(
        self,
        p: Principal,
        *,
        drone: str | None = None,
        state: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[OrderRecord]:
        """What was asked of drones, the latest first; for city-wide roles."""
        p.require_city()
        within = None
        if p.counties is not None:
            within = tuple(d.id for d in self.preset.docks if p.reaches(d))
        with self._room.view() as unit:
            return listed(unit, drone=drone, state=state, after=after, limit=limit, within=within)

    def links(self, p: Principal) -> Sequence[LinkState]:
        """The links to the vehicles, and what did not pass them; for city-wide roles."""
        p.require_whole_city()
        return link_states(self._room.fleet)

    def order(self, p: Principal, id: str) -> OrderRecord:
        """One command to a drone."""
        p.require_city()
        with self._room.view() as unit:
            found = unit.orders.get(id)
        p.require_reach(found)
        return found

    def flight(self, p: Principal, id: str) -> FlightDetail:
        """One flight with its tasks, diary, photographs and shares."""
        with self._room.view() as unit:
            return queries.flight_detail(unit, p, id)

    def flight_log(self, p: Principal, id: str) -> bytes:
        """The telemetry log of a flight, for who may see the flight.

        Raises:
            NotFound: none was kept, or not yet.
        """
        with self._room.view() as unit:
            flight = p.checked(unit.flights.get(id))
        return flightlog.kept(self._room, flight)

    async def command(self, p: Principal, flight_id: str, command: str) -> Mapping[str, Any]:
        """A pilot's word to a flight in the air; returns when the vehicle has obeyed."""
        flight = commanded(self._room, p, flight_id)
        order = await pointing.command(self._room, flight, command, p)
        return {"id": flight_id, "state": flight.state, "command_id": order}

    async def point(
        self,
        p: Principal,
        *,
        lon: float,
        lat: float,
        height_m: float,
        vehicle: str | None = None,
        purpose: str = "",
    ) -> PointAnswer:
        """Point-and-fly: the nearest drone, or the one named, goes there."""
        p.require("fly")
        wish = pointing.wish_for(
            p, lon=lon, lat=lat, height_m=height_m, vehicle=vehicle, purpose=purpose
        )
        return pointing.point(self._room, wish)

    def preview_point(
        self, p: Principal, *, lon: float, lat: float, height_m: float
    ) -> PointAnswer:
        """Who would go there, without flying."""
        p.require("fly")
        wish = pointing.wish_for(p, lon=lon, lat=lat, height_m=height_m, vehicle=None, purpose="")
        return pointing.preview(self._room, wish)

    # --- docks and batteries ---------------------------------------------------------------

    def docks(self, p: Principal) -> list[tuple[DockState, str]]:
        """The docks in the caller's counties that are spoken with, and why nothing may land there
        (empty: it may)."""
        p.require_city()
        docks = self._room.docks
        found = [(docks.state(name), docks.refusal(name)) for name in docks]
        return [(state, refusal) for state, refusal in found if p.reaches(state)]

    def packs(self, p: Principal, vehicle: str | None = None) -> tuple[PackView, ...]:
        """Battery packs in the caller's counties, all or those of a drone."""
        p.require_city()
        found = packing.overview(self._room, vehicle)
        return tuple(view for view in found if p.reaches(view.record))

    def lock_pack(self, p: Principal, pack_id: str, reason: str) -> PackView:
        """Take a battery pack out of service, or with an empty reason put it back."""
        p.require("fly")
        for view in packing.overview(self._room):
            if view.record.id == pack_id:
                p.require_reach(view.record)
        return packing.lock(self._room, p, pack_id, reason)

    # --- media -----------------------------------------------------------------------------

    async def deliver(
        self, p: Principal, data: bytes, *, vehicle: str, camera: str, declared: str = ""
    ) -> Delivered:
        """Take in a photograph; returns when it is safe and checked.

        Args:
            declared: hexadecimal SHA-256 from the camera; "" if it took none.
        """
        p.require("deliver")
        return await self._intake.deliver(
            data, vehicle=vehicle, camera=camera, declared=declared, sent_by=p.name
        )

    def media(
        self,
        p: Principal,
        *,
        flight: str | None = None,
        task: str | None = None,
        bbox: tuple[float, float, float, float] | None = None,
        sensor: Sensor | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Medium]:
        """Media that the caller may see, by flight, task, box or sensor."""
        with self._room.view() as unit:
            return queries.list_media(
                unit,
                p,
                flight=flight,
                task=task,
                bbox=bbox,
                sensor=sensor,
                after=after,
                limit=limit,
            )

    def medium(self, p: Principal, id: str) -> Medium:
        """One medium."""
        with self._room.view() as unit:
            found: Medium = p.checked(unit.media.get(id))
            return found

    def medium_file(self, p: Principal, id: str) -> tuple[bytes, str]:
        """The original file, untouched, and its content type; a protected copy for callers of
        departments that it is shared with."""
        return self.evidence.showing.file(p, self.medium(p, id))

    def medium_preview(self, p: Principal, id: str) -> bytes:
        """A picture to look at: JPEG; thermal frames in a palette; see `medium_file`."""
        return self.evidence.showing.preview(p, self.medium(p, id))

    # --- anomaly, event, case --------------------------------------------------------------

    def anomalies(self, p: Principal) -> Sequence[Anomaly]:
        """Anomalies that the caller may see."""
        with self._room.view() as unit:
            return queries.list_anomalies(unit, p)

    def events(
        self,
        p: Principal,
        *,
        event_type: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Event]:
        """Events that the caller may see."""
        with self._room.view() as unit:
            return queries.list_events(unit, p, event_type=event_type, after=after, limit=limit)

    def cases(
        self, p: Principal, *, state: str | None = None, after: str | None = None, limit: int = 100
    ) -> Page[Case]:
        """Cases that the caller may see."""
        with self._room.view() as unit:
            return queries.list_cases(unit, p, state=state, after=after, limit=limit)

    def case(self, p: Principal, id: str) -> Case:
        """One case."""
        with self._room.view() as unit:
            found: Case = p.checked(unit.cases.get(id))
            return found

    def reviews(
        self, p: Principal, *, state: str | None = None, after: str | None = None, limit: int = 100
    ) -> Page[Review]:
        """The officer's queue."""
        with self._room.view() as unit:
            return queries.list_reviews(unit, p, state=state, after=after, limit=limit)

    # --- overview --------------------------------------------------------------------------

    def alerts(self, p: Principal, *, after: str | None = None, limit: int = 50) -> Page[Alert]:
        """The alert feed."""
        with self._room.view() as unit:
            return queries.list_alerts(unit, p, after=after, limit=limit)

    def live(self, since_alert: str | None, p: Principal) -> LiveFrame:
        """The present frame of the live view."""
        return self._live.frame(since_alert, p)

    def report(self) -> Mapping[str, Any]:
        """The day's figures so far."""
        return self._reporter.figures()
