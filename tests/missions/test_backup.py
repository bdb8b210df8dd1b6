"""A backup is one moment's picture, restores into either database, and is refused when damaged."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from missions.audit import verify
from missions.backup import back_up, bring_back, checked
from missions.store import SqlStore

AT = datetime(2026, 5, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def filled(tmp_path: Path, make: Any) -> Any:
    store = SqlStore(tmp_path / "from.db")
    with store.unit() as unit:
        unit.requests.add_all(make.request(f"req-{n}", purpose="巡护") for n in range(700))
        unit.media.add(make.medium(tasks=("tsk-1",)))
        unit.log.add_all(make.entry(f"log-{n}") for n in range(5))
    yield store
    store.close()


def assert_same(one: SqlStore, other: SqlStore) -> None:
    with one.view() as a, other.view() as b:
        assert a.requests.find() == b.requests.find()
        assert a.media.find(tasks="tsk-1") == b.media.find(tasks="tsk-1")
        assert b.requests.count(audience="emergency") == 700
    assert verify(other, verify(one).head).whole


def test_there_and_back_by_way_of_the_other_database(
    filled: SqlStore, tmp_path: Path, postgres_server: Any
) -> None:
    media = tmp_path / "media"
    (media / "ab").mkdir(parents=True)
    (media / "ab" / "x.jpg").write_bytes(b"picture" * 1000)
    first = tmp_path / "first.backup"
    made = back_up(filled, {"media": media}, first, AT)
    assert made.audit.count == 5
    url = postgres_server.url(postgres_server.blank())
    assert bring_back(first, url, {"media": tmp_path / "again"})[1] == []
    assert (tmp_path / "again" / "ab" / "x.jpg").read_bytes() == b"picture" * 1000
    between = SqlStore(url)
    assert_same(filled, between)
    back_up(between, {}, tmp_path / "second.backup", AT)
    between.close()
    blank = f"sqlite:///{tmp_path / 'back.db'}"
    bring_back(tmp_path / "second.backup", blank, {})
    back = SqlStore(blank)
    assert_same(filled, back)
    back.close()


def test_a_damaged_backup_is_refused_by_name_and_nothing_is_restored(
    filled: SqlStore, tmp_path: Path
) -> None:
    file, target = tmp_path / "f.backup", tmp_path / "new.db"
    back_up(filled, {}, file, AT)
    whole = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        found = [archive.getinfo(f"tables/{name}.jsonl") for name in ("requests", "log")]
    for place in (info.header_offset + 100 + info.compress_size // 2 for info in found):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with pytest.raises(InvalidInput, match="damaged") as told:
            bring_back(file, f"sqlite:///{target}", {})
        assert told.value.where == str(file)
    for text in (whole[: len(whole) // 2], b"", b"no backup"):
        file.write_bytes(text)
        with pytest.raises(InvalidInput, match="damaged"):
            checked(file)
    assert not list(tmp_path.glob("new.db*"))


def test_a_member_that_would_leave_the_home_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "f.backup"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("media/../../evil", "x")
        archive.writestr(
            "manifest.json",
            '{"format": "flyonce-backup-1", "made_at": "", "revision": "0001",'
            ' "audit": {"count": 0, "seal": ""},'
            ' "members": {"media/../../evil": {"size": 1, "sha256": ""}}}',
        )
    with pytest.raises(InvalidInput, match="outside"):
        bring_back(file, f"sqlite:///{tmp_path / 'new.db'}", {"media": tmp_path / "media"})


@pytest.mark.sqlite
def test_nothing_is_restored_over_what_is_there(filled: SqlStore, tmp_path: Path) -> None:
    back_up(filled, {}, tmp_path / "f.backup", AT)
    with pytest.raises(InvalidInput, match="already"):
        bring_back(tmp_path / "f.backup", f"sqlite:///{tmp_path / 'from.db'}", {})


def test_a_killed_backup_leaves_the_former_one(
    filled: SqlStore, tmp_path: Path, address: Callable[[Path], str]
) -> None:
    file = tmp_path / "f.backup"
    back_up(filled, {}, file, AT)
    before = file.read_bytes()
    killed = (
        "import os, signal, sys; from pathlib import Path; from datetime import datetime\n"
        "from missions import backup; from missions.store import SqlStore\n"
        "backup.os.fsync = lambda fd: os.kill(os.getpid(), signal.SIGKILL)\n"
        "backup.back_up(SqlStore(sys.argv[1]), {}, Path(sys.argv[2]), datetime.now())"
    )
    arguments = [address(tmp_path / "from.db"), str(file)]
    done = subprocess.run([sys.executable, "-c", killed, *arguments], check=False, cwd=ROOT)
    assert done.returncode == -9
    assert file.read_bytes() == before
    checked(file)
