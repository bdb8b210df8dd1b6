"""The application round a service that holds its values in memory."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from api_values import alert
from fake_service import FakeService
from fastapi import FastAPI
from http_client import TestClient

from api import cli
from api.app import create_app
from api.settings import Settings
from missions import entities


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def make_app(service: FakeService) -> Callable[..., FastAPI]:
    def make(**settings: Any) -> FastAPI:
        return create_app(service, Settings(**settings))

    return make


@pytest.fixture
def make_client(make_app: Callable[..., FastAPI]) -> Iterator[Callable[..., TestClient]]:
    """Clients on this machine; `remote=True` for one from elsewhere."""
    opened: list[TestClient] = []

    def make(*, remote: bool = False, **settings: Any) -> TestClient:
        client = TestClient(
            make_app(**settings),
            base_url="http://127.0.0.1:8000",
            client=("203.0.113.9" if remote else "127.0.0.1", 50000),
            raise_server_exceptions=False,
        )
        client.__enter__()
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(make_client: Callable[..., TestClient]) -> TestClient:
    return make_client()


@pytest.fixture
def new_alert() -> Callable[[int], entities.Alert]:
    return alert


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command in a folder of its own; gives status, output and messages."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["flyonce", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call
