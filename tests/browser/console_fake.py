"""A small stand-in for the service: the contract's answers, canned, with 51 drones that move.

It exists so that the console's own behaviour can be tested in seconds. The system tests drive the
console over the real service.
"""

import asyncio
import json
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import uvicorn
from console_city import DAY, city, event_types, kinds_of_state, scenarios
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse, Response

API = "/api/v1"
SPEED = 12.0
CENTRE = (118.87, 28.97)
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; "
    "style-src-attr 'unsafe-inline'; object-src 'none'; base-uri 'none'"
)
"""The real service's content policy: what it forbids must fail here too."""


def stamp(moment: datetime) -> str:
    """The API's form of a time."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class World:
    """What the fake service knows and what the console did to it."""

    city: dict[str, Any] = field(default_factory=city)
    scenarios: list[dict[str, Any]] = field(default_factory=scenarios)
    event_types: list[dict[str, Any]] = field(default_factory=event_types)
    start: datetime = DAY + timedelta(hours=2)
    began: float = field(default_factory=time.monotonic)
    token: str | None = None
    """When set, every call must carry it."""
    down: bool = False
    """Answer 503 and keep no socket: as if the service were away."""
    posted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    silent: frozenset[str] = frozenset({"QZ-33"})

    def __post_init__(self) -> None:
        self.docks = [
            f["properties"] | {"at": f["geometry"]["coordinates"]}
            for f in self.city["docks"]["features"]
        ]
        self.cases = self.cases or [self._case(n) for n in range(12)]
        self.reviews = self.reviews or [self._review(n) for n in range(6)]
        self.requests = self.requests or [self._request(n) for n in range(5)]
        self.alerts = self.alerts or [self._alert(n) for n in range(7)]

    # -- time and motion

    def now(self) -> datetime:
        """The city's simulated time."""
        return self.start + timedelta(seconds=SPEED * (time.monotonic() - self.began))

    def state_of(self, index: int) -> str:
        """A state for each drone: mostly flying, every state once at least."""
        return kinds_of_state(index)

    def flight_id(self, index: int) -> str:
        return f"F-{self.docks[index]['id'][3:]}-02"

    def route(self, index: int) -> list[list[float]]:
        """A lawn-mower pattern east of the dock."""
        lon, lat = self.docks[index]["at"]
        points = [[lon, lat]]
        for lane in range(6):
            y = lat + 0.012 + 0.004 * lane
            ends = [lon + 0.012, lon + 0.048]
            points += [[x, y] for x in (ends if lane % 2 == 0 else ends[::-1])]
        return [*points, [lon, lat]]

    def drones(self) -> list[list[Any]]:
        seconds = (self.now() - self.start).total_seconds()
        rows: list[list[Any]] = []
        for index, dock in enumerate(self.docks):
            state = self.state_of(index)
            lon, lat = dock["at"]
            if state in {"docked", "ready", "charging", "uploading"}:
                battery = None if index == 50 else 0.55 if state == "charging" else 0.99
                rows.append(
                    [dock["id"], lon, lat, 0.0, 0.0, 0.0, battery, state, None, None, 0.4, 0]
                )
                continue
            lon, lat, heading, share = along(self.route(index), seconds * 14 + 900 * index)
            heard = 95.0 if dock["id"] in self.silent else 0.6
            battery = round(0.95 - 0.7 * share, 3)
            rows.append(
                [
                    dock["id"],
                    round(lon, 6),
                    round(lat, 6),
                    100.0,
                    round(heading),
                    14.0,
                    battery,
                    "lost" if dock["id"] in self.silent else state,
                    self.flight_id(index),
                    round(share, 3),
                    heard,
                    int(160 * share),
                ]
            )
        return rows

    def frame(self, alerts: list[dict[str, Any]]) -> dict[str, Any]:
        rows = self.drones()
        flying = sum(1 for row in rows if row[8] is not None)
        return {
            "t": stamp(self.now()),
            "speed": SPEED,
            "drones": rows,
            "counts": {
                "flying": flying,
                "flown": 96,
                "photos": 4310 + int(20 * (time.monotonic() - self.began)),
                "anomalies": len(self.anomalies()["features"]),
                "cases_open": sum(1 for c in self.cases if c["state"] != "closed"),
                "reviews_open": sum(1 for r in self.reviews if r["state"] == "open"),
            },
            "alerts": alerts,
        }

    # -- what was found

    def spot(self, n: int) -> tuple[float, float]:
        lon, lat = self.docks[(7 * n + 3) % len(self.docks)]["at"]
        return round(lon + 0.021, 6), round(lat + 0.017, 6)

    def anomalies(self) -> dict[str, Any]:
        types = ["01-01", "01-03", "02-01", "04-02"]
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": f"A-{n:03d}",
                    "geometry": {"type": "Point", "coordinates": list(self.spot(n))},
                    "properties": {
                        "id": f"A-{n:03d}",
                        "event_type": types[n % 4],
                        "first_seen": stamp(self.start - timedelta(minutes=40 - 3 * n)),
                        "last_seen": stamp(self.start - timedelta(minutes=8)),
                        "sightings": 3 + n,
                        "peak_c": 412.6 if n % 4 == 0 else None,
                        "severity": 4 - n % 4,
                        "error_m": 6.4,
                        "state": "cold" if n == 5 else "open",
                        "case_id": f"C-{n:03d}",
                        "department": "forestry",
                    },
                }
                for n in range(9)
            ],
        }

    def _alert(self, n: int) -> dict[str, Any]:
        lon, lat = self.spot(n)
        fire = n % 4 == 0
        return {
            "id": f"L-{n:03d}",
            "t": stamp(self.start - timedelta(minutes=30 - 4 * n)),
            "kind": "fire" if fire else "anomaly",
            "severity": 4 - n % 4,
            "event_type": "01-01" if fire else "01-03",
            "text": "Forest fire, 413 °C, near Dazhou; QZ-07 sent to look"
            if fire
            else f"Hot connector at a substation, {80 + n} °C",
            "text_zh": "大洲附近森林火情，413 °C，已派 QZ-07 前往"
            if fire
            else f"变电站接头过热，{80 + n} °C",
            "lon": lon,
            "lat": lat,
            "case_id": f"C-{n:03d}",
        }

    def _case(self, n: int) -> dict[str, Any]:
        steps = [
            "collected",
            "opened",
            "dispatched",
            "handling",
            "reported_back",
            "verifying",
            "closed",
        ]
        at = (n * 3 + 1) % 7
        lon, lat = self.spot(n)
        opened = self.start - timedelta(hours=3, minutes=-5 * n)
        fire = n % 4 == 0
        return {
            "id": f"C-{n:03d}",
            "number": f"QZ-2026-{1040 + n}",
            "event_type": "01-01" if fire else "01-03" if n % 2 else "02-01",
            "title": "Forest fire near Dazhou"
            if fire
            else "Hot connector"
            if n % 2
            else "Floating debris",
            "title_zh": "大洲附近森林火情" if fire else "接头过热" if n % 2 else "水面漂浮物",
            "state": steps[at],
            "department": "forestry" if fire else "power" if n % 2 else "water",
            "shared_with": ["emergency"],
            "opened_at": stamp(opened),
            "due_at": stamp(opened + timedelta(hours=2 if n in {3, 8} else 9)),
            "overdue": n in {3, 8} and at < 6,
            "lon": lon,
            "lat": lat,
            "severity": 4 - n % 4,
            "closed_at": None,
            "score": None,
            "steps": [
                {
                    "step": step,
                    "at": stamp(opened + timedelta(minutes=12 * k)),
                    "by": "Officer Li",
                    "note": "Seen on site" if k == 3 else None,
                }
                for k, step in enumerate(steps[: at + 1])
            ],
            "media": [f"M-{n}-a", f"M-{n}-b", f"M-{n}-c"],
            "rechecks": [
                {
                    "at": stamp(opened + timedelta(minutes=70)),
                    "flight_id": "F-07-02",
                    "verdict": "hot",
                    "peak_c": 96.1,
                },
                {
                    "at": stamp(opened + timedelta(minutes=95)),
                    "flight_id": "F-07-03",
                    "verdict": "cold",
                    "peak_c": 31.4,
                },
            ]
            if fire
            else [],
            "anomaly_ids": [f"A-{n:03d}"],
            "before": f"M-{n}-a",
            "after": f"M-{n}-c" if at >= 5 else None,
        }

    def _review(self, n: int) -> dict[str, Any]:
        lon, lat = self.spot(n + 4)
        return {
            "id": f"R-{n:03d}",
            "kind": "find" if n % 2 == 0 else "look",
            "event_types": ["02-01", "02-02", "04-02"],
            "task_id": f"T-{n:03d}",
            "place": "Qu river, section 4" if n % 2 == 0 else "Shiliang construction site",
            "lon": lon,
            "lat": lat,
            "geometry": None,
            "media": [f"V-{n}-{k}" for k in range(4)],
            "created_at": stamp(self.start - timedelta(minutes=10 * n)),
            "department": "water",
            "state": "open",
            "decision": None,
        }

    def _request(self, n: int) -> dict[str, Any]:
        lon, lat = self.spot(n)
        planned = n != 3
        return {
            "id": f"Q-{n:03d}",
            "scenario": self.scenarios[n]["id"],
            "department": "water",
            "shared_with": ["emergency"],
            "place": "",
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[lon, lat], [lon + 0.02, lat], [lon + 0.02, lat + 0.02], [lon, lat]]
                ],
            },
            "sensor": "visible",
            "gsd_m": 0.05,
            "earliest": stamp(self.start),
            "latest": stamp(self.start + timedelta(hours=8)),
            "priority": 3,
            "state": "planned" if planned else "refused",
            "origin": "officer",
            "purpose": "After the rain",
            "task_ids": [f"T-{n:03d}"],
            "case_id": None,
            "created_at": stamp(self.start),
            "answer": {
                "state": "planned" if planned else "refused",
                "text": "Flies with QZ-07 at 14:20"
                if planned
                else "No drone with this sensor reaches the place",
                "text_zh": "由 QZ-07 于 14:20 执行" if planned else "没有带该载荷的无人机能到达",
                "flight_id": "F-07-02" if planned else None,
                "start": stamp(self.start + timedelta(hours=3)) if planned else None,
            },
        }

    # -- plan

    def plan(self) -> dict[str, Any]:
        names = [d["id"] for d in self.city["departments"]]
        flights = []
        for index, dock in enumerate(self.docks):
            for turn in range(6):
                start = DAY + timedelta(minutes=75 * turn + 11 * (index % 7) + 20)
                state = "done" if turn < 2 else "planned"
                if turn == 2:
                    state = "flying" if self.state_of(index) == "mission" else "preparing"
                if index == 12 and turn == 1:
                    state = "failed"
                flights.append(
                    {
                        "id": f"F-{dock['id'][3:]}-0{turn}",
                        "dock": dock["id"],
                        "vehicle": dock["id"],
                        "start": stamp(start),
                        "end": stamp(start + timedelta(minutes=24 + (index * 7 + turn * 5) % 18)),
                        "state": state,
                        "tasks": [f"T-{index}-{turn}"],
                        "departments": [
                            names[(index + k) % len(names)] for k in range(1 + turn % 3)
                        ],
                        "priority": 1 + (index + turn) % 5,
                        "landing_share": 0.28,
                    }
                )
        return {
            "day": DAY.date().isoformat(),
            "id": "P-1",
            "verified": True,
            "value": 812.0,
            "km": 2486.4,
            "km_separate": 6120.9,
            "flights": flights,
            "unserved": [
                {
                    "task": f"T-9{n}",
                    "code": "no_window",
                    "reason": "No drone is free inside its window",
                    "reason_zh": "时间窗内没有空闲无人机",
                    "departments": [names[n % len(names)]],
                }
                for n in range(4)
            ],
            "tasks": {"asked": 534, "merged": 318, "planned": 314, "refused": 4},
            "territory_share": {"day_planned": 0.113, "week_planned": 0.287},
        }

    def flight(self, id: str) -> dict[str, Any] | None:
        row = next((f for f in self.plan()["flights"] if f["id"] == id), None)
        if row is None:
            return None
        index = next(i for i, d in enumerate(self.docks) if d["id"] == row["dock"])
        route = self.route(index)
        return row | {
            "reason": None,
            "tasks": [
                {
                    "id": row["tasks"][0],
                    "scenarios": [s["id"] for s in self.scenarios[index : index + 3]],
                    "departments": row["departments"],
                    "sensors": ["visible", "thermal"],
                }
            ],
            "route": {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": route},
                "properties": {"photo_legs": [[k, k + 1] for k in range(1, len(route) - 2, 2)]},
            },
            "log": [
                {
                    "t": row["start"],
                    "text": "Mission read back: identical",
                    "text_zh": "航线回读一致",
                },
                {"t": row["start"], "text": "Took off", "text_zh": "已起飞"},
            ],
            "photos": {"expected": 160, "taken": 84, "kept": 82, "dropped": 2},
            "ledger": [
                {"department": name, "km": 4.1 - k, "minutes": 9.0 - 2 * k}
                for k, name in enumerate(row["departments"])
            ],
        }

    def report(self) -> dict[str, Any]:
        fire = self.start - timedelta(minutes=52)
        return {
            "drones": 51,
            "scenarios": {
                "catalogued": 79,
                "requested": 79,
                "planned": 76,
                "flown": 58,
                "with_finding": 14,
            },
            "tasks": {
                "asked": 534,
                "merged": 318,
                "flown": 201,
                "refused": [{"code": "no_window", "count": 3}, {"code": "zone", "count": 1}],
            },
            "flights": 96,
            "km_flown": 1622.3,
            "km_separate": 3990.1,
            "territory_share": {"day": 0.092, "week_planned": 0.287},
            "media": {"taken": 4310, "kept": 4261, "dropped": {"blurred": 31, "no position": 18}},
            "anomalies": {"recall": 0.94, "false_alarms": 2, "position_error_m": 5.8},
            "events": {
                "by_type": {"01-01": 2, "01-03": 7, "02-01": 11},
                "by_department": {"forestry": 2, "power": 7, "water": 11},
            },
            "cases": {
                "collected": 1,
                "opened": 2,
                "dispatched": 2,
                "handling": 3,
                "reported_back": 1,
                "verifying": 2,
                "closed": 9,
            },
            "fire": {
                "ignition_to_alert_min": 6.4,
                "alert_to_recheck_min": 61.0,
                "timeline": [
                    {"t": stamp(fire), "text": "Ignition", "text_zh": "起火"},
                    {
                        "t": stamp(fire + timedelta(minutes=6.4)),
                        "text": "Seen by QZ-07, alarm raised",
                        "text_zh": "QZ-07 发现并告警",
                    },
                    {
                        "t": stamp(fire + timedelta(minutes=9)),
                        "text": "QZ-12 sent; two flights moved",
                        "text_zh": "派出 QZ-12，两航次调整",
                    },
                    {
                        "t": stamp(fire + timedelta(minutes=48)),
                        "text": "Fire crew: out",
                        "text_zh": "消防队报告已扑灭",
                    },
                    {
                        "t": stamp(fire + timedelta(minutes=67)),
                        "text": "Infrared re-check: cold",
                        "text_zh": "红外复查：已冷却",
                    },
                ],
            },
            "simulated_s": 7200,
            "wall_s": 588,
            "speedup": 12.2,
            "peak_memory_mb": 1180,
        }


