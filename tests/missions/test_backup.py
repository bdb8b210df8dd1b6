"""A backup is one moment's picture, restores into either database, and is refused when damaged."""

import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.errors import InvalidInput, Unavailable
from missions import placing_home, restoring
from missions.audit import verify
from missions.backup import back_up, checked
from missions.restoring import Restored, Target, bring_back
from missions.sealed_keys import key_files, sealed
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


@pytest.mark.sqlite
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
    again = bring_back(first, Target(home=tmp_path / "again", database=url))
    assert again.problems == []
    assert (tmp_path / "again/media/ab/x.jpg").read_bytes() == b"picture" * 1000
    between = SqlStore(url)
    assert_same(filled, between)
    back_up(between, {}, tmp_path / "second.backup", AT)
    between.close()
    bring_back(tmp_path / "second.backup", Target(home=tmp_path / "home"))
    back = SqlStore(tmp_path / "home" / "flyonce.sqlite")
    assert_same(filled, back)
    back.close()


def everything_in(folder: Path) -> dict[str, bytes]:
    """What is in a folder, and what waits beside it."""
    found = (p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in found}


@pytest.mark.sqlite
def test_a_damaged_backup_is_refused_by_name_and_nothing_is_restored(
    filled: SqlStore, tmp_path: Path
) -> None:
    file, home = tmp_path / "f.backup", tmp_path / "new"
    back_up(filled, {}, file, AT)
    assert file.stat().st_mode & 0o777 == 0o600
    whole = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        found = [archive.getinfo(f"tables/{name}.jsonl") for name in ("requests", "log")]
    for place in (info.header_offset + 100 + info.compress_size // 2 for info in found):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with pytest.raises(InvalidInput, match="damaged") as told:
            bring_back(file, Target(home=home))
        assert told.value.where == str(file)
    for text in (whole[: len(whole) // 2], b"", b"no backup"):
        file.write_bytes(text)
        with pytest.raises(InvalidInput, match="damaged"):
            checked(file)
    assert not list(tmp_path.glob("*new*"))


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
        bring_back(file, Target(home=tmp_path / "new"))


# --- a restore is all or nothing ------------------------------------------------------------------


@pytest.fixture
def with_media(filled: SqlStore, tmp_path: Path) -> Path:
    media = tmp_path / "media"
    media.mkdir()
    for n in range(20):
        (media / f"{n}.jpg").write_bytes(bytes([n]) * 1000)
    back_up(filled, {"media": media}, tmp_path / "f.backup", AT)
    return tmp_path / "f.backup"


@pytest.fixture
def occupied(tmp_path: Path) -> Path:
    """A home that is in use: one request, one photograph."""
    home = tmp_path / "home"
    (home / "media").mkdir(parents=True)
    (home / "media" / "old.jpg").write_bytes(b"old")
    (home / "flyonce.sqlite").write_bytes(b"an old database")
    (home / "keys.json").write_text("{}")
    return home


@pytest.mark.sqlite
def test_a_home_that_is_there_is_refused_or_moved_aside_whole(
    with_media: Path, occupied: Path, tmp_path: Path
) -> None:
    before = everything_in(occupied)
    with pytest.raises(InvalidInput, match="already"):
        bring_back(with_media, Target(home=occupied))
    assert everything_in(occupied) == before
    made = bring_back(with_media, Target(home=occupied, aside=tmp_path / "aside"))
    assert made.aside == tmp_path / "aside"
    assert everything_in(tmp_path / "aside") == before
    assert len(list((occupied / "media").iterdir())) == 20
    assert not list(tmp_path.glob(".*.restoring"))


@pytest.mark.sqlite
@pytest.mark.parametrize("step", ["_extract", "restore", "_checked", "Place.take"])
def test_a_step_that_fails_leaves_nothing_behind(
    step: str,
    with_media: Path,
    occupied: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, around = everything_in(occupied), sorted(p.name for p in tmp_path.iterdir())

    def broken(*_given: Any, **_named: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"missions.restoring.{step}", broken)
    for home in (occupied, tmp_path / "fresh"):
        with pytest.raises(Unavailable, match="nothing was changed"):
            bring_back(with_media, Target(home=home, aside=tmp_path / "aside"))
    assert everything_in(occupied) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == around


def test_a_database_that_refuses_the_last_step_leaves_the_old_home(
    with_media: Path, occupied: Path, tmp_path: Path, postgres_server: Any
) -> None:
    before = everything_in(occupied)
    url = postgres_server.url(postgres_server.blank())
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        # a constraint that is looked at when the transaction ends: what can still fail there
        connection.execute(
            "CREATE FUNCTION no() RETURNS event_trigger AS $$ BEGIN "
            "EXECUTE 'CREATE CONSTRAINT TRIGGER late AFTER INSERT ON requests DEFERRABLE "
            "INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()'; END $$ LANGUAGE plpgsql"
        )
        connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION 'not today'; END $$ LANGUAGE plpgsql"
        )
        connection.execute(
            "CREATE EVENT TRIGGER tables ON ddl_command_end "
            "WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION no()"
        )
    with pytest.raises(Unavailable):
        bring_back(with_media, Target(home=occupied, database=url, aside=tmp_path / "aside"))
    assert everything_in(occupied) == before
    assert not (tmp_path / "aside").exists()
    assert not list(tmp_path.glob(".*.restoring"))


def killed_at(step: int, file: Path, target: Target) -> int:
    """Restore in a process that is killed at its n-th step that writes or moves; the signal."""
    child = os.fork()
    if child == 0:
        left = step

        def counted(call: Callable[..., Any]) -> Callable[..., Any]:
            def one(*given: Any, **named: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*given, **named)

            return one

        for where, name in (
            (os, "fsync"),
            (Path, "rename"),
            (restoring, "restore"),
            (restoring, "_checked"),
            (placing_home, "exchange"),
        ):
            setattr(where, name, counted(getattr(where, name)))
        try:
            bring_back(file, target)
        finally:
            os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


@pytest.mark.sqlite
def test_a_killed_restore_leaves_the_old_home_or_the_new_one(
    with_media: Path, occupied: Path, tmp_path: Path
) -> None:
    """Killed at every call that writes, moves or makes a folder, one after the other."""
    old, outcomes = everything_in(occupied), []
    for step in (1, 15, 21, 22, 23, 24):
        assert killed_at(step, with_media, Target(home=occupied, aside=tmp_path / "aside")) == 9
        now = everything_in(occupied)
        is_new = len(list((occupied / "media").iterdir())) == 20 and "keys.json" not in now
        assert now == old or is_new
        outcomes.append(is_new)
        if is_new:
            with SqlStore(occupied / "flyonce.sqlite").view() as unit:
                assert unit.requests.count(audience="emergency") == 700
            assert everything_in(tmp_path / ".home.restoring") == old
    assert outcomes == [False] * 5 + [True]


@pytest.mark.sqlite
def test_keys_are_sealed_and_come_back_for_who_knows_the_passphrase(
    filled: SqlStore, tmp_path: Path
) -> None:
    home, file = tmp_path / "from", tmp_path / "k.backup"
    home.mkdir()
    (home / "keys.json").write_text('{"main/7": "abcdef"}')
    (home / "evidence-key.pem").write_bytes(b"-----BEGIN PRIVATE KEY-----")
    with pytest.raises(InvalidInput, match="guessed"):
        sealed(key_files(home), "short")
    back_up(filled, {}, file, AT, sealed(key_files(home), "correct horse battery"))
    assert b"abcdef" not in file.read_bytes()
    with pytest.raises(InvalidInput, match="passphrase"):
        bring_back(file, Target(home=tmp_path / "to"), "another horse battery")
    assert not list(tmp_path.glob("*to*"))
    assert bring_back(file, Target(home=tmp_path / "without")).keys == ()
    made: Restored = bring_back(file, Target(home=tmp_path / "to"), "correct horse battery")
    assert made.keys == ("keys.json", "evidence-key.pem")
    for name in made.keys:
        assert (tmp_path / "to" / name).read_bytes() == (home / name).read_bytes()
        assert (tmp_path / "to" / name).stat().st_mode & 0o777 == 0o600


def test_a_backup_while_others_write_is_one_moments_picture(
    tmp_path: Path, make: Any, address: Callable[[Path], str]
) -> None:
    """What is always written together is in it together, and the trail is whole."""
    store, stop = SqlStore(tmp_path / "from.db"), threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            with store.unit() as unit:
                unit.requests.add(make.request(f"req-{n}"))
                unit.log.add(make.entry(f"log-{n}"))
                unit.settings.set("written", str(n))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for round in range(4):
            file = tmp_path / f"{round}.backup"
            made = back_up(store, {}, file, AT)
            with zipfile.ZipFile(file) as archive:
                lines = {
                    name: archive.read(f"tables/{name}.jsonl").count(b"\n") - 1
                    for name in ("requests", "log")
                }
                settings = archive.read("tables/settings.jsonl").decode()
            assert lines["requests"] == lines["log"] == made.audit.count
            assert not made.audit.count or rf'["written","\"{made.audit.count}\""]' in settings
    finally:
        stop.set()
        writer.join()
    assert made.audit.count > 0
    store.close()


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
