"""The upward exchange: every change once, nothing personal, and a file that shows any damage."""

import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from core.clock import ManualClock
from core.errors import InvalidInput, NotAllowed
from imagery.storage import MediaFolder
from missions.access import SERVICE, Principal, Role
from missions.cases.cases import open_case
from missions.cases.steps import StepOrder
from missions.cases.taking import take
from missions.exchange.check import check_file
from missions.exchange.desk import Exchange
from missions.exchange.record import line, record, schema
from missions.exchange.shape import faults
from missions.media.desk import Desk
from missions.presets import Preset
from missions.store import Store

AUDITOR = Principal(name="Audit", role=Role.AUDITOR)


class City:
    def __init__(self, desk: Desk, clock: ManualClock, make: Any) -> None:
        self.desk, self.clock, self.make = desk, clock, make
        self.exchange = Exchange(desk)
        self.ids: list[str] = []

    def open(self) -> str:
        self.clock.advance(60)
        name = f"ano-{len(self.ids)}"
        with self.desk.unit() as unit:
            anomaly = self.make.anomaly(name)
            case, _ = open_case(
                unit, self.desk.preset, self.clock, "01-01", anomaly, ["med-1"], by="officer Li"
            )
        self.ids.append(case.id)
        return case.id

    def step(self, case_id: str, name: str, note: str = "") -> None:
        self.clock.advance(60)
        with self.desk.unit() as unit:
            order = StepOrder(step=name, note=note)
            take(unit, self.desk.preset, self.clock, SERVICE, case_id, order)

    def read(self, cursor: str | None, limit: int = 500) -> tuple[list[dict[str, Any]], str]:
        self.clock.advance(10)
        found = []
        while True:
            page = self.exchange.since(AUDITOR, cursor, limit=limit)
            found += page.records
            cursor = page.next
            if not page.more:
                return found, cursor


@pytest.fixture
def city(
    store: Store, preset: Preset, clock: ManualClock, make: Any, tmp_path: Path
) -> Iterator[City]:
    with store.unit() as unit:
        unit.media.add(make.medium("med-1", department="forestry"))
    with ThreadPoolExecutor(1) as pool:
        desk = Desk(
            preset=preset,
            records=store,
            media=MediaFolder(str(tmp_path / "media")),
            clock=clock,
            home=tmp_path,
            pool=pool,
        )
        yield City(desk, clock, make)


def test_every_change_comes_once_and_corrections_and_withdrawals_come_again(city: City) -> None:
    first, second, third = city.open(), city.open(), city.open()
    lines, cursor = city.read(None, limit=2)
    assert [x["id"] for x in lines] == [first, second, third]
    assert city.read(cursor) == ([], cursor)
    city.step(second, "handle", "on our way")
    city.step(first, "reject", "a barbecue")
    again, cursor = city.read(cursor)
    assert [(x["op"], x["id"]) for x in again] == [("upsert", second), ("delete", first)]
    assert again[0]["version"] > lines[1]["version"]
    assert city.read(cursor)[0] == []
    everything, _ = city.read(None)
    assert [x["id"] for x in everything] == [third, second, first]


def test_cases_of_one_moment_are_neither_lost_nor_doubled(city: City) -> None:
    with city.desk.unit() as unit:
        for n in range(7):
            anomaly = city.make.anomaly(f"ano-{n}")
            open_case(unit, city.desk.preset, city.clock, "01-01", anomaly, [])
    lines, _ = city.read(None, limit=3)
    assert len({x["id"] for x in lines}) == len(lines) == 7


def test_what_was_just_written_waits(city: City) -> None:
    city.open()
    assert city.exchange.since(AUDITOR, None).records == ()
    city.clock.advance(6)
    assert len(city.exchange.since(AUDITOR, None).records) == 1


def test_nothing_personal_goes_up(city: City) -> None:
    case_id = city.open()
    city.step(case_id, "handle", "Mr Wang of 3 Mill Lane let us in")
    (told,), _ = city.read(None)
    text = json.dumps(told, ensure_ascii=False)
    for word in ("officer Li", "service", "Wang", "Mill Lane", "med-1"):
        assert word not in text
    assert told["proof"]["before_sha256"] == ["0" * 64]
    assert told["crs"] == "EPSG:4490"
    assert told["department_name"] == "forestry"


