"""The index of each county (综合指数): weights and scales are data (`catalog/statistics.yaml`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from missions import catalog
from missions.catalog.fields import Fields, read_yaml, unique
from missions.statistics.figures import NAMES, Figures, share

FILE = Path(catalog.__file__).resolve().parent / "statistics.yaml"
_RATIOS: Mapping[str, tuple[str, str]] = {
    "returned_share": ("returned", "opened"),
    "recurring_share": ("recurring", "opened"),
    "looked_share": ("rechecks_looked", "rechecks"),
    "rejected_share": ("rejected", "opened"),
    "closed_share": ("closed", "opened"),
}
"""Figures that only the index asks for: a part, and the whole of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of the index: a figure, its weight, and what counts 0 and 100 points."""

    figure: str
    name: str
    name_zh: str
    weight: float
    worst: float
    best: float

    def points(self, value: float) -> float:
        """0 to 100 on the straight scale from worst to best.

        >>> c = Component(figure="f", name="", name_zh="", weight=1, worst=0.2, best=0.0)
        >>> [c.points(v) for v in (0.3, 0.05, 0.0)]
        [0.0, 75.0, 100.0]
        """
        part = (value - self.worst) / (self.best - self.worst)
        return round(100 * min(1.0, max(0.0, part)), 1)


@dataclass(frozen=True, slots=True)
class IndexRules:
    """The components, and the share of the weights that must be measured."""

    components: tuple[Component, ...]
    least_weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A component of a county: what was measured and its points; None where nothing was."""

    component: Component
    value: float | None
    points: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A county's index; None where too little was measured."""

    value: float | None
    scores: tuple[Score, ...]


def index_of(figures: Figures, rules: IndexRules) -> Index:
    """The weighted mean of the points of what was measured."""
    scores = tuple(_score(component, figures) for component in rules.components)
    measured = [s for s in scores if s.points is not None]
    known = sum(s.component.weight for s in measured)
    if known < rules.least_weight * sum(s.component.weight for s in scores) or known <= 0:
        return Index(value=None, scores=scores)
    points = sum(s.component.weight * (s.points or 0.0) for s in measured)
    return Index(value=round(points / known, 1), scores=scores)


def _score(component: Component, figures: Figures) -> Score:
    value = figure(figures, component.figure)
    points = None if value is None else component.points(value)
    return Score(component=component, value=value, points=points)


def figure(figures: Figures, name: str) -> float | None:
    """A figure by name, or a part of a whole that only the index asks for."""
    if name not in _RATIOS:
        value: float | None = getattr(figures, name)
        return value
    part, whole = (getattr(figures, each) for each in _RATIOS[name])
    return None if part is None or whole is None else share(part, whole)


@lru_cache(maxsize=4)
def load(path: Path = FILE) -> IndexRules:
    """The rules in a file.

    Raises:
        InvalidInput: naming the file, the field and what to do.
    """
    fields = read_yaml(path)
    found: dict[str, Component] = {}
    for f in fields.mappings("components"):
        one = _component(f, (*NAMES, *_RATIOS))
        unique(found, one.figure, one, f, "figure")
    rules = IndexRules(tuple(found.values()), fields.number("least_weight", 0, 1))
    fields.finish()
    if not sum(c.weight for c in rules.components) > 0:
        fields.fail("components", "weigh nothing", "give one a weight above 0")
    return rules


def _component(f: Fields, known: Iterable[str]) -> Component:
    one = Component(
        figure=f.choice("figure", known, "figure"),
        name=f.text("name"),
        name_zh=f.text("name_zh"),
        weight=f.number("weight", 0, 1000),
        worst=f.number("worst", -1e9, 1e9),
        best=f.number("best", -1e9, 1e9),
    )
    if one.worst == one.best:
        f.fail("best", "is the same as worst", "give the scale two ends")
    f.finish()
    return one
