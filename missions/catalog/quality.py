"""What a photograph must be, by scenario: the thresholds of quality.yaml."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from imagery.quality import Thresholds
from missions.catalog.fields import Fields, read_yaml

FILE = Path(__file__).resolve().parent / "quality.yaml"
_FIELDS = {
    "blur": ("max_blur", 1.0, 40.0),
    "tilt_deg": ("max_tilt_deg", 0.0, 180.0),
    "dark": ("max_dark_share", 0.0, 1.0),
    "bright": ("max_bright_share", 0.0, 1.0),
    "saturated": ("max_saturated_share", 0.0, 1.0),
    "span_k": ("min_span_k", 0.0, 100.0),
    "height_m": ("max_height_m", 1.0, 10_000.0),
}
"""Key in the file -> field of `Thresholds`, and the range that makes sense."""


@dataclass(frozen=True, slots=True)
class QualityRules:
    """Thresholds for every photograph, and stricter ones by scenario."""

    default: Thresholds
    by_scenario: Mapping[str, Thresholds]

    def of(self, scenario: str) -> Thresholds:
        """What a scenario asks."""
        return self.by_scenario.get(scenario, self.default)

    def stricter(self, scenarios: Iterable[str]) -> dict[str, Thresholds]:
        """Those of the scenarios that ask more than the default."""
        return {s: self.by_scenario[s] for s in scenarios if s in self.by_scenario}


@lru_cache(maxsize=4)
def load(path: Path = FILE) -> QualityRules:
    """The rules in a file.

    Raises:
        InvalidInput: naming the file, the field and what to do.
    """
    fields = read_yaml(path)
    default = _thresholds(fields.mapping("default"), Thresholds())
    by_scenario = {}
    if fields.has("scenarios"):
        listed = fields.mapping("scenarios")
        for name in fields.raw("scenarios"):
            by_scenario[str(name)] = _thresholds(listed.mapping(name), default)
    fields.finish()
    return QualityRules(default, by_scenario)


def _thresholds(fields: Fields, base: Thresholds) -> Thresholds:
    changes = {
        field: fields.number(key, low, high)
        for key, (field, low, high) in _FIELDS.items()
        if fields.has(key)
    }
    fields.finish()
    return replace(base, **changes)
