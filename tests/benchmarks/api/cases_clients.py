"""Many clients at a real service: how long each kind of question takes, and how many a second."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.api.city_store import built
from benchmarks.api.registry import Row, Setting, Skipped, Table, group, quantiles
from missions.presets import load

ROOT = Path(__file__).resolve().parents[3]
LOAD = Path(__file__).with_name("client_load.py")
PATIENCE_S = 900.0


@group("clients", "Many clients at once at a real service over HTTP: a console's mix")
def measure(setting: Setting) -> Iterator[Table]:
    """A service of its own with 20,000 cases (100,000 with --full) and the day's plan."""
    count = setting.sized(few=20_000, full=100_000)
    with tempfile.TemporaryDirectory(prefix="flyonce-clients-") as folder:
        home = Path(folder)
        setting.tell(f"building {count:,} cases")
        built(home / "flyonce.sqlite", load("quzhou"), count, setting.seed, setting.tell)
        setting.tell("starting the service; it plans its day first")
        with service(home) as url:
            setting.tell(f"{setting.clients} clients for {setting.seconds:.0f} s")
            told = asked(url, setting, home / "load.json")
    rows: list[Row] = []
    every = [t for times in told["times"].values() for t in times]
    for kind, times in [("all", every), *sorted(told["times"].items())]:
        a_second = round(len(times) / told["seconds"], 1)
        rows.append({"what": kind, "a second": a_second, **quantiles(times)})
    refused = ", ".join(f"{what} x {n}" for what, n in sorted(told["refused"].items())) or "none"
    yield Table(
        title=f"{setting.clients} clients, {count:,} cases, SQLite",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            f"each asks again at once; one service process, {os.cpu_count()} cores, which the "
            "generator (a process of its own, asyncio and httpx) shares; rates are not limited",
            f"refused: {refused}",
        ),
    )


@contextmanager
def service(home: Path) -> Iterator[str]:
    """The address of a service that is ready; it is stopped on the way out.

    Raises:
        Skipped: it does not start.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "FLYONCE_RATE_LIMITS": "0",
        "FLYONCE_REQUIRE_SIGN_IN": "false",
        "FLYONCE_MAVLINK_URL": f"udpin:127.0.0.1:{port + 1 if port < 65000 else port - 1}",
    }
    log = (home / "service.log").open("w")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "api.cli", "serve", "--no-sim"),
            *("--home", str(home), "--port", str(port)),
        ],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=log,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, home / "service.log")
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/api/v1/health", trust_env=False).json()["status"] == "ok":
                return
        except (httpx.TransportError, ValueError, KeyError):
            pass
        time.sleep(0.5)
    raise Skipped(f"the service does not become ready: {log.read_text()[-500:]}")


def asked(url: str, setting: Setting, file: Path) -> dict[str, dict[str, list[float]]]:
    """What the generator measured.

    Raises:
        Skipped: it failed.
    """
    done = subprocess.run(
        [
            *(sys.executable, str(LOAD), url, str(setting.clients), str(setting.seconds)),
            *(str(setting.seed), str(file)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Skipped(f"the generator failed: {done.stderr[-500:]}")
    found: dict[str, dict[str, list[float]]] = json.loads(file.read_text())
    return found
