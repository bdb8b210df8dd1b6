"""The real service as a process of its own, with its simulated fleet, on free ports."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

PATIENCE_S = 240.0
ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class LiveService:
    """A service that can be killed and started again on the same home folder."""

    def __init__(
        self,
        home: Path,
        hours: float,
        environment: Mapping[str, str] | None = None,
        *,
        sim: bool = True,
    ) -> None:
        self.home = home
        self._options = ("--speed", "max", "--hours", str(hours)) if sim else ("--no-sim",)
        self.port = free_port()
        self._environment = dict(environment or {})
        self.log = home.with_suffix(".log")
        self._mavlink = f"tcp:127.0.0.1:{free_port()}"
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=30.0)

    def start(self, status: str = "ok") -> None:
        """Start it and wait until its plan is released, or it is standby."""
        environment = {
            **os.environ,
            **self._environment,
            "FLYONCE_HOME": str(self.home),
            "FLYONCE_PORT": str(self.port),
            "FLYONCE_MAVLINK_URL": self._mavlink,
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "serve", *self._options],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        self.until(lambda: self._answers() and self.get("/health")["status"] == status)

    def workers(self) -> list[psutil.Process]:
        """Its worker processes."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        return [c for c in children if any("spawn_main" in word for word in c.cmdline())]

    def kill(self) -> None:
        """End it as a power cut would; the simulated fleet flies on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def flyonce(self, *arguments: str) -> Any:
        """What a command prints as JSON, run on this service's home folder."""
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments],
            cwd=ROOT,
            env={**os.environ, **self._environment, "FLYONCE_HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return json.loads(done.stdout)

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self.http.close()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)

    def get(self, path: str, **params: Any) -> Any:
        """A JSON answer."""
        answer = self.http.get(path, params=params)
        answer.raise_for_status()
        return answer.json()

    def every(self, path: str, **params: Any) -> list[Any]:
        """All items of a list, page by page."""
        items: list[Any] = []
        page = self.get(path, limit=500, **params)
        items.extend(page["items"])
        while page["next"]:
            page = self.get(path, limit=500, after=page["next"], **params)
            items.extend(page["items"])
        return items

    def until(self, holds: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
        """Wait until something holds; fails with the log's end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            result = holds()
            if result:
                return result
            if self._process is not None and self._process.poll() is not None:
                break
            time.sleep(0.5)
        pytest.fail(f"it did not come about; the log ends:\n{self.log.read_text()[-3000:]}")

    def _answers(self) -> bool:
        try:
            return self.http.get("/health").is_success
        except httpx.TransportError:
            return False
