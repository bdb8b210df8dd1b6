"""Verdicts as labels: thermal cases, precision, exports; changes merged and told honestly."""

import csv
import io
import math
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from shapely.geometry import box, mapping

from core.clock import ManualClock
from core.equipment import Sensor
from core.geo import LonLat, offset
from missions.access import Principal
from missions.cases.cases import open_case
from missions.cases.steps import StepOrder
from missions.cases.taking import take
from missions.entities import Found, Label, PictureBox
from missions.media.coco import COLUMNS, coco, table
from missions.media.detectors import DetectorList, wilson
from missions.media.labels import Labels
from missions.operations import changes, officers, spotting
from missions.operations.shelf import Shelf
from missions.presets import Preset
from missions.store import Store

Member = Callable[[str], Principal]


def label(clock: ManualClock, n: int, **changes_: Any) -> Label:
    made = Label(
        id=f"lab-{n}",
        at=clock.now(),
        by="officer",
        verdict="confirmed",
        detector="change",
        version="2",
        event_type="06-01",
        said_type="06-01",
        position=LonLat(118.7, 28.7),
        department="urban",
        shared_with=(),
        medium_id="med-1",
        box=PictureBox(medium_id="med-1", x=10.0, y=20.0, w=30.0, h=40.0),
        score=0.6,
    )
    return replace(made, **changes_)


@pytest.mark.parametrize(
    ("steps", "verdict"),
    [
        ([("reject", None)], "rejected"),
        ([("handle", None), ("report_back", None), ("verify", None), ("close", None)], "confirmed"),
        ([("handle", None), ("report_back", False), ("verify", None), ("close", None)], "rejected"),
        ([("handle", None), ("report_back", True), ("verify", None), ("close", None)], "confirmed"),
        ([("handle", None), ("report_back", False)], None),
    ],
)
def test_the_end_of_a_thermal_case_is_a_verdict_on_its_find(
    store: Store,
    preset: Preset,
    clock: ManualClock,
    member: Member,
    make: Any,
    steps: list[tuple[str, bool | None]],
    verdict: str | None,
) -> None:
    with store.unit() as unit:
        case, _ = open_case(unit, preset, clock, "01-01", make.anomaly(), ["med-1"])
        for name, found in steps:
            order = StepOrder(step=name, note="seen", found=found)
            case = take(unit, preset, clock, member("forestry"), case.id, order)
            if name == "verify":  # a look that showed the place
                unit.cases.put(replace(case, after=("med-2",)))
        labels = unit.labels.find(withdrawn_at=None)
    assert [x.verdict for x in labels] == ([verdict] if verdict else [])
    assert all((x.detector, x.medium_id) == ("thermal", "med-1") for x in labels)


def test_a_case_that_an_officer_opened_says_nothing_of_the_thermal_detector(
    store: Store, preset: Preset, clock: ManualClock, member: Member, make: Any
) -> None:
    with store.unit() as unit:
        case, _ = open_case(unit, preset, clock, "01-01", make.anomaly(), [], by="officer Li")
        order = StepOrder(step="reject", note="a barbecue")
        take(unit, preset, clock, member("forestry"), case.id, order)
        assert unit.labels.count() == 0


def test_precision_is_measured_for_each_detector_and_department(
    store: Store, preset: Preset, clock: ManualClock, member: Member
) -> None:
    with store.unit() as unit:
        for n, verdict in enumerate(("confirmed", "confirmed", "rejected", "reclassed")):
            unit.labels.add(label(clock, n, verdict=verdict))
        unit.labels.add(label(clock, 4, withdrawn_at=clock.now()))
        unit.labels.add(label(clock, 5, department="forestry"))
        unit.labels.add(label(clock, 6, detector="officer", verdict="marked"))
    room: Any = SimpleNamespace(preset=preset, detectors=Shelf())
    views = DetectorList(room, Labels(store, preset)).all(member("urban"))
    change = next(v for v in views if v.id == "change")
    assert (change.precision.confirmed, change.precision.rejected) == (2, 1)
    assert change.precision.share == 0.5
    assert (change.precision.low, change.precision.high) == pytest.approx((0.150, 0.850), abs=1e-3)
    assert dict(change.by_event_type)["06-01"] == change.precision
    thermal = next(v for v in views if v.id == "thermal")
    assert (thermal.precision.share, thermal.precision.low, thermal.precision.high) == (None, 0, 1)


def test_the_interval_is_wilsons() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert not math.isnan(wilson(1, 1)[0])


