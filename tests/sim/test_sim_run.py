"""The whole process: MAVLink by an independent client, photographs by HTTP, the truth file."""

import asyncio
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as wire

from core.errors import Unavailable
from sim.clockwork import MOST_OUTSTANDING, Held, Pace
from sim.run import Run, Settings
from sim.uplink import Shot, Uplink
from sim.world import load

ROOT = Path(__file__).resolve().parents[2]


class Service:
    """A service of a few lines: takes photographs, hands out what a test puts into its lists."""

    def __init__(self) -> None:
        self.media: list[tuple[str, str, bytes]] = []
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.lists: dict[str, list[dict[str, Any]]] = {"reviews": [], "cases": []}
        self.status = 201
        self.delay_s = 0.0
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(service.delay_s)
                if self.path == "/api/v1/media":
                    if service.status < 300:
                        who = self.headers["X-Vehicle"], self.headers["X-Camera"]
                        service.media.append((*who, body))
                else:
                    assert self.headers["X-Flyonce-Actor"] == "simulated-officer"
                    service.posts.append((self.path, json.loads(body)))
                    name = self.path.split("/")[3]
                    if body and b"handle" not in body:
                        service.lists[name].clear()
                self._answer({"id": "x"}, service.status)

            def do_GET(self) -> None:
                name = self.path.split("?")[0].split("/")[-1]
                self._answer({"items": service.lists[name], "next": None}, 200)

            def _answer(self, body: Any, status: int) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def world_file(tmp_path: Path, city: Any) -> Path:
    path = tmp_path / "WORLD.json"
    path.write_text(json.dumps(city(docks=1)))
    return path


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def wait_for(done: Any, limit_s: float = 20.0) -> None:
    end = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


class TestUplink:
    def test_photographs_arrive_with_their_headers(self, service: Service) -> None:
        uplink = Uplink(service.url)
        for k in range(20):
            uplink.put(Shot(data=b"x" * k, vehicle="QZ-01", camera="t-wide"))
        uplink.close(5.0)
        assert uplink.tally.sent == len(service.media) == 20
        assert service.media[0][:2] == ("QZ-01", "t-wide")

    def test_it_keeps_trying_while_the_service_is_away(self, service: Service) -> None:
        service.status = 503
        uplink = Uplink(service.url)
        uplink.put(Shot(data=b"abc", vehicle="QZ-01", camera="t-wide"))
        wait_for(lambda: uplink.failing)
        service.status = 201
        wait_for(lambda: uplink.tally.sent == 1)
        assert not uplink.failing
        uplink.close(1.0)
        assert service.media[0][2] == b"abc"
        assert uplink.tally.retries >= 1

    def test_a_refusal_is_counted_and_let_go(self, service: Service) -> None:
        service.status = 413
        uplink = Uplink(service.url)
        uplink.put(Shot(data=b"abc", vehicle="QZ-01", camera="t-wide"))
        uplink.close(5.0)
        assert uplink.tally.failed == {"HTTP 413": 1}


def simulation(world: Path, service: Service, **changes: Any) -> Run:
    fields: dict[str, Any] = {
        "world": load(world, 7),
        "service": service.url,
        "seed": 7,
        "port": 0,
        "people": False,
        "pace": Pace(until_s=60.0),
    }
    return Run(Settings(**{**fields, **changes}))


def gcs_heartbeat() -> bytes:
    link = wire.MAVLink(None, srcSystem=255, srcComponent=190)
    return bytes(wire.MAVLink_heartbeat_message(6, 8, 0, 0, 0, 3).pack(link))


async def heartbeat(port: int) -> asyncio.StreamWriter:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(gcs_heartbeat())
    await writer.drain()
    return writer


