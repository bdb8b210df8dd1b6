"""The city's morning, flown once for all system tests."""

import os
from collections.abc import Iterator

import pytest
from live_service import LiveService
from postgres_server import Server


def on_postgres(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings of a service on an empty PostgreSQL database, where this run is on one."""
    if os.environ.get("FLYONCE_TEST_DATABASE") != "postgres":
        return {}
    server: Server = request.getfixturevalue("postgres_server")
    return {"FLYONCE_DATABASE_URL": server.url(server.blank())}


@pytest.fixture(scope="session")
def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveService]:
    """The city's morning in flight."""
    service = LiveService(
        tmp_path_factory.mktemp("live") / "home", hours=3.0, environment=on_postgres(request)
    )
    service.start()
    yield service
    service.stop()
