"""The console over the real service and its simulated fleet."""

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import PICTURES
from live_service import LiveService

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A morning in flight."""
    service = LiveService(tmp_path_factory.mktemp("live") / "home", hours=2.0)
    service.start()
    service.until(lambda: len(service.every("/flights", state="flying")) >= 5)
    yield service
    service.stop()


def opened(page: Any, live: LiveService, where: str = "") -> None:
    page.goto(f"http://127.0.0.1:{live.port}/{where}")


def test_the_map_shows_51_drones_of_the_real_fleet(
    page: Any, complaints: Any, live: LiveService
) -> None:
    opened(page, live)
    page.wait_for_selector("#map[data-ready][data-drones='51']", timeout=60_000)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / "real_situation.png"))


@pytest.mark.parametrize("where", ["#/plan", "#/cases", "#/review", "#/requests", "#/report"])
def test_each_page_opens_on_real_data(
    page: Any, complaints: Any, live: LiveService, where: str
) -> None:
    opened(page, live, where)
    page.wait_for_selector("main h1, main h2", timeout=60_000)
    page.screenshot(path=str(PICTURES / f"real_{where.removeprefix('#/')}.png"))
