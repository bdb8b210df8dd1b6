"""`flyonce sim`: a simulated fleet as a process of its own, for any service or ground station."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from api.cli.options import Home, PresetName, checked_speed, settings_from
from api.cli.output import err
from core.errors import Unavailable


def sim(
    preset: PresetName = None,
    drones: Annotated[
        int | None, typer.Option(min=1, help="Only the first N drones of the preset.")
    ] = None,
    speed: Annotated[str, typer.Option(help="Times real time, or 'max'.", metavar="X|max")] = "1",
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = 7,
    hours: Annotated[float, typer.Option(min=0.01, max=240, help="Simulated hours.")] = 10.0,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="TCP port of the MAVLink link.")
    ] = 5790,
    udp: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Also send MAVLink to a ground station over UDP."),
    ] = None,
    service: Annotated[
        str, typer.Option(help="The FlyOnce service to which the cameras send photographs.")
    ] = "http://127.0.0.1:8000",
    token: Annotated[str | None, typer.Option(help="Token for the service.")] = None,
    people: Annotated[bool, typer.Option(help="Simulated officers and fire crews.")] = True,
    faults: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="JSON file of faults.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write what the world really held.")
    ] = None,
    ardupilot: Annotated[
        Path | None,
        typer.Option(
            help="Fly real ArduPilot vehicles instead: an arducopter built for SITL. They send "
            "to --udp (127.0.0.1:14550). Faults, weather, officers and the truth file are not "
            "theirs."
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Fly simulated drones that any MAVLink ground station can command; Ctrl-C ends them.

    'flyonce serve' starts one by itself; use this to run it elsewhere or with other options.
    """
    settings = settings_from(home=home, preset=preset)
    world = _world_file(settings.home, settings.preset, drones)
    command = [
        *(sys.executable, "-m", "sim"),
        *("--world", str(world)),
        *("--port", str(port)),
        *("--service", service),
        *("--speed", checked_speed(speed)),
        *("--seed", str(seed)),
        *("--hours", str(hours)),
        *(("--udp", udp) if udp else ()),
        *(("--token", token) if token else ()),
        *(("--faults", str(faults)) if faults else ()),
        *(("--truth", str(truth)) if truth else ()),
        *(() if people else ("--no-people",)),
        *(("--ardupilot", str(ardupilot)) if ardupilot else ()),
    ]
    if ardupilot is not None:
        to = udp or "127.0.0.1:14550"
        err.print(f"Real vehicles send to udp {to}; Ctrl-C ends them. In another terminal:")
        err.print(f"  FLYONCE_MAVLINK_URL=udpin:{to} flyonce serve --no-sim")
        raise typer.Exit(_run(command))
    err.print(f"Vehicles at tcp:127.0.0.1:{port}; Ctrl-C ends them.")
    raise typer.Exit(_run(command))


def _world_file(home: Path, preset: str, drones: int | None) -> Path:
    from missions.presets import load, world

    content = world(load(preset))
    content["docks"] = content["docks"][:drones]
    file = home / "world-sim.json"
    try:
        home.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content), encoding="utf-8")
    except OSError as why:
        raise Unavailable(
            f"the world cannot be written: {why.strerror}",
            where=str(file),
            remedy="choose another folder with --home",
        ) from why
    return file


def _run(command: list[str]) -> int:
    """Run the simulator in a session of its own and pass signals on; its exit status."""
    process = subprocess.Popen(command, start_new_session=True)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    before = {n: signal.signal(n, pass_on) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        status = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0 if status in {-signal.SIGINT, -signal.SIGTERM} else abs(status)
