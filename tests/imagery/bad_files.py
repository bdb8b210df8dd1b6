"""A folder of everything that hostile and unlucky people bring, with what is wrong in each name.

`write_bad(folder)` fills a folder; `Bad.good` are the files in it that must be done all the same.
All are small on the disk; the gigantic one is sparse.
"""

import io
import os
import struct
import sys
import zipfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "thermal"))
from radiometric_files import (
    bare_tiff,
    dji_jpeg,
    dji_xmp,
    fff_block,
    jpeg_of,
    pose_xmp,
    thermal_jpeg,
    tiff_of,
    with_flir,
)

HOSTILE_NAMES = (
    "line\nbreak.jpg",
    "fire\N{FIRE}.jpg",
    "..x..jpg.jpg",
    "n" * 251 + ".jpg",
    "<script>alert(1)<;script>.jpg",
    "=cmd()|'calc'!A1.jpg",
    "+1+1.jpg",
    "-rf.jpg",
    "[red]markup[bold.jpg",
    "bell\a\x1b[31mred.jpg",
    "100%s {name} $HOME `id`.jpg",
    " .jpg",
    "gpj.\u202edetrever.jpg",
    "not-utf8-\udcff.jpg",
)


@dataclass(frozen=True, slots=True)
class Bad:
    """What was written: names of files that can be read as thermal ones, and of others."""

    folder: Path
    good: frozenset[str]
    bad: frozenset[str]