class TestTime:
    async def test_it_stands_until_a_ground_station_speaks(
        self, world_file: Path, service: Service
    ) -> None:
        sim = simulation(world_file, service)
        running = asyncio.create_task(sim.run())
        await asyncio.sleep(0.3)
        assert sim.swarm.now_s() == 0.0
        assert sim.clockwork.held is Held.NOT_YET
        writer = await heartbeat(sim.server.port)
        await running
        assert sim.swarm.now_s() == pytest.approx(60.0, abs=0.3)
        writer.close()

    async def test_it_stands_while_too_many_photographs_wait(
        self, world_file: Path, service: Service
    ) -> None:
        service.status = 503
        sim = simulation(world_file, service, pace=Pace(until_s=1e6))
        for _ in range(MOST_OUTSTANDING + 1):
            sim.cameras.uplink.put(Shot(data=b"x", vehicle="QZ-01", camera="t-wide"))
        running = asyncio.create_task(sim.run())
        await asyncio.sleep(0.1)
        writer = await heartbeat(sim.server.port)
        await asyncio.sleep(0.3)
        assert sim.clockwork.held is Held.UPLOADS
        assert sim.swarm.now_s() == 0.0
        service.status = 201
        for _ in range(600):
            await asyncio.sleep(0.02)
            if sim.swarm.now_s() > 0:
                break
        assert sim.swarm.now_s() > 0
        sim.clockwork.stopping.set()
        await running
        writer.close()

    async def test_it_stands_while_the_service_is_down_and_goes_on_after(
        self, world_file: Path, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sim.clockwork.ABSENT_S", 0.2)
        sim = simulation(world_file, service, pace=Pace(speed=20, until_s=1e6))
        running = asyncio.create_task(sim.run())
        await asyncio.sleep(0.1)
        writer = await heartbeat(sim.server.port)
        await asyncio.sleep(0.2)
        service.status = 503
        sim.cameras.uplink.put(Shot(data=b"x", vehicle="QZ-01", camera="t-wide"))
        writer.close()
        await asyncio.sleep(1.0)
        stood = sim.swarm.now_s()
        assert sim.clockwork.held is Held.DOWN
        service.status = 201
        writer = await heartbeat(sim.server.port)
        await asyncio.sleep(0.5)
        assert sim.swarm.now_s() > stood > 0
        sim.clockwork.stopping.set()
        await running
        writer.close()

    async def test_vehicles_also_speak_over_udp(self, world_file: Path, service: Service) -> None:
        loop = asyncio.get_running_loop()
        heard: asyncio.Queue[tuple[bytes, Any]] = asyncio.Queue()

        class Ground(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: Any) -> None:
                heard.put_nowait((data, addr))

        transport, _ = await loop.create_datagram_endpoint(Ground, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        sim = simulation(world_file, service, udp=f"127.0.0.1:{port}")
        running = asyncio.create_task(sim.run())
        _, vehicle = await asyncio.wait_for(heard.get(), 10)
        assert sim.swarm.now_s() == 0.0
        transport.sendto(gcs_heartbeat(), vehicle)
        await asyncio.wait_for(running, 20)
        assert sim.swarm.now_s() == pytest.approx(60.0, abs=0.3)
        transport.close()

    async def test_a_port_in_use_is_named(self, world_file: Path, service: Service) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            sim = simulation(world_file, service, port=taken.getsockname()[1])
            with pytest.raises(Unavailable, match="choose another port"):
                await sim.run()


class TestPeople:
    async def test_a_crew_puts_the_fire_out_and_reports(
        self, world_file: Path, service: Service, tmp_path: Path
    ) -> None:
        truth = tmp_path / "TRUTH.json"
        sim = simulation(
            world_file, service, people=True, truth=truth, pace=Pace(speed=900, until_s=7000.0)
        )
        fire = sim.cameras.scene.fires[0]
        service.lists["cases"].append(
            {"id": "case-1", "event_type": "01-01", "lon": fire.lon, "lat": fire.lat}
        )
        fire.ignites_s = fire.started_s = 1.0
        running = asyncio.create_task(sim.run())
        await asyncio.sleep(0.1)
        writer = await heartbeat(sim.server.port)
        for _ in range(1000):
            await asyncio.sleep(0.02)
            if len(service.posts) >= 2:
                break
        assert [p[1]["step"] for p in service.posts] == ["handle", "report_back"]
        assert service.posts[1][1]["note"] == "out"
        assert fire.first_out_s is not None
        assert 15 * 60 < fire.first_out_s < 40 * 60
        sim.clockwork.stopping.set()
        await running
        writer.close()
        entry = next(f for f in json.loads(truth.read_text())["fires"] if f["id"] == fire.id)
        assert entry["out"] == fire.first_out_s

    async def test_officers_mark_what_was_photographed_and_reject_the_rest(
        self, world_file: Path, service: Service
    ) -> None:
        sim = simulation(world_file, service, people=True, pace=Pace(speed=900, until_s=4000.0))
        heap = next(t for t in sim.cameras.scene.things if t.event_type == "06-01")
        beside = replace(heap, id="beside", lon=heap.lon + 0.0001)
        sim.cameras.scene.things.append(beside)
        for thing in (heap, beside):
            sim.cameras.scene.seen[thing.id].frames["visible"] = 1
        base = {"kind": "look", "event_types": ["06-01"], "media": [], "geometry": None}
        service.lists["reviews"] += [
            {**base, "id": "r1", "lon": heap.lon, "lat": heap.lat},
            {**base, "id": "r2", "lon": heap.lon + 0.05, "lat": heap.lat},
            {**base, "id": "r3", "kind": "find", "lon": heap.lon + 0.05, "lat": heap.lat},
            {**base, "id": "r4", "kind": "find", "lon": heap.lon, "lat": heap.lat},
        ]
        running = asyncio.create_task(sim.run())
        await asyncio.sleep(0.1)
        writer = await heartbeat(sim.server.port)
        for _ in range(1000):
            await asyncio.sleep(0.02)
            if len(service.posts) >= 6:
                break
        sim.clockwork.stopping.set()
        await running
        writer.close()
        said = defaultdict(list)
        for path, body in service.posts:
            said[path.split("/")[4]].append(body)
        words = {name: [body["decision"] for body in sent] for name, sent in said.items()}
        assert words == {
            "r1": ["mark", "mark", "done"],
            "r2": ["reject"],
            "r3": ["reject"],
            "r4": ["confirm"],
        }
        assert {mark.get("lon") for mark in said["r1"][:2]} == {heap.lon, beside.lon}


def fly_with_mavutil(port: int, lat: float, lon: float) -> list[str]:
    """An independent client: pymavlink's own mavutil flies a mission; what it saw."""
    os.environ["MAVLINK20"] = "1"
    from pymavlink import mavutil, mavwp

    link = mavutil.mavlink_connection(f"tcp:127.0.0.1:{port}", source_system=255, retries=40)
    try:
        link.wait_heartbeat(timeout=20)
        link.mav.heartbeat_send(6, 8, 0, 0, 0)
        link.target_system, link.target_component = 1, 1
        wait_message(link, "SYSTEM_TIME", lambda m: m.time_boot_ms > 45_000)
        waypoints = mavwp.MAVWPLoader(1, 1)
        make = mavutil.mavlink.MAVLink_mission_item_message
        for seq, (command, p1, dlat, height) in enumerate(
            [
                (16, 0, 0, 0),
                (22, 0, 0, 40),
                (16, 0, 0.001, 50),
                (206, 40, 0, 0),
                (16, 0, 0.003, 50),
                (206, 0, 0, 0),
                (20, 0, 0, 0),
            ]
        ):
            waypoints.add(make(1, 1, seq, 3, command, 0, 1, p1, 0, 0, 0, lat + dlat, lon, height))
        link.mav.mission_count_send(1, 1, waypoints.count(), 0)
        while True:
            m = link.recv_match(type=["MISSION_REQUEST", "MISSION_ACK"], blocking=True, timeout=10)
            assert m is not None
            if m.get_type() == "MISSION_ACK":
                assert m.type == 0
                break
            link.mav.send(waypoints.wp(m.seq))
        link.set_mode("GUIDED")
        link.arducopter_arm()
        wait_message(link, "HEARTBEAT", lambda m: m.base_mode & 128)
        link.mav.command_long_send(1, 1, 300, 0, 0, 0, 0, 0, 0, 0, 0)
        seen: list[str] = []
        while not (seen and "Disarming motors" in seen[-1]):
            m = link.recv_match(
                type=["MISSION_ITEM_REACHED", "CAMERA_FEEDBACK", "STATUSTEXT"],
                blocking=True,
                timeout=10,
            )
            assert m is not None, seen
            seen.append(m.text if m.get_type() == "STATUSTEXT" else m.get_type())
        return seen
    finally:
        link.close()


def wait_message(link: Any, kind: str, done: Any) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        m = link.recv_match(type=kind, blocking=True, timeout=10)
        if m is not None and m.get_srcSystem() == 1 and done(m):
            return
    raise AssertionError(f"no fitting {kind}")


@pytest.mark.system
def test_an_independent_client_flies_and_sigterm_leaves_the_truth(
    world_file: Path, service: Service, tmp_path: Path, city: Any
) -> None:
    port, truth = free_port(), tmp_path / "TRUTH.json"
    command = [sys.executable, "-m", "sim", "--world", str(world_file), "--service", service.url]
    command += ["--port", str(port), "--truth", str(truth), "--speed", "60", "--quiet"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    try:
        dock = city()["docks"][0]
        seen = fly_with_mavutil(port, dock["lat"], dock["lon"])
        assert seen.count("MISSION_ITEM_REACHED") == 4
        photos = seen.count("CAMERA_FEEDBACK")
        assert photos >= 10
        wait_for(lambda: len(service.media) >= photos)
        assert {m[1] for m in service.media} == {"t-wide", "t-thermal"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        errors = process.communicate()[1]
    assert errors == b""
    written = json.loads(truth.read_text())
    assert written["photos"]["sent"] == written["photos"]["taken"] == len(service.media)
    assert written["simulated_s"] > 100
    assert any(o["photographed"] for o in written["objects"]) or written["objects"]


def test_bad_input_ends_with_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sim", "--world", str(tmp_path / "none.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert b"none.json" in done.stderr
    assert b"Traceback" not in done.stderr
