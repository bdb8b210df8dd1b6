"""Figures, and cases on the map of many."""

from datetime import date
from typing import Any

from pydantic import Field, create_model

from api.schemas.base import Feature, FeatureCollection, Geometry, Model, point
from missions.entities import Case
from missions.statistics.casemap import CaseMap, Cluster
from missions.statistics.desk import Answer, Group
from missions.statistics.figures import NAMES, Figures
from missions.statistics.headings import HEADINGS
from missions.statistics.index import Score

_TYPES = {name: f.type for name, f in Figures.__dataclass_fields__.items()}

_FIELDS: dict[str, Any] = {
    name: (_TYPES[name], Field(None, description=f"{HEADINGS[name].en} ({HEADINGS[name].zh})"))
    for name in NAMES
}
FiguresOut = create_model("FiguresOut", __base__=Model, **_FIELDS)
FiguresOut.__doc__ = "Figures; null where nothing was measured, or where they are not divided so."


class PeriodOut(Model):
    """Days of the city's calendar, both included."""

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")


class ScoreOut(Model):
    """A component of a county's index."""

    figure: str
    name: str
    name_zh: str
    weight: float
    value: float | None
    points: float | None = Field(description="0 to 100; null where nothing was measured")

    @classmethod
    def of(cls, score: Score) -> "ScoreOut":
        c = score.component
        return cls(
            figure=c.figure,
            name=c.name,
            name_zh=c.name_zh,
            weight=c.weight,
            value=score.value,
            points=score.points,
        )


class GroupOut(Model):
    """The figures of a day, a department, a county ..."""

    key: str
    name: str
    name_zh: str
    figures: FiguresOut  # type: ignore[valid-type]
    index: float | None = Field(None, description="of a county, 0 to 100")
    components: list[ScoreOut] = Field(default_factory=list)

    @classmethod
    def of(cls, group: Group) -> "GroupOut":
        return cls(
            key=group.key,
            name=group.name,
            name_zh=group.name_zh,
            figures=figures(group.figures),
            index=group.index.value if group.index else None,
            components=[ScoreOut.of(s) for s in group.index.scores] if group.index else [],
        )


class StatisticsOut(Model):
    """Figures of a period, beside those of the comparable one before."""

    period: PeriodOut
    previous: PeriodOut
    by: str = Field(description='what the groups are divided by; "" for none')
    total: FiguresOut  # type: ignore[valid-type]
    before: FiguresOut  # type: ignore[valid-type]
    groups: list[GroupOut]

    @classmethod
    def of(cls, answer: Answer) -> "StatisticsOut":
        asked = answer.question
        return cls(
            period=PeriodOut(first=asked.period.first, last=asked.period.last),
            previous=PeriodOut(first=answer.previous.first, last=answer.previous.last),
            by=asked.by,
            total=figures(answer.total),
            before=figures(answer.before),
            groups=[GroupOut.of(group) for group in answer.groups],
        )


def figures(made: Figures) -> Any:
    """Figures as a schema."""
    return FiguresOut(**{name: getattr(made, name) for name in NAMES})


class CaseMapOut(FeatureCollection):
    """Clusters of cases, or cases. `total` counts the cases of the squares that the box touches."""

    total: int
    clustered: bool

    @classmethod
    def of(cls, found: CaseMap) -> "CaseMapOut":
        features = [*map(_cluster, found.clusters), *map(_case, found.cases)]
        return cls(features=features, total=found.total, clustered=bool(found.clusters))


def _cluster(cluster: Cluster) -> Feature:
    place = [round(cluster.lon, 6), round(cluster.lat, 6)]
    return Feature(
        geometry=Geometry(type="Point", coordinates=place),
        properties={"count": cluster.count, "bbox": cluster.bbox},
    )


def _case(case: Case) -> Feature:
    return Feature(
        id=case.id,
        geometry=point(case.position),
        properties={
            "number": case.number,
            "title": case.title,
            "title_zh": case.title_zh,
            "event_type": case.event_type,
            "department": case.department,
            "county": case.county,
            "state": case.state,
            "severity": case.severity,
            "opened_at": case.opened_at,
            "due_at": case.due_at,
        },
    )
