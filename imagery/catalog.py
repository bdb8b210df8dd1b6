"""What the catalogue knows about a photograph, and what a catalogue can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from core.equipment import Sensor
from core.geo import LonLat
from imagery.quality import Quality

GeoJson = Mapping[str, Any]


class MediumState(StrEnum):
    """Whether a photograph can be worked with."""

    KEPT = "kept"
    DROPPED = "dropped"
    """Stored as evidence, but of no use; `Medium.reason` says why."""
    DELETED = "deleted"
    """The bytes were removed on purpose at `Medium.deleted_at`; the hash and this record stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """One photograph: the bytes are in the media folder under ``key``, this says what they show.

    Attributes:
        sha256: of the file as it came from the camera.
        key: where `imagery.storage.MediaFolder` keeps it.
        taken_at: UTC, or None when the file does not say.
        vehicle: the drone's id; flight: the flight it was taken on, when known.
        camera: id of the `CameraSpec`, or the model the file names.
        footprint: GeoJSON Polygon in WGS-84 degrees of what it shows.
        gsd_m: ground sampling distance at the centre of the native picture, metres a pixel.
        altitude_m: of the camera, above mean sea level.
        tasks: ids of the tasks that it serves: one medium serves all who look at the place.
        department, shared_with: who may see it.
        reason: why it was dropped; empty while kept.
        yaw_deg, pitch_deg, roll_deg: which way the camera looked, as `core.pose.Attitude`.
        height_m: of the camera above the ground straight below it.
        width_px, height_px: of the picture as stored.
        scenarios: what it was taken for; cases: ids of the cases it is evidence in.
        quality: what was measured of the picture; thresholds are apart, by scenario.
        origin: "flight" for what a camera delivered, "upload" for what a person brought.
        orientation: EXIF's: 1 as stored, 3 to be turned by half a turn to look at, 6 or 8 by a
            quarter.
        name: of the file as it was brought; empty for deliveries.
        declared_sha256: what the camera said the hash was at capture; empty where it said nothing.
        notes: what was odd about the file and what was corrected, a sentence each.
        deleted_at: when the bytes were removed.
    """

    id: str
    sha256: str
    key: str
    size_bytes: int
    received_at: datetime
    taken_at: datetime | None
    vehicle: str
    flight: str | None
    camera: str
    sensor: Sensor | None
    position: LonLat | None
    altitude_m: float | None
    footprint: GeoJson | None = None
    gsd_m: float | None = None
    yaw_deg: float | None = None
    pitch_deg: float | None = None
    radiometric: bool = False
    media_type: str = "image/jpeg"
    tasks: tuple[str, ...] = ()
    department: str = ""
    shared_with: tuple[str, ...] = ()
    state: MediumState = MediumState.KEPT
    reason: str = ""
    roll_deg: float | None = None
    height_m: float | None = None
    width_px: int | None = None
    height_px: int | None = None
    scenarios: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    quality: Quality | None = None
    origin: str = "flight"
    name: str = ""
    orientation: int = 1
    declared_sha256: str = ""
    notes: tuple[str, ...] = ()
    deleted_at: datetime | None = None


class Catalog(Protocol):
    """Where media are remembered; `missions.store` implements it."""

    def add(self, medium: Medium) -> None:
        """Remember a medium. Raises InvalidInput when its id is taken."""
        ...

    def get(self, medium_id: str) -> Medium:
        """The medium of that id. Raises NotFound."""
        ...

    def by_sha256(self, sha256: str) -> Medium | None:
        """The medium with exactly these bytes, if it came before."""
        ...

    def find(
        self,
        *,
        flight: str | None = None,
        vehicle: str | None = None,
        sensor: Sensor | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> Sequence[Medium]:
        """Media that fit all conditions given, newest first."""
        ...
