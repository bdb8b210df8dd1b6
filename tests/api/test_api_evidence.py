"""Custody, exports, holds and retention over HTTP and on the command line, for each role."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from api_values import NOW, a_case, a_medium
from fake_service import FakeService
from starlette.testclient import TestClient

from core.clock import ManualClock
from core.equipment import Sensor
from imagery.catalog import Medium
from imagery.evidence.verify import verify
from imagery.storage import MediaFolder
from missions.access import Principal
from missions.evidence.custody import Custody, taken_in
from missions.evidence.desk import Evidence
from missions.media.desk import Desk
from missions.presets import Preset, load
from missions.store import SqlStore

V1 = "/api/v1"
Run = Callable[..., tuple[int, str, str]]
ORDER = {"recipient": "court", "reason": "case 17", "originals": True, "legal_basis": "order 5"}


@pytest.fixture(scope="module")
def city() -> Preset:
    return load()


@pytest.fixture
def desk(city: Preset, tmp_path: Path) -> Iterator[Desk]:
    home = tmp_path / ".flyonce"
    home.mkdir()
    store = SqlStore(home / "flyonce.sqlite")
    with ThreadPoolExecutor(1) as pool:
        yield Desk(
            preset=city,
            records=store,
            media=MediaFolder(str(home / "media"), min_free_bytes=0),
            clock=ManualClock(NOW),
            home=home,
            pool=pool,
        )
    store.close()


@pytest.fixture
def medium(desk: Desk) -> Medium:
    """A photograph of the water department, shared with the foresters, evidence in a case."""
    pixels = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    data = cv2.imencode(".jpg", pixels)[1].tobytes()
    stored = desk.media.put(data)
    made = replace(
        a_medium(data, "QZ-07", "some camera"),
        key=stored.key,
        sensor=Sensor.VISIBLE,
        shared_with=("forestry",),
        height_m=20.0,
        pitch_deg=-90.0,
        width_px=400,
        height_px=300,
        gsd_m=0.02,
    )
    with desk.unit() as unit:
        unit.media.add(made)
        Custody(unit).note_all(taken_in(made, sent_by="dock"))
        unit.cases.add(replace(a_case(), department="water", before=(made.id,), after=()))
    return made


class Archive(FakeService):
    """The use cases of media over real records and files."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.evidence = Evidence(desk)
        self._desk = desk

    def medium(self, p: Principal, id: str) -> Medium:
        with self._desk.view() as unit:
            found: Medium = p.checked(unit.media.get(id))
            return found

    def medium_file(self, p: Principal, id: str) -> tuple[bytes, str]:
        return self.evidence.showing.file(p, self.medium(p, id))

    def medium_preview(self, p: Principal, id: str) -> bytes:
        return self.evidence.showing.preview(p, self.medium(p, id))


@pytest.fixture
def service(desk: Desk) -> Archive:
    return Archive(desk)


def by(who: str) -> dict[str, dict[str, str]]:
    return {"headers": {"Authorization": f"Bearer t-{who}"}}


