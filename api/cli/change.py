"""`flyonce change BEFORE AFTER`: what changed between two photographs of one place."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from api.cli.output import AsJson, emit, err, wide
from core.errors import InvalidInput

if TYPE_CHECKING:
    from imagery.change.compare import Comparison
    from imagery.detectors.run import Picture


def change(
    before: Annotated[Path, typer.Argument(help="The earlier photograph.", dir_okay=False)],
    after: Annotated[Path, typer.Argument(help="The later photograph.", dir_okay=False)],
    folder: Annotated[
        Path, typer.Option("--out", file_okay=False, help="Folder for the pictures.")
    ] = Path("flyonce-change"),
    look_for: Annotated[
        str, typer.Option("--as", help="structure, debris, land or damage.")
    ] = "structure",
    gsd_m: Annotated[
        float | None,
        typer.Option("--gsd", help="Metres a pixel of BEFORE; from its pose if left out."),
    ] = None,
    min_score: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Lowest score that is told.")
    ] = 0.3,
    as_json: AsJson = False,
) -> None:
    """Compare two photographs of one place and mark what is new, gone or altered.

    Writes before.jpg and after.jpg (they lie on each other pixel by pixel), comparison.jpg (side by
    side, marked) and change.json. Status 0 whether or not something changed.
    """
    from imagery.change.compare import Aligned
    from imagery.change.profiles import PROFILES
    from imagery.files.reading import read_whole

    if look_for not in PROFILES:
        raise InvalidInput(
            f"nothing is looked for as {look_for!r}", where="--as", remedy=", ".join(PROFILES)
        )
    data = [read_whole(path) for path in (before, after)]
    pictures = [_picture(d, p) for d, p in zip(data, (before, after), strict=True)]
    known, guess = _from_poses(data, pictures)
    aligned = Aligned(*pictures, gsd_m=gsd_m or known, guess=guess)
    found = aligned.compare(PROFILES[look_for], min_score)
    answer = _answer(before, after, look_for, gsd_m or known, found)
    _write(folder, pictures, found, answer)
    if as_json:
        emit(answer)
        return
    wide().print(_table(found))
    err.print(
        f"{found.overlap:.0%} of the earlier picture compared, "
        f"correlation {found.correlation:.2f}, "
        f"{found.matches} features agree; on {found.unsure:.0%} relief (trees, roofs) hides small "
        f"changes. Pictures: {folder}",
        markup=False,
    )


def _picture(data: bytes, path: Path) -> "Picture":
    from imagery.detectors.run import read_picture
    from imagery.files.metadata import read

    read(data)  # refuses what is no picture, or too large, before it is decoded
    return read_picture(data, str(path))


def _from_poses(data: list[bytes], pictures: list["Picture"]) -> tuple[float | None, Any]:
    """Ground resolution and first guess, where both files say where they were taken from.

    The ground is taken as level, at the drone's stated height above its start.
    """
    import numpy as np

    from core.geo import HeightGrid
    from imagery.change.poses import guess
    from imagery.files.metadata import read
    from imagery.ingest import camera_of

    metas = [read(d) for d in data]
    cameras = [camera_of(m, {}) for m in metas]
    first = metas[0]
    if any(m.pose is None for m in metas) or None in cameras or not first.relative_altitude_m:
        return None, None
    poses = [m.pose for m in metas if m.pose is not None]
    lenses = [c for c in cameras if c is not None]
    ground = poses[0].altitude_m - first.relative_altitude_m
    here = poses[0].position
    flat = HeightGrid(
        west=here.lon - 0.1, south=here.lat - 0.1, step=0.1, heights_m=np.full((3, 3), ground)
    )
    sizes = [(p.shape[1], p.shape[0]) for p in pictures]
    start = guess((poses[0], lenses[0], sizes[0]), (poses[1], lenses[1], sizes[1]), flat)
    gsd = lenses[0].gsd_m(first.relative_altitude_m) * lenses[0].width_px / sizes[0][0]
    return gsd, start


def _answer(
    before: Path, after: Path, look_for: str, gsd_m: float | None, found: "Comparison"
) -> dict[str, Any]:
    return {
        "before": str(before),
        "after": str(after),
        "as": look_for,
        "gsd_m": gsd_m,
        "correlation": round(found.correlation, 4),
        "overlap": round(found.overlap, 4),
        "matches": found.matches,
        "unsure": round(found.unsure, 4),
        "transform": found.transform.tolist(),
        "regions": [asdict(region) for region in found.regions],
    }


def _write(
    folder: Path, pictures: list["Picture"], found: "Comparison", answer: dict[str, Any]
) -> None:
    import json

    from imagery.change.picture import before_after, encoded
    from thermal.report.files import write_whole

    shown = before_after(pictures[0], pictures[1], found.transform, [r.bbox for r in found.regions])
    files = {
        "before.jpg": encoded(shown.before),
        "after.jpg": encoded(shown.after),
        "comparison.jpg": encoded(shown.side_by_side()),
        "change.json": json.dumps(answer, indent=2).encode(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            write_whole(folder / name, data)
    except OSError as error:
        raise InvalidInput(
            f"cannot write: {error.strerror}", where=str(folder), remedy="choose another --out"
        ) from error


def _table(found: "Comparison") -> Table:
    table = Table("kind", "score", "centre", "area", "light")
    for region in found.regions:
        area = f"{region.area_px:.0f} px" if region.area_m2 is None else f"{region.area_m2:.1f} m2"
        at = f"{region.centre[0]:.0f}, {region.centre[1]:.0f}"
        light = "brighter" if region.brighter else "darker"
        table.add_row(region.kind, f"{region.score:.2f}", at, area, light)
    return table
