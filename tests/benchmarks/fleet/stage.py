"""The benchmark's side: starts a simulator or generator and one controller after another."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
from pymavlink.dialects.v20 import ardupilotmega as wire

from benchmarks.fleet.clients.stand import MARK, Job
from benchmarks.fleet.generator import Talk
from benchmarks.fleet.simulated import free_ports
from sim import territory

ROOT = Path(__file__).resolve().parents[3]
SET_INTERVAL, EVERYBODY = 511, 0
TAKEN_S = 0.5
"""Orders are taken by then."""
INTERVALS_S: Mapping[int, float] = {
    **{0: 1.0, 1: 2.0, 2: 1.0, 33: 0.1, 30: 0.1, 42: 1.0, 245: 1.0},
    **{147: 2.0, 168: 5.0, 193: 5.0, 370: 60.0},
}
"""What every controller is made to hear: what our fleet asks for, with position and attitude at
10 Hz, by message id."""
UNASKED = (
    24,
    27,
    29,
    31,
    35,
    36,
    62,
    65,
    74,
    116,
    136,
    137,
    141,
    162,
    163,
    165,
    178,
    241,
    242,
    285,
)
"""What a controller may have asked for on top; switched off, lest one hears more than another."""
ENDING_S = 20.0
CACHE = f"flyonce-bench-{os.getuid()}"
PATIENCE_S = 1200.0


@dataclass(frozen=True)
class Controller:
    """One that is measured.

    Attributes:
        package: without which it is skipped.
        one_link: whether one object serves all vehicles of a link.
    """

    name: str
    module: str
    package: str
    one_link: bool


OURS = Controller("FlyOnce", "with_flyonce", "fleet", True)
DRONEKIT = Controller("dronekit", "with_dronekit", "dronekit", False)
MAVSDK = Controller("MAVSDK", "with_mavsdk", "mavsdk", True)


def controllers(peers: bool, tell: Callable[[str], None]) -> list[Controller]:
    """Ours, and the peers that are installed; the absent ones are named."""
    found = [OURS]
    for peer in (DRONEKIT, MAVSDK) if peers else ():
        if find_spec(peer.package) is None:
            tell(f"{peer.name}: skipped, not installed")
        else:
            found.append(peer)
    return found


class Failed(RuntimeError):
    """A controller or simulator ended without an answer; the text is its own."""


@contextmanager
def simulator(
    ports: int, vehicles: int, *, link_each: bool, step_s: float = 0.1
) -> Iterator[tuple[int, psutil.Process]]:
    """`python -m sim` at real time; its first port. With link_each every vehicle has its own."""
    port = free_ports(ports)
    with tempfile.TemporaryDirectory() as folder:
        if link_each:
            world = Path(folder) / "WORLD.json"
            world.write_text(json.dumps(_world(vehicles)))
            own = ["--world", str(world), "--no-service", "--no-people"]
        else:
            own = ["--drones", str(vehicles)]
        command = [sys.executable, "-m", "sim", *own, "--port", str(port), "--speed", "1"]
        command += ["--hours", "100", "--booted", "--quiet", "--step", str(step_s)]
        with _running(command) as process:
            _until_open(process, port + ports - 1)
            yield port, psutil.Process(process.pid)


@contextmanager
def generator(talk: Talk) -> Iterator[psutil.Process]:
    """The generator of stamped telemetry."""
    command = [sys.executable, "-m", "benchmarks.fleet.generator", talk.text()]
    with _running(command, stdin=subprocess.PIPE) as process:
        if talk.transport == "tcp":
            time.sleep(1.0)  # it serves one client: no probing
        yield psutil.Process(process.pid)


def play(
    controller: Controller, job: Job, prepare: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Run a controller through a job; `prepare` is called when it is ready to be watched.

    Raises:
        Failed: it ended without an answer.
    """
    module = f"benchmarks.fleet.clients.{controller.module}"
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", module, job.text()],
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        alarm = threading.Timer(PATIENCE_S, process.kill)
        alarm.start()
        try:
            assert process.stdin is not None
            if _answer(process) is not None:
                prepare()
                process.stdin.write("go\n")
                process.stdin.flush()
                answer = _answer(process)
                if answer is not None:
                    return answer
            process.wait(ENDING_S)
            errors.seek(0)
            said = errors.read().strip().splitlines()[-3:]
            raise Failed(f"{controller.name} ended with {process.returncode}: {' '.join(said)}")
        finally:
            alarm.cancel()
            process.kill()
            process.communicate()


def ask(ports: range) -> None:
    """As a ground station that comes and goes: make every vehicle's streams the same."""
    link = wire.MAVLink(None, srcSystem=254, srcComponent=190)
    every = {**dict.fromkeys(UNASKED, -1e-6), **INTERVALS_S}
    orders = b"".join(
        wire.MAVLink_command_long_message(
            *(EVERYBODY, 1, SET_INTERVAL, 0, number, seconds * 1e6, 0, 0, 0, 0, 0)
        ).pack(link)
        for number, seconds in every.items()
    )
    with ExitStack() as open_:
        socks = [
            open_.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            for port in ports
        ]
        for sock in socks:
            sock.sendall(orders)
        _read(socks[0], TAKEN_S)


def packets_s(port: int, seconds: float = 2.0) -> float:
    """What a link carries now, packets each second."""
    parser = wire.MAVLink(None)
    parser.robust_parsing = True
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        data = _read(sock, seconds)
    return len(parser.parse_buffer(data) or []) / seconds


def _read(sock: socket.socket, seconds: float) -> bytes:
    sock.settimeout(0.1)
    got, end = bytearray(), time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            got += sock.recv(65536)
        except TimeoutError:
            continue
    return bytes(got)


def _answer(process: "subprocess.Popen[str]") -> dict[str, Any] | None:
    """The next line that is meant for us; None at the end."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(MARK):
            return dict(json.loads(line.removeprefix(MARK)))
    return None


@contextmanager
def _running(command: list[str], stdin: int | None = None) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(command, cwd=ROOT, env=_environment(), stdin=stdin)
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.terminate()
        try:
            process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment() -> dict[str, str]:
    """With compiled modules, as any user has them: else a start compiles, and that memory stays."""
    mine = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    mine.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**mine, "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / CACHE)}


def _until_open(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + 60
    while True:
        if process.poll() is not None:
            raise Failed(f"the simulation ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise Failed("the simulation did not start") from None
            time.sleep(0.1)


def _world(vehicles: int) -> dict[str, Any]:
    """The simulator's own world, each vehicle on a link of its own."""
    made = territory.made(vehicles)
    ground = made.ground
    rows, columns = ground.heights_m.shape
    return {
        "start": made.start.isoformat(),
        "docks": [
            {
                "system_id": k + 1,
                "id": dock.id,
                "lon": dock.position.lon,
                "lat": dock.position.lat,
                "vehicle": asdict(dock.vehicle),
                "link": f"v{k + 1}",
            }
            for k, dock in enumerate(made.docks)
        ],
        "ground": {
            **{"west": ground.west, "south": ground.south, "step": ground.step},
            **{"rows": rows, "columns": columns, "heights_m": ground.heights_m.tolist()},
        },
        "places": [],
        "event_types": [],
    }
