"""A small stand-in for the service: the contract's answers, canned, with 51 drones that move.

It exists so that the console's own behaviour can be tested in seconds. The system tests drive the
console over the real service.
"""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from console_motion import stamp
from console_world import World
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse, Response

API = "/api/v1"
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; "
    "style-src-attr 'unsafe-inline'; object-src 'none'; base-uri 'none'"
)
"""The real service's content policy: what it forbids must fail here too."""


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
        "/detectors": world.detectors,
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
        made = world.sample_request(len(world.requests)) | {
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
        if body["decision"] == "mark" and found["kind"] == "look":
            found["marks"].append({"id": f"M-{len(found['marks'])}", "case_id": "C-000"})
        else:
            found |= {"state": "done", "decision": body}
        return found

    @app.post(API + "/reviews/{id}/undo")
    async def undo(id: str) -> Any:
        world.posted.append((f"/reviews/{id}/undo", {}))
        found = next(r for r in world.reviews if r["id"] == id)
        if found["state"] == "open":
            found["marks"].pop()
        found |= {"state": "open", "decision": None}
        return found

    @app.get(API + "/reviews/{id}/{view}")
    async def review_picture(id: str, view: str, close: bool = False) -> Response:
        return Response(
            picture(f"{id} {view}{' close' if close else ''}"), media_type="image/svg+xml"
        )

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
