"""Independent ground stations fly the simulation: MAVSDK, and MAVProxy where it is installed."""

import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent / "clients"
LAT, LON = 28.9, 118.8

pytestmark = pytest.mark.system


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture
def station(tmp_path: Path, request: pytest.FixtureRequest, city: object) -> Iterator[int]:
    """A simulated vehicle of the make that the test names; its TCP port."""
    world = tmp_path / "WORLD.json"
    made = city(docks=1)  # type: ignore[operator]
    made["docks"][0]["autopilot"] = request.param
    world.write_text(json.dumps(made))
    port = free_port()
    command = [sys.executable, "-m", "sim", "--world", str(world), "--booted", "--no-service"]
    command += ["--no-people", "--speed", "10", "--port", str(port), "--quiet"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    try:
        wait_until_open(port)
        yield port
        assert process.poll() is None, "the simulation ended by itself"
    finally:
        process.terminate()
        errors = process.communicate(timeout=20)[1]
    assert errors == b""


def wait_until_open(port: int) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < end, "the simulation did not start"
            time.sleep(0.1)


@pytest.mark.parametrize("station", ["ardupilot", "px4"], indirect=True)
def test_mavsdk_flies_a_mission_and_lands_at_the_rally_point(
    station: int, request: pytest.FixtureRequest
) -> None:
    px4 = "px4" in request.node.name
    program = [sys.executable, str(HERE / "mavsdk_flight.py"), str(station)]
    done = subprocess.run(
        [*program, "px4" if px4 else "ardupilot"],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "Warn" not in said, said
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert result["parameters"] > 50
    assert result["items"] == ([22, 16, 16, 20] if px4 else [16, 22, 16, 16, 20])
    north, east = result["landed"]
    assert north == pytest.approx(0.0005, abs=5e-5)  # the rally point is nearer than home
    assert east == pytest.approx(0.0, abs=5e-5)


class MavProxy:
    """MAVProxy as a program: what it is told and what it says."""

    def __init__(self, program: str, port: int, folder: Path) -> None:
        arguments = [f"--master=tcp:127.0.0.1:{port}", "--source-system=255", "--nowait"]
        modules = "mode,arm,param,wp,rally,fence,misc,cmdlong"
        arguments += ["--default-modules=", f"--load-module={modules}", f"--state-basedir={folder}"]
        python = Path(program).parent / "python"
        self._process = subprocess.Popen(
            [str(python), "-u", program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "PYTHONWARNINGS": "ignore"},
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.said = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def tell(self, *commands: str) -> None:
        assert self._process.stdin is not None
        for command in commands:
            self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def hear(self, text: str, limit_s: float = 40.0) -> None:
        """Wait until it says something."""
        end = time.monotonic() + limit_s
        heard = ""
        while text not in heard:
            assert time.monotonic() < end, f"MAVProxy never said {text!r}:\n{self.said}"
            try:
                line = self._lines.get(timeout=0.5)
            except queue.Empty:
                continue
            heard += line
            self.said += line

    def close(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=10)


def program() -> str:
    """MAVProxy's path, or the test is skipped."""
    named = os.environ.get("FLYONCE_MAVPROXY") or shutil.which("mavproxy.py")
    own = ROOT / ".venv-clients" / "bin" / "mavproxy.py"
    if named is None and own.exists():
        named = str(own)
    if named is None:
        pytest.skip("MAVProxy is not installed: run scripts/clients, or set FLYONCE_MAVPROXY")
    return named


def plan_files(folder: Path) -> None:
    """A mission, a fence and a rally point as MAVProxy's users keep them."""
    legs = [
        (0, 16, 0, LAT, LON, 0),
        (3, 22, 0, LAT, LON, 40),
        (3, 16, 0, LAT + 0.001, LON, 50),
        (3, 16, 0, LAT + 0.004, LON, 50),
        (3, 20, 0, 0, 0, 0),
    ]
    corners = [(-0.01, -0.01), (-0.01, 0.01), (0.01, 0.01), (0.01, -0.01)]
    ring = [(0, 5001, 4, LAT + a, LON + b, 0) for a, b in corners]
    rally = [(3, 5100, 0, LAT + 0.0005, LON, 30)]
    for name, items in (("m", legs), ("f", ring), ("r", rally)):
        lines = ["QGC WPL 110"]
        for k, (frame, command, p1, lat, lon, z) in enumerate(items):
            whole = (k, 0, frame, command, p1, 0, 0, 0, lat, lon, z, 1)
            lines.append("\t".join(str(v) for v in whole))
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("station", ["ardupilot"], indirect=True)
def test_mavproxy_flies_a_mission(station: int, tmp_path: Path) -> None:
    plan_files(tmp_path)
    proxy = MavProxy(program(), station, tmp_path)
    try:
        proxy.hear("online system 1")
        proxy.hear("Received 1")
        proxy.tell("wp load m.txt")
        proxy.hear("Flight plan received")
        proxy.tell("fence load f.txt", "param set FENCE_TYPE 4", "rally load r.txt")
        proxy.hear("Fence Indexed OK")
        proxy.tell("fence enable", "mode GUIDED")
        proxy.hear("Mode GUIDED")
        proxy.tell("arm throttle")
        proxy.hear("ARMED")
        proxy.tell("takeoff 20")
        proxy.hear("height 2")
        proxy.tell("mode AUTO")
        proxy.hear("height 4")
        proxy.tell("mode BRAKE")
        proxy.hear("Mode BRAKE")
        proxy.tell("mode AUTO")
        proxy.hear("Mode AUTO")
        proxy.tell("long DO_PAUSE_CONTINUE 0", "long DO_PAUSE_CONTINUE 1")
        proxy.hear("DO_PAUSE_CONTINUE: ACCEPTED")
        proxy.tell(f"guided {LAT + 0.002} {LON} 50")
        proxy.hear("Mode GUIDED")
        proxy.tell("mode RTL")
        proxy.hear("DISARMED", 90)
    finally:
        proxy.close()
    for bad in ("FAILED", "UNSUPPORTED", "timeout", "no response", "Traceback", "Failed"):
        assert bad not in proxy.said, proxy.said
