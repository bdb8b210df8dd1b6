"""A city with one of every kind of thing for each of several owners, each with words of its own.

Whatever a thing says freely, its id among it, holds a canary such as ``zqw1qcasesz``: owner w1,
kind cases. Where a canary turns up in an answer, its owner and kind are known.
"""

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import api_values as values
import numpy as np
import rasterio
from PIL import Image
from rasterio.transform import from_origin
from whole_world import World, city, world

from core.equipment import Sensor
from core.geo import LonLat
from core.route import Route
from fleet.packs.packs import PackRecord
from imagery.products.product import Product, ProductKind, ProductState
from missions import entities
from missions.cases.inspection import Inspection, Separate
from missions.demand.standing import Standing
from missions.evidence.custody import Custody
from missions.evidence.records import Act, Hold
from missions.feed.webhook import Delivery, DeliveryState, Secret, Webhook, new_secret
from missions.identity.records import Account, SessionRecord
from missions.media.brought import Batch, Upload
from missions.operations import flightlog
from missions.preflight.model import Check, Grounding, Preflight, Word
from missions.sightings import SightingKind, SightingRecord
from missions.signals.model import (
    Contact,
    DayFigures,
    Device,
    HourFigures,
    Joined,
    Outcome,
    Signal,
    SignalState,
    Source,
    Trace,
)
from missions.store.records import TokenRecord
from missions.telemetry.track import Track

NOW = values.NOW
COUNTY_A, COUNTY_B = "kecheng", "longyou"
_PLACES = {COUNTY_A: LonLat(118.7796, 29.0117), COUNTY_B: LonLat(119.1969, 29.0156)}
_DOCKS = {COUNTY_A: "QZ-01", COUNTY_B: "QZ-19"}
CANARY = re.compile(r"zq([a-z]+[0-9])q([a-z_]+)z")


@dataclass(frozen=True)
class Owner:
    """Whose things they are, and where."""

    key: str
    departments: tuple[str, ...]
    county: str

    @property
    def place(self) -> LonLat:
        """In the middle of its county; each owner a little apart."""
        where, step = _PLACES[self.county], list(OWNERS).index(self.key) / 500
        return LonLat(where.lon + step, where.lat)

    @property
    def dock(self) -> str:
        """A dock in its county."""
        number = list(OWNERS).index(self.key)
        return f"QZ-{int(_DOCKS[self.county][3:]) + number % 4:02d}"

    @property
    def square(self) -> dict[str, Any]:
        """Some hundred metres round its place."""
        p, d = self.place, 0.0005
        ring = [(-d, -d), (d, -d), (d, d), (-d, d), (-d, -d)]
        return {"type": "Polygon", "coordinates": [[[p.lon + x, p.lat + y] for x, y in ring]]}

    def says(self, kind: str) -> str:
        """The canary of its thing of a kind."""
        return f"zq{self.key}q{kind}z"


OWNERS: Mapping[str, Owner] = {}
OWNERS = {
    owner.key: owner
    for owner in (
        Owner("w1", ("water",), COUNTY_A),
        Owner("w2", ("water",), COUNTY_B),
        Owner("f1", ("forestry",), COUNTY_A),
        Owner("f2", ("forestry",), COUNTY_B),
        Owner("s1", ("forestry", "ecology"), COUNTY_A),
        Owner("m1", ("water", "forestry"), COUNTY_A),
    )
}
"""m1's flight, task and inspection serve both departments, and name things of w1 and f1."""


@contextmanager
def leaky(home: Path) -> Iterator[World]:
    """The furnished service; its counties are known, as the composition root tells them."""
    with world(home) as made:
        book = made.service.identity.book
        book.records.locate = book.territory.counties_of
        _empty(made)
        for owner in OWNERS.values():
            _furnish(made, owner)
        _crossed(made)
        yield made


