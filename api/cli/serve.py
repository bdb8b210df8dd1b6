"""`flyonce serve`: the service, its console and, unless told otherwise, a simulated fleet."""

import asyncio
from typing import Annotated

import typer

from api.cli.options import Home, Host, Hours, Port, PresetName, Speed, checked_speed, settings_from
from api.cli.output import err, out


def serve(
    host: Host = None,
    port: Port = None,
    home: Home = None,
    preset: PresetName = None,
    sim: Annotated[
        bool,
        typer.Option(help="Start a simulated fleet, or wait for vehicles at FLYONCE_MAVLINK_URL."),
    ] = True,
    speed: Speed = None,
    hours: Hours = None,
) -> None:
    """Start the service and its console; stop it with Ctrl-C.

    Everything is kept in the home folder: started again, it carries on where it stopped.
    """
    settings = settings_from(host=host, port=port, home=home, preset=preset)
    from api import runtime
    from missions.presets import load

    pace = checked_speed(speed or f"{load(settings.preset).demo.speed:g}")
    err.print("Starting; the first plan of the day takes a moment ...")

    def ready(url: str) -> None:
        out.print(f"FlyOnce is running: [bold]{url}[/]   (stop it with Ctrl-C)")

    def announce(name: str, password: str) -> None:
        """On this terminal and nowhere else: it is not logged, and kept only as a hash."""
        err.print("First start: sign in as the administrator; you will choose another password.")
        err.print(f"  name:     {name}", highlight=False)
        err.print(f"  password: {password}   (shown this once)", highlight=False)

    asyncio.run(
        runtime.serve(
            settings, simulate=sim, speed=pace, hours=hours, ready=ready, announce=announce
        )
    )
    err.print("Stopped. Nothing is lost: start it again to carry on.")
