"""Chromium for the console's tests: how it is started, and what makes any test fail."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
REPO = HERE.parent.parent
DIST = REPO / "api" / "web" / "dist"
PICTURES = REPO / "test-output" / "console"
CHROMIUM = os.environ.get("FLYONCE_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

sys.path.insert(0, str(HERE))  # the fake service beside this file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, saying why, where there is no browser or no built console.

    These tests also go to the end of a run: Playwright's synchronous interface keeps an event loop
    running in the main thread, and asynchronous tests after it could not start theirs.
    """
    reasons = []
    if not Path(CHROMIUM).exists():
        reasons.append("Chromium is not installed (set FLYONCE_CHROMIUM to its path)")
    if not (DIST / "index.html").is_file():
        reasons.append("the console is not built (run scripts/build-console)")
    ours = [item for item in items if HERE in item.path.parents]
    items[:] = [item for item in items if HERE not in item.path.parents] + ours
    for item in ours:
        item.add_marker(pytest.mark.browser)
        for reason in reasons:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def base_url() -> None:
    """No address for all tests: each starts its own service.

    Stands in for pytest-playwright's fixture, which pytest 9 warns about.
    """


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium, without a GPU and without talking to anybody."""
    return {"executable_path": CHROMIUM, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A control room's screen, in a browser that speaks English."""
    size = {"width": 1440, "height": 900}
    return {**browser_context_args, "viewport": size, "locale": "en-GB", "color_scheme": "dark"}


class Complaints:
    """What went wrong in the page while a test ran."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.expected: list[str] = []

    def expect(self, *texts: str) -> None:
        """Complaints that hold one of these texts belong to the test."""
        self.expected.extend(texts)

    def unexpected(self) -> list[str]:
        return [text for text in self.found if not any(each in text for each in self.expected)]


@pytest.fixture
def complaints(page: Any) -> Iterator[Complaints]:
    """Fails the test on a page error, a console error, or a request to any other machine."""
    kept = Complaints()
    page.on("pageerror", lambda error: kept.found.append(f"page error: {error}"))
    page.on(
        "console",
        lambda message: (
            kept.found.append(f"console: {message.text} ({message.location['url']})")
            if message.type == "error"
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            kept.found.append(f"off-site request: {request.url}")
            if not request.url.startswith(
                ("http://127.0.0.1:", "ws://127.0.0.1:", "blob:", "data:")
            )
            else None
        ),
    )
    yield kept
    assert kept.unexpected() == []
