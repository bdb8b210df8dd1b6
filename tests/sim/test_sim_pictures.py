"""Files that the cameras write: radiometry, metadata, what is in the picture."""

import io
import struct
import zlib
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.equipment import CameraSpec, Sensor
from core.geo import LocalFrame, LonLat
from core.pose import Attitude
from imagery.quality import measure
from sim import content
from sim.autopilot.shutter import Photo
from sim.camera import Darkroom, View
from sim.fires import Fire
from sim.ground import Ground
from sim.metadata import Labels, Taken
from sim.radiometric import (
    PLANCK_B,
    PLANCK_F,
    PLANCK_O,
    PLANCK_R1,
    PLANCK_R2,
    Path,
    counts,
    fff_block,
    planck_raw,
    segments,
    transmission,
)
from sim.scene import Scene
from sim.studio import Studio
from sim.swarm import Swarm
from sim.things import Patch
from sim.world import World

THERMAL = CameraSpec(
    id="t", sensor=Sensor.THERMAL, width_px=640, height_px=512, hfov_deg=45.0, stored_scale=0.25
)
DOWN = Attitude(yaw_deg=30.0, pitch_deg=-90.0)


def raw_of(block: bytes) -> np.ndarray:
    """Raw counts of an FFF block, by the format's own rules: a reader written for this test."""
    offset, count = struct.unpack(">II", block[0x18:0x20])
    for k in range(count):
        kind, subtype, _, _, at, length = struct.unpack(
            ">HHIIII", block[offset + 32 * k : offset + 32 * k + 20]
        )
        if kind == 1:
            assert subtype == 3
            png = block[at + 32 : at + length]
    width, height = struct.unpack(">II", png[16:24])
    size = struct.unpack(">I", png[33:37])[0]
    rows = np.frombuffer(zlib.decompress(png[41 : 41 + size]), np.uint8)
    rows = rows.reshape(height, 2 * width + 1)
    assert not rows[:, 0].any()
    return rows[:, 1:].copy().view("<u2")


def decoded(raw: np.ndarray, path: Path) -> np.ndarray:
    """Celsius from counts: the single-path model solved for the object."""
    tau = transmission(path)
    signal = raw.astype(float) + PLANCK_O
    reflected = (1 - path.emissivity) * tau * planck_raw(path.reflected_c)
    air = (1 - tau) * planck_raw(path.air_c)
    own = (signal - reflected - air) / (path.emissivity * tau)
    return PLANCK_B / np.log(PLANCK_R1 / (PLANCK_R2 * own) + PLANCK_F) - 273.15


@settings(max_examples=40, deadline=None)
@given(
    celsius=st.floats(-20.0, 800.0),
    path=st.builds(
        Path,
        distance_m=st.floats(1.0, 200.0),
        reflected_c=st.floats(-10.0, 40.0),
        air_c=st.floats(-5.0, 40.0),
        humidity=st.floats(0.1, 0.95),
    ),
)
def test_temperatures_survive_the_file(celsius: float, path: Path) -> None:
    raw = raw_of(fff_block(np.full((4, 6), celsius, np.float32), path, "cam", "QZ-01"))
    assert raw.shape == (4, 6)
    step = 0.13 if celsius < 0 else 0.07
    assert decoded(raw, path) == pytest.approx(celsius, abs=step)


def test_pillow_reads_the_png_byte_swapped_as_flir_writes_it() -> None:
    picture = np.linspace(10, 90, 80, dtype=np.float32).reshape(8, 10)
    block = fff_block(picture, Path(), "cam", "QZ-01")
    png = block[block.index(b"\x89PNG") :]
    with Image.open(io.BytesIO(png)) as image:
        swapped = np.asarray(image).astype(np.uint16)
    assert np.array_equal(swapped.byteswap(), counts(picture, Path()))


def test_long_blocks_are_cut_into_numbered_segments() -> None:
    rng = np.random.default_rng(1)
    block = fff_block(rng.uniform(0, 400, (256, 320)).astype(np.float32), Path(), "c", "v")
    data, parts, k = segments(block), [], 0
    while k < len(data):
        assert data[k : k + 2] == b"\xff\xe1"
        size = struct.unpack(">H", data[k + 2 : k + 4])[0]
        assert data[k + 4 : k + 10] == b"FLIR\0\x01"
        parts.append((data[k + 10], data[k + 11], data[k + 12 : k + 2 + size]))
        k += 2 + size
    assert [p[0] for p in parts] == list(range(len(parts)))
    assert {p[1] for p in parts} == {len(parts) - 1}
    assert b"".join(p[2] for p in parts) == block


