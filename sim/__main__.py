"""`python -m sim`: simulated drones, cameras, fires and people, as a process of its own."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from core.errors import FlyOnceError, InvalidInput
from sim import faultfile, territory, world
from sim.clockwork import FASTEST, STEP_S, Pace
from sim.run import Settings, serve
from sim.world import World

SERVICE = "http://127.0.0.1:8000"
OWN_STEP_S = 0.1
"""Vehicles without a city report up to ten times a second, as ground stations ask of real ones."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a simulation; the exit status: 0 for a clean end, 2 for bad input."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.WARNING if options.quiet else logging.INFO,
        format="%(asctime)s sim: %(message)s",
        datefmt="%H:%M:%S",
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        if options.faults_list:
            _print_faults()
        elif options.ardupilot is not None:
            asyncio.run(_real(options))
        else:
            asyncio.run(serve(_settings(options)))
    except FlyOnceError as error:
        print(f"sim: {error}", file=sys.stderr)
        return 2
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    own = options.world is None
    return Settings(
        world=_world(options),
        service=options.service or (None if own or options.no_service else SERVICE),
        seed=options.seed,
        host=options.host,
        port=options.port,
        udp=options.udp,
        docks=options.docks,
        pace=Pace(
            speed=FASTEST if options.speed is None else options.speed,
            until_s=options.hours * 3600.0,
            together=options.speed is None,
            step_s=options.step or (OWN_STEP_S if own else STEP_S),
        ),
        truth=options.truth,
        token=options.token,
        people=not options.no_people and not own,
        faults=faultfile.load(options.faults) if options.faults else (),
        booted=options.booted,
    )


def _world(options: argparse.Namespace) -> World:
    """The world file's, or one of its own."""
    if options.world is not None:
        if options.drones is not None:
            raise InvalidInput(
                "a world file says how many drones there are",
                where="--drones",
                remedy="leave out --world or --drones",
            )
        return world.load(options.world, options.seed)
    return territory.made(
        1 if options.drones is None else options.drones,
        options.seed,
        kind=options.kind,
        autopilot=options.autopilot,
    )


async def _real(options: argparse.Namespace) -> None:
    """Real ArduPilot vehicles in place of ours; in a city with its cameras.

    Raises:
        InvalidInput: "max": real vehicles keep a pace of their own and wait for nobody.
    """
    if options.speed is None:
        raise InvalidInput(
            "real vehicles wait for nobody", where="--speed", remedy="give a number, such as 1"
        )
    from sim.real import serve_real  # these two load what draws pictures
    from sim.sitl import run as sitl

    to = options.udp or f"{options.host}:14550"
    if options.world is None:
        await serve_real(
            _world(options), options.ardupilot, udp=to, speed=options.speed, hours=options.hours
        )
        return
    settings = sitl.Settings(
        world=options.world,
        binary=options.ardupilot,
        to=to,
        service=options.service or SERVICE,
        folder=options.world.absolute().parent / "ardupilot",
        token=options.token,
        seed=options.seed,
        speed=options.speed,
        hours=options.hours,
    )
    await sitl.serve(settings)


def _print_faults() -> None:
    for kind, unit, usual in faultfile.table():
        print(f"{kind:15} {usual:>8g}  {unit}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sim", description=__doc__)
    add = parser.add_argument
    add("--world", type=Path, help="WORLD.json that a preset wrote; without it one of its own")
    add("--drones", type=int, help="drones of its own world (default 1)")
    add("--kind", choices=territory.KINDS, default="multirotor", help="of those drones")
    add("--autopilot", choices=territory.AUTOPILOTS, default="ardupilot", help="of those drones")
    add("--ardupilot", type=Path, metavar="PATH", help="real ArduPilot: this arducopter binary")
    add("--service", help=f"where photographs are sent (default {SERVICE}; own world: nowhere)")
    add("--no-service", action="store_true", help="photographs are only counted")
    add("--host", default="127.0.0.1", help="address on which MAVLink is served")
    add("--port", type=_port, default=5790, help="of the first link, TCP and UDP (default 5790)")
    add("--udp", metavar="HOST:PORT", help="also send MAVLink to a ground station over UDP")
    add("--docks", type=_port, metavar="PORT", help="serve the docks over HTTP here (0: any)")
    add("--seed", type=int, default=7, help="the same seed gives the same world")
    add("--speed", type=_speed, default=None, help="times real time, or max (default)")
    add("--step", type=_step, help="seconds of one step (default 0.1 in its own world, else 0.2)")
    add("--hours", type=_positive, default=2.0, help="simulated hours (default 2)")
    add("--booted", action="store_true", help="the vehicles may arm at once")
    add("--truth", type=Path, help="file for what the world really held")
    add("--token", help="bearer token for the service")
    add("--faults", type=Path, help="JSON file of faults")
    add("--faults-list", action="store_true", help="print every fault that there is")
    add("--no-people", action="store_true", help="no simulated officers and fire crews")
    add("--quiet", action="store_true", help="only warnings")
    return parser


def _speed(text: str) -> float | None:
    """Times real time; None for "max"."""
    return None if text == "max" else _positive(text)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from error
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not above zero")
    return value


def _step(text: str) -> float:
    value = _positive(text)
    if not 0.02 <= value <= 0.5:
        raise argparse.ArgumentTypeError(f"{text} s is not between 0.02 and 0.5")
    return value


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
