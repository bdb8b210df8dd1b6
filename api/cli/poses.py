"""`flyonce poses`: do the photographs of a flight lie about where they were taken?"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from api.cli.output import AsJson, emit, err, out, progress, shown, wide
from api.cli.photographs import (
    Folder,
    Terrain,
    Thermal,
    decoder,
    height_model,
    misses_dict,
    pose_dict,
    read_folder,
    show_left_out,
)
from core.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from imagery.poses.selfcheck import FrameCheck, PoseReport


def poses(
    folder: Folder,
    thermal: Thermal = False,
    terrain: Terrain = None,
    as_json: AsJson = False,
    mended: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, help="Write the mended poses as JSON."),
    ] = None,
) -> None:
    """Check yaw, height, position and clock of photographs against what they show, and mend them.

    Neighbouring photographs are compared; the files themselves are never changed. Status 1 when
    no photograph could be checked.
    """
    from imagery.poses.selfcheck import check_poses

    frames, dropped = read_folder(folder, thermal=thermal)
    if not frames:
        show_left_out(dropped)
        raise InvalidInput("no photograph states its pose", where=str(folder))
    with progress("Comparing") as meter:
        meter(0.0, f"{len(frames)} photographs")
        report = check_poses(
            frames,
            heights=height_model(terrain),
            decode=decoder(thermal),
            tell=lambda done, text: meter(done, text),
        )
    dropped += report.unreadable
    if as_json:
        emit(_as_dict(report, dropped))
    else:
        _show(report)
    show_left_out(dropped)
    if mended is not None:
        _write(mended, _as_dict(report, dropped))
    if not any(frame.found for frame in report.frames):
        raise typer.Exit(1)


def _show(report: "PoseReport") -> None:
    table = Table()
    table.add_column("photograph", overflow="fold")
    for name in ("ties", "yaw", "is", "height m", "is", "moved m"):
        table.add_column(name, justify="right")
    table.add_column("what is wrong", overflow="fold")
    for frame in report.frames:
        table.add_row(*_row(frame, report.ground_m))
    wide().print(table)
    for line in summary(report):
        out.print(line, markup=False, soft_wrap=True)


def _row(frame: "FrameCheck", ground_m: float | None) -> list[str]:
    from imagery.poses.verdicts import top_deg

    found = frame.found
    high = "" if ground_m is None else f"{frame.stated.altitude_m - ground_m:.1f}"
    words = "; ".join(fault.text for fault in frame.faults) or frame.unchecked or "-"
    return [
        shown(frame.id),
        str(frame.ties),
        f"{top_deg(frame.stated):.0f}",
        f"{found.yaw_deg:.0f}" if found else "",
        high,
        f"{found.height_m:.1f}" if found else "",
        f"{_moved_m(frame):.1f}",
        words,
    ]


def _moved_m(frame: "FrameCheck") -> float:
    from core.geo import distance_m

    return distance_m(frame.stated.position, frame.adjusted.position)


def summary(report: "PoseReport") -> list[str]:
    """The figures under the table."""
    lines = [f"{len(report.faulty)} of {len(report.frames)} photographs state something wrong"]
    block = report.block
    if report.stated is None or report.mended is None or block is None:
        return [*lines, "no tie points: nothing could be compared"]
    steps = [("as stated", report.stated), ("mended", report.mended), ("adjusted", block.after)]
    if block.held_out is not None:
        steps.append(("adjusted, pairs held out", block.held_out))
    lines.append("Tie points of neighbours lie apart on the ground (median):")
    lines += [
        f"  {name:<26}{miss.median_m:8.2f} m {miss.median_px:8.1f} px of {miss.ties} points"
        for name, miss in steps
    ]
    if abs(block.focal_scale - 1) > 0.002 or abs(block.radial_k1) > 0.002:
        lines.append(
            f"Camera: focal length x {block.focal_scale:.3f}, distortion k1 {block.radial_k1:+.4f}"
        )
    return lines


def _as_dict(report: "PoseReport", dropped: list[tuple[str, str]]) -> dict[str, Any]:
    block = report.block
    return {
        "photographs": [_frame_dict(frame) for frame in report.frames],
        "left_out": [{"file": name, "reason": why} for name, why in dropped],
        "ground_m": report.ground_m,
        "disagreement": {
            "stated": misses_dict(report.stated),
            "mended": misses_dict(report.mended),
            "adjusted": misses_dict(block.after) if block else None,
            "held_out": misses_dict(block.held_out) if block else None,
        },
        "camera": None
        if block is None
        else {"focal_scale": round(block.focal_scale, 5), "k1": round(block.radial_k1, 5)},
    }


def _frame_dict(frame: "FrameCheck") -> dict[str, Any]:
    return {
        "file": frame.id,
        "tie_points": frame.ties,
        "faults": [{"kind": str(fault.kind), "text": fault.text} for fault in frame.faults],
        "unchecked": frame.unchecked or None,
        "found": None
        if frame.found is None
        else {
            "yaw_deg": round(frame.found.yaw_deg, 2),
            "height_m": round(frame.found.height_m, 2),
        },
        "stated": pose_dict(frame.stated),
        "mended": pose_dict(frame.mended),
        "adjusted": pose_dict(frame.adjusted),
        "likely_taken_at": frame.mended_at.isoformat() if frame.mended_at else None,
    }


def _write(path: Path, value: dict[str, Any]) -> None:
    from thermal.report.files import write_whole

    try:
        write_whole(path, json.dumps(value, indent=2).encode())
    except OSError as error:
        raise Unavailable(f"cannot be written ({error.strerror})", where=str(path)) from error
    err.print(f"Mended poses: {path}", markup=False)
