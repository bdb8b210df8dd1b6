"""Options that several commands share, and the settings that they make."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import InvalidInput

if TYPE_CHECKING:
    from api.settings import Settings

Home = Annotated[
    Path | None,
    typer.Option(help="Folder of the database, photographs and logs.", show_default=".flyonce"),
]
Host = Annotated[
    str | None,
    typer.Option(
        help="Address to listen on; only this machine by default.", show_default="127.0.0.1"
    ),
]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Port of the console and the API.", show_default="8000"),
]
PresetName = Annotated[
    str | None,
    typer.Option("--preset", help="The city: a shipped name or a folder.", show_default="quzhou"),
]
Speed = Annotated[
    str | None,
    typer.Option(help="Speed of the simulation: times real time, or 'max'.", metavar="X|max"),
]
Hours = Annotated[float | None, typer.Option(min=0.01, max=240, help="Simulated hours.")]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same day.")]


def settings_from(**given: Any) -> "Settings":
    """The settings of the environment with the options on top; logging is set up from them, and
    every line that is logged while a request is answered ends with the request's name."""
    from api.manners.naming import Named
    from api.settings import load

    settings = load(**given)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(name)s: %(message)s"
    )
    for handler in logging.getLogger().handlers:
        if not any(isinstance(known, Named) for known in handler.filters):
            handler.addFilter(Named())
    return settings


def checked_speed(text: str) -> str:
    """A speed as the simulator takes it.

    Raises:
        InvalidInput: neither a number above zero nor `max`.
    """
    try:
        if text == "max" or 0 < float(text) < 1e6:
            return text
    except ValueError:
        pass
    raise InvalidInput(f"{text!r} is no speed", where="--speed", remedy="give a number or 'max'")
