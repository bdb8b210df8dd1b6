"""A desk for tests of evidence: a small city's records and files, and photographs taken in."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.clock import ManualClock
from core.equipment import Sensor
from imagery.catalog import Medium
from imagery.storage import MediaFolder
from missions.evidence.custody import Custody, taken_in
from missions.media.desk import Desk
from missions.presets import Preset
from missions.store import SqlStore

WIDTH, HEIGHT = 640, 512


@contextmanager
def opened_desk(preset: Preset, clock: ManualClock, home: Path) -> Iterator[Desk]:
    """A desk on an empty home folder; two on the same folder see the same."""
    home.mkdir(exist_ok=True)
    store = SqlStore(home / "flyonce.sqlite")
    with ThreadPoolExecutor(1) as pool:
        yield Desk(
            preset=preset,
            records=store,
            media=MediaFolder(str(home / "media"), min_free_bytes=0),
            clock=clock,
            home=home,
            pool=pool,
        )
    store.close()


def picture(seed: int = 0) -> bytes:
    """A JPEG of noise, 640 x 512."""
    pixels = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def take_in(desk: Desk, make: Any, data: bytes, **changes: Any) -> Medium:
    """A photograph as the intake would record it: file, record and custody."""
    stored = desk.media.put(data)
    looks = {
        "camera": "cam-visible",
        "sensor": Sensor.VISIBLE,
        "height_m": 20.0,
        "pitch_deg": -90.0,
        "width_px": WIDTH,
        "height_px": HEIGHT,
        "gsd_m": 0.03,
        "received_at": desk.now(),
        "taken_at": desk.now(),
        "shared_with": ("ecology",),
    }
    medium: Medium = make.medium(
        f"med-{stored.sha256[:8]}",
        sha256=stored.sha256,
        key=stored.key,
        size_bytes=stored.size,
        **{**looks, **changes},
    )
    assert hashlib.sha256(data).hexdigest() == medium.sha256
    with desk.unit() as unit:
        unit.media.add(medium)
        Custody(unit).note_all(taken_in(medium, sent_by="dock TC-01"))
    return medium
