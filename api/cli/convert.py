"""`flyonce convert`: a route from one program's file into another's."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import err, out


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            help="A route: .geojson of 'flyonce route', .plan (QGroundControl), .waypoints "
            "(ArduPilot), .kmz (DJI), .csv (Litchi)."
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(help="Any of these, or .kml, or .zip (shapefile)."),
    ],
    vehicle: Annotated[
        str | None, typer.Option(help="A vehicle of the shipped city: its cruise speed and type.")
    ] = None,
    home_height: Annotated[
        float, typer.Option(min=-500, max=9000, help="Of the take-off place above the sea, metres.")
    ] = 0.0,
) -> None:
    """Read a route and write it for another program; says what the other cannot hold."""
    from api.cli.route_flights import field_of
    from planner.formats.files import read_route, write_route
    from planner.formats.site import Site

    spec = field_of(vehicle, None, (), None, 30.0, 5.0).spec
    found = read_route(source, spec.cruise_mps)
    site = Site(home=found.route.entry, home_amsl_m=home_height, spec=spec)
    notes = (*found.notes, *write_route(target, found.route, site))
    for note in notes:
        err.print(f"{source.name}: {note}", markup=False)
    err.print(f"Written: {target}", markup=False)
    length, photos = found.route.length_m / 1000, found.route.photos
    out.print(f"{len(found.route.waypoints)} waypoints, {length:.2f} km, {photos} photographs")
