"""The store as imagery's catalogue."""

from datetime import timedelta
from typing import Any

import pytest

from core.equipment import Sensor
from core.errors import InvalidInput, NotFound
from imagery.catalog import Catalog
from missions.store import MediaCatalog, Store


def test_the_catalogue_of_a_store(store: Store, make: Any) -> None:
    media = [
        make.medium(
            f"m{n}",
            sha256=f"{n:064x}",
            flight=f"f{n % 2}",
            vehicle=f"v{n % 3}",
            sensor=Sensor.THERMAL if n < 3 else Sensor.VISIBLE,
            taken_at=make.medium().received_at + timedelta(minutes=n),
        )
        for n in range(6)
    ]
    with store.unit() as unit:
        catalog: Catalog = MediaCatalog(unit)
        for medium in media:
            catalog.add(medium)
        with pytest.raises(InvalidInput):
            catalog.add(media[0])
    with store.view() as unit:
        catalog = MediaCatalog(unit)
        assert catalog.get("m3") == media[3]
        assert catalog.by_sha256(f"{4:064x}") == media[4]
        assert catalog.by_sha256("") is None
        assert [m.id for m in catalog.find(flight="f0")] == ["m4", "m2", "m0"]
        assert [m.id for m in catalog.find(vehicle="v1", sensor=Sensor.VISIBLE)] == ["m4"]
        assert [m.id for m in catalog.find(limit=2)] == ["m5", "m4"]
        first, last = media[2].taken_at, media[4].taken_at
        assert [m.id for m in catalog.find(since=first, until=last)] == ["m4", "m3", "m2"]
        with pytest.raises(NotFound):
            catalog.get("m9")
