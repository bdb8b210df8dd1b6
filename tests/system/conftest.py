"""The city's morning, flown once for all system tests."""

from collections.abc import Iterator

import pytest
from live_service import LiveService


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """The city's morning in flight."""
    service = LiveService(tmp_path_factory.mktemp("live") / "home", hours=3.0)
    service.start()
    yield service
    service.stop()
