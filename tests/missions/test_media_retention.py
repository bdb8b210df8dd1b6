"""Photographs go when their time is over, never before, and a crash leaves nothing half done."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from evidence_range import opened_desk, picture, take_in

from core.clock import ManualClock
from core.errors import IllegalTransition, InvalidInput, NotFound
from imagery.catalog import MediumState
from missions.access import Principal
from missions.audit import verify as verify_audit
from missions.catalog.retention import DEFAULT, load_retention
from missions.entities import CaseState, CaseStep
from missions.evidence import deletions, holds
from missions.evidence.files_check import check
from missions.evidence.records import Act
from missions.evidence.retention import Retention
from missions.media.desk import Desk
from missions.presets import Preset

SCENARIOS = ("fire", "waste", "weekly")
DAY = timedelta(days=1)


@pytest.fixture
def rules_file(tmp_path: Path) -> Path:
    def rule(id: str, days: int, scenarios: list[str]) -> dict[str, Any]:
        named = {"scenarios": scenarios} if scenarios else {}
        words = {"name": id, "name_zh": id, "reason": "because"}
        spans = {"originals_days": days, "dropped_days": 5, "after_case_days": 90}
        return {"id": id, **words, **spans, **named}

    rules = [rule("short", 10, ["waste"]), rule("long", 100, ["f*"]), rule(DEFAULT, 50, [])]
    path = tmp_path / "retention.yaml"
    path.write_text(yaml.safe_dump({"rules": rules}))
    return path


@pytest.fixture
def desk(preset: Preset, clock: ManualClock, tmp_path: Path, rules_file: Path) -> Iterator[Desk]:
    from dataclasses import replace

    ruled = replace(preset, retention=load_retention(SCENARIOS, rules_file))
    with opened_desk(ruled, clock, tmp_path / "home") as made:
        yield made


def state_of(desk: Desk, id: str) -> MediumState:
    with desk.view() as unit:
        return unit.media.get(id).state


def later(desk: Desk, clock: ManualClock, days: float) -> Retention:
    clock.advance(days * 86_400)
    return Retention(desk)


def test_each_goes_by_its_own_rule_and_the_longest_of_several_counts(
    desk: Desk, make: Any, clock: ManualClock
) -> None:
    short = take_in(desk, make, picture(1), scenarios=("waste",))
    both = take_in(desk, make, picture(2), scenarios=("waste", "fire"))
    none = take_in(desk, make, picture(3))
    dropped = take_in(desk, make, picture(4), scenarios=("fire",), state=MediumState.DROPPED)
    gone: list[str] = []
    for days in (4, 2, 5, 38, 3, 60):
        later(desk, clock, days).sweep()
        now = {m.id for m in (short, both, none, dropped) if state_of(desk, m.id) == "deleted"}
        gone.append(",".join(str(len(now)) for _ in (0,)))
    assert gone == ["0", "1", "2", "2", "3", "4"]
    assert state_of(desk, dropped.id) is MediumState.DELETED


def test_a_deletion_leaves_a_tombstone_with_digest_and_rule(
    desk: Desk, make: Any, clock: ManualClock
) -> None:
    medium = take_in(desk, make, picture(), scenarios=("waste",))
    swept = later(desk, clock, 11).sweep()
    assert (swept.deleted, swept.bytes) == (1, medium.size_bytes)
    assert not desk.media.has(medium.key)
    with desk.view() as unit:
        stone = unit.media.get(medium.id)
        last = unit.custody.find(medium_id=medium.id)[-1]
        entry = unit.log.find(action="delete-medium")[-1]
    assert (stone.state, stone.sha256) == (MediumState.DELETED, medium.sha256)
    assert stone.deleted_at == clock.now()
    assert last.what is Act.DELETED
    assert last.detail["sha256"] == medium.sha256
    assert last.detail["rule"].startswith("short: 10 days")
    assert medium.sha256 in entry.text
    found = check(desk.records, desk.media)
    assert found.whole, found.faults
    assert found.deleted == 1


def test_a_dry_run_deletes_nothing(desk: Desk, make: Any, clock: ManualClock) -> None:
    medium = take_in(desk, make, picture(), scenarios=("waste",))
    assert later(desk, clock, 11).sweep(apply=False).deleted == 1
    assert state_of(desk, medium.id) is MediumState.KEPT
    assert desk.media.has(medium.key)


def test_evidence_of_open_cases_stays_and_goes_after_its_time(
    desk: Desk, make: Any, clock: ManualClock
) -> None:
    medium = take_in(desk, make, picture(), scenarios=("waste",))
    with desk.unit() as unit:
        unit.cases.add(make.case(before=(medium.id,)))
    retention = later(desk, clock, 1000)
    assert retention.sweep().held == 1
    with desk.unit() as unit:
        step = CaseStep(step="closed", at=clock.now(), by="officer")
        closed = make.case(
            before=(medium.id,), state=CaseState.CLOSED, closed_at=clock.now(), steps=(step,)
        )
        unit.cases.put(closed)
    (due,) = later(desk, clock, 89).due(until=clock.now())
    assert "evidence until" in due.held
    assert later(desk, clock, 2).sweep().deleted == 1


def test_what_an_officer_has_yet_to_review_stays(desk: Desk, make: Any, clock: ManualClock) -> None:
    medium = take_in(desk, make, picture(), scenarios=("waste",))
    with desk.unit() as unit:
        unit.reviews.add(make.review(media=(medium.id,)))
    assert later(desk, clock, 1000).sweep().held == 1


def test_a_legal_hold_keeps_until_it_is_lifted(
    desk: Desk, make: Any, clock: ManualClock, member: Callable[[str], Principal]
) -> None:
    medium = take_in(desk, make, picture(), scenarios=("waste",))
    with desk.unit() as unit:
        with pytest.raises(NotFound):
            holds.place(unit, member("ecology"), medium.id, "court", clock.now())
        with pytest.raises(InvalidInput, match="reason"):
            holds.place(unit, member("urban"), medium.id, " ", clock.now())
        hold = holds.place(unit, member("urban"), medium.id, "court 17", clock.now())
    retention = later(desk, clock, 1000)
    (due,) = retention.due(until=clock.now())
    assert due.held == "legal hold: court 17"
    assert retention.sweep().deleted == 0
    with desk.unit() as unit:
        with pytest.raises(NotFound):
            holds.lift(unit, member("ecology"), hold.id, clock.now())
        holds.lift(unit, member("urban"), hold.id, clock.now())
        with pytest.raises(IllegalTransition):
            holds.lift(unit, member("urban"), hold.id, clock.now())
    assert retention.sweep().deleted == 1
    with desk.view() as unit:
        acts = [r.what for r in unit.custody.find(medium_id=medium.id)][4:]
    assert acts == [Act.HELD, Act.RELEASED, Act.DELETION_ORDERED, Act.DELETED]


def test_a_hold_placed_at_the_last_moment_counts(
    desk: Desk, make: Any, clock: ManualClock, member: Callable[[str], Principal]
) -> None:
    medium = take_in(desk, make, picture(), scenarios=("waste",))
    with desk.unit() as unit:
        holds.place(unit, member("urban"), medium.id, "court", clock.now())
    deleted = deletions.delete(
        desk.records, desk.media, {medium.id: "late"}, by="service", at=clock.now()
    )
    assert deleted == 0
    assert state_of(desk, medium.id) is MediumState.KEPT


_KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from imagery.storage import MediaFolder
from missions.evidence import deletions
from missions.store import SqlStore

home, when, ids = Path(sys.argv[1]), sys.argv[2], sys.argv[3].split(",")
store, media = SqlStore(sys.argv[5]), MediaFolder(str(home / "media"))
die = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
if when == "before the order": deletions._order = die
if when == "after the order":
    deletions.recover = lambda *a, **k: die() if deletions_ordered() else 0
if when == "between two files":
    remove, calls = media.remove, []
    def one_then_die(key):
        die() if calls else (calls.append(key), remove(key))
    media.remove = one_then_die
if when == "before the tombstones": deletions._bury = die
def deletions_ordered():
    with store.view() as unit: return deletions.ordered(unit)
at = datetime.fromisoformat(sys.argv[4])
deletions.delete(store, media, {i: "rule" for i in ids}, by="service", at=at)
"""


