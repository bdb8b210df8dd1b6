"""Bundles of evidence: whoever gets one can check it, and every change to it is found."""

import io
import json
import shutil
import stat
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from evidence_range import opened_desk, picture, take_in

from core.clock import ManualClock
from core.errors import InvalidInput, NotAllowed, NotFound, Unavailable
from imagery.evidence.signature import Signer
from imagery.evidence.verify import verify
from missions.access import Principal
from missions.entities import Origin
from missions.evidence.chain import broken_links
from missions.evidence.desk import Evidence
from missions.evidence.exports import ExportOrder
from missions.evidence.records import Act
from missions.media.desk import Desk
from missions.presets import Preset

COURT = {"recipient": "Kecheng court", "reason": "case 2026-17", "originals": True}
LAWFUL = {**COURT, "legal_basis": "order of 12 May 2026"}


@pytest.fixture
def desk(preset: Preset, clock: ManualClock, tmp_path: Path) -> Iterator[Desk]:
    with opened_desk(preset, clock, tmp_path / "home") as made:
        yield made


@pytest.fixture
def urban(member: Callable[[str], Principal]) -> Principal:
    return member("urban")


@pytest.fixture
def bundle(desk: Desk, make: Any, urban: Principal, tmp_path: Path) -> Path:
    """Two originals for a court."""
    media = [take_in(desk, make, picture(n)).id for n in range(2)]
    return export(desk, urban, tmp_path, media=tuple(media), **LAWFUL)


def export(desk: Desk, who: Principal, folder: Path, **order: Any) -> Path:
    path = folder / "bundle.zip"
    with path.open("wb") as out:
        Evidence(desk).export(who, ExportOrder(**order), out)
    return path