def along(route: list[list[float]], metres: float) -> tuple[float, float, float, float]:
    """(lon, lat, heading, share) after so many metres round a closed route."""
    k = math.cos(math.radians(route[0][1]))
    legs = [math.hypot((b[0] - a[0]) * k, b[1] - a[1]) * 111_320 for a, b in pairwise(route)]
    total = sum(legs)
    left = metres % total
    share = left / total
    for (a, b), leg in zip(pairwise(route), legs, strict=True):
        if left <= leg:
            part = left / leg if leg else 0.0
            heading = math.degrees(math.atan2((b[0] - a[0]) * k, b[1] - a[1])) % 360
            return a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1]), heading, share
        left -= leg
    return route[0][0], route[0][1], 0.0, 1.0


def picture(name: str) -> str:
    """A drawing that stands for a photograph; its colours follow its name."""
    hue = sum(name.encode()) * 37 % 360
    parts = [
        f"<rect x='{x}' y='{y}' width='78' height='62' "
        f"fill='hsl({(hue + x + y) % 360} 24% {26 + (x * 7 + y) % 18}%)'/>"
        for x in range(0, 400, 80)
        for y in range(0, 320, 64)
    ]
    if name.endswith(("a", "0")):
        parts.append("<circle cx='214' cy='120' r='26' fill='#ffd36a'/>")
        parts.append("<circle cx='214' cy='120' r='12' fill='#fff6d8'/>")
    head = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 400 320'>"
    return f"{head}<rect width='400' height='320' fill='#223'/>{''.join(parts)}</svg>"


