"""Keys, versions and quotas in the store: once, honestly, no gap between look and write."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import ManualClock
from missions.access import Principal, Role
from missions.answers import KEPT, Answers, Attempt, KeyReused, OutcomeUnknown, StillRunning
from missions.entities import LedgerLine
from missions.quotas import Quotas, QuotaUsedUp, spend
from missions.store import Store
from missions.store.acting import acting
from missions.store.records import Answer
from missions.versions import Expectation, VersionMismatch, version_in

NOW = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
WHO = Principal(name="gate", role=Role.MACHINE)
ADMIN = Principal(name="admin", role=Role.ADMINISTRATOR)
DONE = Answer(status=201, headers={"location": "/x/1"}, body="{}")


def begin(answers: Answers, digest: str = "d") -> Attempt:
    begun = answers.begin(WHO, "k", digest, "POST /x")
    assert isinstance(begun, Attempt)
    return begun


def test_the_first_is_told_again_and_another_refused(store: Store) -> None:
    answers = Answers(store)
    attempt = begin(answers)
    with pytest.raises(StillRunning):
        answers.begin(WHO, "k", "d", "POST /x")
    attempt.done(DONE)
    assert answers.begin(WHO, "k", "d", "POST /x") == DONE
    with pytest.raises(KeyReused):
        answers.begin(WHO, "k", "e", "POST /x")


@pytest.mark.parametrize("wrote", [False, True])
def test_after_a_crash_it_is_said_whether_something_was_written(store: Store, wrote: bool) -> None:
    attempt = begin(Answers(store))
    if wrote:
        with acting(attempt), store.unit() as unit:
            unit.settings.set("done", 1)
    restarted = Answers(store)
    with pytest.raises(OutcomeUnknown, match="something was" if wrote else "nothing was known"):
        restarted.begin(WHO, "k", "d", "POST /x")


def test_a_unit_that_fails_leaves_no_word_of_having_written(store: Store) -> None:
    attempt = begin(Answers(store))
    with pytest.raises(ZeroDivisionError), acting(attempt), store.unit():
        _ = 1 / 0
    with pytest.raises(OutcomeUnknown, match="nothing was known"):
        Answers(store).begin(WHO, "k", "d", "POST /x")


def test_old_keys_are_free_again_and_swept(store: Store) -> None:
    clock = ManualClock(NOW)
    answers = Answers(store, clock)
    begin(answers).done(DONE)
    clock.follow(NOW + KEPT + timedelta(seconds=1))
    assert answers.sweep() == 1
    begin(answers, digest="another")
    assert answers.sweep() == 0


def test_a_change_between_look_and_write_is_seen_in_the_unit(store: Store, make: Any) -> None:
    wish = make.request()
    with store.unit() as unit:
        unit.requests.add(wish)
    with store.view() as view:
        seen = version_in(view, "requests", wish.id)
    assert seen is not None
    expected = Expectation(kind="requests", id=wish.id, versions=frozenset({seen}), principal=ADMIN)
    with store.unit() as unit:  # somebody else is faster
        unit.requests.put(replace(wish, purpose="theirs"))
    with pytest.raises(VersionMismatch), acting(expected), store.unit() as unit:
        unit.requests.put(replace(wish, purpose="mine"))
    with store.view() as view:
        assert view.requests.get(wish.id).purpose == "theirs"


def test_only_the_deciding_unit_is_looked_at(store: Store, make: Any) -> None:
    wish = make.request()
    with store.unit() as unit:
        unit.requests.add(wish)
        seen = version_in(unit, "requests", wish.id)
    expected = Expectation(
        kind="requests", id=wish.id, versions=frozenset({str(seen)}), principal=ADMIN
    )
    with acting(expected):
        for purpose in ("one", "two"):  # the second unit sees what the first has written
            with store.unit() as unit:
                unit.requests.put(replace(wish, purpose=purpose))


def test_a_removed_thing_is_gone_and_its_place_too(store: Store, make: Any) -> None:
    wishes = [replace(make.request(), id=f"req-{n}") for n in range(3)]
    with store.unit() as unit:
        unit.requests.add_all(wishes)
        unit.requests.remove("req-2")
        unit.requests.add(replace(wishes[2], department="water"))
    with suppress(ZeroDivisionError), store.unit() as unit:
        unit.requests.remove("req-1")
        _ = 1 / 0
    with store.view() as view:
        assert [r.id for r in view.requests.find()] == ["req-0", "req-1", "req-2"]
        assert [r.id for r in view.requests.find(audience="water")] == ["req-2"]


def test_a_quota_is_decided_where_the_request_is_kept(store: Store, preset: Any, make: Any) -> None:
    clock = ManualClock(NOW)
    quotas = Quotas(store, preset, clock)
    wish = make.request()
    quotas.set(ADMIN, wish.department, {"requests": 1, "flight_minutes": 10}, "a test")
    with store.unit() as unit:
        spend(unit, preset, wish, NOW)
    with pytest.raises(QuotaUsedUp, match="1 requests") as refused, store.unit() as unit:
        spend(unit, preset, wish, NOW)
    assert "2026-06-01 00:00" in str(refused.value)
    with store.unit() as unit:
        spend(unit, preset, replace(wish, priority=5), NOW)
    flight = replace(make.flight(), day=NOW.date())
    with store.unit() as unit:
        unit.flights.add(flight)
        line = LedgerLine(
            id="led-1", flight_id=flight.id, department=wish.department, metres=1, seconds=90
        )
        unit.ledger.add(line)
    used = quotas.of(ADMIN, wish.department).used
    assert (used.requests, used.emergency_requests, used.flight_s) == (1, 1, 90)
    with store.unit() as unit:  # the next month begins anew
        spend(unit, preset, wish, datetime(2026, 6, 1, 0, 0, tzinfo=UTC))
