"""The chain of custody shows every edit, deletion, reordering, cut tail and altered file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from evidence_range import opened_desk, picture, take_in
from meddling import meddle

from core.clock import ManualClock
from core.errors import InvalidInput, NotAllowed
from missions.access import Principal
from missions.audit import verify as verify_audit
from missions.cases.reviews import Saying, decide
from missions.evidence.custody import NO_DECLARATION, Custody, accept
from missions.evidence.custody_check import Sort
from missions.evidence.desk import Evidence
from missions.evidence.files_check import check
from missions.evidence.records import Act
from missions.media.desk import Desk
from missions.presets import Preset
from missions.store import Store


@pytest.fixture
def desk(preset: Preset, clock: ManualClock, tmp_path: Path) -> Iterator[Desk]:
    with opened_desk(preset, clock, tmp_path / "home") as made:
        yield made


@pytest.fixture
def kept(desk: Desk, make: Any) -> list[str]:
    """Four photographs with four records each."""
    return [take_in(desk, make, picture(n)).id for n in range(4)]


def sorts(desk: Desk) -> set[Sort]:
    return set(check(desk.records, desk.media).counts)


def test_untouched_evidence_is_whole(desk: Desk, kept: list[str]) -> None:
    found = check(desk.records, desk.media)
    assert found.whole, found.faults
    assert (found.records, found.media, found.files) == (16, 4, 4)
    assert verify_audit(desk.records).whole
    with desk.view() as unit:
        assert unit.log.count(action="custody") == 4


@pytest.mark.parametrize(
    "statements",
    [
        ["UPDATE custody SET body = replace(body, 'TC-01', 'TC-02') WHERE seq = 6"],
        ["UPDATE custody SET body = replace(body, 'examined', 'reviewed') WHERE seq = 16"],
        ["DELETE FROM custody WHERE seq = 1"],
        ["DELETE FROM custody WHERE seq = 7"],
        ["DELETE FROM custody WHERE seq = 16"],
        ["DELETE FROM custody WHERE seq > 8"],
        ["DELETE FROM custody"],
        [
            "UPDATE custody SET seq = 99 WHERE seq = 5",
            "UPDATE custody SET seq = 5 WHERE seq = 6",
            "UPDATE custody SET seq = 6 WHERE seq = 99",
        ],
        ["UPDATE settings SET value = replace(value, '16', '12') WHERE name = 'custody_head'"],
    ],
)
def test_meddling_with_the_chain_shows(desk: Desk, kept: list[str], statements: list[str]) -> None:
    meddle(desk.home / "flyonce.sqlite", *statements)
    assert Sort.CHAIN in sorts(desk)


def test_a_tail_cut_with_its_head_shows_against_the_audit_trail(
    desk: Desk, kept: list[str]
) -> None:
    """Whoever cuts the chain and mends the store's head forgets the trail, or breaks its seals."""
    with desk.view() as unit:
        end = unit.custody.find()[11]
    head = f'{{"position":12,"seal":"{end.seal}"}}'
    meddle(
        desk.home / "flyonce.sqlite",
        "DELETE FROM custody WHERE seq > 12",
        f"UPDATE settings SET value = '{head}' WHERE name = 'custody_head'",  # noqa: S608 (values of the test itself)
    )
    assert Sort.CHAIN in sorts(desk)
    meddle(desk.home / "flyonce.sqlite", "DELETE FROM log WHERE seq = 4")
    assert not verify_audit(desk.records).whole


def test_a_record_slipped_in_without_the_trail_shows(desk: Desk, kept: list[str]) -> None:
    with desk.unit() as unit:
        before = unit.settings.get("log_head")
        Custody(unit).note(kept[0], Act.SHOWN, "somebody", desk.now())
    meddle(desk.home / "flyonce.sqlite", "DELETE FROM log WHERE seq = 5")
    with desk.unit() as unit:
        unit.settings.set("log_head", before)
    assert verify_audit(desk.records).whole
    assert Sort.CHAIN in sorts(desk)


def test_altered_missing_and_extra_files_are_named(desk: Desk, kept: list[str]) -> None:
    with desk.view() as unit:
        first, second = (unit.media.get(i) for i in kept[:2])
    folder = desk.home / "media"
    (folder / first.key).chmod(0o644)
    (folder / first.key).write_bytes(b"other")
    (folder / second.key).unlink()
    (folder / second.key).with_name("note.txt").write_text("mine")
    found = check(desk.records, desk.media)
    said = {(f.sort, f.subject) for f in found.faults}
    assert (Sort.ALTERED, first.id) in said
    assert (Sort.MISSING, second.id) in said
    assert (Sort.EXTRA, f"{second.sha256[:2]}/note.txt") in said
    assert len(said) == 3


