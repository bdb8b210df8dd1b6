"""Files that people bring: resumed after any break, known by their hash, each with its reason."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from media_desk import OCTETS, Desk, opened, photo

from core.clock import ManualClock
from missions.access import Principal, Role
from missions.entities import FlightState
from missions.media.uploads import KEPT_FOR
from missions.presets import Preset
from missions.store import SqlStore

UPLOADS = "/api/v1/uploads"
BATCHES = "/api/v1/batches"


@pytest.fixture
async def desk(preset: Preset, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Desk]:
    store = SqlStore(tmp_path / "f.db")
    async with opened(preset, clock, store, tmp_path) as made:
        yield made
    store.close()


def meta(**values: str) -> dict[str, str]:
    pairs = (f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in values.items())
    return {"Upload-Metadata": ",".join(pairs)}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def begin(client: Any, data: bytes, **said: str) -> Any:
    return await client.post(UPLOADS, headers={"Upload-Length": str(len(data)), **meta(**said)})


async def send(client: Any, where: str, offset: int, data: bytes, **headers: str) -> Any:
    return await client.patch(
        where, content=data, headers={**OCTETS, "Upload-Offset": str(offset), **headers}
    )


async def bring(client: Any, data: bytes, **said: str) -> Any:
    """A whole file at once; the answer of its last step."""
    made = await begin(client, data, **said)
    if made.status_code != 201 or made.headers["Upload-Offset"] == str(len(data)):
        return made
    return await send(client, made.headers["Location"], 0, data)


async def test_a_file_goes_on_where_it_broke_off_and_is_taken_in_once(
    desk: Desk, member: Any
) -> None:
    data = photo()
    async with desk.client(member("forestry")) as client:
        made = await begin(client, data, filename="DJI_0001.JPG", sha256=sha(data))
        where = made.headers["Location"]
        assert (made.status_code, made.headers["Upload-Offset"]) == (201, "0")
        assert made.headers["Tus-Resumable"] == "1.0.0"
        assert made.headers["Upload-Expires"].endswith("GMT")
        part = await send(client, where, 0, data[:1000])
        assert (part.status_code, part.headers["Upload-Offset"]) == (204, "1000")
        again = await begin(client, data, filename="DJI_0001.JPG", sha256=sha(data))
        assert (again.headers["Location"], again.headers["Upload-Offset"]) == (where, "1000")
        wrong = await send(client, where, 500, data[500:])
        assert (wrong.status_code, wrong.json()["field"]) == (409, "Upload-Offset")
        asked = await client.head(where)
        assert (asked.headers["Upload-Offset"], asked.headers["Cache-Control"]) == (
            "1000",
            "no-store",
        )
        done = await send(client, where, 1000, data[1000:])
        assert (done.status_code, done.headers["FlyOnce-State"]) == (204, "taken")
        medium = (await client.get(f"/api/v1/media/{done.headers['FlyOnce-Medium']}")).json()
        assert (medium["sha256"], medium["origin"], medium["state"]) == (
            sha(data),
            "upload",
            "kept",
        )
        assert medium["quality"]["blur_px"] is not None
        known = await begin(client, data, filename="copy.jpg", sha256=sha(data))
        assert known.headers["FlyOnce-State"] == "known"
        assert known.headers["Upload-Offset"] == str(len(data))
        assert known.headers["FlyOnce-Medium"] == medium["id"]
        # a client that does not read the offset sends it all the same, and is content
        anyway = await send(client, known.headers["Location"], 0, data[:700])
        assert (anyway.status_code, anyway.headers["Upload-Offset"]) == (204, "700")


async def test_a_killed_service_finds_every_acknowledged_byte_again(
    preset: Preset, clock: ManualClock, tmp_path: Path, member: Any
) -> None:
    data, whole = photo(1), photo(2)
    store = SqlStore(tmp_path / "f.db")
    async with (
        opened(preset, clock, store, tmp_path) as first,
        first.client(member("forestry")) as client,
    ):
        where = (await begin(client, data)).headers["Location"]
        await send(client, where, 0, data[:2000])
        ready = (await begin(client, whole)).headers["Location"]
    # killed after the last byte was on the disk and before anybody looked at it
    (tmp_path / "media" / ".uploads" / ready.rpartition("/")[2]).write_bytes(whole)
    (tmp_path / "media" / ".uploads" / "upl-stray").write_bytes(b"left behind")
    store.close()
    store = SqlStore(tmp_path / "f.db")
    async with opened(preset, clock, store, tmp_path) as second:
        await second.service.uploads.tend()
        async with second.client(member("forestry")) as client:
            assert (await client.head(ready)).headers["FlyOnce-State"] == "taken"
            assert (await client.head(where)).headers["Upload-Offset"] == "2000"
            done = await send(client, where, 2000, data[2000:])
            assert done.headers["FlyOnce-State"] == "taken"
        assert list((tmp_path / "media" / ".uploads").iterdir()) == []
    store.close()


async def test_of_two_senders_at_one_offset_one_wins(desk: Desk, member: Any) -> None:
    data = photo(3)
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield data[:100]
        await gate.wait()
        yield data[100:]

    async with desk.client(member("forestry")) as client:
        where = (await begin(client, data)).headers["Location"]
        first = asyncio.create_task(
            client.patch(where, content=slow(), headers={**OCTETS, "Upload-Offset": "0"})
        )
        await asyncio.sleep(0.05)
        second = await send(client, where, 0, data)
        gate.set()
        assert (second.status_code, second.json()["type"]) == (423, "urn:flyonce:part-busy")
        assert (await first).headers["FlyOnce-State"] == "taken"


async def test_bytes_that_changed_on_the_way_are_not_kept(desk: Desk, member: Any) -> None:
    data = photo(4)
    right = base64.b64encode(hashlib.sha1(data[:500]).digest()).decode()  # noqa: S324
    async with desk.client(member("forestry")) as client:
        where = (await begin(client, data, sha256=sha(b"another file"))).headers["Location"]
        wrong = await send(
            client, where, 0, b"x" + data[1:500], **{"Upload-Checksum": f"sha1 {right}"}
        )
        assert wrong.status_code == 460
        assert (await client.head(where)).headers["Upload-Offset"] == "0"
        good = await send(client, where, 0, data[:500], **{"Upload-Checksum": f"sha1 {right}"})
        assert good.headers["Upload-Offset"] == "500"
        done = await send(client, where, 500, data[500:])
        assert done.headers["FlyOnce-State"] == "dropped"
        assert "changed on the way" in (await client.get(where)).json()["reason"]
    with desk.room.view() as unit:
        assert unit.media.count() == 0


async def test_what_never_came_whole_is_thrown_away_after_its_time(
    desk: Desk, clock: ManualClock, member: Any
) -> None:
    data = photo(5)
    async with desk.client(member("forestry")) as client:
        where = (await begin(client, data)).headers["Location"]
        await send(client, where, 0, data[:10])
        mine = (await begin(client, data)).headers["Location"]
        assert (await client.delete(mine)).status_code == 204
        clock.advance((KEPT_FOR + timedelta(minutes=1)).total_seconds())
        await desk.service.uploads.tend()
        assert (await client.get(where)).json()["state"] == "expired"
        assert (await client.get(mine)).json()["state"] == "withdrawn"
        assert (await send(client, where, 10, data[10:])).status_code == 409


async def test_another_department_finds_nothing_and_learns_nothing(desk: Desk, member: Any) -> None:
    data = photo(6)
    async with desk.client(member("forestry")) as owner, desk.client(member("urban")) as other:
        batch = (await owner.post(BATCHES, json={"name": "card"})).json()["id"]
        where = (await begin(owner, data, batch=batch)).headers["Location"]
        for answer in (
            await other.head(where),
            await other.get(where),
            await other.delete(where),
            await send(other, where, 0, data),
            await other.get(f"{BATCHES}/{batch}"),
            await begin(other, data, batch=batch),
        ):
            assert answer.status_code == 404
        medium = (await send(owner, where, 0, data)).headers["FlyOnce-Medium"]
        assert (await other.get(f"/api/v1/media/{medium}")).status_code == 404
        mine = await begin(other, data, sha256=sha(data))
        assert mine.headers["Upload-Offset"] == "0"  # not told that it is known
        done = await send(other, mine.headers["Location"], 0, data)
        assert done.headers["FlyOnce-State"] == "known"  # having it whole is proof enough
        assert (await other.get(f"/api/v1/media/{medium}")).status_code == 200
        assert (await other.get(BATCHES)).json()["items"] == []


async def test_an_auditor_may_not_bring_files(desk: Desk) -> None:
    async with desk.client(Principal(name="a", role=Role.AUDITOR)) as client:
        assert (await begin(client, b"x")).status_code == 403


async def test_the_protocol_is_spoken_as_tus_has_it(desk: Desk, member: Any) -> None:
    async with desk.client(member("forestry")) as client:
        can = await client.options(UPLOADS)
        assert can.headers["Tus-Version"] == "1.0.0"
        assert "sha1" in can.headers["Tus-Checksum-Algorithm"]
        assert can.headers["Tus-Max-Size"] == str(1 << 20)
        old = await client.post(UPLOADS, headers={"Tus-Resumable": "0.2.2", "Upload-Length": "1"})
        assert (old.status_code, old.headers["Tus-Version"]) == (412, "1.0.0")
        assert (await client.post(UPLOADS)).status_code == 422  # without a length
        large = await client.post(UPLOADS, headers={"Upload-Length": str(1 << 40)})
        assert large.status_code == 413
        where = (await begin(client, b"12345")).headers["Location"]
        plain = await client.patch(where, content=b"12345", headers={"Upload-Offset": "0"})
        assert plain.status_code == 415
        more = await send(client, where, 0, b"123456")
        assert more.status_code == 422
        whole = photo(7)
        at_once = await client.post(
            UPLOADS, content=whole, headers={**OCTETS, "Upload-Length": str(len(whole))}
        )
        assert (at_once.status_code, at_once.headers["FlyOnce-State"]) == (201, "taken")
        over = await client.post(
            (await begin(client, photo(8))).headers["Location"],
            content=photo(8),
            headers={**OCTETS, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"},
        )
        assert over.headers["FlyOnce-State"] == "taken"


async def test_a_batch_says_of_every_file_what_became_of_it(desk: Desk, member: Any) -> None:
    good = photo(9)
    files = {
        "good.jpg": (good, "taken", ""),
        "copy.jpg": (good, "known", ""),
        "cut.jpg": (good[:900], "dropped", "truncated"),
        "text.jpg": (b"hello, I am no photograph", "dropped", "no JPEG"),
        "all.zip": (b"PK\x03\x04" + b"0" * 90, "dropped", "a ZIP archive"),
        "zeros.jpg": (b"\0" * 5000, "dropped", "all zeros"),
        "sky.jpg": (photo(10, pitch=10.0), "dropped", "sky"),
        "spun.jpg": (photo(11, pitch=400.0), "dropped", "impossible attitude"),
        "nowhere.jpg": (photo(12, lon=None), "dropped", "where it was taken"),
        "=later.jpg": (b"never sent", "waiting", ""),
    }
    async with desk.client(member("forestry")) as client:
        batch = (await client.post(BATCHES, json={"name": "card 7", "expected": 14})).json()["id"]
        for name, (data, state, _) in files.items():
            if state == "waiting":
                await begin(client, data, filename=name, batch=batch)
            else:
                await bring(client, data, filename=name, batch=batch)
        empty = await begin(client, b"", filename="empty.jpg", batch=batch)
        huge = await client.post(
            UPLOADS,
            headers={"Upload-Length": str(5 << 30), **meta(filename="huge.mp4", batch=batch)},
        )
        assert (empty.status_code, huge.status_code) == (422, 413)
        report = (await client.get(f"{BATCHES}/{batch}")).json()
        table = (await client.get(f"{BATCHES}/{batch}?format=csv")).text
    found = {f["name"]: f for f in report["files"]}
    for name, (_, state, reason) in files.items():
        assert found[name]["state"] == state, found[name]
        assert reason in (found[name]["reason"] or ""), found[name]
    assert "empty" in found["empty.jpg"]["reason"]
    assert "largest" in found["huge.mp4"]["reason"]
    assert report["counts"] == {
        "waiting": 1,
        "taken": 1,
        "known": 1,
        "dropped": 9,
        "expired": 0,
        "withdrawn": 0,
        "files": 12,
        "missing": 2,
    }
    assert len(table.splitlines()) == 13
    assert "'=later.jpg" in table  # no formula for a spreadsheet


async def test_mixed_cameras_and_enlarged_pictures_are_told(desk: Desk, member: Any) -> None:
    async with desk.client(member("forestry")) as client:
        batch = (await client.post(BATCHES, json={})).json()["id"]
        await bring(client, photo(13), filename="a.jpg", batch=batch)
        await bring(client, photo(14, model="X", focal35=30), filename="b.jpg", batch=batch)
        report = (await client.get(f"{BATCHES}/{batch}")).json()
    assert report["counts"]["taken"] == 2
    assert "several cameras" in report["remarks"][0]


async def test_a_plain_camera_needs_a_declared_pitch(desk: Desk, member: Any) -> None:
    async with desk.client(member("forestry")) as client:
        data = photo(15, xmp=None, direction=45.0)
        bare = await bring(client, data, filename="plain.jpg")
        assert bare.headers["FlyOnce-State"] == "dropped"
        told = await bring(client, photo(16, xmp=None, direction=45.0), pitch="-90")
        medium = (await client.get(f"/api/v1/media/{told.headers['FlyOnce-Medium']}")).json()
    assert medium["state"] == "kept"
    assert medium["yaw_deg"] == 45.0
    assert "as declared" in " ".join(medium["notes"])


async def test_a_clock_a_day_off_is_mended_by_the_flight_and_said(
    desk: Desk, clock: ManualClock, make: Any, member: Any
) -> None:
    start = clock.now()
    with desk.room.unit() as unit:
        unit.tasks.add(make.task())
        unit.flights.add(make.flight(state=FlightState.DONE, took_off_at=start, landed_at=start))
    clock.advance(600)
    async with desk.client(member("forestry")) as client:
        late = photo(17, taken_at=start + timedelta(days=1, minutes=5))
        done = await bring(client, late, flight="flt-1")
        medium = (await client.get(f"/api/v1/media/{done.headers['FlyOnce-Medium']}")).json()
        assert medium["taken_at"] == (start + timedelta(minutes=5)).isoformat().replace(
            "+00:00", "Z"
        )
        assert "off by +1 day" in " ".join(medium["notes"])
        assert (medium["flight_id"], medium["scenarios"]) == ("flt-1", ["fire"])
        odd = photo(18, taken_at=start + timedelta(hours=7))
        wrong = await bring(client, odd, flight="flt-1")
        assert wrong.headers["FlyOnce-State"] == "dropped"
        where = (await client.get(f"/api/v1/media/{wrong.headers['FlyOnce-Medium']}")).json()
        assert "after the flight it belongs to" in where["reason"]
    async with desk.client(member("urban")) as other:
        assert (await begin(other, b"x", flight="flt-1")).status_code == 404


async def test_a_camera_that_is_stuck_is_found(desk: Desk, member: Any) -> None:
    async with desk.client(member("forestry")) as client:
        first = await bring(client, photo(19), vehicle="TC-01")
        second = await bring(client, photo(19, lon=118.556), vehicle="TC-01")
        assert first.headers["FlyOnce-State"] == "taken"
        assert second.headers["FlyOnce-State"] == "dropped"
        reason = (await client.get(f"/api/v1/media/{second.headers['FlyOnce-Medium']}")).json()
    assert "stuck" in reason["reason"]
