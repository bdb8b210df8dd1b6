import errno
import hashlib
import os

import pytest

from core.errors import InvalidInput, NotFound, Unavailable
from imagery.storage import MediaFolder


@pytest.fixture
def folder(tmp_path):
    return MediaFolder(str(tmp_path / "media"), min_free_bytes=0)


def files_below(path):
    return [os.path.join(d, f) for d, _, names in os.walk(path) for f in names]


def test_what_is_put_can_be_opened_under_its_hash(folder):
    stored = folder.put(b"picture")

    assert stored.sha256 == hashlib.sha256(b"picture").hexdigest()
    assert stored.size == 7
    assert not stored.known
    assert folder.open(stored.key) == b"picture"


def test_the_same_bytes_are_kept_once(folder, tmp_path):
    folder.put(b"picture")

    assert folder.put(b"picture").known
    assert len(files_below(tmp_path)) == 1


def test_a_full_disk_leaves_nothing_behind(folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("imagery.storage.os.replace", full)

    with pytest.raises(Unavailable, match="disk is full") as error:
        folder.put(b"picture")

    assert "larger disk" in error.value.remedy
    assert files_below(tmp_path) == []


def test_space_is_kept_for_the_database(tmp_path):
    folder = MediaFolder(str(tmp_path), min_free_bytes=1 << 62)

    with pytest.raises(Unavailable, match="disk is full"):
        folder.put(b"picture")

    assert files_below(tmp_path) == []


@pytest.mark.parametrize("key", ["", "../etc/passwd", "ab/..", "ab/" + "c" * 64, "AB/" + "A" * 64])
def test_only_keys_open(folder, key):
    with pytest.raises(InvalidInput):
        folder.open(key)


def test_an_unknown_key_is_not_found(folder):
    with pytest.raises(NotFound):
        folder.open("ab/ab" + "0" * 62)


def test_leftovers_of_a_killed_process_are_swept(folder, tmp_path):
    stored = folder.put(b"picture")
    (tmp_path / "media" / stored.key[:2] / ".part-123").write_bytes(b"half")

    assert folder.sweep() == 1
    assert folder.has(stored.key)


def test_a_folder_that_cannot_be_made_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(Unavailable) as error:
        MediaFolder(str(tmp_path / "file" / "media"))

    assert error.value.remedy


def test_other_file_systems(tmp_path):
    folder = MediaFolder("memory://flyonce-test")

    stored = folder.put(b"picture")

    assert folder.open(stored.key) == b"picture"
    assert folder.free_bytes() is None
    folder.remove(stored.key)
    assert not folder.has(stored.key)