def _empty(made: World) -> None:
    """Take away what the shared world has: nobody owns it here."""
    with made.room.unit() as unit:
        for kind in ("requests", "tasks", "flights", "cases", "orders", "anomalies", "events"):
            for item in getattr(unit, kind).find():
                getattr(unit, kind).remove(item.id)
        for item in (*unit.reviews.find(), *unit.alerts.find()):
            (unit.reviews if isinstance(item, entities.Review) else unit.alerts).remove(item.id)


def _furnish(made: World, owner: Owner) -> None:
    things = {**_flown(owner), **_found(owner), **_sensed(owner), **_kept(owner)}
    things["media"], things["products"] = _pictures(made, owner)
    with made.room.unit() as unit:
        for kind, thing in things.items():
            getattr(unit, kind).add(thing)
        custody = {"note": owner.says("custody")}
        Custody(unit).note(owner.says("media"), Act.SHOWN, owner.says("custody"), NOW, custody)
    log = flightlog.path_of(made.room, things["flights"])
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"log of " + owner.says("logs").encode())


def _owned(owner: Owner) -> dict[str, Any]:
    return {"department": owner.departments[0], "shared_with": owner.departments[1:]}


def _flown(owner: Owner) -> dict[str, Any]:
    """What leads to a flight, and comes of it."""
    says, owned = owner.says, _owned(owner)
    flight = _flight(owner)
    request = replace(
        values.a_request(),
        id=says("requests"),
        **owned,
        purpose=says("requests"),
        place=says("requests"),
        geometry=owner.square,
        task_ids=(says("tasks"),),
        case_id=says("cases"),
        answer=entities.Answer(text=says("requests"), text_zh="", flight_id=flight.id, start=NOW),
    )
    task = replace(
        values.a_task(says("tasks")),
        request_ids=(request.id,),
        departments=owner.departments,
        geometry=owner.square,
        flight_id=flight.id,
        state=entities.TaskState.PLANNED,
    )
    return {
        "requests": request,
        "tasks": task,
        "flights": flight,
        "standings": Standing(
            id=says("standings"),
            **owned,
            wish=replace(request, id=says("standings")),
            rule="FREQ=DAILY;COUNT=3",
            zone="Asia/Shanghai",
            created_at=NOW,
            created_by=says("standings"),
            reason=says("standings"),
        ),
        "filings": _filing(owner),
        "preflights": Preflight(
            id=says("preflights"),
            flight_id=flight.id,
            at=NOW,
            word=Word.GO,
            checks=(Check(name="filing", word=Word.GO, text=says("preflights"), text_zh=""),),
            departments=owner.departments,
            decided=True,
        ),
        "groundings": Grounding(
            id=says("groundings"),
            reason=says("groundings"),
            starts=NOW,
            ends=NOW + timedelta(hours=9),
            by=says("groundings"),
            made_at=NOW,
            flight_id=flight.id,
        ),
        "tracks": _track(owner, flight),
        "orders": replace(
            values.an_order(), id=says("orders"), drone=owner.dock, reason=says("orders")
        ),
        "packs": PackRecord(
            id=says("packs"),
            vehicle=owner.dock,
            slot=0,
            first_seen_at=NOW,
            seen_at=NOW,
            locked=says("packs"),
        ),
        "ledger": entities.LedgerLine(
            id=says("ledger"),
            flight_id=flight.id,
            department=owner.departments[0],
            metres=900,
            seconds=60,
            day=NOW.date(),
        ),
    }


def _flight(owner: Owner) -> entities.Flight:
    made = values.a_flight()
    shift = [
        replace(w, position=LonLat(owner.place.lon + i / 5000, owner.place.lat))
        for i, w in enumerate(made.route.waypoints)
    ]
    return replace(
        made,
        id=owner.says("flights"),
        dock=owner.dock,
        vehicle=owner.dock,
        task_ids=(owner.says("tasks"),),
        departments=owner.departments,
        route=Route(tuple(shift)),
        state=entities.FlightState.PLANNED,
        reason=owner.says("flights"),
        filing_id=owner.says("filings"),
        case_id=owner.says("cases"),
        system_id=int(owner.dock[3:]),
    )


