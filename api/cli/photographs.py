"""What `flyonce poses` and `flyonce mosaic` share: a folder of photographs, read with reasons."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.output import err, shown
from core.errors import InvalidInput

if TYPE_CHECKING:
    from core.geo import HeightModel
    from core.pose import Pose
    from imagery.poses.adjust import Misses
    from imagery.poses.frames import MosaicFrame

Folder = Annotated[Path, typer.Argument(help="A folder of photographs of one flight.")]
Thermal = Annotated[
    bool, typer.Option("--thermal", help="Take the radiometric files, by their temperatures.")
]
Terrain = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="Ground heights above the sea (GeoTIFF, EPSG:4326). Without it the ground is a "
        "level, as high as the take-off point.",
    ),
]


def plain_target(path: Path) -> Path:
    """A place for a new file.

    Raises:
        InvalidInput: it is a device, a pipe or a link, which a finished file would replace.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise InvalidInput(
            "is no plain file", where=str(path), remedy="name a file that is to be made"
        )
    return path


def read_folder(
    folder: Path, *, thermal: bool
) -> tuple[list["MosaicFrame"], list[tuple[str, str]]]:
    """The frames of one kind in the folder, and the files left out with why.

    Raises:
        InvalidInput: there is no such folder, or no picture in it.
    """
    from core.equipment import Sensor
    from imagery.ground.sources import frames_in

    if not folder.is_dir():
        raise InvalidInput("is no folder", where=str(folder), remedy="give a folder of photographs")
    frames, dropped = frames_in(folder)
    if not frames and not dropped:
        raise InvalidInput("no photographs in it", where=str(folder), remedy="JPEG, TIFF or PNG")
    chosen = [f for f in frames if (f.camera.sensor is Sensor.THERMAL) == thermal]
    other = "not radiometric" if thermal else "radiometric: use --thermal"
    return chosen, dropped + [(f.id, other) for f in frames if f not in chosen]


def height_model(terrain: Path | None) -> "HeightModel | None":
    """The ground that the caller gave, or None for a level."""
    if terrain is None:
        return None
    from planner.terrain import Terrain as Model

    return Model.open(terrain)


def decoder(thermal: bool) -> Any:
    """How thermal files are read; None for pictures."""
    if not thermal:
        return None
    from thermal.places.celsius import map_celsius

    return map_celsius


def show_left_out(dropped: Sequence[tuple[str, str]]) -> None:
    """A line for each file that was not used."""
    for name, why in dropped:
        err.print(f"left out: {shown(name)}: {why}", markup=False)


def pose_dict(pose: "Pose") -> dict[str, float]:
    """A pose as JSON."""
    return {
        "longitude": round(pose.position.lon, 8),
        "latitude": round(pose.position.lat, 8),
        "altitude_m": round(pose.altitude_m, 3),
        "yaw_deg": round(pose.attitude.yaw_deg, 3),
        "pitch_deg": round(pose.attitude.pitch_deg, 3),
        "roll_deg": round(pose.attitude.roll_deg, 3),
        "horizontal_sigma_m": round(pose.horizontal_sigma_m, 3),
        "vertical_sigma_m": round(pose.vertical_sigma_m, 3),
        "attitude_sigma_deg": round(pose.attitude_sigma_deg, 3),
    }


def misses_dict(misses: "Misses | None") -> dict[str, float | int] | None:
    """By how much tie points disagree, as JSON."""
    if misses is None:
        return None
    return {
        "median_m": round(misses.median_m, 3),
        "median_px": round(misses.median_px, 2),
        "rms_m": round(misses.rms_m, 3),
        "rms_px": round(misses.rms_px, 2),
        "tie_points": misses.ties,
    }
