"""A control room with real photographs, a real store and workers that are threads."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
from radiometric_files import jpeg_of, pose_xmp, thermal_jpeg
from shapely.geometry import mapping

from core.clock import ManualClock
from core.equipment import CameraSpec, Sensor
from core.geo import FlatGround, LonLat
from core.ids import new_id
from imagery.catalog import Medium
from imagery.ingest import inspect
from imagery.storage import MediaFolder
from missions.access import Principal, Role
from missions.answers import Answers
from missions.media.archive import Archive
from missions.media.products import Products
from missions.operations import examine
from missions.operations.room import ControlRoom, Watchers
from missions.store import MemoryStore, SqlStore, Store
from missions.versions import Versions

START = datetime(2026, 5, 12, 6, 30, tzinfo=UTC)
THERMAL = CameraSpec(id="t1", sensor=Sensor.THERMAL, width_px=160, height_px=128, hfov_deg=45)
VISIBLE = CameraSpec(id="v1", sensor=Sensor.VISIBLE, width_px=320, height_px=240, hfov_deg=70)
GROUND = FlatGround(80.0)
ADMIN = Principal(name="admin", role=Role.ADMINISTRATOR)
FORESTRY = Principal(name="forester", role=Role.MEMBER, department="forestry")
WATER = Principal(name="river chief", role=Role.MEMBER, department="water")


class Desk:
    """The part of the service that the catalogue needs."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room
        self.preset = room.preset
        self.archive = Archive(room)
        self.products = Products(room)
        self.people: dict[str, Principal] = {}
        self.answers = Answers(room.records)
        self.versions = Versions(room.records)
        self.pulse: Any = SimpleNamespace(figures=list, checks=list)

    def principal(self, token: str | None, address: str = "") -> Principal | None:
        return self.people.get(token or "")

    def medium(self, p: Principal, id: str) -> Medium:
        with self._room.view() as unit:
            found: Medium = p.checked(unit.media.get(id))
            return found

    def medium_file(self, p: Principal, id: str) -> tuple[bytes, str]:
        return self._room.media.open(self.medium(p, id).key), "image/jpeg"

    def medium_preview(self, p: Principal, id: str) -> bytes:
        return self.medium_file(p, id)[0]


@dataclass
class World:
    """A room, its service, and a hand that takes photographs."""

    room: ControlRoom
    service: Desk

    def photograph(
        self,
        *,
        thermal: bool = True,
        east_m: float = 0.0,
        yaw: float = 0.0,
        pitch: float = -90.0,
        **changes: Any,
    ) -> Medium:
        """Take a photograph from 100 m and keep it."""
        lon = 118.87 + east_m / 97_500
        number = int(east_m)
        pose = {"lon": lon, "lat": 28.95, "altitude_m": 180.0, "yaw": yaw, "pitch": pitch}
        at = START + timedelta(seconds=number)
        if thermal:
            data = thermal_jpeg(scene(number), pose=pose, taken_at=at)
        else:
            gray = (np.random.default_rng(number).random((240, 320)) * 255).astype(np.uint8)
            data = jpeg_of(gray, xmp=pose_xmp(**pose), taken_at=at)
        return self.keep(data, THERMAL if thermal else VISIBLE, **changes)

    def keep(self, data: bytes, camera: CameraSpec, **changes: Any) -> Medium:
        """Keep a file as the intake would."""
        seen = inspect(data, {camera.id: camera}, GROUND, camera_id=camera.id)
        pose = seen.metadata.pose
        assert pose is not None
        assert seen.footprint is not None
        stored = self.room.media.put(data)
        medium = Medium(
            id=new_id("med", START),
            sha256=stored.sha256,
            key=stored.key,
            size_bytes=stored.size,
            received_at=START,
            taken_at=seen.metadata.taken_at,
            vehicle="TC-01",
            flight="flt-1",
            camera=camera.id,
            sensor=camera.sensor,
            position=pose.position,
            altitude_m=pose.altitude_m,
            footprint=mapping(seen.footprint),
            gsd_m=seen.gsd_m,
            yaw_deg=pose.attitude.yaw_deg,
            pitch_deg=pose.attitude.pitch_deg,
            radiometric=seen.metadata.radiometric,
            department="forestry",
            scenarios=("fire",),
        )
        medium = replace(medium, **changes)
        with self.room.unit() as unit:
            unit.media.add(medium)
        return medium


def scene(number: int) -> npt.NDArray[np.float64]:
    """(128, 160) degrees: a slope with one hot pixel."""
    slope = np.linspace(10.0, 30.0, 128 * 160).reshape(128, 160) + number % 5
    slope[40, 100] = 55.0
    return slope


@contextmanager
def world(
    preset: Any, tmp_path: Path, *, making: Executor | None = None, on_disk: bool = False
) -> Iterator[World]:
    """A room on an empty store; photographs are worked on in a thread."""
    nothing: Any = None
    store: Store = SqlStore(tmp_path / "world.db") if on_disk else MemoryStore()
    media = MediaFolder(str(tmp_path / "media"), min_free_bytes=0)
    before = examine._bench
    bench: Any = SimpleNamespace(
        cameras={c.id: c for c in (THERMAL, VISIBLE)}, heights=GROUND, media=media
    )
    examine._bench = bench
    with ThreadPoolExecutor(1) as pool:
        room = ControlRoom(
            preset=preset,
            clock=ManualClock(START),
            records=store,
            media=media,
            logs=tmp_path,
            fleet=nothing,
            pool=pool,
            planning=nothing,
            watchers=Watchers(),
            making=making,
        )
        yield World(room, Desk(room))
    examine._bench = before
    store.close()


def here(medium: Medium) -> LonLat:
    """Where a photograph was taken."""
    assert medium.position is not None
    return medium.position