def _filing(owner: Owner) -> entities.Filing:
    volume = entities.FiledVolume(
        dock=owner.dock,
        area=owner.square,
        ceiling_m=120.0,
        start=NOW,
        end=NOW + timedelta(hours=1),
    )
    return entities.Filing(
        id=owner.says("filings"),
        day=NOW.date(),
        emergency=False,
        filed_at=NOW,
        filed_by=owner.says("filings"),
        volumes=(volume,),
        remark=owner.says("filings"),
    )


def _track(owner: Owner, flight: entities.Flight) -> Track:
    row, place = (0, 100, 200), owner.place
    return Track(
        id=flight.id,
        vehicle=flight.vehicle,
        day=flight.day,
        departments=flight.departments,
        start=flight.start,
        end=flight.end,
        t_ds=row,
        lon_e7=tuple(round(place.lon * 1e7) + 1000 * k for k in range(3)),
        lat_e7=tuple(round(place.lat * 1e7) + 1000 * k for k in range(3)),
        alt_dm=(1800, 1900, 1800),
        heading_deg=row,
        speed_dmps=row,
        battery_pct=(90, 80, 70),
        fixes=30,
    )


def _found(owner: Owner) -> dict[str, Any]:
    """What is seen from the air and settled on the ground."""
    says, owned, place = owner.says, _owned(owner), owner.place
    case = replace(
        values.a_case(),
        id=says("cases"),
        number=f"QZ-{says('cases')}",
        title=says("cases"),
        **owned,
        position=place,
        county=owner.county,
        steps=(
            entities.CaseStep(
                step="collected",
                at=NOW,
                by=says("cases"),
                note=says("cases"),
                media=(says("media"),),
            ),
        ),
        anomaly_ids=(says("anomalies"),),
        before=(says("media"),),
        after=(says("media"),),
        rechecks=(entities.Recheck(at=NOW, request_id=says("requests")),),
    )
    common = {"event_type": "01-01", "position": place, **owned}
    return {
        "cases": case,
        "anomalies": entities.Anomaly(
            id=says("anomalies"),
            error_m=4.0,
            first_seen=NOW,
            last_seen=NOW,
            sightings=1,
            severity=4,
            case_id=case.id,
            peak_c=310.5,
            **common,
        ),
        "sightings": SightingRecord(
            id=says("sightings"),
            anomaly_id=says("anomalies"),
            medium_id=says("media"),
            kind=SightingKind.FOUND,
            at=NOW,
            semi_major_m=3.0,
            semi_minor_m=2.0,
            flight=says("flights"),
            peak_c=310.5,
            **common,
        ),
        "events": entities.Event(
            id=says("events"),
            anomaly_id=says("anomalies"),
            case_id=case.id,
            at=NOW,
            severity=4,
            text=says("events"),
            text_zh=says("events"),
            medium_ids=(says("media"),),
            county=owner.county,
            **common,
        ),
        "alerts": entities.Alert(
            id=says("alerts"),
            at=NOW,
            kind="fire",
            severity=4,
            text=says("alerts"),
            text_zh=says("alerts"),
            case_id=case.id,
            county=owner.county,
            **common,
        ),
        "reviews": entities.Review(
            id=says("reviews"),
            kind="look",
            event_types=("02-01",),
            task_id=says("tasks"),
            place=says("reviews"),
            geometry=owner.square,
            position=place,
            media=(says("media"),),
            created_at=NOW,
            remark=says("reviews"),
            **owned,
        ),
        "labels": entities.Label(
            id=says("labels"),
            at=NOW,
            by=says("labels"),
            verdict="confirmed",
            detector="change",
            version="1",
            said_type="01-01",
            medium_id=says("media"),
            review_id=says("reviews"),
            case_id=case.id,
            **common,
        ),
        "inspections": Inspection(
            id=says("inspections"),
            name=says("inspections"),
            name_zh=says("inspections"),
            position=place,
            radius_m=50.0,
            county=owner.county,
            case_ids=(says("cases"),),
            departments=owner.departments,
            proposed_at=NOW,
            proposed_by=says("inspections"),
            separate=Separate(visits=2, flights=2, km=3.0, minutes=9.0),
            note=says("inspections"),
        ),
    }


