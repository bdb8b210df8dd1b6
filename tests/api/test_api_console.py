"""The console's files, the API's description, and the settings."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.settings import Settings, is_loopback, load
from core.errors import InvalidInput


@pytest.fixture
def console(tmp_path: Path) -> Path:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<html>console</html>")
    (tmp_path / "dist" / "favicon.svg").write_text("<svg/>")
    (tmp_path / "dist" / "assets" / "index-4f2a.js").write_text("let a = 1;" * 500)
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "dist"


def test_files_and_their_caching(make_client: Callable[..., Any], console: Path) -> None:
    client = make_client(console_folder=console)
    index = client.get("/")
    assert (index.text, index.headers["cache-control"]) == ("<html>console</html>", "no-cache")
    asset = client.get("/assets/index-4f2a.js")
    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-encoding"] == "gzip"
    assert client.get("/favicon.svg").headers["cache-control"] == "no-cache"


def test_addresses_of_the_application_are_the_index(
    make_client: Callable[..., Any], console: Path
) -> None:
    client = make_client(console_folder=console)
    assert client.get("/flights/flt-1").text == "<html>console</html>"
    assert client.get("/assets/gone-1234.js").status_code == 404
    assert client.get("/api/v1/none").headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt"])
def test_nothing_outside_the_folder_is_served(
    make_client: Callable[..., Any], console: Path, path: str
) -> None:
    answer = make_client(console_folder=console).get(path)
    assert "secret" not in answer.text


def test_a_console_that_is_not_built_says_what_to_do(
    make_client: Callable[..., Any], tmp_path: Path
) -> None:
    answer = make_client(console_folder=tmp_path / "none").get("/")
    assert answer.status_code == 503
    assert "build-console" in answer.text


def _meant(document: Any, said: Any) -> Any:
    name = str(said.get("$ref", "")).rpartition("/")[2]
    return document["components"]["responses"][name] if name else said


def test_openapi_describes_every_operation(make_app: Callable[..., FastAPI]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        document = make_app().openapi()
    ids = []
    for path, methods in document["paths"].items():
        for operation in methods.values():
            ids.append(operation["operationId"])
            assert operation["summary"], path
            assert operation["tags"], path
            assert operation["description"], path
            if operation.get("security") != [] and "/sign-in" not in path:
                assert {"401", "422"} <= set(operation["responses"]), path
            for status, said in operation["responses"].items():
                response = _meant(document, said)
                assert response["description"]
                if int(status) >= 400 and not path.endswith("/health/ready"):
                    assert list(response["content"]) == ["application/problem+json"]
    assert len(ids) == len(set(ids))
    named = set(re.findall(r"#/components/schemas/([^\"']+)", repr(document)))
    assert named <= set(document["components"]["schemas"])


def test_every_endpoint_declares_the_errors_of_its_rights(
    make_app: Callable[..., FastAPI],
) -> None:
    document = make_app().openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            signing_in = "/sign-" in path
            if method == "post" and path != "/api/v1/stac/search" and not signing_in:
                assert "403" in operation["responses"], path
            if "{id}" in path:
                assert "404" in operation["responses"], path


def test_the_description_is_a_page_without_foreign_parts(client: Any) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "Point and fly" in page.text
    assert "http" not in re.sub(r"<code>.*?</code>", "", page.text).split("<body>")[0]
    assert "<script" not in page.text
    assert client.get("/docs.css").headers["content-type"].startswith("text/css")
    assert client.get("/openapi.json").json() == client.get("/api/v1/openapi.json").json()


def test_all_routes_are_typed(make_app: Callable[..., FastAPI]) -> None:
    routes = [r for r in make_app().routes if isinstance(r, APIRoute) and r.include_in_schema]
    assert all(r.response_model or r.path.endswith(("file", "preview")) for r in routes)


def test_settings_come_from_the_environment_and_the_command_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FLYONCE_PORT", "9000")
    monkeypatch.setenv("FLYONCE_HOME", str(tmp_path))
    assert load().port == 9000
    assert load(port=9001, host=None).port == 9001
    assert load().media == tmp_path / "media"
    assert load().database == f"sqlite:///{tmp_path / 'flyonce.sqlite'}"


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput) as given:
        load(port=99999)
    assert given.value.where == "--port"
    monkeypatch.setenv("FLYONCE_MEDIA_MAX_MB", "many")
    with pytest.raises(InvalidInput) as found:
        load()
    assert found.value.where == "FLYONCE_MEDIA_MAX_MB"


@pytest.mark.parametrize(
    ("host", "loopback", "url"),
    [
        ("127.0.0.1", True, "http://127.0.0.1:8000"),
        ("localhost", True, "http://localhost:8000"),
        ("::1", True, "http://[::1]:8000"),
        ("0.0.0.0", False, "http://127.0.0.1:8000"),
        ("192.168.1.5", False, "http://192.168.1.5:8000"),
    ],
)
def test_loopback_and_address(host: str, loopback: bool, url: str) -> None:
    assert is_loopback(host) is loopback
    assert Settings(host=host).url == url