def problem(status: int, title: str, detail: str, remedy: str = "") -> JSONResponse:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if remedy:
        body["remedy"] = remedy
    return JSONResponse(body, status, media_type="application/problem+json")


def build(world: World, dist: Path) -> FastAPI:
    """The app: the contract under /api/v1 and the console's files."""
    app = FastAPI(openapi_url=None)

    @app.middleware("http")
    async def guard(request: Request, call_next: Any) -> Response:
        if request.url.path.startswith(API):
            if world.down:
                return problem(503, "Unavailable", "the service is away")
            if world.token and request.headers.get("authorization") != f"Bearer {world.token}":
                return problem(401, "Unauthorized", "a token is needed")
        response: Response = await call_next(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    def listing(items: list[dict[str, Any]]) -> dict[str, Any]:
        return {"items": items, "next": None}

    simple: dict[str, Any] = {
        "/health": lambda: {
            "status": "ok",
            "time": stamp(world.now()),
            "wall": stamp(datetime.now(UTC)),
            "vehicles": 51,
            "vehicles_heard": 51,
        },
        "/me": lambda: {"role": "administrator", "department": None, "name": "Local operator"},
        "/city": lambda: world.city,
        "/scenarios": lambda: listing(world.scenarios),
        "/event-types": lambda: listing(world.event_types),
        "/plan": world.plan,
        "/anomalies": world.anomalies,
        "/cases": lambda: listing(world.cases),
        "/requests": lambda: listing(world.requests),
        "/alerts": lambda: listing(world.alerts),
        "/report": world.report,
    }
    for path, answer in simple.items():
        app.get(API + path)(_plain(answer))

    @app.get(API + "/reviews")
    async def reviews(state: str | None = None) -> dict[str, Any]:
        return listing([r for r in world.reviews if state in {None, r["state"]}])

    @app.get(API + "/flights/{id}")
    async def flight(id: str) -> Any:
        return world.flight(id) or problem(404, "Not found", f"there is no flight {id}")

    @app.get(API + "/cases/{id}")
    async def case(id: str) -> Any:
        found = next((c for c in world.cases if c["id"] == id), None)
        return found or problem(404, "Not found", f"there is no case {id}")

    @app.get(API + "/media/{id}")
    async def medium(id: str) -> dict[str, Any]:
        lon, lat = world.spot(3)
        return {
            "id": id,
            "sha256": "0" * 64,
            "taken_at": stamp(world.start),
            "vehicle": "QZ-07",
            "flight_id": "F-07-02",
            "camera": "wide",
            "sensor": "visible",
            "gsd_m": 0.05,
            "lon": lon,
            "lat": lat,
            "footprint": None,
            "state": "kept",
            "reason": None,
        }

    @app.get(API + "/media/{id}/preview")
    async def preview(id: str) -> Response:
        return Response(picture(id), media_type="image/svg+xml")

    def answer_point(lon: float, lat: float, vehicle: str | None, sent: bool) -> Any:
        if lat > 29.6:
            return problem(
                409,
                "Not possible",
                "The place lies outside every drone's reach",
                "choose a place nearer to a dock",
            )
        return {
            "flight_id": "F-07-02" if sent else None,
            "vehicle": vehicle or "QZ-07",
            "eta_s": 214.0,
            "distance_km": 3.1,
            "filing": {"state": "approved" if sent else "filed"},
        }

    @app.get(API + "/point/preview")
    async def point_preview(
        lon: float, lat: float, height_m: float, vehicle: str | None = None
    ) -> Any:
        return answer_point(lon, lat, vehicle, sent=False)

    @app.post(API + "/point", status_code=201)
    async def point(request: Request) -> Any:
        body = await request.json()
        world.posted.append(("/point", body))
        return answer_point(body["lon"], body["lat"], body.get("vehicle"), sent=True)

    @app.post(API + "/flights/{id}/commands", status_code=202)
    async def command(id: str, request: Request) -> Any:
        world.posted.append((f"/flights/{id}/commands", await request.json()))
        return {"id": id, "state": "flying"}

    @app.post(API + "/requests", status_code=201)
    async def ask(request: Request) -> Any:
        body = await request.json()
        world.posted.append(("/requests", body))
        made = world._request(len(world.requests)) | {
            k: v for k, v in body.items() if v is not None
        }
        made |= {"id": f"Q-{len(world.requests):03d}"}
        world.requests.insert(0, made)
        return made

    @app.post(API + "/cases/{id}/steps")
    async def step(id: str, request: Request) -> Any:
        body = await request.json()
        world.posted.append((f"/cases/{id}/steps", body))
        to = {
            "dispatch": "dispatched",
            "handle": "handling",
            "report_back": "reported_back",
            "verify": "verifying",
            "close": "closed",
            "evaluate": "evaluated",
            "reject": "rejected",
        }[body["step"]]
        found = next(c for c in world.cases if c["id"] == id)
        found["state"] = to
        found["steps"].append(
            {
                "step": to,
                "at": stamp(world.now()),
                "by": "Local operator",
                "note": body.get("note") or None,
            }
        )
        return found

    @app.post(API + "/reviews/{id}/decision")
    async def decide(id: str, request: Request) -> Any:
        body = await request.json()
        world.posted.append((f"/reviews/{id}/decision", body))
        found = next(r for r in world.reviews if r["id"] == id)
        found |= {"state": "done", "decision": body}
        return found

    @app.websocket(API + "/live")
    async def live(socket: WebSocket, token: str | None = None) -> None:
        if world.down or (world.token and token != world.token):
            await socket.close(4401)
            return
        await socket.accept()
        seen = 0
        try:
            while not world.down:
                fresh, seen = world.alerts[seen:], len(world.alerts)
                await socket.send_text(json.dumps(world.frame(fresh)))
                await asyncio.sleep(0.2)
            await socket.close(1012)
        except WebSocketDisconnect:
            return

    @app.get("/{path:path}")
    async def file(path: str) -> Response:
        wanted = dist / path
        return FileResponse(wanted if path and wanted.is_file() else dist / "index.html")

    return app


def _plain(answer: Any) -> Any:
    async def endpoint() -> Any:
        return answer()

    return endpoint


@contextmanager
def serving(world: World, dist: Path, port: int = 0) -> Iterator[str]:
    """Serve on loopback in a thread of its own; gives the address."""
    config = uvicorn.Config(
        build(world, dist), host="127.0.0.1", port=port, log_level="warning", ws="websockets-sansio"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="fake-service", daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    if not server.started:
        raise RuntimeError("the fake service did not start within 10 s")
    address = server.servers[0].sockets[0].getsockname()
    try:
        yield f"http://127.0.0.1:{address[1]}"
    finally:
        world.down = True  # open sockets end by themselves
        server.should_exit = True
        thread.join(timeout=10)
