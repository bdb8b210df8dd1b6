"""What people and programs send to the service, and where maps are written, gone wrong."""

import base64
import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_values import a_preset
from bad_files import photo, scene
from catalogue_world import world
from radiometric_files import thermal_jpeg

from api.cli import bringing
from core.errors import InvalidInput, Unavailable
from missions.access import LOCAL_OPERATOR
from missions.media import static
from missions.store.kinds import plain

Run = Callable[..., tuple[int, str, str]]


class Service:
    """Answers as the upload routes do; `state` of a finished file by the number of the look."""

    def __init__(self, states: tuple[str, ...] = ("taken",)) -> None:
        self.states = list(states)
        self.names: list[str] = []
        self.sent = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        where = (request.method, request.url.path)
        if where == ("POST", "/api/v1/uploads"):
            said = dict(p.split(" ") for p in request.headers["Upload-Metadata"].split(","))
            self.names.append(base64.b64decode(said["filename"]).decode())
            offset = {"Location": "/api/v1/uploads/u", "Upload-Offset": "0"}
            return httpx.Response(201, headers=offset)
        if request.method == "PATCH":
            self.sent += len(request.content)
            return httpx.Response(204, headers={"Upload-Offset": str(self.sent)})
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        answer = {"id": "u", "state": state, "reason": None, "medium_id": "med-1"}
        return httpx.Response(200, json=answer)


def sender(service: Service) -> bringing._Sender:
    client = httpx.Client(transport=httpx.MockTransport(service), base_url="http://x")
    return bringing._Sender(client, "bat-1", bringing.Said())


def test_the_second_of_two_equal_files_waits_until_the_first_is_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bringing, "LOOK_S", 0.0)
    (tmp_path / "twin.jpg").write_bytes(photo())
    assert sender(Service(("waiting", "waiting", "taken"))).bring(tmp_path / "twin.jpg").state == (
        "taken"
    )


@pytest.mark.parametrize("name", ["a\nb.jpg", "bell\a.jpg", "raw-\udcff.jpg", "gpj.\u202ex.jpg"])
def test_a_photograph_is_not_lost_for_a_strange_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(photo())
    service = Service()
    assert sender(service).bring(tmp_path / name).state == "taken"
    assert service.names[0].isprintable()


def test_a_file_that_shrinks_while_it_is_sent_ends_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(photo())
    monkeypatch.setattr(bringing, "_hashed", lambda _path: ("0" * 64, 10**7))
    done: list[bringing.Outcome] = []
    work = threading.Thread(target=lambda: done.append(sender(Service()).bring(path)), daemon=True)
    work.start()
    work.join(20)
    assert done
    assert (done[0].state, done[0].reason) == ("not sent", "it became shorter while it was sent")


def test_what_is_taken_away_before_it_is_sent_does_not_end_the_others(tmp_path: Path) -> None:
    outcome = sender(Service()).bring(tmp_path / "gone.jpg")
    assert (outcome.state, outcome.reason) == ("not sent", "there is no such file")


def test_an_export_that_is_interrupted_leaves_nothing_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preset: Any = a_preset()
    preset.docks = ()
    with world(preset, tmp_path, on_disk=True) as city:
        city.photograph()
        city.photograph(east_m=9)
        out = tmp_path / "out.v2"
        copy, calls = static.shutil.copyfile, []

        def broken(source: Path, target: Path) -> None:
            calls.append(target)
            if len(calls) == 2:
                raise KeyboardInterrupt
            copy(source, target)

        monkeypatch.setattr(static.shutil, "copyfile", broken)
        with pytest.raises(KeyboardInterrupt):
            static.export(city.room.records, city.room.media, LOCAL_OPERATOR, out)
        assert not out.exists()
        assert not list(tmp_path.glob(".catalogue*"))
        half = tmp_path / calls[0].relative_to(tmp_path).parts[0]
        half.mkdir()  # as kill -9 leaves it
        (half / "half.jpg").write_bytes(b"x")
        done = static.export(city.room.records, city.room.media, LOCAL_OPERATOR, out)
    assert done.files == 2
    assert (out / "catalog.json").exists()
    assert not list(out.rglob("half.jpg"))


def test_a_catalogue_into_a_file_is_refused(tmp_path: Path) -> None:
    preset: Any = a_preset()
    preset.docks = ()
    (tmp_path / "file").write_bytes(b"x")
    with (
        world(preset, tmp_path, on_disk=True) as city,
        pytest.raises(Unavailable, match="cannot be written"),
    ):
        static.export(city.room.records, city.room.media, LOCAL_OPERATOR, tmp_path / "file")


def test_a_map_that_cannot_be_written_says_why_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "hot.jpg").write_bytes(thermal_jpeg(scene()))
    (tmp_path / "file").write_bytes(b"x")
    status, _, said = run("cog", "hot.jpg", "--out", "file/hot.tif")
    assert status == 1
    assert "cannot be written" in said
    status, _, said = run("mosaic", ".", "--thermal", "--gsd", "1", "--out", "file/map.tif")
    assert status == 1
    assert "cannot be written" in said


def test_the_api_names_the_statuses_that_it_answers_with(client: Any) -> None:
    paths = json.loads(client.get("/api/v1/openapi.json").text)["paths"]
    uploads, one = paths["/api/v1/uploads"], paths["/api/v1/uploads/{id}"]
    for operation in (uploads["post"], one["patch"], one["delete"], one["head"]):
        assert "412" in operation["responses"]
    assert {"423", "460", "409"} <= set(one["patch"]["responses"])
    for path in ("/search", "/collections/{id}", "/collections/{id}/items"):
        assert "400" in paths[f"/api/v1/stac{path}"]["get"]["responses"]
    assert "text/csv" in paths["/api/v1/labels"]["get"]["responses"]["200"]["content"]


def test_a_time_that_is_none_in_utc_is_bad_input_and_not_a_fault_of_the_service() -> None:
    for text in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"):
        with pytest.raises(InvalidInput, match="time"):
            plain(datetime.fromisoformat(text))


def test_a_disk_that_is_full_in_the_middle_of_a_map_is_said_so(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rasterio._err import CPLE_AppDefinedError

    def full(_source: Any, part: Any, **_options: Any) -> None:
        Path(part).write_bytes(b"half")
        raise CPLE_AppDefinedError(3, 1, "TIFFAppendToStrip:Write error")

    (tmp_path / "hot.jpg").write_bytes(thermal_jpeg(scene()))
    monkeypatch.setattr("rasterio.shutil.copy", full)
    monkeypatch.setattr("imagery.mosaics.rasterfile.rasterio_copy", full)
    for command in (("cog", "hot.jpg"), ("mosaic", ".", "--thermal", "--gsd", "1")):
        status, _, said = run(*command, "--out", "map.tif")
        assert status == 1
        assert "Write error" in said
    assert [p.name for p in tmp_path.iterdir()] == ["hot.jpg"]


def test_an_export_onto_what_cannot_be_written_is_refused_in_words(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"x")
    order = ("evidence", "export", "--home", "home", "--to", "x", "--reason", "y", "--media", "z")
    status, _, said = run(*order, "--out", "file/e.zip")
    assert status in (1, 2)
    assert "Error:" in said
