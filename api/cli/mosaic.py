"""`flyonce mosaic`: the photographs of a flight as one map."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.output import AsJson, emit, out, progress
from api.cli.photographs import (
    Folder,
    Terrain,
    Thermal,
    decoder,
    height_model,
    plain_target,
    read_folder,
    show_left_out,
)
from core.errors import InvalidInput

if TYPE_CHECKING:
    from imagery.mosaics.mosaic import MosaicResult


def mosaic(
    folder: Folder,
    path: Annotated[Path, typer.Option("--out", dir_okay=False, help="The GeoTIFF to write.")],
    gsd_m: Annotated[
        float | None,
        typer.Option("--gsd", min=0.001, max=100.0, help="Metres a pixel; the photographs' own."),
    ] = None,
    thermal: Thermal = False,
    even_out: Annotated[
        bool | None,
        typer.Option(
            "--even-out/--as-taken",
            help="Make neighbours equally bright. The default for pictures; never for "
            "temperatures unless asked for, and then the file says by how many kelvin.",
        ),
    ] = None,
    terrain: Terrain = None,
    as_json: AsJson = False,
) -> None:
    """Lay photographs on the ground by their mended poses and write one Cloud Optimized GeoTIFF.

    Red, green, blue and transparency; with --thermal degrees Celsius as float32.
    """
    from imagery.mosaics.mosaic import build

    frames, dropped = read_folder(folder, thermal=thermal)
    if not frames:
        show_left_out(dropped)
        raise InvalidInput("no photograph states its pose", where=str(folder))
    with progress("Mosaic") as meter:
        result = build(
            frames,
            plain_target(path),
            gsd_m=gsd_m,
            kind="thermal" if thermal else "visible",
            heights=height_model(terrain),
            decode=decoder(thermal),
            even_out=even_out,
            tell=lambda done, text: meter(done, text),
        )
    dropped += result.frames_dropped
    if as_json:
        emit(_as_dict(result, dropped))
    else:
        _show(result)
    show_left_out(dropped)


def _show(result: "MosaicResult") -> None:
    from api.cli.poses import summary

    west, south, east, north = result.bounds
    lines = [
        f"{result.path}: {result.width} x {result.height} pixels of {result.gsd_m * 100:.1f} cm, "
        f"EPSG:{result.epsg}",
        f"  {west:.6f} {south:.6f} to {east:.6f} {north:.6f}",
        f"  {len(result.frames_used)} photographs",
        *summary(result.report),
    ]
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


def _as_dict(result: "MosaicResult", dropped: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "path": str(result.path),
        "epsg": result.epsg,
        "bounds": result.bounds,
        "gsd_m": result.gsd_m,
        "width": result.width,
        "height": result.height,
        "used": result.frames_used,
        "left_out": [{"file": name, "reason": why} for name, why in dropped],
        "rms_px": result.rms_px,
        "rms_m": result.rms_m,
        "tones": dict(result.tones),
    }
