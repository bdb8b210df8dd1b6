"""Cities as data: ``load`` reads one, ``world`` tells the simulator of it."""

from missions.presets.figures import budget, describe, reach_share, territory_km2
from missions.presets.loader import load
from missions.presets.model import (
    County,
    DemoSettings,
    Dock,
    FilingRules,
    Place,
    Preset,
    RecheckRules,
    WeatherRules,
    WorkingHours,
)
from missions.presets.world import world

__all__ = [
    "County",
    "DemoSettings",
    "Dock",
    "FilingRules",
    "Place",
    "Preset",
    "RecheckRules",
    "WeatherRules",
    "WorkingHours",
    "budget",
    "describe",
    "load",
    "reach_share",
    "territory_km2",
    "world",
]
