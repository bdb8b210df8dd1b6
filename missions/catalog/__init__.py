"""Scenarios, event types and departments as data, with a strict loader."""

from missions.catalog.loader import load
from missions.catalog.model import (
    KINDS,
    PLACE_KINDS,
    Catalog,
    Department,
    EventType,
    Scenario,
)

__all__ = [
    "KINDS",
    "PLACE_KINDS",
    "Catalog",
    "Department",
    "EventType",
    "Scenario",
    "load",
]
