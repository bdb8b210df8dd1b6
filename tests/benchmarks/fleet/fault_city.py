"""The small city of the fault campaign: four docks, one of them free, and a zone in between.

Metres from the first dock (east, north): the drone under test lives in FC-01 at (0, 0); its survey
is 900 m to the north. A second drone flies at the same time from FC-02 to the south. FC-03 is
everybody's alternate: its own drone is away in a workshop; the straight way there from FC-01 goes
through a zone. FC-04 is taken by its own drone. The pack lasts 15 minutes, so that what costs
energy tells within one flight.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from shapely.geometry import Polygon, box

from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.geo import HeightGrid, LonLat, offset
from core.route import Route, Waypoint
from core.zones import Zone, ZoneKind
from missions.catalog.model import Department
from missions.entities import Filing, FilingState, Flight, Origin, Task, TaskState
from missions.operations.room import ControlRoom
from missions.preflight.volumes import volumes_of
from missions.presets import (
    County,
    DemoSettings,
    Dock,
    FilingRules,
    Preset,
    RecheckRules,
    WorkingHours,
)

START = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
"""Tuesday, 09:00 in the city: light, 18 C to 28 C."""
ORIGIN = LonLat(118.55, 28.55)
DOCKS = {"FC-01": (0, 0), "FC-02": (0, -1200), "FC-03": (1200, 250), "FC-04": (-1100, -100)}
STRUCK, BYSTANDER, ALTERNATE = 0, 1, 2
WORKSHOP = (2600.0, -900.0)
HEIGHT_M = 80.0
SPACING_M = 40.0
ENDURANCE_S = 900.0
ZONE_M = ((500, 0), (700, 0), (700, 420), (500, 420))


def at(east_m: float, north_m: float) -> LonLat:
    """A place by its metres from the first dock."""
    return offset(offset(ORIGIN, 90, east_m), 0, north_m)


def city() -> Preset:
    """The city as the service knows it."""
    camera = CameraSpec(
        id="visible", sensor=Sensor.VISIBLE, width_px=640, height_px=512, hfov_deg=60
    )
    spec = VehicleSpec(
        id="quad", name="Quad", name_zh="四旋翼", vtol=False, cruise_mps=12.0, climb_mps=4.0,
        descent_mps=3.0, endurance_s=ENDURANCE_S, recharge_s=1800.0, wind_limit_mps=12.0,
        cameras=(camera,),
    )  # fmt: skip
    area = box(118.4, 28.4, 118.9, 28.9)
    return Preset(
        name="faultcity", title="Fault City", title_zh="故障市",
        territory={"a": County(id="a", name="A", name_zh="甲", polygon=area)},
        docks=tuple(_dock(name, n) for n, name in enumerate(DOCKS, start=1)),
        kinds={"quad": spec},
        zones=(_zone(),),
        places=(),
        heights=HeightGrid(west=118.0, south=28.0, step=1.0, heights_m=np.zeros((3, 3))),
        departments={"forestry": Department(id="forestry", name="Forestry", name_zh="林业")},
        scenarios={},
        event_types={},
        filing=FilingRules(cutoff=time(12), emergency_answer_min=2.0),
        recheck=RecheckRules(interval_min=8.0, passes=2, cold_below_c=50.0, max_h=6.0),
        calendar=WorkingHours(
            hours=((time(8), time(18)),), weekdays=tuple(range(7)),
            holidays=frozenset(), workdays=frozenset(),
        ),
        demo=DemoSettings(
            start=START, day_hours=10.0, speed=10.0, seed=7, jpeg_quality=60, fires=0,
            first_fire_min=(20.0, 40.0),
        ),
        attribution="",
        zone_info=ZoneInfo("Asia/Shanghai"),
    )  # fmt: skip


def _dock(name: str, number: int) -> Dock:
    alternates = ("FC-03",) if name != "FC-03" else ()
    return Dock(
        id=name, system_id=number, name=name, name_zh=name, county="a", position=at(*DOCKS[name]),
        kind="quad", alternates=alternates,
    )  # fmt: skip


def _zone() -> Zone:
    corners = [at(*p) for p in ZONE_M]
    return Zone(
        id="Z1", name="Substation", name_zh="变电站", kind=ZoneKind.PROHIBITED,
        polygon=Polygon([(p.lon, p.lat) for p in corners]),
    )  # fmt: skip


def world_of(preset: Preset) -> Mapping[str, Any]:
    """The same city as the simulator wants it."""
    return {
        "start": START.isoformat(),
        "docks": [
            {
                "system_id": d.system_id, "id": d.id, "lon": d.position.lon, "lat": d.position.lat,
                "vehicle": asdict(preset.kinds[d.kind]),
            }
            for d in preset.docks
        ],
        "ground": {
            "west": 118.0, "south": 28.0, "step": 1.0, "rows": 3, "columns": 3,
            "heights_m": [[0.0] * 3] * 3,
        },
        "places": [], "event_types": [], "demo": {},
    }  # fmt: skip


def survey(number: int) -> Route:
    """The route of a drone: three photo legs in the north of FC-01, or in the south of FC-02."""
    _, north = DOCKS[f"FC-0{number}"]
    way = 1 if number == 1 else -1
    rows = [north + way * y for y in (700, 780, 860)]
    legs = [[(-200, rows[0]), (200, rows[0])], [(200, rows[1]), (-200, rows[1])],
            [(-200, rows[2]), (200, rows[2])]]  # fmt: skip
    return Route(
        tuple(
            Waypoint(
                position=at(*place), height_m=HEIGHT_M, photo_spacing_m=0.0 if k else SPACING_M
            )
            for leg in legs
            for k, place in enumerate(leg)
        )
    )


def file_flight(room: ControlRoom, number: int, wait_s: float) -> Flight:
    """An approved flight of a drone's survey that starts in so many seconds; on record."""
    now, dock = room.now(), room.preset.docks[number - 1]
    route, name = survey(number), f"flt-{number}"
    task = Task(
        id=f"tsk-{number}", day=room.today(), request_ids=(), scenarios=(),
        departments=("forestry",), sensors=(),
        geometry={"type": "Point", "coordinates": [dock.position.lon, dock.position.lat]},
        gsd_m=0.1, earliest=now, latest=now + timedelta(hours=1), priority=3,
    )  # fmt: skip
    start = now + timedelta(seconds=wait_s)
    flight = Flight(
        id=name, plan_id=None, day=room.today(), origin=Origin.REVISIT, dock=dock.id,
        vehicle=dock.id, system_id=dock.system_id, task_ids=(task.id,), departments=("forestry",),
        priority=3, route=route, start=start, end=start + timedelta(seconds=360),
        km=route.length_m / 1000, landing_share=0.5, filing_id=f"fil-{number}",
    )  # fmt: skip
    filing = Filing(
        id=f"fil-{number}", day=room.today(), emergency=False, filed_at=now, filed_by="campaign",
        state=FilingState.APPROVED, volumes=volumes_of((flight,), room.preset),
    )  # fmt: skip
    with room.unit() as unit:
        unit.tasks.add(replace(task, state=TaskState.PLANNED, flight_id=name))
        unit.filings.add(filing)
        unit.flights.add(flight)
    return flight
