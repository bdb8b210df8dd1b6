"""A service that takes in real files in this process, spoken to over HTTP."""

import asyncio
import io
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import radiometric_files as files
from PIL import Image

from api.app import create_app
from api.settings import Settings
from core.clock import ManualClock
from core.geo import FlatGround
from imagery.storage import MediaFolder
from missions.access import Principal
from missions.catalog.quality import load as load_quality
from missions.identity import tokens
from missions.operations import examine
from missions.operations.finds import Finds
from missions.operations.intake import Intake
from missions.operations.room import ControlRoom, Watchers
from missions.presets import Preset
from missions.service import Service
from missions.store import Store

START = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
OCTETS = {"Content-Type": "application/offset+octet-stream"}
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Desk:
    """The parts of a running service."""

    room: ControlRoom
    service: Service
    intake: Intake
    app: Any

    def client(self, principal: Principal) -> httpx.AsyncClient:
        """Speaks for a person."""
        with self.room.unit() as unit:
            token = tokens.make(unit, principal, clock=self.room.clock)
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app, client=("203.0.113.9", 1)),
            base_url="http://127.0.0.1:8000",
            headers={"Authorization": f"Bearer {token}", **TUS},
        )


@asynccontextmanager
async def opened(
    preset: Preset, clock: ManualClock, store: Store, home: Path, *, max_mb: int = 1
) -> AsyncIterator[Desk]:
    """A desk in a folder; open it again on the same folder for a restart."""
    media = MediaFolder(str(home / "media"), min_free_bytes=0)
    examine._bench = examine.Workbench(
        cameras={c.id: c for kind in preset.kinds.values() for c in kind.cameras},
        heights=FlatGround(0.0),
        rules={},
        anywhere=frozenset(),
        media=media,
        quality=load_quality(),
    )
    nothing: Any = None
    with ThreadPoolExecutor(1) as pool:
        room = ControlRoom(
            preset=preset,
            clock=clock,
            records=store,
            media=media,
            logs=home,
            fleet=nothing,
            pool=pool,
            planning=nothing,
            watchers=Watchers(),
        )
        intake = Intake(room, Finds(room))
        service = Service(room, intake, nothing)
        service.uploads.max_bytes = max_mb << 20
        work = asyncio.create_task(intake.run())
        settings = Settings(media_max_mb=max_mb, require_sign_in=True)
        try:
            yield Desk(room, service, intake, create_app(service, settings))
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            examine._bench = None


def photo(seed: int = 0, **changes: Any) -> bytes:
    """A good visible photograph of the city, 80 m above flat ground."""
    rng = np.random.default_rng(seed)
    gray = cv2.GaussianBlur(rng.integers(0, 255, (128, 160), dtype=np.uint8), (0, 0), 0.8)
    place = {"lon": 118.555, "lat": 28.505, "altitude_m": 80.0}
    pose = {k: changes.pop(k) for k in ("yaw", "pitch", "roll") if k in changes}
    where = {**place, **{k: changes.pop(k) for k in place if k in changes}}
    known = None if where["lon"] is None else files.pose_xmp(**where, **pose)
    extra = {"xmp": known, "model": "cam-visible", "taken_at": START, **changes}
    direction = extra.pop("direction", None)
    data = files.jpeg_of(gray, **where, **extra)
    return data if direction is None else _turned(data, direction)


def _turned(data: bytes, direction: float) -> bytes:
    """The photograph with EXIF's own direction of view."""
    with Image.open(io.BytesIO(data)) as image:
        exif = image.getexif()
        gps = exif.get_ifd(0x8825)
        gps[16], gps[17] = "T", direction
        out = io.BytesIO()
        image.save(out, "JPEG", exif=exif, quality="keep")
    return out.getvalue()