def names_in(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as file:
        return [name.partition("/")[2] for name in file.namelist()]


def rewritten(
    path: Path, change: Callable[[str, bytes], bytes | None], extra: dict[str, bytes] | None = None
) -> Path:
    """The bundle with each file changed (None drops it) and more files added, in a sound zip."""
    changed = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        top = old.namelist()[0].partition("/")[0]
        for name in old.namelist():
            data = change(name.partition("/")[2], old.read(name))
            if data is not None:
                new.writestr(name, data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zipfile warns of names that stand there twice
            for name, data in (extra or {}).items():
                new.writestr(name.replace("TOP", top), data)
    return changed


def test_a_bundle_is_verified_with_our_command_and_the_published_ones(
    desk: Desk, bundle: Path, tmp_path: Path
) -> None:
    pem, fingerprint = Evidence(desk).key()
    verdict = verify(bundle, pem)
    assert verdict.genuine, verdict.faults
    assert verdict.trusted
    assert verdict.key == fingerprint
    with zipfile.ZipFile(bundle) as file:
        file.extractall(tmp_path / "out")
    (folder,) = (tmp_path / "out").iterdir()
    run(folder, "sha256sum", "-c", "--strict", "--quiet", "manifest-sha256.txt")
    run(folder, "sha256sum", "-c", "--strict", "--quiet", "tagmanifest-sha256.txt")
    signature = ("-in", "tagmanifest-sha256.txt", "-sigfile", "tagmanifest-sha256.txt.sig")
    openssl = ("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "signing-key.pem", "-rawin")
    assert "Verified Successfully" in run(folder, *openssl, *signature)
    run(tmp_path, sys.executable, "-m", "bagit", "--validate", str(folder))
    (folder / "data" / "custody" / "added.jsonl").write_text("{}\n")
    with pytest.raises(subprocess.CalledProcessError):
        run(tmp_path, sys.executable, "-m", "bagit", "--validate", str(folder))


def run(folder: Path, *command: str) -> str:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def test_a_bundle_holds_what_a_court_asks_for(bundle: Path) -> None:
    names = names_in(bundle)
    assert sum(n.startswith("data/originals/") for n in names) == 2
    assert sum(n.startswith("data/sidecars/") for n in names) == 2
    with zipfile.ZipFile(bundle) as file:
        custody = next(n for n in file.namelist() if "/custody/" in n)
        records = [json.loads(line) for line in file.read(custody).splitlines()]
        info = file.read(next(n for n in file.namelist() if n.endswith("bag-info.txt"))).decode()
    assert broken_links(records) == []
    assert [r["what"] for r in records][:4] == ["captured", "received", "stored", "examined"]
    assert records[-1]["what"] == Act.EXPORTED
    assert records[-1]["detail"]["to"] == "Kecheng court"
    assert "Exported-For: Kecheng court\n" in info
    assert "Payload-Oxum: " in info


def _flip(name: str, data: bytes) -> bytes:
    return data[:100] + bytes([data[100] ^ 1]) + data[101:] if "originals" in name else data


def _drop_custody(name: str, data: bytes) -> bytes | None:
    return None if "custody" in name else data


def _reorder(name: str, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join([lines[1], lines[0], *lines[2:]]) if "custody" in name else data


def _swap_signature(name: str, data: bytes) -> bytes:
    return bytes(64) if name.endswith(".sig") else data


def _same(name: str, data: bytes) -> bytes:
    return data


@pytest.mark.parametrize(
    ("change", "extra", "said"),
    [
        (_flip, {}, "altered"),
        (_drop_custody, {}, "missing"),
        (_reorder, {}, "altered"),
        (_swap_signature, {}, "not a signature"),
        (_same, {"TOP/data/originals/more.jpg": b"x"}, "added"),
        (_same, {"elsewhere/x": b"x"}, "added beside the bag"),
        (_same, {"TOP/../../etc/passwd": b"x"}, "points outside"),
        (_same, {"/etc/passwd": b"x"}, "points outside"),
        (_same, {"TOP/C:\\windows\\x": b"x"}, "points outside"),
        (_same, {"TOP/bagit.txt": b"x"}, "twice"),
    ],
)
def test_every_change_to_a_bundle_is_named(
    bundle: Path, change: Callable[[str, bytes], bytes], extra: dict[str, bytes], said: str
) -> None:
    verdict = verify(rewritten(bundle, change, extra))
    assert not verdict.genuine
    assert any(said in fault for fault in verdict.faults), verdict.faults


def test_a_forger_with_a_key_of_his_own_is_found_with_the_published_key(
    desk: Desk, bundle: Path, tmp_path: Path
) -> None:
    forger = Signer.of(tmp_path / "forged.pem")
    with zipfile.ZipFile(bundle) as file:
        top = file.namelist()[0].partition("/")[0]
        tags = file.read(f"{top}/tagmanifest-sha256.txt")

    def forge(name: str, data: bytes) -> bytes:
        return forger.sign(tags) if name.endswith(".sig") else data

    assert not verify(rewritten(bundle, forge), Evidence(desk).key()[0]).genuine


def test_a_link_in_the_zip_is_no_file(bundle: Path) -> None:
    changed = rewritten(bundle, _same)
    with zipfile.ZipFile(changed, "a") as file:
        link = zipfile.ZipInfo(f"{file.namelist()[0].partition('/')[0]}/data/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
    assert any("a link" in fault for fault in verify(changed).faults)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip at all" * 100])
def test_what_is_no_bundle_is_said_so(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match="no bundle"):
        verify(path)


def test_who_and_why_are_asked_and_originals_need_a_ground(
    desk: Desk, make: Any, urban: Principal, tmp_path: Path
) -> None:
    medium = take_in(desk, make, picture())
    for missing in ("recipient", "reason"):
        with pytest.raises(InvalidInput, match=missing):
            export(desk, urban, tmp_path, media=(medium.id,), **{**LAWFUL, missing: " "})
    with pytest.raises(InvalidInput, match="legal ground"):
        export(desk, urban, tmp_path, media=(medium.id,), **COURT)
    with pytest.raises(InvalidInput, match="0 photographs"):
        export(desk, urban, tmp_path, **LAWFUL)


def test_departments_export_what_they_see_and_only_copies_of_what_is_not_theirs(
    desk: Desk, make: Any, member: Callable[[str], Principal], tmp_path: Path
) -> None:
    medium = take_in(desk, make, picture())
    with pytest.raises(NotFound):
        export(desk, member("forestry"), tmp_path, media=(medium.id,), **LAWFUL)
    with pytest.raises(NotAllowed, match="owning department"):
        export(desk, member("ecology"), tmp_path, media=(medium.id,), **LAWFUL)
    order = {"recipient": "us", "reason": "look", "department": "ecology"}
    for who in ("ecology", "urban"):
        names = names_in(export(desk, member(who), tmp_path, media=(medium.id,), **order))
        assert f"data/copies/{medium.id}.jpg" in names
        assert not any("originals" in name for name in names)
    kept = {**order, "department": "urban"}
    names = names_in(export(desk, member("urban"), tmp_path, media=(medium.id,), **kept))
    assert f"data/originals/{medium.id}.jpg" in names


def test_a_case_goes_with_its_story_and_without_what_the_caller_may_not_see(
    desk: Desk, make: Any, urban: Principal, tmp_path: Path
) -> None:
    mine = take_in(desk, make, picture(1))
    other = take_in(desk, make, picture(2), department="forestry", shared_with=())
    with desk.unit() as unit:
        unit.cases.add(make.case(department="urban", before=(mine.id,), after=(other.id,)))
        unit.flights.add(make.flight(case_id="cas-1", origin=Origin.RECHECK))
    path = export(desk, urban, tmp_path, case="TC-20260512-0001", **LAWFUL)
    with zipfile.ZipFile(path) as file:
        name = next(n for n in file.namelist() if n.endswith("case.json"))
        story = json.loads(file.read(name))
        assert "flyonce-evidence-TC-20260512-0001/" in name
    assert story["case"]["number"] == "TC-20260512-0001"
    assert story["flights"][0]["vehicle"] == "TC-01"
    assert f"data/originals/{mine.id}.jpg" in names_in(path)
    assert not any(other.id in name for name in names_in(path))


def test_an_altered_original_is_never_exported(
    desk: Desk, make: Any, urban: Principal, tmp_path: Path
) -> None:
    medium = take_in(desk, make, picture())
    stored = tmp_path / "home" / "media" / medium.key
    stored.chmod(0o644)
    stored.write_bytes(picture(9))
    with pytest.raises(Unavailable, match="altered"):
        export(desk, urban, tmp_path, media=(medium.id,), **LAWFUL)
    with desk.view() as unit:
        said = [e.text for e in unit.log.find(action="export-evidence")]
    assert "not completed" in said[-1]


def test_the_key_is_for_its_owner_alone_and_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    first = Signer.of(path).public_pem
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Signer.of(path).public_pem == first
    path.chmod(0o644)
    with pytest.raises(Unavailable, match="read by others"):
        Signer.of(path)
    path.chmod(0o600)
    path.write_text("no key")
    with pytest.raises(Unavailable, match="no Ed25519"):
        Signer.of(path)


def test_a_bundle_is_written_to_what_cannot_be_wound_back(
    desk: Desk, make: Any, urban: Principal, tmp_path: Path
) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.data += data
            return len(data)

    pipe = Pipe()
    order = ExportOrder(media=(take_in(desk, make, picture()).id,), **LAWFUL)
    Evidence(desk).export(urban, order, pipe)  # type: ignore[arg-type]
    path = tmp_path / "piped.zip"
    path.write_bytes(pipe.data)
    assert verify(path).genuine