def blocks_vary(data: bytes) -> bool:
    """Whether neighbouring pixels differ, as they do in noise and not in averaged blocks."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).astype(int)
    return bool(np.abs(picture[:, 1::4] - picture[:, 0::4]).mean() > 20)


@pytest.mark.parametrize(
    ("who", "status", "original"),
    [
        ("water", 200, True),
        ("admin", 200, True),
        ("dispatch", 200, True),
        ("pilot", 200, True),
        ("audit", 200, True),
        ("forest", 200, False),
        ("dock", 404, False),
    ],
)
@pytest.mark.parametrize("what", ["file", "preview"])
def test_only_owners_get_originals(
    client: TestClient, medium: Medium, who: str, status: int, original: bool, what: str
) -> None:
    answer = client.get(f"{V1}/media/{medium.id}/{what}", **by(who))
    assert answer.status_code == status
    if status == 200:
        assert blocks_vary(answer.content) is original


def test_a_picture_of_unknown_scale_stays_in_its_department(
    client: TestClient, desk: Desk, medium: Medium
) -> None:
    with desk.unit() as unit:
        unit.media.put(replace(medium, height_m=None))
    answer = client.get(f"{V1}/media/{medium.id}/file", **by("forest"))
    assert answer.status_code == 403
    assert "scale is not known" in answer.json()["detail"]
    assert client.get(f"{V1}/media/{medium.id}/file", **by("water")).status_code == 200


def test_looks_and_copies_are_in_the_custody(client: TestClient, medium: Medium) -> None:
    for who in ("water", "water", "forest", "forest", "audit"):
        client.get(f"{V1}/media/{medium.id}/file", **by(who))
    records = client.get(f"{V1}/media/{medium.id}/custody", **by("water")).json()["items"]
    later = [(r["what"], r["by"]) for r in records[4:]]
    assert later == [("shown", "Water"), ("protected copy made", "Forest"), ("shown", "Audit")]
    assert "25 px/m" in records[5]["detail"]["method"]
    assert client.get(f"{V1}/media/{medium.id}/custody", **by("forest")).status_code == 403
    assert client.get(f"{V1}/media/{medium.id}/custody", **by("dock")).status_code == 404


def test_an_export_over_http_is_a_genuine_bundle(
    client: TestClient, medium: Medium, tmp_path: Path
) -> None:
    order = {**ORDER, "case": a_case().number}
    answer = client.post(f"{V1}/evidence/exports", json=order, **by("water"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert f"flyonce-evidence-{a_case().number}.zip" in answer.headers["content-disposition"]
    path = tmp_path / "b.zip"
    path.write_bytes(answer.content)
    key = client.get(f"{V1}/evidence/key", headers={}).json()
    verdict = verify(path, key["public_key"])
    assert verdict.genuine, verdict.faults
    assert verdict.key == key["sha256"]


@pytest.mark.parametrize(
    ("who", "change", "status"),
    [
        ("forest", {}, 403),
        ("dock", {}, 403),
        ("audit", {}, 403),
        ("pilot", {}, 403),
        ("water", {"reason": ""}, 422),
        ("water", {"recipient": ""}, 422),
        ("water", {"legal_basis": ""}, 422),
        ("water", {"media": ["med-none"]}, 404),
        ("water", {"media": []}, 422),
        ("admin", {}, 200),
        ("forest", {"originals": False}, 200),
    ],
)
def test_who_may_export_what(
    client: TestClient, medium: Medium, who: str, change: dict[str, Any], status: int
) -> None:
    order = {**ORDER, "media": [medium.id], **change}
    answer = client.post(f"{V1}/evidence/exports", json=order, **by(who))
    assert answer.status_code == status, answer.text


def test_the_key_is_public_even_where_everybody_signs_in(
    make_client: Callable[..., TestClient],
) -> None:
    client = make_client(require_sign_in=True, remote=True)
    assert client.get(f"{V1}/evidence/key").status_code == 200
    assert client.get(f"{V1}/retention").status_code == 401
    assert client.get(f"{V1}/holds").status_code == 401


def test_holds_are_of_their_department(client: TestClient, medium: Medium) -> None:
    wish = {"subject": medium.id, "reason": "court"}
    assert client.post(f"{V1}/holds", json=wish, **by("forest")).status_code == 404
    assert client.post(f"{V1}/holds", json=wish, **by("audit")).status_code == 403
    hold = client.post(f"{V1}/holds", json=wish, **by("water")).json()
    assert client.get(f"{V1}/holds", **by("forest")).json()["items"] == []
    assert client.get(f"{V1}/holds", **by("water")).json()["items"] == [hold]
    assert client.delete(f"{V1}/holds/{hold['id']}", **by("forest")).status_code == 404
    lifted = client.delete(f"{V1}/holds/{hold['id']}", **by("water"))
    assert lifted.json()["lifted_by"] == "Water"
    assert client.delete(f"{V1}/holds/{hold['id']}", **by("water")).status_code == 409


def test_retention_tells_each_department_what_goes_when(client: TestClient, medium: Medium) -> None:
    soon = client.get(f"{V1}/retention?days=30", **by("water")).json()
    assert soon["items"] == []
    assert {rule["id"] for rule in soon["rules"]} >= {"people", "safety", "default"}
    (one,) = client.get(f"{V1}/retention?days=400", **by("water")).json()["items"]
    assert one["id"] == medium.id
    assert one["rule"].startswith("default: 365 days")
    assert one["held"] == f"case {a_case().number} is open"
    assert client.get(f"{V1}/retention?days=400", **by("forest")).json()["items"] == []


def test_a_mismatching_digest_is_refused_by_the_route(client: TestClient, service: Any) -> None:
    headers = {"X-Vehicle": "QZ-07", "X-Camera": "t1"}
    good = "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:"
    sent = client.post(f"{V1}/media", content=b"abc", headers={**headers, "Content-Digest": good})
    assert sent.status_code == 201
    assert service.calls[-1][-1].startswith("ba7816bf")
    for bad in ("sha-256=:AAAA:", "sha-256=nonsense", "sha-256=:*:"):
        answer = client.post(
            f"{V1}/media", content=b"abc", headers={**headers, "Content-Digest": bad}
        )
        assert answer.status_code == 422
        assert answer.json()["field"] == "Content-Digest"
    other = {**headers, "Content-Digest": "sha-512=:AAAA:"}
    assert client.post(f"{V1}/media", content=b"abcd", headers=other).status_code == 201


def test_the_command_line_checks_exports_and_verifies(
    run: Run, desk: Desk, medium: Medium, tmp_path: Path
) -> None:
    status, said, _ = run("evidence", "check")
    assert status == 0, said
    assert "the evidence is whole" in said
    order = ("--to", "court", "--reason", "17", "--originals", "--legal-basis", "order 5")
    status, said, _ = run("evidence", "export", "--case", a_case().number, *order, "--out", "b.zip")
    assert status == 0
    assert "1 originals" in said
    status, pem, _ = run("evidence", "key")
    (tmp_path / "key.pem").write_text(pem)
    assert run("evidence", "verify", "b.zip", "--key", "key.pem")[0] == 0
    stored = desk.home / "media" / medium.key
    stored.chmod(0o644)
    stored.write_bytes(b"changed")
    status, said, _ = run("evidence", "check", "--json")
    assert status == 1
    assert json.loads(said)["faults"][0]["sort"] == "altered"
    data = bytearray((tmp_path / "b.zip").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "b.zip").write_bytes(data)
    status, _, complaint = run("evidence", "verify", "b.zip")
    assert status == 1
    assert "altered" in complaint


def test_the_command_line_lists_and_deletes_what_is_due(
    run: Run, desk: Desk, medium: Medium
) -> None:
    with desk.unit() as unit:
        unit.media.put(replace(medium, received_at=NOW - timedelta(days=400)))
        unit.cases.put(replace(a_case(), department="water", before=(), after=()))
        (desk.home / "world.json").write_text("{}")
        unit.settings.set("clock", NOW.isoformat())
    status, said, _ = run("retention")
    assert status == 0
    assert medium.id in said
    assert desk.media.has(medium.key)
    assert "1 photographs deleted" in run("retention", "--apply")[1]
    assert not desk.media.has(medium.key)
    assert run("evidence", "check")[0] == 0
