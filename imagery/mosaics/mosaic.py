"""Many photographs as one map.

Frames are placed by their pose, mended and refined by the block adjustment (OpenCV's Stitcher does
not converge beyond 30), laid on a level or a height model, and blended: each spot is shown by the
frame that looks at it most from above, with a soft seam. The map is made tile by tile and holds a
few pictures at a time, whatever its size. It is written as a Cloud Optimized GeoTIFF in UTM.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.equipment import Sensor
from core.errors import InvalidInput
from core.geo import FlatGround, HeightModel
from imagery.mosaics.canvas import Canvas
from imagery.mosaics.paint import CACHE_BYTES, Painter, Placed
from imagery.mosaics.rasterfile import write
from imagery.mosaics.tones import biases, gains
from imagery.poses.frames import Decode, InMemory, MosaicFrame
from imagery.poses.selfcheck import FrameCheck, PoseReport, check_poses
from imagery.poses.verdicts import FaultKind

__all__ = ["InMemory", "MosaicFrame", "MosaicResult", "Placed", "build"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicResult:
    """A finished mosaic.

    Attributes:
        bounds: west, south, east, north in degrees.
        frames_used: ids; frames_dropped: (id, why).
        rms_px, rms_m: by how much tie points of neighbouring frames disagree after the adjustment,
            without the worst tenth; of pairs held out where there are such. None without ties.
        tones: (id, factor or degrees Celsius) of each frame used.
        report: the pose check behind it.
    """

    path: Path
    bounds: tuple[float, float, float, float]
    epsg: int
    gsd_m: float
    width: int
    height: int
    frames_used: tuple[str, ...]
    frames_dropped: tuple[tuple[str, str], ...]
    rms_px: float | None
    rms_m: float | None
    tones: tuple[tuple[str, float], ...]
    report: PoseReport


def build(
    frames: Sequence[MosaicFrame],
    out_path: Path | str,
    *,
    gsd_m: float | None = None,
    kind: str = "visible",
    heights: HeightModel | None = None,
    decode: Decode | None = None,
    even_out: bool | None = None,
    cache_bytes: int = CACHE_BYTES,
    tell: Callable[[float, str], None] | None = None,
) -> MosaicResult:
    """Make a mosaic of frames and write it as a GeoTIFF.

    Visible mosaics are uint8 red, green, blue and alpha; thermal ones float32 degrees Celsius with
    NaN where nothing is known.

    Args:
        gsd_m: metres a pixel; the median of the frames' own if not given.
        kind: "visible" or "thermal".
        heights: the ground; without it a level below the frames.
        decode: reads a thermal file; needed for kind "thermal".
        even_out: make neighbouring frames equally bright (default for visible). For thermal it
            moves each frame's temperatures by the ``tones`` in the result, so it is off unless
            asked for, and the file says so in its tag BIAS_CELSIUS.
        tell: called with the share done and what goes on.

    Raises:
        InvalidInput: no frame can be used, or the raster would be absurdly large.
    """
    say = tell or _quiet
    if kind == "thermal" and decode is None:
        raise InvalidInput("a thermal mosaic needs a decoder", where="decode")
    read = decode if kind == "thermal" else None
    chosen, dropped = _of_kind(frames, kind)
    report = check_poses(
        chosen, heights=heights, decode=read, tell=lambda done, text: say(0.5 * done, text)
    )
    dropped += report.unreadable
    even = kind != "thermal" if even_out is None else even_out
    placed, lost = _placed(chosen, report, read is not None, even)
    ground = _ground(report, heights)
    painter = Painter(placed, ground, read, cache_bytes)
    dropped += lost + painter.blind
    if not painter.placed:
        why = "; ".join(f"{name}: {reason}" for name, reason in dropped[:3])
        raise InvalidInput("no frame can be used", where=why, remedy="give frames with a pose")
    canvas = Canvas.around(painter.footprints, gsd_m or painter.usual_gsd_m)
    named = tuple((one.frame.id, one.tone) for one in painter.placed)
    dropped += write(painter, canvas, Path(out_path), _tags(named, kind, even), say)
    lost_late = {name for name, _ in dropped}
    miss = report.block and (report.block.held_out or report.block.after)
    return MosaicResult(
        path=Path(out_path),
        bounds=canvas.bounds,
        epsg=canvas.epsg,
        gsd_m=canvas.gsd_m,
        width=canvas.width,
        height=canvas.height,
        frames_used=tuple(name for name, _ in named if name not in lost_late),
        frames_dropped=tuple(dropped),
        rms_px=miss.rms_px if miss else None,
        rms_m=miss.rms_m if miss else None,
        tones=named,
        report=report,
    )


def _quiet(_done: float, _text: str) -> None:
    pass


def _of_kind(
    frames: Sequence[MosaicFrame], kind: str
) -> tuple[list[MosaicFrame], list[tuple[str, str]]]:
    """The frames whose sensor belongs into the mosaic, and the others with why."""
    if kind not in ("visible", "thermal"):
        raise InvalidInput(f"{kind!r} is no kind of mosaic", remedy="visible or thermal")
    wanted = {
        "visible": (Sensor.VISIBLE, Sensor.ZOOM),
        "thermal": (Sensor.THERMAL,),
    }[kind]
    chosen = [frame for frame in frames if frame.camera.sensor in wanted]
    others = [
        (frame.id, f"a {frame.camera.sensor} frame does not belong into a {kind} mosaic")
        for frame in frames
        if frame.camera.sensor not in wanted
    ]
    return chosen, others


def _ground(report: PoseReport, heights: HeightModel | None) -> HeightModel:
    if report.block is not None:
        return report.block.ground
    return heights if heights is not None else FlatGround(report.ground_m or 0.0)


def _placed(
    frames: Sequence[MosaicFrame], report: PoseReport, thermal: bool, even: bool
) -> tuple[list[Placed], list[tuple[str, str]]]:
    """The frames with the poses to be used, and those that cannot be placed."""
    count = len(report.frames)
    none = np.zeros(count) if thermal else np.ones(count)
    tones = none
    if even and count:
        tones = (biases if thermal else gains)(count, report.pairs)
    by_id = {id(frame): frame for frame in frames}
    readable = [f for f in by_id.values() if f.id not in {name for name, _ in report.unreadable}]
    placed, lost = [], []
    for frame, check, tone in zip(readable, report.frames, tones, strict=True):
        why = _unplaceable(check)
        if why:
            lost.append((frame.id, why))
            continue
        tied = bool(check.ties) and report.block is not None
        placed.append(
            Placed(
                frame=frame,
                pose=check.adjusted,
                focal_scale=report.block.focal_scale if report.block and tied else 1.0,
                radial_k1=report.block.radial_k1 if report.block and tied else 0.0,
                tone=float(tone),
            )
        )
    return placed, lost


def _unplaceable(check: FrameCheck) -> str:
    """Why a frame cannot be laid on the map; empty when it can."""
    if any(fault.kind is FaultKind.MIRRORED for fault in check.faults):
        return "mirrored left to right"
    return ""


def _tags(tones: Sequence[tuple[str, float]], kind: str, even: bool) -> dict[str, str]:
    """What the file says about itself."""
    if kind == "thermal":
        moved = "; ".join(f"{name} {tone:+.2f}" for name, tone in tones) if even else "none"
        return {"UNITS": "degrees Celsius", "BIAS_CELSIUS": moved}
    return {"GAIN": "; ".join(f"{name} {tone:.3f}" for name, tone in tones) if even else "none"}
