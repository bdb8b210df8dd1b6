"""`flyonce sim`: a simulated fleet as a process of its own, for any service or ground station."""

import json
import signal
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from api.cli.options import Home, checked_speed, settings_from
from core.errors import InvalidInput, Unavailable


class Craft(StrEnum):
    """What flies."""

    MULTIROTOR = "multirotor"
    VTOL = "vtol"
    MIXED = "mixed"


class Firmware(StrEnum):
    """Whose answers the vehicles give."""

    ARDUPILOT = "ardupilot"
    ARDUPILOT_4_5 = "ardupilot-4.5"
    PX4 = "px4"
    MIXED = "mixed"


def sim(
    drones: Annotated[
        int | None,
        typer.Option(min=1, max=5000, help="Number of drones.", show_default="1, or all of PRESET"),
    ] = None,
    speed: Annotated[str, typer.Option(help="Times real time, or 'max'.", metavar="X|max")] = "1",
    seed: Annotated[int, typer.Option(help="The same seed gives the same run.")] = 7,
    faults: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="JSON file of faults (docs/simulation.md)."),
    ] = None,
    faults_list: Annotated[
        bool, typer.Option("--faults-list", help="Print every fault that there is, and end.")
    ] = False,
    kind: Annotated[Craft, typer.Option(help="What flies.")] = Craft.MULTIROTOR,
    autopilot: Annotated[
        Firmware, typer.Option(help="Whose answers they give.")
    ] = Firmware.ARDUPILOT,
    hours: Annotated[float, typer.Option(min=0.01, max=240, help="Simulated hours.")] = 10.0,
    booted: Annotated[
        bool, typer.Option("--booted", help="They may arm at once, not after 42 s.")
    ] = False,
    port: Annotated[
        int,
        typer.Option(min=1, max=65535, help="Port of the first 250, TCP and UDP; the next follow."),
    ] = 5790,
    udp: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Also send MAVLink to a ground station over UDP."),
    ] = None,
    docks: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Serve the docks over HTTP on this port.")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(help="Fly in this city: its docks, ground and places; 'quzhou' or a folder."),
    ] = None,
    service: Annotated[
        str | None,
        typer.Option(
            help="The FlyOnce service to which a city's cameras send photographs.",
            show_default="http://127.0.0.1:8000 with --preset",
        ),
    ] = None,
    token: Annotated[str | None, typer.Option(help="Token for the service and the docks.")] = None,
    people: Annotated[bool, typer.Option(help="A city's officers and fire crews.")] = True,
    truth: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write what the city really held.")
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

    It needs nothing else: drones in a world of their own, any number. 'flyonce serve' starts a
    city's fleet by itself; use --preset to run that elsewhere or with other options.
    """
    where = _where(preset, drones, home, kind, autopilot)
    command = [
        *(sys.executable, "-m", "sim", *where),
        *("--port", str(port)),
        *("--speed", checked_speed(speed)),
        *("--seed", str(seed)),
        *("--hours", str(hours)),
        *(("--udp", udp) if udp else ()),
        *(("--docks", str(docks)) if docks is not None else ()),
        *(("--service", service) if service else ()),
        *(("--token", token) if token else ()),
        *(("--faults", str(faults)) if faults else ()),
        *(("--faults-list",) if faults_list else ()),
        *(("--truth", str(truth)) if truth else ()),
        *(() if people else ("--no-people",)),
        *(("--booted",) if booted else ()),
        *(("--ardupilot", str(ardupilot)) if ardupilot else ()),
    ]
    raise typer.Exit(_run(command))


def _where(
    preset: str | None, drones: int | None, home: Path | None, kind: Craft, autopilot: Firmware
) -> list[str]:
    """The options of the simulator that say where it flies and what.

    Raises:
        InvalidInput: no such preset, or an option that a city does not take.
        Unavailable: the world file cannot be written.
    """
    if preset is None:
        many = ["--drones", str(drones or 1)]
        return [*many, "--kind", kind.value, "--autopilot", autopilot.value]
    if kind is not Craft.MULTIROTOR:
        raise InvalidInput(
            "a city says itself what flies there", where="--kind", remedy="leave it out"
        )
    settings = settings_from(home=home, preset=preset)
    return ["--world", str(_world_file(settings.home, settings.preset, drones, autopilot))]


def _world_file(home: Path, preset: str, drones: int | None, autopilot: Firmware) -> Path:
    from missions.presets import load, world

    content = world(load(preset))
    content["docks"] = [
        {**dock, "autopilot": _firmware(autopilot, k)}
        for k, dock in enumerate(content["docks"][:drones])
    ]
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


def _firmware(choice: Firmware, index: int) -> str:
    """Of "mixed", every second vehicle is a PX4."""
    if choice is not Firmware.MIXED:
        return choice.value
    return (Firmware.PX4 if index % 2 else Firmware.ARDUPILOT).value


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
