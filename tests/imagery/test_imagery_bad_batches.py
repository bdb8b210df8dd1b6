"""A card full of everything that can be wrong: each file gets its reason, the rest is done.

The same folder goes through every command that takes folders. A pipe, a device or a loop of links
must not hold one up, so a test that takes long is ended by an alarm.
"""

import json
import os
import signal
import sys

import numpy as np
import pytest
import rasterio
from bad_files import HOSTILE_NAMES, broken_files, photo, png_bomb, scene, write_bad
from radiometric_files import thermal_jpeg

from api import cli
from api.cli.output import shown
from core.errors import NotFound, UnreadableMedia
from imagery.files import reading
from thermal.report.files import find_files, free_name, write_whole

HANG_S = 60


@pytest.fixture(autouse=True)
def no_hang():
    def ring(_number, _frame):
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANG_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    return write_bad(tmp_path_factory.mktemp("bad") / "card", large=False)


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command; gives status, output and messages. Anything but a clear end is a failure."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["flyonce", *map(str, arguments)])
        try:
            cli.main()
            status = 0
        except SystemExit as ended:
            status = ended.code or 0
        said = capsys.readouterr()
        said.err.encode(), said.out.encode()  # what is no UTF-8 would break the pipe
        return status, said.out, said.err

    return call


def base(name):
    return os.path.basename(os.fsencode(name).decode(errors="backslashreplace"))


def plain(names):
    return {base(name) for name in names}


def test_analyze_does_all_that_can_be_read_and_says_why_of_the_rest(card, run):
    status, said, heard = run("analyze", card.folder, "--out", "report", "--json")
    found = {base(r["file"]): r for r in json.loads(said)}
    assert status == 0  # something could be read
    # nothing behind the link to the folder itself is looked at a second time
    assert set(found) == plain(card.good | card.bad | {"locked.jpg"})
    assert {n for n, r in found.items() if r["reason"]} >= plain(card.bad)
    assert not [n for n in plain(card.good) if found[n]["reason"]]
    assert all(r["remedy"] for r in found.values() if r["reason"])
    assert "not read" in heard
    assert "pipe.jpg: it is a pipe" in heard


def test_the_report_of_hostile_names_holds_no_script_and_no_strange_file_names(run, tmp_path):
    folder = tmp_path / "names"
    folder.mkdir()
    data = thermal_jpeg(scene())
    for name in HOSTILE_NAMES:
        (folder / name).write_bytes(data)
    status, said, heard = run("analyze", folder, "--out", tmp_path / "out")
    assert status == 0
    assert "\x1b" not in said + heard
    assert "\a" not in said + heard
    written = os.listdir(os.fsencode(tmp_path / "out"))
    names = [name.decode() for name in written]  # every one is UTF-8
    assert all(name.isprintable() for name in names)
    assert len([n for n in names if n.endswith(".png")]) == len(HOSTILE_NAMES)
    report = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "<script>alert(1)" not in report


def test_detect_does_the_rest_of_the_batch_and_has_status_2(card, run):
    status, said, heard = run("detect", card.folder, "--json")
    results = json.loads(said)
    assert status == 2
    assert {base(r["file"]) for r in results if not r["ok"]} >= plain(card.bad)
    assert {base(r["file"]) for r in results if r["ok"]} >= plain(card.good)
    assert "NaN" not in said
    assert "Infinity" not in said
    assert "\x1b" not in heard


@pytest.mark.parametrize("command", [("poses",), ("mosaic", "--out", "map.tif", "--gsd", "1")])
def test_poses_and_mosaic_name_every_file_that_they_leave_out(card, run, tmp_path, command):
    status, _, heard = run(command[0], card.folder, *command[1:])
    assert status == 2  # there is no plain photograph with a pose among them
    left = {line.partition(": ")[2] for line in heard.splitlines() if line.startswith("left out")}
    for name in card.bad:
        assert [one for one in left if one.startswith(f"{shown(name)}: ")], name
    assert not list(tmp_path.glob("map*"))


def test_a_thermal_mosaic_is_made_of_what_is_good(card, run, tmp_path):
    target = tmp_path / "map.tif"
    status, _, heard = run("mosaic", card.folder, "--thermal", "--gsd", "1", "--out", target)
    assert status == 0
    with rasterio.open(target) as raster:
        assert np.isfinite(raster.read(1)).any()
    for name in ("attitude-sky.jpg", "height-absurd.jpg", "zero.jpg", "pipe.jpg", "self.jpg"):
        assert f"left out: {name}: " in heard
    assert os.listdir(tmp_path) == ["map.tif"]  # no part stays behind