class TestMetadata:
    taken = Taken(
        at=datetime(2026, 5, 12, 1, 2, 3, 456000, tzinfo=UTC),
        lon=118.87361234,
        lat=28.91234567,
        altitude_m=187.3,
        relative_m=80.2,
        attitude=Attitude(yaw_deg=200.0, pitch_deg=-90.0),
        flight_yaw_deg=122.0,
    )

    def image(self) -> Image.Image:
        buffer = io.BytesIO()
        Image.new("RGB", (16, 8)).save(buffer, "JPEG")
        labels = Labels(THERMAL, "QZ-01", 160, 128).segments(self.taken)
        return Image.open(io.BytesIO(b"\xff\xd8" + labels + buffer.getvalue()[2:]))

    def test_exif(self) -> None:
        exif = self.image().getexif()
        detail, place = exif.get_ifd(0x8769), exif.get_ifd(0x8825)
        assert exif[0x010F] == "FlyOnce"
        assert exif[0x0110] == "t"
        assert detail[0xA431] == "QZ-01"
        assert detail[0x9003] == "2026:05:12 01:02:03"
        assert detail[0x9011] == "+00:00"
        assert detail[0x9291] == "456"
        lat, lon = ([float(v) for v in place[k]] for k in (2, 4))
        assert lat[0] + lat[1] / 60 + lat[2] / 3600 == pytest.approx(28.91234567, abs=1e-8)
        assert lon[0] + lon[1] / 60 + lon[2] / 3600 == pytest.approx(118.87361234, abs=1e-8)
        assert float(place[6]) == pytest.approx(187.3)

    def test_xmp(self) -> None:
        found = self.image().getxmp()["xmpmeta"]["RDF"]["Description"]
        assert float(found["GimbalYawDegree"]) == -160.0
        assert float(found["GimbalPitchDegree"]) == -90.0
        assert float(found["RelativeAltitude"]) == pytest.approx(80.2)
        assert float(found["GpsLatitude"]) == pytest.approx(28.91234567, abs=1e-8)


def view(lon: float, lat: float, height_m: float, attitude: Attitude = DOWN) -> View:
    return View.of(
        THERMAL, lon=lon, lat=lat, altitude_m=100 + height_m, height_m=height_m, attitude=attitude
    )


class TestProjection:
    @settings(max_examples=60, deadline=None)
    @given(
        yaw=st.floats(0, 360),
        pitch=st.floats(-90, -40),
        roll=st.floats(-3, 3),
        row=st.integers(0, 127),
        column=st.integers(0, 159),
    )
    def test_a_pixel_and_its_ground_point_are_one(
        self, yaw: float, pitch: float, roll: float, row: int, column: int
    ) -> None:
        v = view(118.8, 28.9, 80.0, Attitude(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll))
        east, north = v.ground_xy()
        frame = LocalFrame(LonLat(118.8, 28.9))
        lon, lat = frame.lonlat(east[row, column], north[row, column])
        u, w, _ = v.project(float(lon), float(lat), 100.0)
        assert u == pytest.approx(column + 0.5, abs=0.15)
        assert w == pytest.approx(row + 0.5, abs=0.15)

    def test_the_top_of_a_picture_straight_down_is_where_the_nose_points(self) -> None:
        v = view(118.8, 28.9, 80.0, Attitude(yaw_deg=90.0, pitch_deg=-90.0))
        east, _ = v.ground_xy()
        assert east[0, 80] > 20 > -20 > east[-1, 80]


class TestPictures:
    def darkroom(self, world: World) -> Darkroom:
        return Darkroom(Ground(world), world.seed)

    def test_a_large_hot_thing_has_its_temperature_at_its_place(self, small_world: World) -> None:
        v = view(118.8, 28.9, 60.0)
        patch = Patch(lon=118.8, lat=28.9, altitude_m=100, radius_m=4.0, celsius=300.0)
        frame = self.darkroom(small_world).thermal(v, [patch], 22.0, 0.5)
        assert frame[64, 80] == pytest.approx(300.0, abs=0.5)
        assert np.median(frame) < 40

    def test_a_thing_below_a_pixel_is_weakened_by_its_area(self, small_world: World) -> None:
        v = view(118.8, 28.9, 120.0)
        room = self.darkroom(small_world)
        plain = room.thermal(v, [], 22.0, 0.5)
        patch = Patch(lon=118.8, lat=28.9, altitude_m=100, radius_m=0.15, celsius=500.0)
        frame = room.thermal(v, [patch], 22.0, 0.5)
        pixel_m = 120.0 / v.focal_px
        share = np.pi * 0.15**2 / pixel_m**2
        excess = float((frame - plain).sum())
        assert excess == pytest.approx(share * (500 - float(np.median(plain))), rel=0.15)
        assert frame.max() < 100

    def test_two_pictures_of_one_spot_agree(self, small_world: World) -> None:
        room = self.darkroom(small_world)
        a = room.thermal(view(118.8, 28.9, 60.0), [], 22.0, 0.5)
        b = room.thermal(view(118.8, 28.9, 60.0), [], 22.0, 0.5)
        assert np.abs(a - b).std() < 0.1 < a.std()

    @pytest.mark.parametrize(("height_m", "hfov_deg"), [(56, 20), (117, 20), (80, 45), (20, 45)])
    def test_a_close_picture_is_as_sharp_as_one_from_afar(
        self, small_world: World, height_m: float, hfov_deg: float
    ) -> None:
        camera = CameraSpec(
            id="z",
            sensor=Sensor.VISIBLE,
            width_px=4000,
            height_px=3000,
            hfov_deg=hfov_deg,
            stored_scale=0.04,
        )
        close = View.of(
            camera, lon=118.8, lat=28.9, altitude_m=200.0, height_m=height_m, attitude=DOWN
        )
        data = self.darkroom(small_world).visible(close, [], 1.0)
        with Image.open(io.BytesIO(data)) as image:
            blur = measure(np.asarray(image.convert("L"))).blur_px
        assert blur is not None
        assert blur < 3.5  # the strictest scenario asks 4


