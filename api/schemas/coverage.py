"""What was photographed, and whether it will do."""

from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from api.schemas.base import Body, Feature, FeatureCollection, Geometry, Model, geometry
from core.equipment import Sensor
from missions.demand.asking import RequestDraft
from missions.demand.reuse import Reuse
from missions.media.coverage import Covered
from missions.media.looking import TaskCoverage

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MEDIA = 500


class ReuseIn(Body):
    """Has this place been photographed well enough lately? A scenario fills in what is left out."""

    geometry: dict[str, Any] = Field(description="GeoJSON in WGS-84, as in a request")
    hours: float = Field(gt=0, le=744, allow_inf_nan=False, description="how old at most")
    scenario: str | None = Field(None, max_length=40)
    sensor: Sensor | None = None
    gsd_m: float | None = Field(None, gt=0, le=10, allow_inf_nan=False)
    width_m: float | None = Field(None, gt=0, le=1000, allow_inf_nan=False)
    department: str | None = Field(None, max_length=40)

    def draft(self) -> RequestDraft:
        """As the service takes it; the window is set there."""
        return RequestDraft(
            geometry=self.geometry,
            earliest=EPOCH,
            latest=EPOCH,
            scenario=self.scenario,
            sensor=self.sensor,
            gsd_m=self.gsd_m,
            width_m=self.width_m,
            department=self.department,
        )


class ReuseOut(Model):
    """yes, partly (and which part is missing) or no."""

    answer: str
    share: float
    missing: Geometry | None
    photographs: int
    media: list[str]
    oldest: datetime | None
    newest: datetime | None
    passed_over: dict[str, int]
    why_not: str | None

    @classmethod
    def from_entity(cls, r: Reuse) -> "ReuseOut":
        return cls(
            answer=r.verdict,
            share=round(r.share, 4),
            missing=None if r.missing.is_empty else geometry(r.missing),
            photographs=len(r.media),
            media=[m.id for m in r.media[-_MOST_MEDIA:]],
            oldest=r.oldest,
            newest=r.newest,
            passed_over=dict(r.passed_over),
            why_not=r.why_not or None,
        )


def coverage_of(parts: list[TaskCoverage]) -> FeatureCollection:
    """Tasks as features: one for each sensor, its gaps, and the ground by number of photographs."""
    return FeatureCollection(features=[f for part in parts for f in _features(part)])


def _features(part: TaskCoverage) -> list[Feature]:
    if not part.covered:
        facts = {"task_id": part.task.id, "what": "task", "why_not": part.why_not}
        return [Feature(geometry=geometry(dict(part.task.geometry)), properties=facts)]
    return [f for covered in part.covered for f in _sensor(part, covered)]


def _sensor(part: TaskCoverage, covered: Covered) -> list[Feature]:
    work, found = covered.work, covered.overlap
    base = {"task_id": part.task.id, "sensor": work.sensor}
    facts = {
        **base,
        "what": "task",
        "share": round(found.share, 4),
        "seen": round(found.seen, 4),
        "photographs": found.photos,
        "too_coarse": work.too_coarse,
        "depth": list(found.depth),
        "angle_deg": round(found.angle_deg, 1),
        "front_overlap": work.front,
        "side_overlap": work.side,
        "gsd_m": work.gsd_m,
        "cell_m": round(found.cell_m, 3),
    }
    made = [Feature(geometry=geometry(dict(part.task.geometry)), properties=facts)]
    for what, ground in (("gap", found.gaps), ("unseen", found.unseen)):
        if not ground.is_empty:
            made.append(Feature(geometry=geometry(ground), properties={**base, "what": what}))
    for count, ground in found.by_count.items():
        if not ground.is_empty:
            told = {**base, "what": "count", "photographs": count}
            made.append(Feature(geometry=geometry(ground), properties=told))
    return made