def test_lines_fit_the_schema_and_our_checker_agrees_with_jsonschema(city: City) -> None:
    city.step(city.open(), "reject")
    city.open()
    lines, _ = city.read(None)
    real = jsonschema.Draft202012Validator(dict(schema()))
    broken: list[Any] = [
        {**lines[1], "lat": 91},
        {**lines[1], "note": "hello"},
        {**lines[1], "severity": True},
        {**lines[1], "opened_at": "yesterday"},
        {k: v for k, v in lines[1].items() if k != "state"},
        {**lines[0], "op": "upsert"},
        {**lines[1], "steps": [{"step": "x"}]},
        [],
        "x",
    ]
    for value in (*lines, *broken):
        assert real.is_valid(value) == (not list(faults(value, schema())))
    assert all(real.is_valid(x) for x in lines)
    assert not any(real.is_valid(x) for x in broken)


@pytest.mark.parametrize(
    "role", [Role.MEMBER, Role.DISPATCHER, Role.PILOT, Role.MACHINE, Role.TESTER]
)
def test_only_administrators_and_auditors_read_it(city: City, role: Role) -> None:
    with pytest.raises(NotAllowed, match="exchange"):
        city.exchange.since(Principal(name="x", role=role, department="forestry"), None)


@pytest.mark.parametrize(
    "cursor", ["x", "2026-05-12T00:00:00|cas-1", "|", "9999-12-31T23:59:59-12:00|x"]
)
def test_a_cursor_that_is_none_is_refused(city: City, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        city.exchange.since(AUDITOR, cursor)


def exported(city: City, tmp_path: Path) -> Path:
    begin = city.clock.now()
    for _ in range(3):
        city.open()
    city.step(city.ids[0], "reject", "nothing there")
    path = tmp_path / "up.zip"
    city.clock.advance(60)
    with path.open("wb") as file:
        sent = city.exchange.write(SERVICE, begin, city.clock.now(), file)
    assert (sent.upserts, sent.deletes) == (2, 1)
    return path


def test_a_file_is_sound_and_says_of_what_time_and_place_it_is(city: City, tmp_path: Path) -> None:
    path = exported(city, tmp_path)
    found = check_file(path, _public(city))
    assert found.verdict.genuine, found.verdict.faults
    assert found.verdict.trusted
    assert (found.lines, found.upserts, found.deletes) == (3, 2, 1)
    assert found.manifest["crs"]["code"] == "EPSG:4490"
    with city.desk.view() as unit:
        assert unit.log.count(action="province.export") == 1


def test_a_file_that_was_changed_is_not_sound(city: City, tmp_path: Path) -> None:
    path = exported(city, tmp_path)
    for name, change in (
        ("data/cases.jsonl", lambda b: b.replace(b'"severity":4', b'"severity":1')),
        ("data/manifest.json", lambda b: b.replace(b'"lines":3', b'"lines":2')),
        ("manifest-sha256.txt", lambda b: b[:-5]),
    ):
        broken = _changed(path, tmp_path / "broken.zip", name, change)
        assert not check_file(broken).verdict.genuine
    cut = tmp_path / "cut.zip"
    cut.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InvalidInput):
        check_file(cut)


def test_a_well_signed_file_of_wrong_lines_is_not_sound(city: City, tmp_path: Path) -> None:
    """The signature alone is not enough: the receiver's schema decides."""
    import missions.exchange.desk as module

    begin = city.clock.now()
    case_id = city.open()
    with city.desk.view() as unit:
        bad = record(unit.cases.get(case_id), city.desk.preset, [], city.clock.now())
    city.clock.advance(10)
    out = io.BytesIO()
    wrong = {**bad, "lat": 123.0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "record", lambda *_: wrong)
        city.exchange.write(SERVICE, begin, city.clock.now(), out)
    path = tmp_path / "bad.zip"
    path.write_bytes(out.getvalue())
    found = check_file(path)
    assert found.verdict.faults[0].startswith("cases.jsonl:1: lat: 123.0 is above 90")
    assert line(wrong).endswith(b"\n")


def test_an_evidence_bundle_is_no_file_for_the_province(city: City, tmp_path: Path) -> None:
    from imagery.evidence.bag import Bag
    from imagery.evidence.signature import Signer

    path = tmp_path / "other.zip"
    with path.open("wb") as file, Bag(file, "x", city.clock.now()) as bag:
        bag.add("a.txt", (b"hello",))
        bag.finish({}, Signer.of(city.desk.key_file))
    assert "missing" in check_file(path).verdict.faults[0]


def test_a_time_that_ends_before_it_begins_is_refused(city: City) -> None:
    now = city.clock.now()
    with pytest.raises(InvalidInput, match="before it begins"):
        city.exchange.write(SERVICE, now, now, io.BytesIO())


def _public(city: City) -> str:
    from imagery.evidence.signature import Signer

    return Signer.of(city.desk.key_file).public_pem


def _changed(path: Path, to: Path, name: str, change: Any) -> Path:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename.endswith(f"/{name}"):
                before, data = data, change(data)
                assert data != before
            new.writestr(entry, data)
    return to
