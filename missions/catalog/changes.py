"""Which kinds of change show which event type (change_profiles.yaml)."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from imagery.change.profiles import PROFILES
from missions.catalog.fields import read_yaml, unique
from missions.catalog.model import EventType

FILE = Path(__file__).parent / "change_profiles.yaml"
DEFAULT = ("structure",)


@lru_cache(maxsize=4)
def load(path: Path = FILE) -> Mapping[str, tuple[str, ...]]:
    """By event type code, the names of its profiles.

    Raises:
        InvalidInput: names the field that is wrong.
    """
    file = read_yaml(path)
    found: dict[str, tuple[str, ...]] = {}
    for each in file.mappings("profiles"):
        words = each.words("shows_as", PROFILES, "kind of change")
        unique(found, each.text("code"), words, each, "code")
        each.finish()
    file.finish()
    return found


def profiles_of(kind: EventType) -> tuple[str, ...]:
    """The profiles that show an event type; empty for one that no change shows."""
    return load().get(kind.code, DEFAULT if kind.detector == "change" else ())
