"""One real ArduPilot vehicle as a process: its folder, its command line, its log, its end."""

import asyncio
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from core.errors import InvalidInput, Unavailable
from core.geo import LonLat
from sim.sitl import parameters

STOP_S = 3.0
"""So long a vehicle may take to end when asked to; then it is killed."""
BOOT_S = 20.0
"""So long a process may take to say its first word, seconds of the wall clock."""
HELP_S = 10.0
STARTED = b"Starting sketch"
"""What every SITL binary says once it has understood its command line."""
_SERIALS = 9
_GPS_SERIALS = (3, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Where a vehicle begins.

    Attributes:
        system_id: 1 to 250, as MAVLink addresses it.
        name: what to call it in a log.
        altitude_m: of the ground there, above mean sea level.
        heading_deg: clockwise from north.
        cameras: how many it carries.
    """

    system_id: int
    name: str
    position: LonLat
    altitude_m: float
    heading_deg: float = 0.0
    cameras: int = 1

    @property
    def home(self) -> str:
        """As ``--home`` takes it."""
        p = self.position
        return f"{p.lat:.7f},{p.lon:.7f},{self.altitude_m:.2f},{self.heading_deg:.1f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What all vehicles of one run share.

    Attributes:
        to: host and port to which MAVLink is sent over UDP.
        copy_to: a second such place that hears the same (SERIAL1), if any.
        speed: simulated seconds a second.
        start: the vehicles' time of day at boot; None: the computer's.
        model: SITL's name of the airframe.
        extra: parameters on top of those that every vehicle is given.
    """

    binary: Path
    to: tuple[str, int]
    copy_to: tuple[str, int] | None = None
    speed: float = 1.0
    start: datetime | None = None
    model: str = "+"
    extra: Mapping[str, float] = field(default_factory=dict)


def check(binary: Path) -> Path:
    """The binary's absolute path, once it has shown that it is an ArduPilot SITL program.

    Raises:
        InvalidInput: no such file, not a program, or another program.
    """
    remedy = "name an arducopter that was built with `./waf configure --board sitl; ./waf copter`"
    where = f"--ardupilot {binary}"
    found = binary.expanduser().absolute()
    if not found.is_file():
        raise InvalidInput("there is no such file", where=where, remedy=remedy)
    try:
        told = subprocess.run(
            [found, "--help"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=HELP_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InvalidInput(
            f"it did not answer --help within {HELP_S:g} s", where=where, remedy=remedy
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidInput(f"it cannot be run: {reason}", where=where, remedy=remedy) from error
    if b"--speedup" not in told.stdout or b"--sysid" not in told.stdout:
        raise InvalidInput("this is no ArduPilot SITL program", where=where, remedy=remedy)
    return found


class SitlVehicle:
    """One process; it keeps its parameters, mission and log in its own folder.

    Args:
        instance: shifts the port on which it listens for a radio's sticks (5501 + 10 n), so that
            vehicles do not share it.
    """

    def __init__(self, post: Post, kit: Kit, folder: Path, instance: int) -> None:
        self.post = post
        self.folder = folder
        self.log = folder / "sitl.log"
        self._kit = kit
        self._instance = instance
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        """Whether its process is alive."""
        return self._process is not None and self._process.returncode is None

    def command(self) -> list[str]:
        """The command line. MAVLink goes to one place over UDP; no port but the sticks' is open.

        Over TCP a client that stops reading would freeze the vehicle, and only one is served.
        """
        kit = self._kit
        serials = {n: "none:0" for n in range(1, _SERIALS) if n not in _GPS_SERIALS}
        serials[0] = f"udpclient:{kit.to[0]}:{kit.to[1]}"
        if kit.copy_to is not None:
            serials[1] = f"udpclient:{kit.copy_to[0]}:{kit.copy_to[1]}"
        return [
            *_dies_with_us(),
            str(kit.binary),
            *("--model", kit.model, "--speedup", f"{kit.speed:g}"),
            *("--instance", str(self._instance), "--sysid", str(self.post.system_id)),
            *("--home", self.post.home, "--defaults", "defaults.parm"),
            *(a for n, device in sorted(serials.items()) for a in (f"--serial{n}", device)),
            *(("--start-time", str(int(kit.start.timestamp()))) if kit.start else ()),
        ]

    async def start(self) -> None:
        """Start it, and wait until it has understood its command line.

        Raises:
            Unavailable: it ended, or said nothing; with the last line of its log.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        given = {**parameters.copter(self.post.cameras), **self._kit.extra}
        parameters.write(self.folder / "defaults.parm", given)
        with self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        loop = asyncio.get_running_loop()
        patience = loop.time() + BOOT_S
        while STARTED not in self.log.read_bytes():
            if self._process.returncode is not None or loop.time() > patience:
                raise self.trouble("it did not start")
            await asyncio.sleep(0.02)

    async def ended(self) -> int:
        """Wait for its end; the exit status (negative: the signal that killed it)."""
        assert self._process is not None  # noqa: S101 - start() came first
        return await self._process.wait()

    async def stop(self) -> None:
        """End it, by force if need be."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            process.send_signal(number)
            try:
                async with asyncio.timeout(STOP_S):
                    await process.wait()
                return
            except TimeoutError:
                continue

    def trouble(self, what: str) -> Unavailable:
        """An error that says what it said last."""
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        said = next((line for line in reversed(lines) if line.strip()), "it said nothing")
        return Unavailable(
            f"{what}: {said.strip()}",
            where=f"ArduPilot of {self.post.name}",
            remedy=f"read {self.log}",
        )


def _dies_with_us() -> tuple[str, ...]:
    """Where the system can, have the kernel end the vehicle when this process is killed."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--") if setpriv else ()