def test_a_fire_photographed_from_above_is_hot_in_the_file(small_world: World) -> None:
    swarm = Swarm(small_world)
    ground = Ground(small_world)
    fires = content.fires(small_world)
    scene = Scene(small_world, ground, [], fires)
    fire = fires[0]
    photo = Photo(
        vehicle=0,
        camera_index=2,
        camera=small_world.docks[0].vehicle.cameras[1],
        number=1,
        at_s=fire.ignites_s + 600,
        lon=fire.lon,
        lat=fire.lat,
        altitude_m=180.0,
        height_m=80.0,
        vehicle_yaw_deg=10.0,
        attitude=Attitude(yaw_deg=10.0, pitch_deg=-90.0),
    )
    shot = Studio(swarm, scene, ground).develop(photo)
    assert shot.camera == "t-thermal"
    start = shot.data.index(b"FLIR\0\x01") + 8
    raw = raw_of(shot.data[start:])
    damp = round(small_world.humidity(photo.at_s), 1)
    air = float(round(small_world.air_celsius(photo.at_s)))
    hottest = decoded(raw, Path(distance_m=80.0, reflected_c=air, air_c=air, humidity=damp)).max()
    assert 300 < hottest < 930
    assert scene.seen[fire.id].frames == {"thermal": 1}
    with Image.open(io.BytesIO(shot.data)) as image:
        assert image.size == (160, 128)
        image.load()


class TestFire:
    def fire(self, **changes: Any) -> Fire:
        fields: dict[str, Any] = {
            "id": "fire-1",
            "lon": 118.8,
            "lat": 28.9,
            "altitude_m": 100.0,
            "place": "p",
            "ignites_s": 600.0,
            "cooling_s": 1800.0,
            "reignites_after_s": None,
            "seed": 5,
        }
        return Fire(**{**fields, **changes})

    def peak(self, fire: Fire, now_s: float) -> float:
        patches = fire.patches(22.0, now_s, (97_000.0, 111_000.0))
        return max((p.celsius for p in patches if p.celsius is not None), default=22.0)

    def test_it_ignites_grows_and_is_put_out(self) -> None:
        fire = self.fire()
        assert not fire.patches(22.0, 500.0, (97_000.0, 111_000.0))
        assert fire.burns(700.0)
        assert fire.radius_m(600.0) == 2.0
        assert fire.radius_m(600.0 + 2400.0) == 25.0
        assert self.peak(fire, 700.0) > 300
        fire.put_out(1200.0)
        assert not fire.burns(1300.0)
        assert 60 < self.peak(fire, 1210.0) < 185

    def test_embers_are_cold_when_it_says(self) -> None:
        fire = self.fire()
        fire.put_out(1200.0)
        assert fire.cold_at_s == 3000.0
        assert self.peak(fire, 2000.0) > 32
        assert self.peak(fire, 3001.0) < 31

    def test_one_may_flare_up_once_and_needs_a_crew_again(self) -> None:
        fire = self.fire(reignites_after_s=600.0)
        fire.put_out(1200.0)
        assert fire.cold_at_s is None
        fire.advance(1700.0)
        assert not fire.burns(1700.0)
        fire.advance(1801.0)
        assert fire.burns(1801.0)
        assert fire.reignited_s == 1801.0
        fire.put_out(2400.0)
        fire.advance(9000.0)
        assert not fire.burns(9000.0)

    def test_watered_embers_do_not_flare_up(self) -> None:
        fire = self.fire(reignites_after_s=600.0)
        fire.put_out(1200.0)
        fire.drown(1500.0)
        fire.advance(1900.0)
        assert not fire.burns(1900.0)
        assert fire.cold_at_s == 1800.0