@pytest.mark.parametrize(
    "when",
    ["before the order", "after the order", "between two files", "before the tombstones"],
)
def test_a_kill_leaves_no_record_without_deletion_and_no_deletion_without_record(
    desk: Desk, make: Any, clock: ManualClock, when: str, address: Callable[[Path], str]
) -> None:
    media = [take_in(desk, make, picture(n)) for n in range(3)]
    ids = ",".join(m.id for m in media)
    database = address(desk.home / "flyonce.sqlite")
    arguments = [str(desk.home), when, ids, clock.now().isoformat(), database]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, *arguments],
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with desk.view() as unit:
        ordered = set(deletions.ordered(unit))
        said = {r.medium_id for r in unit.custody.find(what=Act.DELETED)}
    assert not said
    assert {m.id for m in media if not desk.media.has(m.key)} <= ordered
    assert check(desk.records, desk.media).whole  # a check in between finds no fault
    Retention(desk).recover()
    for medium in media:
        gone = state_of(desk, medium.id) is MediumState.DELETED
        assert gone is not desk.media.has(medium.key)
        assert gone is (when != "before the order")
    assert check(desk.records, desk.media).whole
    assert verify_audit(desk.records).whole
    assert Retention(desk).recover() == 0


def test_a_file_that_was_known_and_deleted_is_not_taken_in_again(
    desk: Desk, make: Any, clock: ManualClock
) -> None:
    medium = take_in(desk, make, picture(), scenarios=("waste",))
    later(desk, clock, 11).sweep()
    with desk.view() as unit:
        (found,) = unit.media.find(sha256=medium.sha256)
    assert found.state is MediumState.DELETED


def test_the_shipped_rules_fit_every_scenario(preset: Preset) -> None:
    from missions.presets import load

    rules = load().retention
    assert rules is not None
    assert set(rules.by_scenario) == set(load().scenarios)
    assert len(rules.rules) >= 4
    assert rules.of(()).id == DEFAULT
    assert rules.of(("security-01", "natural-01")).id == "offences"
    assert all(rule.reason for rule in rules.rules.values())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r[0].update(scenarios=["nothing-*"]), "no scenario fits"),
        (lambda r: r[0].update(scenarios=["waste", "fire"]), "has a rule already"),
        (lambda r: r[0].update(originals_days=0), "out of range"),
        (lambda r: r[0].update(originals_days=1.5), "no whole number"),
        (lambda r: r[0].pop("reason"), "is missing"),
        (lambda r: r[0].update(forever=True), "unknown key"),
        (lambda r: r.pop(), "no default"),
        (lambda r: r[1].update(id="short"), "used twice"),
    ],
)
def test_rules_that_do_not_fit_are_refused_by_name(
    rules_file: Path, change: Callable[[Any], Any], said: str
) -> None:
    rules = yaml.safe_load(rules_file.read_text())
    change(rules["rules"])
    rules_file.write_text(yaml.safe_dump(rules))
    with pytest.raises(InvalidInput, match=said):
        load_retention(SCENARIOS, rules_file)