def _sensed(owner: Owner) -> dict[str, Any]:
    """Devices, signals and what is kept with them."""
    says, owned = owner.says, _owned(owner)
    return {
        "devices": Device(
            id=says("devices"),
            kind="water-level",
            name=says("devices"),
            position=owner.place,
            county=owner.county,
            registered_at=NOW,
            by=says("devices"),
            note=says("devices"),
            **owned,
        ),
        "gauge_days": DayFigures(
            id=says("gauges"),
            device=says("devices"),
            day=NOW.date(),
            hours=(HourFigures(hour=1, count=2, mean=1.5, low=1.0, high=2.0),),
        ),
        "signals": _signal(owner),
        "traces": Trace(id=says("signals"), device=says("devices"), readings=((1.0, 2.0),)),
        "contacts": Contact(
            id=says("signals"),
            department=owner.departments[0],
            name=says("contacts"),
            phone="13800000000",
            erase_at=NOW + timedelta(days=9),
        ),
    } | {
        "batches": Batch(
            id=says("batches"),
            name=says("batches"),
            by=says("batches"),
            created_at=NOW,
            flight=says("flights"),
            **owned,
        ),
        "uploads": Upload(
            id=says("uploads"),
            batch=says("batches"),
            name=says("uploads"),
            size_bytes=9,
            by=says("uploads"),
            created_at=NOW,
            expires_at=NOW + timedelta(days=1),
            flight=says("flights"),
            **owned,
        ),
    }


def _signal(owner: Owner) -> Signal:
    says = owner.says
    return Signal(
        id=says("signals"),
        source=Source.REPORT,
        matter="01-01",
        kind="fire",
        at=NOW,
        received_at=NOW,
        position=owner.place,
        county=owner.county,
        by=says("signals"),
        text=says("signals"),
        text_zh=says("signals"),
        severity=3,
        device_id=says("devices"),
        external_id=says("signals"),
        words=says("signals"),
        request_id=says("requests"),
        state=SignalState.ANSWERED,
        outcome=Outcome(
            code="found", at=NOW, text=says("signals"), text_zh="", case_id=says("cases")
        ),
        **_owned(owner),
    )


def _kept(owner: Owner) -> dict[str, Any]:
    """People, keys, holds, pushes and the trail."""
    says, department = owner.says, owner.departments[0]
    hour = timedelta(hours=1)
    return {
        "holds": Hold(
            id=says("holds"),
            subject=says("cases"),
            department=department,
            reason=says("holds"),
            by=says("holds"),
            at=NOW,
        ),
        "accounts": Account(
            id=says("accounts"),
            name=says("accounts"),
            display=says("accounts"),
            role="member",
            department=department,
            counties=(owner.county,),
            made_at=NOW,
            made_by="root",
        ),
        "sessions": SessionRecord(
            id=says("sessions"),
            account_id=says("accounts"),
            access="0" * 64,
            access_until=NOW + hour * 10**6,
            family=says("sessions"),
            refresh="0" * 64,
            refresh_until=NOW + hour * 10**6,
            until=NOW + hour * 10**6,
            made_at=NOW,
            refreshed_at=NOW,
            how="password",
            agent=says("sessions"),
        ),
        "tokens": TokenRecord(
            id=says("keys"),
            name=says("keys"),
            role="member",
            department=department,
            counties=(owner.county,),
            made_at=NOW,
        ),
        "webhooks": Webhook(
            id=says("webhooks"),
            url="https://hooks.example/path",
            description=says("webhooks"),
            kinds=(),
            department=department,
            counties=(owner.county,),
            by=says("webhooks"),
            made_at=NOW,
            secrets=(Secret(value=new_secret(), made_at=NOW),),
            position=0,
        ),
        "deliveries": Delivery(
            id=says("deliveries"),
            webhook_id=says("webhooks"),
            first=1,
            last=1,
            body=says("deliveries"),
            made_at=NOW,
            state=DeliveryState.PARKED,
        ),
        "log": entities.LogEntry(
            id=says("log"),
            at=NOW,
            actor=says("log"),
            action="case.step",
            subject=says("cases"),
            text=says("log"),
            text_zh="",
            department=department,
        ),
    }


