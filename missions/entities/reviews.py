"""What officers decide: finds and looks, and the labels that come of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.geo import LonLat
from missions.entities.shapes import GeoJson


class ReviewState(StrEnum):
    OPEN = "open"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An officer's word on a find or a look.

    Attributes:
        anomaly_id: that it made or joined; opened: whether a case was opened for it.
    """

    decision: str
    by: str
    at: datetime
    event_type: str | None = None
    position: LonLat | None = None
    note: str = ""
    anomaly_id: str | None = None
    opened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureBox:
    """A place in a photograph, in pixels of it as it is stored; no size for a point."""

    medium_id: str
    x: float
    y: float
    w: float = 0.0
    h: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that an officer found by looking; a review may hold several."""

    id: str
    said: Decision
    case_id: str | None = None
    box: PictureBox | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a detector found, as an officer is shown it.

    Attributes:
        detector: "change" or "onnx:<name>"; version: of it.
        score: its own, 0 to 1; kind: of a change: "new", "gone" or "altered".
        boxes: in the photographs that show it, the best first.
        transform: of a change, row by row the (3, 3) homography from pixels of the later
            photograph to the earlier one's; empty otherwise.
        seen: in how many photographs or pairs.
    """

    detector: str
    version: str
    score: float
    boxes: tuple[PictureBox, ...]
    kind: str = ""
    label: str = ""
    area_m2: float | None = None
    transform: tuple[float, ...] = ()
    seen: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Something that an officer must look at.

    Attributes:
        kind: "look" (photographs of a task, search them) or "find" (a detector's find to confirm).
        found: what the detector says of a find; None for a look.
        marks: what was found in a look so far.
        remark, remark_zh: what the officer should know, such as what was not compared.
    """

    id: str
    kind: str
    event_types: tuple[str, ...]
    task_id: str | None
    place: str
    geometry: GeoJson
    position: LonLat
    media: tuple[str, ...]
    created_at: datetime
    department: str
    shared_with: tuple[str, ...]
    state: ReviewState = ReviewState.OPEN
    decision: Decision | None = None
    case_id: str | None = None
    found: Found | None = None
    marks: tuple[Mark, ...] = ()
    remark: str = ""
    remark_zh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a person said of a find: the truth that detectors are measured by and learn from.

    Attributes:
        verdict: "confirmed", "rejected", "reclassed" (there, but something else), "marked" (found
            by the officer alone).
        detector, version, score: what found it; "officer" and no score for a mark.
        event_type: as the detector had it; said_type: as the person has it, None if nothing.
        medium_id: the photograph that shows it best; box: where in it, None where not known.
        withdrawn_at: when the verdict was undone; it counts no more.
    """

    id: str
    at: datetime
    by: str
    verdict: str
    detector: str
    version: str
    event_type: str
    said_type: str | None
    position: LonLat | None
    department: str
    shared_with: tuple[str, ...]
    medium_id: str | None = None
    box: PictureBox | None = None
    score: float | None = None
    review_id: str | None = None
    case_id: str | None = None
    withdrawn_at: datetime | None = None
