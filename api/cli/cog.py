"""`flyonce cog`: the temperatures of one photograph as a map."""

import hashlib
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.output import AsJson, emit, err, out
from api.cli.photographs import Terrain, height_model, plain_target
from core.errors import InvalidInput, UnreadableMedia


def cog(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="FLIR or DJI R-JPEG, or TIFF.")],
    target: Annotated[Path, typer.Option("--out", dir_okay=False, help="The GeoTIFF to write.")],
    terrain: Terrain = None,
    ground_m: Annotated[
        float | None,
        typer.Option("--ground", help="Height of level ground above the sea, metres."),
    ] = None,
    emissivity: Annotated[
        float | None, typer.Option(help="Of the object, 0.01 to 1.", show_default="the file's")
    ] = None,
    reflected: Annotated[
        float | None, typer.Option(help="Apparent temperature that the object mirrors, C.")
    ] = None,
    air: Annotated[float | None, typer.Option(help="Temperature of the air, C.")] = None,
    humidity: Annotated[float | None, typer.Option(help="Of the air, 0 to 1.")] = None,
    distance: Annotated[float | None, typer.Option(help="Camera to object, metres.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lay the temperatures of a radiometric photograph on the ground, as a GeoTIFF (float32, C).

    Every pixel is in it as the decoder read it; position, time, parameters and the original's
    SHA-256 are kept in its tags. Map programs open it as it is.
    """
    from imagery.files import metadata
    from imagery.ground.sources import frame_of
    from imagery.products import cog as cogs
    from imagery.products.ortho import lay
    from missions.media.making import temperature_tags
    from thermal.formats.decode import decode

    if os.path.realpath(target) == os.path.realpath(path):
        raise InvalidInput(
            "that is the original", where=str(target), remedy="give the map a name of its own"
        )
    plain_target(target)
    frame = frame_of(path)
    data = frame.load()
    given = {
        "emissivity": emissivity,
        "reflected_c": reflected,
        "air_c": air,
        "humidity": humidity,
        "distance_m": distance,
    }
    thermal = decode(data, {k: v for k, v in given.items() if v is not None} or None)
    heights = _heights(terrain, ground_m, frame)
    ground = lay(thermal.measured(), frame.pose, frame.camera, heights)
    sha256 = hashlib.sha256(data).hexdigest()
    tags = temperature_tags(thermal, sha256, frame.pose, metadata.read(data))
    cogs.write_temperatures(ground, target, tags)
    told = {
        "path": str(target),
        "epsg": ground.epsg,
        "cell_m": ground.cell_m,
        "rows": ground.values.shape[0],
        "columns": ground.values.shape[1],
        "bounds": cogs.describe(target).bounds,
        **cogs.statistics(target),
    }
    if as_json:
        emit(told)
    else:
        _show(told)
    if ground.coarsened:
        err.print(f"note: drawn at {ground.cell_m:g} m a cell: finer would be too large")


def _heights(terrain: Path | None, ground_m: float | None, frame: Any) -> Any:
    """The ground: a height model, a level, or the level of the take-off point."""
    from core.geo import FlatGround

    if terrain is not None and ground_m is not None:
        raise InvalidInput("two grounds", where="--ground", remedy="give --terrain or --ground")
    model = height_model(terrain)
    if model is not None:
        return model
    if ground_m is not None:
        return FlatGround(ground_m)
    if frame.height_m is None:
        raise UnreadableMedia(
            "it does not say how high above the ground it was taken",
            where=frame.id,
            remedy="give the ground: --terrain DEM.tif or --ground METRES",
        )
    return FlatGround(frame.pose.altitude_m - frame.height_m)


def _show(told: dict[str, Any]) -> None:
    west, south, east, north = told["bounds"]
    lines = [
        f"{told['path']}: {told['columns']} x {told['rows']} cells of {told['cell_m'] * 100:.1f} "
        f"cm, EPSG:{told['epsg']}",
        f"  {west:.6f} {south:.6f} to {east:.6f} {north:.6f}",
    ]
    if "minimum" in told:
        lines.append(
            f"  {told['minimum']:.1f} to {told['maximum']:.1f} C, mean {told['mean']:.1f} C"
        )
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)