def test_a_dry_run_of_ingest_says_of_each_file_what_would_become_of_it(card, run, monkeypatch):
    from api.cli import looking

    # the same work without worker processes
    monkeypatch.setattr(
        looking,
        "look_all",
        lambda paths, eyes, _meter: [looking.look((str(p), eyes)) for p in paths],
    )
    status, said, _ = run("ingest", card.folder, "--dry-run", "--json")
    told = {base(f["name"]): f for f in json.loads(said)["files"]}
    assert status == 1
    assert all(told[name]["state"] == "dropped" for name in plain(card.bad))
    assert all(f["reason"] for f in told.values() if f["state"] == "dropped")
    for name in ("gps-zero.jpg", "attitude-impossible.jpg", "clock-1904.jpg", "xmp-nan.jpg"):
        assert told[name]["state"] == "dropped"
    assert "NaN" not in said
    assert "Infinity" not in said


def test_one_bad_file_alone_is_refused_by_thermal_with_a_reason(card, run):
    # (its raw frame is whole and of an honest size: only the picture around it lies)
    for name in sorted(card.bad - {"gigantic-jpeg.jpg"}):
        status, said, heard = run("thermal", card.folder / name)
        assert status in (1, 2), name
        assert not said, name
        assert "Error:" in heard, name
        assert "to do:" in heard, name


def test_what_is_no_file_is_never_opened(card):
    sorts = {"pipe.jpg": "a pipe", "zero.jpg": "a device", "folder.jpg": "a folder"}
    for name, sort in sorts.items():
        with pytest.raises(UnreadableMedia, match=sort):
            reading.read_whole(card.folder / name)
    with pytest.raises(NotFound, match="leads nowhere"):
        reading.read_whole(card.folder / "nowhere.jpg")
    with pytest.raises(UnreadableMedia, match="symbolic links"):
        reading.read_whole(card.folder / "self.jpg")
    with pytest.raises(UnreadableMedia, match="3221 MB"):
        reading.read_whole(card.folder / "sparse-3gb.jpg")


def test_a_file_of_exactly_the_most_bytes_is_read(tmp_path):
    path = tmp_path / "x.jpg"
    path.write_bytes(b"12345")
    assert reading.read_whole(path, most=5) == b"12345"
    with pytest.raises(UnreadableMedia, match="at most"):
        reading.read_whole(path, most=4)


def test_a_folder_that_cannot_be_listed_is_not_passed_over(tmp_path, monkeypatch):
    (tmp_path / "shut").mkdir()
    real = os.scandir

    def scandir(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert find_files([tmp_path]) == [tmp_path / "shut"]


def test_names_of_pages_fit_the_disk_and_can_be_written():
    taken = set()
    for stem in ("温" * 85, "温" * 85, "x\udcff", "a\nb", "\u202egpj"):
        name = free_name(stem, taken)
        assert name.isprintable()
        assert len(name.encode()) < 200
    assert len(taken) == 5


def test_an_output_through_a_link_leaves_the_link(tmp_path):
    (tmp_path / "real.npy").write_bytes(b"old")
    (tmp_path / "link.npy").symlink_to("real.npy")
    write_whole(tmp_path / "link.npy", b"new")
    assert (tmp_path / "link.npy").is_symlink()
    assert (tmp_path / "real.npy").read_bytes() == b"new"


@pytest.mark.parametrize("command", ["mosaic", "cog"])
def test_a_map_never_takes_the_place_of_a_pipe_or_device(command, run, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(thermal_jpeg(scene()))
    os.mkfifo(tmp_path / "pipe.tif")
    source = tmp_path / "in" if command == "mosaic" else tmp_path / "in" / "a.jpg"
    extra = ("--thermal",) if command == "mosaic" else ()
    status, _, heard = run(command, source, "--out", tmp_path / "pipe.tif", *extra)
    assert status == 2
    assert "is no plain file" in heard
    assert not (tmp_path / "pipe.tif").is_file()


def test_a_detector_never_makes_room_for_a_bomb():
    from imagery.detectors.run import read_picture

    for data in (png_bomb(20_000), b"BM" + bytes(200), broken_files()["gigantic-jpeg.jpg"]):
        with pytest.raises(UnreadableMedia):
            read_picture(data, "bomb.png")
    assert read_picture(photo(), "x.jpg").shape == (64, 96, 3)
