"""Real vehicles are started, watched and ended; a stand-in program plays the binary here."""

import asyncio
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pymavlink.dialects.v20 import ardupilotmega as wire

from core.errors import InvalidInput, Unavailable
from core.geo import LonLat
from sim.autopilot.shutter import Photo
from sim.sitl import parameters
from sim.sitl.cameras import Cameras, RealSwarm
from sim.sitl.process import Post, check
from sim.sitl.run import Settings, posts_of, serve
from sim.sitl.sitl import Sitl
from sim.world import World

HOME = LonLat(118.52, 28.8)
TO = ("127.0.0.1", 14_550)
STAND_IN = """#!{python}
import pathlib, sys, time
if "--help" in sys.argv:
    print("--speedup --sysid")
    sys.exit(0)
pathlib.Path("arguments").write_text("\\n".join(sys.argv[1:]))
{body}
"""
FLIES = 'print("Starting sketch", flush=True)\ntime.sleep(60)'


@pytest.fixture
def binary(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a program that answers --help as SITL does, and otherwise does as told."""

    def make(body: str = FLIES) -> Path:
        path = tmp_path / "arducopter"
        path.write_text(STAND_IN.format(python=sys.executable, body=body))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return make


def posts(count: int) -> list[Post]:
    return [_post(n) for n in range(1, count + 1)]


def _post(number: int) -> Post:
    return Post(system_id=number, name=f"T-{number}", position=HOME, altitude_m=70.5)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.01)


def alive(sitl: Sitl) -> list[bool]:
    return [v.running for v in sitl.vehicles]


async def test_each_vehicle_has_its_own_folder_id_and_home(
    binary: Callable[..., Path], tmp_path: Path
) -> None:
    async with Sitl(binary(), posts(2), to=TO, speed=5, folder=tmp_path / "fleet") as sitl:
        assert alive(sitl) == [True, True]
        for number in ("1", "2"):
            folder = tmp_path / "fleet" / number
            await until((folder / "arguments").exists)
            told = (folder / "arguments").read_text().split("\n")
            given = dict(zip(told[::2], told[1::2], strict=True))
            assert given["--sysid"] == number
            assert given["--home"] == "28.8000000,118.5200000,70.50,0.0"
            assert given["--speedup"] == "5"
            assert given["--serial0"] == "udpclient:127.0.0.1:14550"
            assert given["--serial1"].startswith("none:")
            assert "--serial3" not in given, "the receiver's port"
            assert "CAM1_TYPE 1" in (folder / "defaults.parm").read_text()
    assert alive(sitl) == [False, False]


async def test_nothing_is_left_running_when_one_does_not_start(
    binary: Callable[..., Path], tmp_path: Path
) -> None:
    body = 'if "2" in sys.argv:\n    print("Failed to parse home"); sys.exit(1)\n' + FLIES
    sitl = Sitl(binary(body), posts(3), to=TO, folder=tmp_path / "fleet")
    with pytest.raises(Unavailable, match=r"T-2.*Failed to parse home"):
        await sitl.__aenter__()
    assert not any(alive(sitl))


async def test_a_vehicle_that_dies_is_told_and_the_others_fly_on(
    binary: Callable[..., Path], tmp_path: Path
) -> None:
    dies = """print("Starting sketch", flush=True)
if "2" in sys.argv:
    print("panic: crash", flush=True)
    sys.exit(3)
time.sleep(60)"""
    told: list[Unavailable] = []
    async with Sitl(
        binary(dies), posts(2), to=TO, folder=tmp_path / "fleet", on_death=told.append
    ) as sitl:
        await until(lambda: bool(told))
        assert "T-2" in str(told[0])
        assert "panic: crash" in str(told[0])
        assert alive(sitl) == [True, False]
        assert not sitl.all_dead.is_set()


async def test_one_that_will_not_end_is_killed(
    binary: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.sitl.process.STOP_S", 0.3)
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + FLIES
    async with Sitl(binary(stubborn), posts(1), to=TO) as sitl:
        folder = sitl.folder
        assert folder.is_dir()
    assert alive(sitl) == [False]
    assert not folder.exists(), "a temporary folder goes with its vehicles"


def test_a_missing_a_foreign_and_a_broken_binary_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        check(tmp_path / "arducopter")
    with pytest.raises(InvalidInput, match="no ArduPilot SITL program"):
        check(Path("/bin/true"))
    text = tmp_path / "text"
    text.write_text("not a program")
    with pytest.raises(InvalidInput, match="cannot be run"):
        check(text)


@pytest.mark.parametrize(
    ("given", "speed", "what"),
    [
        ([], 1.0, "no vehicle"),
        ([*posts(1), *posts(1)], 1.0, "one system id"),
        ([Post(system_id=251, name="x", position=HOME, altitude_m=0)], 1.0, "1 to 250"),
        (posts(1), float("nan"), "speed"),
        (posts(1), 0.0, "speed"),
    ],
)
def test_vehicles_that_make_no_sense_are_refused(
    binary: Callable[..., Path], given: list[Post], speed: float, what: str
) -> None:
    with pytest.raises(InvalidInput, match=what):
        Sitl(binary(), given, to=TO, speed=speed)


def test_a_copter_is_given_as_many_cameras_as_it_carries() -> None:
    assert "CAM2_TYPE" in parameters.copter(2)
    assert "CAM2_TYPE" not in parameters.copter(1)
    assert "MNT1_TYPE" not in parameters.copter(0)
    assert "ARMING_SKIPCHK" not in parameters.copter(2), "no check is skipped"


def test_every_dock_gets_a_vehicle_on_its_ground(small_world: World) -> None:
    found = posts_of(small_world)
    assert [p.system_id for p in found] == [d.system_id for d in small_world.docks]
    ground = small_world.ground.height_m(found[0].position.lon, found[0].position.lat)
    assert found[0].altitude_m == pytest.approx(float(ground))
    assert found[0].cameras == len(small_world.docks[0].vehicle.cameras)


@pytest.mark.parametrize("to", ["drone.local:14550", "127.0.0.1", "127.0.0.1:0", "1.2.3.400:5"])
async def test_an_address_that_ardupilot_cannot_use_is_refused(
    binary: Callable[..., Path], tmp_path: Path, city: Callable[[], object], to: str
) -> None:
    import json

    world = tmp_path / "world.json"
    world.write_text(json.dumps(city()))
    settings = Settings(
        world=world, binary=binary(), to=to, service="http://127.0.0.1:9", folder=tmp_path / "f"
    )
    with pytest.raises(InvalidInput, match="--udp"):
        await serve(settings)


async def test_a_photograph_is_taken_once_where_the_vehicle_says(small_world: World) -> None:
    """ArduPilot repeats the report of every camera whenever one fires."""
    photos: list[Photo] = []
    dock = small_world.docks[0]
    vehicle = wire.MAVLink(None, srcSystem=dock.system_id, srcComponent=1)
    shot = wire.MAVLink_camera_feedback_message(
        1_000_060_000_000, 0, 1, 7, 288_000_000, 1_185_200_000, 200.0, 90.0, 0, 0, 30, 0, 0, 7
    )
    level = wire.MAVLink_gimbal_device_attitude_status_message(0, 0, 0, 0, [1, 0, 0, 0], 0, 0, 0, 0)
    async with Cameras(small_world, photos.append, began_unix_s=1_000_000.0) as cameras:
        wires, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=cameras.address
        )
        for message in (level, shot, shot):
            wires.sendto(message.pack(vehicle))
        await until(lambda: bool(photos))
        await asyncio.sleep(0.05)
        wires.abort()
        await asyncio.sleep(0)
    (photo,) = photos
    assert photo.camera == dock.vehicle.cameras[1]
    assert (photo.number, photo.camera_index) == (7, 2)
    assert photo.at_s == pytest.approx(60)
    assert photo.attitude.pitch_deg == pytest.approx(0)
    assert photo.attitude.yaw_deg == pytest.approx(30)
    ground = float(small_world.ground.height_m(118.52, 28.8))
    assert photo.height_m == pytest.approx(max(1.0, 200 - ground))
    assert RealSwarm(small_world).gps_error(0) == (0.0, 0.0, 0.0)


@pytest.mark.system
@pytest.mark.skipif(
    "FLYONCE_ARDUPILOT" not in os.environ, reason="FLYONCE_ARDUPILOT names no arducopter"
)
async def test_real_vehicles_speak_on_one_port() -> None:
    heard: set[int] = set()
    parser = wire.MAVLink(None)
    parser.robust_parsing = True

    class Ear(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            for message in parser.parse_buffer(data) or ():
                if message.get_type() == "HEARTBEAT":
                    heard.add(message.get_srcSystem())

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Ear, local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    real = Path(os.environ["FLYONCE_ARDUPILOT"])
    async with Sitl(real, posts(2), to=("127.0.0.1", port), speed=5):
        await until(lambda: heard == {1, 2})
    transport.abort()
    await asyncio.sleep(0)