def test_exports_hold_every_box_and_no_formula(
    store: Store, preset: Preset, clock: ManualClock, member: Member, make: Any
) -> None:
    with store.unit() as unit:
        unit.media.add(make.medium("med-1", sha256="ab" * 32, width_px=640, height_px=512))
        unit.labels.add(label(clock, 1))
        unit.labels.add(label(clock, 2, verdict="rejected", said_type=None, by="=cmd()"))
        unit.labels.add(label(clock, 3, box=None, medium_id=None, detector="thermal"))
    desk = Labels(store, preset)
    labels, media = desk.export(member("urban"))
    told = coco(labels, media, preset)
    assert told["images"][0]["file_name"] == f"{'ab' * 32}.jpg"
    assert [a["bbox"] for a in told["annotations"]] == [[10.0, 20.0, 30.0, 40.0]]
    assert [a["attributes"]["verdict"] for a in told["negatives"]] == ["rejected"]
    assert told["info"]["left_out"] == 1
    assert told["categories"][0]["code"] == "06-01"
    rows = list(csv.DictReader(io.StringIO(table(labels, media))))
    assert tuple(rows[0]) == COLUMNS
    assert [r["by"] for r in rows] == ["officer", "'=cmd()", "officer"]
    assert desk.export(member("forestry")) == ([], {})


def found(medium: str, score: float, **changes_: Any) -> Found:
    given = Found(
        detector="onnx:red",
        version="1",
        score=score,
        boxes=(PictureBox(medium_id=medium, x=1.0, y=1.0, w=5.0, h=5.0),),
    )
    return replace(given, **changes_)


def test_one_place_is_one_find_over_frames_and_two_things_in_one_frame_are_two() -> None:
    here = LonLat(118.7, 28.7)
    spots = [
        spotting.Spot(event_type="02-02", position=p, found=found(m, s))
        for m, s, p in (
            ("a", 0.6, here),
            ("b", 0.9, offset(here, 90.0, 2.0)),
            ("b", 0.5, offset(here, 90.0, 5.0)),
            ("c", 0.7, offset(here, 90.0, 60.0)),
        )
    ]
    kept = spotting.merged(spots)
    assert [s.found.score for s in kept] == [0.9, 0.7, 0.5]
    assert kept[0].found.seen == 2
    assert [b.medium_id for b in kept[0].found.boxes] == ["b", "a"]


def test_every_part_of_a_visit_is_compared_once_and_the_rest_is_told(
    store: Store, clock: ManualClock, make: Any
) -> None:
    def strip(prefix: str, count: int) -> list[Any]:
        return [
            make.medium(
                f"{prefix}{n}",
                sensor=Sensor.VISIBLE,
                gsd_m=0.05,
                position=LonLat(118.7 + n * 1e-4, 28.7),
                footprint=mapping(box(118.6998 + n * 1e-4, 28.6998, 118.7002 + n * 1e-4, 28.7002)),
            )
            for n in range(count)
        ]

    earlier, later = strip("old", 10), strip("new", 20)
    with store.unit() as unit:
        unit.media.add_all(earlier)
        clock.advance(86_400.0)
        later = [replace(m, taken_at=clock.now()) for m in later]
        unit.media.add_all(later)
        chosen = changes.choose(unit, later, clock.now() - (clock.now() - earlier[0].taken_at) / 2)
        few = changes.choose(unit, later, clock.now(), most=2)
    assert all(p.before.id.startswith("old") for p in chosen.pairs)
    assert 4 <= len(chosen.pairs) < 12
    assert chosen.compared + chosen.unseen == pytest.approx(1.0, abs=0.01)
    assert 0.4 < chosen.compared < 0.65
    assert len(few.pairs) == 2
    assert few.compared < chosen.compared
    told = officers.remark(officers.Seen(changes=[], compared=few.compared, unseen=chosen.unseen))
    assert "for want of time" in told
    assert officers.remark(officers.Seen(changes=[], compared=1.0, unseen=0.0)) == ""


def test_a_find_goes_to_the_officers_and_never_straight_to_a_case(
    store: Store, preset: Preset, clock: ManualClock, make: Any
) -> None:
    task = make.task(scenarios=("waste",), departments=("urban",))
    spot = spotting.Spot(
        event_type="06-01", position=LonLat(118.7, 28.7), found=found("med-1", 0.8)
    )
    seen = officers.Seen(spots=[spot], searched=frozenset({"06-01"}))
    with store.unit() as unit:
        officers.ask(unit, preset, clock.now(), task, [make.medium()], seen)
        find = next(r for r in unit.reviews.find() if r.kind == "find")
        look = next(r for r in unit.reviews.find() if r.kind == "look")
        assert unit.cases.count() == 0
    assert (find.event_types, find.found, find.media) == (
        ("06-01", "06-02"),
        spot.found,
        ("med-1",),
    )
    assert look.event_types == ("06-02",)
