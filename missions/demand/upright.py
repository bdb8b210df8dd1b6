"""Looks at what stands upright: an orbit round a tower, a facade along a wall."""

from dataclasses import dataclass
from typing import Protocol

from core.errors import InvalidInput

RADIUS_M = (5.0, 500.0)
USUAL_RADIUS_M = 30.0
HIGHEST_M = 1000.0
_NEEDS = {"orbit": "points", "facade": "corridor"}
"""What geometry each is asked with: a point, a line."""


class Draft(Protocol):
    """What a caller sends of it."""

    @property
    def kind(self) -> str | None: ...
    @property
    def radius_m(self) -> float | None: ...
    @property
    def base_m(self) -> float | None: ...
    @property
    def top_m(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Upright:
    """The kind of a look with its measures; zero where they do not count."""

    kind: str
    radius_m: float = 0.0
    base_m: float = 0.0
    top_m: float = 0.0


def upright_of(draft: Draft, geometry_kind: str) -> Upright:
    """What a draft asks for over a geometry of a kind.

    Raises:
        InvalidInput: the geometry does not fit, or a measure is missing or impossible.
    """
    kind = draft.kind
    if kind is None:
        return Upright(geometry_kind)
    if _NEEDS.get(kind) != geometry_kind:
        what = "a Point" if kind == "orbit" else "a LineString"
        raise InvalidInput(f"{kind!r} needs {what}", where="kind", remedy="change the geometry")
    base, top = draft.base_m or 0.0, draft.top_m
    if top is None or not base < top <= HIGHEST_M:
        raise InvalidInput(
            f"from {base:g} to {'nothing' if top is None else f'{top:g}'} m is no height",
            where="top_m",
            remedy="give how high it is, above ground",
        )
    radius = USUAL_RADIUS_M if draft.radius_m is None else draft.radius_m
    if kind == "orbit" and not RADIUS_M[0] <= radius <= RADIUS_M[1]:
        raise InvalidInput(f"{radius:g} m is no radius", where="radius_m", remedy="from 5 to 500 m")
    return Upright(kind, radius if kind == "orbit" else 0.0, base, top)