def test_proofs_that_the_trail_names_are_checked_and_not_extra(desk: Desk, make: Any) -> None:
    stored = desk.media.put(b'{"plan": 1}')
    with desk.unit() as unit:
        unit.log.add(make.entry(action="prove", text=f"proven, kept as {stored.key}"))
    assert check(desk.records, desk.media).whole
    path = desk.home / "media" / stored.key
    path.chmod(0o644)
    path.write_bytes(b"{}")
    assert sorts(desk) == {Sort.ALTERED}
    path.unlink()
    assert sorts(desk) == {Sort.MISSING}


def test_a_record_pointed_at_another_file_shows(desk: Desk, kept: list[str]) -> None:
    """A forged file under its own digest, with the medium's record changed to fit."""
    with desk.view() as unit:
        medium = unit.media.get(kept[2])
    forged = desk.media.put(picture(77))
    meddle(
        desk.home / "flyonce.sqlite",
        f"UPDATE media SET sha256 = '{forged.sha256}', body = replace(replace(body, "  # noqa: S608 (values of the test itself)
        f"'{medium.key}', '{forged.key}'), '{medium.sha256}', '{forged.sha256}') "
        f"WHERE id = '{medium.id}'",
    )
    assert Sort.RECORD in sorts(desk)


def test_originals_are_read_only(desk: Desk, kept: list[str]) -> None:
    with desk.view() as unit:
        path = desk.home / "media" / unit.media.get(kept[0]).key
    assert path.stat().st_mode & 0o777 == 0o444


def test_records_are_only_added(store: Store, make: Any, clock: ManualClock) -> None:
    with store.unit() as unit:
        record = Custody(unit).note("med-1", Act.SHOWN, "officer", clock.now(), {"a": "b"})
    with store.unit() as unit, pytest.raises(NotAllowed, match="append-only"):
        unit.custody.put(record)
    with store.view() as unit:
        assert Custody(unit).of("med-1") == [record]


def test_an_unknown_act_is_refused(store: Store, clock: ManualClock) -> None:
    with store.unit() as unit, pytest.raises(ValueError, match="kissed"):
        Custody(unit).note("med-1", "kissed", "officer", clock.now())


def test_custody_says_whether_the_camera_declared_the_digest(desk: Desk, make: Any) -> None:
    silent = take_in(desk, make, picture(1))
    with desk.view() as unit:
        first = Custody(unit).of(silent.id)[0]
    assert first.detail["remark"] == NO_DECLARATION
    data = picture(2)
    digest = desk.media.put(data).sha256
    spoken = take_in(desk, make, data, declared_sha256=digest)
    with desk.view() as unit:
        first = Custody(unit).of(spoken.id)[0]
    assert first.detail["sha256"] == digest
    assert "remark" not in first.detail
    assert check(desk.records, desk.media).declared == 1


def test_a_file_that_is_not_what_the_camera_declared_is_refused_and_remembered(
    store: Store, clock: ManualClock
) -> None:
    with pytest.raises(InvalidInput, match="does not have the digest"):
        accept(store, "0" * 64, "1" * 64, sender="TC-01, cam", by="dock", at=clock.now())
    accept(store, "", "1" * 64, sender="TC-01, cam", by="dock", at=clock.now())
    with store.view() as unit:
        (entry,) = unit.log.find(action="refuse-delivery")
    assert "1" * 64 in entry.text
    assert entry.actor == "dock"


def test_custody_is_for_owners(
    desk: Desk, kept: list[str], member: Callable[[str], Principal]
) -> None:
    evidence = Evidence(desk)
    assert len(evidence.custody(member("urban"), kept[0])) == 4
    with pytest.raises(NotAllowed):
        evidence.custody(member("ecology"), kept[0])


def test_a_review_is_in_the_custody_of_what_was_reviewed(
    desk: Desk, kept: list[str], make: Any, preset: Preset, member: Callable[[str], Principal]
) -> None:
    with desk.unit() as unit:
        unit.reviews.add(make.review(media=(kept[0], kept[1])))
        decide(unit, preset, desk.clock, member("urban"), "rev-1", Saying(decision="reject"))
    with desk.view() as unit:
        last = Custody(unit).of(kept[1])[-1]
        assert (last.what, last.detail["decision"]) == (Act.REVIEWED, "reject")
        assert len(Custody(unit).of(kept[2])) == 4
    assert check(desk.records, desk.media).whole