def _pictures(made: World, owner: Owner) -> tuple[Any, Product]:
    """A photograph and a raster whose files hold canaries too."""
    file = io.BytesIO()
    shade = 40 + list(OWNERS).index(owner.key)
    Image.new("RGB", (64, 48), (shade, 90, 90)).save(
        file, "JPEG", comment=owner.says("files").encode()
    )
    stored = made.room.media.put(file.getvalue())
    medium = replace(
        values.a_medium(file.getvalue(), owner.dock, "rgb"),
        id=owner.says("media"),
        key=stored.key,
        sensor=Sensor.VISIBLE,
        position=owner.place,
        footprint=owner.square,
        flight=owner.says("flights"),
        tasks=(owner.says("tasks"),),
        cases=(owner.says("cases"),),
        scenarios=("water-01",),
        name=owner.says("media"),
        notes=(owner.says("media"),),
        gsd_m=5.0,
        width_px=64,
        height_px=48,
        **_owned(owner),
    )
    kept = made.room.media.beside("products").put(_raster(owner))
    product = Product(
        id=owner.says("products"),
        kind=ProductKind.TEMPERATURE,
        media=(medium.id,),
        asked_at=NOW,
        asked_by=owner.says("products"),
        taken_at=NOW,
        ended_at=NOW,
        medium=medium.id,
        state=ProductState.READY,
        ready_at=NOW,
        key=kept.key,
        sha256=kept.sha256,
        size_bytes=kept.size,
        footprint=owner.square,
        epsg=4326,
        gsd_m=5.0,
        shape=(64, 64),
        transform=(1e-5, 0.0, owner.place.lon, 0.0, -1e-5, owner.place.lat),
        problems=(owner.says("products"),),
        **_owned(owner),
    )
    return medium, product


def _raster(owner: Owner) -> bytes:
    place = owner.place
    with rasterio.MemoryFile() as memory:
        form = {
            "driver": "GTiff",
            "width": 64,
            "height": 64,
            "count": 1,
            "dtype": "float32",
            "crs": "EPSG:4326",
            "transform": from_origin(place.lon, place.lat, 1e-5, 1e-5),
        }
        with memory.open(**form) as raster:
            raster.write(np.full((1, 64, 64), 20.0, dtype=np.float32))
            raster.update_tags(note=owner.says("rasters"))
        return bytes(memory.read())


def _crossed(made: World) -> None:
    """Things of one owner that name things of another, where the work itself makes it so."""
    w1, f1, m1 = OWNERS["w1"], OWNERS["f1"], OWNERS["m1"]
    with made.room.unit() as unit:
        both = (w1.says("requests"), f1.says("requests"))
        tasks = (w1.says("tasks"), f1.says("tasks"), m1.says("tasks"))
        flight, task = unit.flights.get(m1.says("flights")), unit.tasks.get(m1.says("tasks"))
        unit.flights.put(replace(flight, task_ids=tasks))
        unit.tasks.put(replace(task, request_ids=both))
        visit = unit.inspections.get(m1.says("inspections"))
        cases = (w1.says("cases"), f1.says("cases"))
        unit.inspections.put(replace(visit, case_ids=cases))
        for case_id in cases:
            case = unit.cases.get(case_id)
            unit.cases.put(replace(case, inspection_id=visit.id))
        mine = unit.signals.get(m1.says("signals"))
        joined = Joined(id=f1.says("signals"), distance_m=4.0, minutes=2.0)
        unit.signals.put(replace(mine, state=SignalState.DUPLICATE, joined=joined, outcome=None))


def preset() -> Any:
    """The city."""
    return city()