def scene(height=48, width=64, seed=5):
    """A mild ground with one hot spot, degrees Celsius."""
    celsius = np.random.default_rng(seed).normal(20.0, 0.3, (height, width))
    celsius[height // 2 - 2 : height // 2 + 2, width // 2 - 2 : width // 2 + 2] += 30.0
    return celsius


def photo(seed=5, width=96, height=64, **tags):
    """A plain photograph with a pose."""
    picture = np.random.default_rng(seed).integers(30, 220, (height, width, 3), dtype=np.uint8)
    tags.setdefault("xmp", pose_xmp())
    return jpeg_of(picture, **tags)


def good_files(*, large=True):
    """Radiometric files that read, most of them with something odd about them, by name."""
    celsius = scene()
    day = datetime.now(UTC).replace(microsecond=0)
    files = {
        "good-flir.jpg": thermal_jpeg(celsius),
        "good-dji.jpg": dji_jpeg(celsius),
        "good-float.tif": tiff_of(celsius.astype(np.float32)),
        "no-gps.jpg": with_flir(jpeg_of(_gray(), lon=None), _block()),
        "gps-zero.jpg": _posed(lon=0.0, lat=0.0),
        "gps-half.jpg": _tagged(GpsLatitude="+28.97", GimbalYawDegree="+1"),
        "gps-far.jpg": _tagged(GpsLatitude="+91.5", GpsLongitude="+500"),
        "attitude-impossible.jpg": _posed(pitch=4000.0, roll=-999.0, yaw=1e9),
        "attitude-sky.jpg": _posed(pitch=85.0),
        "xmp-nan.jpg": _posed(lon=float("nan"), altitude_m=float("nan"), yaw=float("nan")),
        "xmp-inf.jpg": _posed(altitude_m=float("inf"), yaw=float("-inf")),
        "height-minus.jpg": _posed(altitude_m=-400.0),
        "height-absurd.jpg": _posed(altitude_m=1e12),
        "clock-day-off.jpg": thermal_jpeg(celsius, taken_at=day - timedelta(days=1)),
        "clock-future.jpg": thermal_jpeg(celsius, taken_at=day + timedelta(days=900)),
        "clock-1904.jpg": thermal_jpeg(celsius, taken_at=datetime(1904, 1, 1, tzinfo=UTC)),
        "twin-a.jpg": thermal_jpeg(scene(seed=9)),
        "twin-b.jpg": thermal_jpeg(scene(seed=9)),
        "Case.jpg": thermal_jpeg(scene(seed=10)),
        "case.JPG": thermal_jpeg(scene(seed=11)),
        "case.jpeg": thermal_jpeg(scene(seed=12)),
        "report.jpg": thermal_jpeg(scene(seed=13)),
        "xmp-bomb.jpg": with_flir(jpeg_of(_gray(), xmp=_laughs()), _block()),
    }
    if large:
        files["large-640x512.jpg"] = thermal_jpeg(scene(512, 640))
        files["large-1280x1024.jpg"] = thermal_jpeg(scene(1024, 1280))
    for number, name in enumerate(HOSTILE_NAMES):
        files[name] = thermal_jpeg(scene(seed=100 + number))
    return files


def broken_files():
    """Files that cannot be read as photographs at all, by name."""
    whole, dji, tiff = thermal_jpeg(scene()), dji_jpeg(scene()), tiff_of(np.float32(scene()))
    files = {
        "empty.jpg": b"",
        "empty.tif": b"",
        "one-byte.jpg": b"\xff",
        "zeros.jpg": bytes(5000),
        "zip.jpg": _zip(),
        "text.tif": b"These are the temperatures of my roof: 12, 13, 14\n" * 20,
        "html.jpg": b"<!doctype html><title>404</title><script>alert(1)</script>",
        "video.jpg": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + os.urandom(2000),
        "png-bomb.tif": png_bomb(30_000),
        "noise.tif": os.urandom(4000),
        "gigantic.tif": bare_tiff(4_000_000, 4_000_000),
        "gigantic-jpeg.jpg": _resized(whole, 65_500, 65_500),
        "deflate-bomb.tif": bare_tiff(16, 16, zlib.compress(bytes(60_000_000)), compression=8),
        "segments.jpg": b"\xff\xd8" + b"\xff\xe2\0\2" * 50_000,
        "flir-bomb.jpg": with_flir(
            jpeg_of(_gray()), fff_block(np.zeros((48, 64), np.uint16)).replace(*_bomb_in_fff())
        ),
    }
    for name, data in (("flir", whole), ("dji", dji), ("tiff", tiff)):
        suffix = "tif" if name == "tiff" else "jpg"
        for part in (0.01, 0.1, 0.3, 0.6):
            files[f"cut-{name}-{round(part * 100):02d}.{suffix}"] = data[: int(len(data) * part)]
    return files


def write_bad(folder, *, devices=True, gigantic=True, large=True):
    """Fill the folder. Returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    good, bad = good_files(large=large), broken_files()
    for name, data in {**good, **bad}.items():
        (folder / name).write_bytes(data)
    odd = set(bad)
    if gigantic:
        with (folder / "sparse-3gb.jpg").open("wb") as file:
            file.write(b"\xff\xd8")
            file.truncate(3 << 30)
        odd.add("sparse-3gb.jpg")
    if devices:
        odd |= _specials(folder)
    return Bad(folder=folder, good=frozenset(good), bad=frozenset(odd))


def _specials(folder):
    """What is no file: a pipe, a device, loops, a folder with a file's name."""
    (folder / "folder.jpg").mkdir()
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "self.jpg").symlink_to("self.jpg")
    (folder / "nowhere.jpg").symlink_to("is-not-there.jpg")
    (folder / "zero.jpg").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.jpg")
    (folder / "locked.jpg").write_bytes(thermal_jpeg(scene()))
    (folder / "locked.jpg").chmod(0)
    odd = {"self.jpg", "nowhere.jpg", "zero.jpg", "pipe.jpg"}
    return odd if os.access(folder / "locked.jpg", os.R_OK) else odd | {"locked.jpg"}


def png_bomb(side):
    """A PNG of side x side black pixels: some kB that want gigabytes."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(20_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _gray():
    return np.uint8(scene())


def _block():
    return fff_block(np.full((48, 64), 4000, np.uint16))


def _posed(**pose):
    return thermal_jpeg(scene(), pose=pose)


def _tagged(**tags):
    return with_flir(jpeg_of(_gray(), lon=None, xmp=dji_xmp(**tags)), _block())


def _laughs():
    """The billion laughs as XMP."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{levels}]><x>&l11;</x>'


def _zip():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.jpg", bytes(5_000_000))
    return out.getvalue()


def _resized(jpeg, width, height):
    """The JPEG whose frame header says another size."""
    at = next(i for i in range(len(jpeg)) if jpeg[i : i + 2] == b"\xff\xc0" and jpeg[i + 2] == 0)
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def _bomb_in_fff():
    """The raw frame's size, and one of 65 thousand pixels a side."""
    return struct.pack("<HHH", 2, 64, 48), struct.pack("<HHH", 2, 65_000, 65_000)


__all__ = [
    "HOSTILE_NAMES",
    "Bad",
    "broken_files",
    "good_files",
    "photo",
    "png_bomb",
    "scene",
    "write_bad",
]
