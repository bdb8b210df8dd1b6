"""The catalogue of media as `imagery.catalog.Catalog` wants it, within a unit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core.equipment import Sensor
from imagery.catalog import Medium
from missions.store.protocol import Between, Unit


class MediaCatalog:
    """A unit's media, seen as imagery's catalogue."""

    def __init__(self, unit: Unit) -> None:
        self._media = unit.media

    def add(self, medium: Medium) -> None:
        """Remember a medium. Raises InvalidInput when its id is taken."""
        self._media.add(medium)

    def get(self, medium_id: str) -> Medium:
        """The medium of that id. Raises NotFound."""
        return self._media.get(medium_id)

    def by_sha256(self, sha256: str) -> Medium | None:
        """The medium with exactly these bytes, if it came before."""
        found = self._media.find(sha256=sha256, limit=1)
        return found[0] if found else None

    def find(
        self,
        *,
        flight: str | None = None,
        vehicle: str | None = None,
        sensor: Sensor | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> Sequence[Medium]:
        """Media that fit all conditions given, newest first; since and until are of the shot."""
        given: dict[str, Any] = {"flight": flight, "vehicle": vehicle, "sensor": sensor}
        chosen = {name: value for name, value in given.items() if value is not None}
        if since is not None or until is not None:
            chosen["taken_at"] = Between(since, until)
        return self._media.find(limit=limit, newest_first=True, **chosen)
