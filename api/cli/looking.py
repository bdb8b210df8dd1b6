"""Looks at files as the service would, on this machine and without one."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from shapely.geometry import mapping

from api.cli.bringing import Outcome
from api.cli.output import Meter
from core.errors import InvalidInput, NotFound
from core.geo import FlatGround
from imagery.files.reading import read_whole
from imagery.ingest import Hints, Inspected, inspect, with_pose
from imagery.quality import Quality, judge, measure_thermal
from missions.catalog.quality import load as load_quality
from missions.presets import Preset, load
from thermal.formats.decode import decode

MAX_BYTES = 64 << 20
WORKERS = 2
_CHUNK = 4


@dataclass(frozen=True, slots=True)
class Eyes:
    """What files are looked at with; see `flyonce ingest --help`."""

    preset: str
    camera: str = ""
    pitch: float | None = None
    ground_m: float | None = None


def look_all(paths: Sequence[Path], eyes: Eyes, meter: Meter) -> list[Outcome]:
    """Inspect files in worker processes; one file at a time is in a worker's memory."""
    work = [(str(path), eyes) for path in paths]
    seen: list[Outcome] = []
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        try:
            for outcome in pool.map(look, work, chunksize=_CHUNK):
                seen.append(outcome)
                meter(len(seen) / len(paths), Path(outcome.name).name)
        except BaseException:  # Ctrl-C too: what has not begun need not begin
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return seen


def look(work: tuple[str, Eyes]) -> Outcome:
    """Inspect one file; whatever is wrong with it is a reason."""
    path, eyes = work
    try:
        return _looked(path, read_whole(Path(path), most=MAX_BYTES), eyes)
    except (InvalidInput, NotFound) as error:
        error.where = None  # the outcome names the file
        return Outcome(name=path, state="dropped", reason=str(error))


def _looked(path: str, data: bytes, eyes: Eyes) -> Outcome:
    city = _city(eyes.preset)
    cameras = {c.id: c for kind in city.kinds.values() for c in kind.cameras}
    found = inspect(
        data,
        cameras,
        city.heights if eyes.ground_m is None else FlatGround(eyes.ground_m),
        camera_id=eyes.camera or None,
        thresholds=load_quality().default,
        hints=Hints(pitch_deg=eyes.pitch),
    )
    quality, reason = found.quality, found.dropped or ""
    if found.metadata.radiometric and not reason:
        measured = measure_thermal(decode(data).celsius)
        quality = with_pose(measured, found.metadata, found.height_m)
        reason = "; ".join(judge(quality, load_quality().default))
    return Outcome(
        name=path,
        state="dropped" if reason else "good",
        reason=reason,
        notes=found.notes,
        facts=_facts(found, quality),
    )


def _facts(found: Inspected, quality: Quality | None) -> Mapping[str, Any]:
    meta = found.metadata
    return {
        "taken_at": meta.taken_at,
        "camera": found.camera.id if found.camera else meta.camera_model,
        "size_px": [meta.width_px, meta.height_px],
        "position": [meta.position.lon, meta.position.lat] if meta.position else None,
        "altitude_m": meta.altitude_m,
        "height_m": found.height_m,
        "attitude": asdict(meta.pose.attitude) if meta.pose else None,
        "gsd_m": found.gsd_m,
        "quality": asdict(quality) if quality else None,
        "footprint": mapping(found.footprint) if found.footprint else None,
    }


@lru_cache(maxsize=1)
def _city(preset: str) -> Preset:
    return load(preset)
