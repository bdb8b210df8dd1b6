"""`python -m sim`: simulated drones, cameras, fires and people, as a process of its own."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from core.errors import FlyOnceError, InvalidInput
from sim import faults
from sim.clockwork import FASTEST, Pace
from sim.faults import Faults
from sim.run import Settings, serve
from sim.sitl import run as real


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
        if options.ardupilot is not None:
            asyncio.run(real.serve(_real(options)))
            return 0
        settings = Settings(
            world=options.world,
            service=options.service,
            seed=options.seed,
            host=options.host,
            port=options.port,
            udp=options.udp,
            pace=Pace(
                speed=FASTEST if options.speed is None else options.speed,
                until_s=options.hours * 3600.0,
                together=options.speed is None,
            ),
            truth=options.truth,
            token=options.token,
            people=not options.no_people,
            faults=faults.load(options.faults) if options.faults else Faults(),
        )
        asyncio.run(serve(settings))
    except FlyOnceError as error:
        print(f"sim: {error}", file=sys.stderr)
        return 2
    return 0


def _real(options: argparse.Namespace) -> real.Settings:
    """The settings of real vehicles.

    Raises:
        InvalidInput: "max": real vehicles keep a pace of their own and wait for nobody.
    """
    if options.speed is None:
        raise InvalidInput(
            "real vehicles wait for nobody", where="--speed", remedy="give a number, such as 1"
        )
    return real.Settings(
        world=options.world,
        binary=options.ardupilot,
        to=options.udp or "127.0.0.1:14550",
        service=options.service,
        folder=options.world.absolute().parent / "ardupilot",
        token=options.token,
        seed=options.seed,
        speed=options.speed,
        hours=options.hours,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sim", description=__doc__)
    add = parser.add_argument
    add("--world", type=Path, required=True, help="WORLD.json that a preset wrote")
    add("--service", default="http://127.0.0.1:8000", help="where photographs are sent")
    add("--host", default="127.0.0.1", help="address on which MAVLink is served")
    add("--port", type=int, default=5790, help="TCP port of all vehicles (default 5790)")
    add("--udp", metavar="HOST:PORT", help="also send MAVLink to a ground station over UDP")
    add("--seed", type=int, default=7, help="the same seed gives the same world")
    add("--speed", type=_speed, default=None, help="times real time, or max (default)")
    add("--hours", type=_positive, default=2.0, help="simulated hours (default 2)")
    add("--truth", type=Path, help="file for what the world really held")
    add("--token", help="bearer token for the service")
    add("--faults", type=Path, help="JSON file of faults")
    add("--ardupilot", type=Path, help="an arducopter for SITL: fly real vehicles instead")
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


if __name__ == "__main__":
    sys.exit(main())
