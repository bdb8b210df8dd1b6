"""The simulated fleet as a process of its own; the service knows only its sockets."""

import json
import os
import signal
import socket
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from api.settings import Settings
from core.errors import InvalidInput, Unavailable
from missions.presets import Preset, world

FOR_EVER_H = 24.0 * 365
"""A served fleet goes on day after day until it is stopped."""
STOP_S = 10.0
"""How long the simulator may take to write its truth file and end."""


class Simulation:
    """Starts, finds again and stops ``python -m sim``.

    The process has a session of its own: a killed service leaves it running, and the next start
    finds it by its process id.
    """

    def __init__(self, settings: Settings, preset: Preset, service_url: str) -> None:
        self._settings = settings
        self._preset = preset
        self._service_url = service_url
        self._pid_file = settings.home / "sim.pid"
        self._docks_file = settings.home / "sim.docks"
        self._docks_url: str | None = None
        self.truth = settings.home / "truth.json"
        self.log = settings.home / "sim.log"

    def start(
        self, now: datetime, *, token: str, speed: str, hours: float | None, seed: int | None
    ) -> None:
        """Start it at a simulated time.

        Args:
            token: with which its cameras deliver and its people act.
        """
        home = self._settings.home
        world_file = home / "world.json"
        world_file.write_text(json.dumps({**world(self._preset), "start": now.isoformat()}))
        command = [
            *(sys.executable, "-m", "sim"),
            *("--world", str(world_file)),
            *("--port", str(mavlink_port(simulated_link(self._settings)))),
            *("--docks", self.docks_url().rpartition(":")[2]),
            *("--service", self._service_url),
            *("--speed", speed),
            *("--seed", str(self._preset.demo.seed if seed is None else seed)),
            *("--hours", str(FOR_EVER_H if hours is None else hours)),
            *("--truth", str(self.truth)),
            *("--token", token),
        ]
        with self.log.open("ab") as log:
            started = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._pid_file.write_text(str(started.pid))

    def docks_url(self) -> str:
        """Where its docks are spoken with: a free port, kept as long as the process lives."""
        if self._docks_url is None:
            if self.process() is None or not self._docks_file.exists():
                self._docks_file.write_text(f"http://127.0.0.1:{free_port()}")
            self._docks_url = self._docks_file.read_text().strip()
        return self._docks_url

    def process(self) -> psutil.Process | None:
        """The running simulator, if any."""
        try:
            found = psutil.Process(int(self._pid_file.read_text()))
            alive = found.is_running() and found.status() != psutil.STATUS_ZOMBIE
            return found if alive and "sim" in found.cmdline() else None
        except (OSError, ValueError, psutil.Error):
            return None

    def check(self) -> None:
        """Raise if it ended by itself.

        Raises:
            Unavailable: with the last line of its log.
        """
        if self.process() is None:
            raise Unavailable(
                f"the simulator ended: {last_line(self.log)}",
                where=str(self.log),
                remedy="read the log; start again to carry on",
            )

    def stop(self) -> None:
        """End it and wait until it has written what it holds."""
        process = self.process()
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except psutil.TimeoutExpired:
            process.kill()
        self._pid_file.unlink(missing_ok=True)


def simulated_link(settings: Settings) -> str:
    """The address of the one link that the simulation serves.

    Raises:
        InvalidInput: there are several: one simulator is one link.
    """
    if len(settings.links) > 1:
        raise InvalidInput(
            f"the simulation serves one link, not {len(settings.links)}",
            where="FLYONCE_MAVLINK_URL",
            remedy="name one address, or start simulators with './run sim' and serve without",
        )
    return next(iter(settings.links.values()))


def mavlink_port(url: str) -> int:
    """The port of a MAVLink address such as tcp:127.0.0.1:5790."""
    port = urlsplit(url.replace(":", "://", 1)).port
    if port is None:
        raise Unavailable("no port in it", where=url, remedy="such as tcp:127.0.0.1:5790")
    return port


def free_port() -> int:
    """A TCP port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def last_line(path: Path) -> str:
    """The last line of a text file, or that there is none."""
    if not path.exists() or os.path.getsize(path) == 0:
        return "it said nothing"
    return path.read_text(errors="replace").strip().splitlines()[-1]
