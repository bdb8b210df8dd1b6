"""From an examined file to the medium that is remembered of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from shapely.geometry import mapping

from core.geo import LonLat, distance_m
from core.ids import new_id
from imagery.catalog import Medium, MediumState
from missions.evidence.custody import Custody
from missions.evidence.records import Act
from missions.media.brought import Upload, UploadState
from missions.operations.attribution import Assignment, audience, cases_of, scenarios_of
from missions.operations.examine import Examined
from missions.presets import Preset
from missions.store.protocol import Unit

_APART_M = 3.0
"""Two places farther apart than a hovering drone drifts: its pictures must differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A file that is here whole, with what its sender says of it.

    Attributes:
        data: the file, or empty where it lies at ``path``.
        upload: what it came as, if a person brought it.
        taken_at: when it was taken, where that is known before it is examined.
        pitch_deg: which way a plain camera looked, as its sender declares.
    """

    sha256: str
    vehicle: str
    camera: str
    sent_by: str
    data: bytes = b""
    path: str = ""
    declared: str = ""
    upload: Upload | None = None
    pitch_deg: float | None = None
    taken_at: datetime | None = None


@dataclass
class Stuck:
    """Finds cameras that hand out one picture again and again.

    Attributes:
        last: by vehicle and camera, the last picture's content and where it was taken. It begins
            empty at each start, so a first repeat across a restart is not seen.
    """

    last: dict[tuple[str, str], tuple[str, LonLat | None]] = field(default_factory=dict)

    def judged(self, medium: Medium) -> Medium:
        """The medium, dropped if it shows the very pixels that were taken elsewhere before."""
        content = medium.quality.content if medium.quality else ""
        if not content:
            return medium
        key = (medium.vehicle, medium.camera)
        before, place = self.last.get(key, ("", None))
        self.last[key] = (content, medium.position)
        if before != content or place is None or medium.position is None:
            return medium
        metres = distance_m(place, medium.position)
        if metres <= _APART_M:
            return medium
        reason = f"the camera is stuck: the same pixels as its picture {metres:.0f} m away"
        return replace(medium, state=MediumState.DROPPED, reason=reason, tasks=())


def medium_of(
    preset: Preset,
    now: datetime,
    arrival: Arrival,
    assignment: Assignment | None,
    result: Examined,
) -> Medium:
    """What is remembered of a file."""
    inspected = result.inspected
    meta = inspected.metadata if inspected else None
    pose = meta.pose if meta else None
    camera = inspected.camera if inspected else None
    shown = [assignment.tasks[t] for t in result.tasks] if assignment else []
    served = shown or (tuple(assignment.tasks.values()) if assignment else ())
    upload = arrival.upload
    own = (upload.department, *upload.shared_with) if upload else ()
    seen_by = tuple(dict.fromkeys(d for d in (*audience(preset, served), *own) if d))
    return Medium(
        id=new_id("med", now),
        sha256=result.stored.sha256,
        key=result.stored.key,
        size_bytes=result.stored.size,
        received_at=now,
        taken_at=meta.taken_at if meta else None,
        vehicle=arrival.vehicle,
        flight=assignment.flight.id if assignment else None,
        camera=camera.id if camera else arrival.camera,
        sensor=camera.sensor if camera else None,
        position=meta.position if meta else None,
        altitude_m=meta.altitude_m if meta else None,
        footprint=mapping(inspected.footprint) if inspected and inspected.footprint else None,
        gsd_m=inspected.gsd_m if inspected else None,
        yaw_deg=pose.attitude.yaw_deg if pose else None,
        pitch_deg=pose.attitude.pitch_deg if pose else None,
        roll_deg=pose.attitude.roll_deg if pose else None,
        height_m=inspected.height_m if inspected else None,
        width_px=meta.width_px if meta else None,
        height_px=meta.height_px if meta else None,
        orientation=meta.orientation if meta else 1,
        quality=result.quality,
        notes=result.notes,
        scenarios=scenarios_of(served),
        cases=cases_of(assignment),
        radiometric=bool(meta and meta.radiometric),
        tasks=result.tasks,
        department=seen_by[0] if seen_by else "",
        shared_with=seen_by[1:],
        state=MediumState.DROPPED if result.reason else MediumState.KEPT,
        reason=result.reason,
        declared_sha256=arrival.declared,
        origin="upload" if upload else "flight",
        name=upload.name if upload else "",
    )


def brought_again(unit: Unit, known: Medium, upload: Upload, now: datetime) -> Medium:
    """A known medium, which from now on whoever holds the same bytes may see too.

    Having the whole file is proof enough; deleted ones stay deleted.
    """
    audience_now = {known.department, *known.shared_with}
    if known.state is MediumState.DELETED or upload.department in {"", *audience_now}:
        return known
    shared = replace(known, shared_with=(*known.shared_with, upload.department))
    unit.media.put(shared)
    detail = {"name": upload.name, "remark": f"the same bytes were brought by {upload.department}"}
    Custody(unit).note(known.id, Act.RECEIVED, by=upload.by, at=now, detail=detail)
    return shared


def settled(
    unit: Unit, upload: Upload | None, medium: Medium, *, created: bool, now: datetime
) -> None:
    """Write down what became of an upload."""
    if upload is None or not unit.uploads.exists(upload.id):
        return
    state, reason = _outcome(medium, created)
    unit.uploads.put(
        replace(
            unit.uploads.get(upload.id),
            state=state,
            reason=reason,
            sha256=medium.sha256,
            medium_id=medium.id,
            finished_at=now,
        )
    )


def _outcome(medium: Medium, created: bool) -> tuple[UploadState, str]:
    if medium.state is MediumState.DELETED:
        on = f" on {medium.deleted_at:%Y-%m-%d}" if medium.deleted_at else ""
        return UploadState.DROPPED, f"these bytes were deleted{on} under the rules of retention"
    if medium.state is MediumState.DROPPED:
        return UploadState.DROPPED, medium.reason
    return (UploadState.TAKEN, "") if created else (UploadState.KNOWN, "")
