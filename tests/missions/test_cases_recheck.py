"""Re-check until cold: when to look next, and what the looks add up to."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from core.errors import InvalidInput
from missions import catalog
from missions.cases.recheck import Wait, next_recheck, progress, verdict
from missions.catalog.fields import Fields, read_yaml
from missions.entities import Case, CaseState, CaseStep, Verdict
from missions.presets import RecheckRules
from missions.presets.watching import RECOMMENDED, rechecks

RULES = RecheckRules(interval_min=8.0, passes=2, cold_below_c=50.0, max_h=6.0)
HOT, COLD = Verdict.HOT, Verdict.COLD


@pytest.fixture
def case(make: Any) -> Case:
    made: Case = make.case(state=CaseState.VERIFYING)
    told = [("dispatched", 0.0), ("handling", 5.0), ("reported_back", 10.0), ("verifying", 10.0)]
    steps = tuple(
        CaseStep(step=name, at=made.opened_at + timedelta(minutes=minutes), by="crew")
        for name, minutes in told
    )
    return replace(made, steps=steps)


def looked(case: Case, make: Any, *looks: tuple[float, Verdict | None]) -> Case:
    rechecks = tuple(make.recheck(minutes, verdict=v) for minutes, v in looks)
    return replace(case, rechecks=rechecks)


def minutes(case: Case, value: float) -> Any:
    return case.opened_at + timedelta(minutes=value)


def test_the_first_look_is_due_when_the_crew_is_done(case: Case) -> None:
    assert next_recheck(case, RULES, minutes(case, 11)) == minutes(case, 10)
    assert verdict(case, RULES) is None


def test_the_next_look_follows_after_the_interval(case: Case, make: Any) -> None:
    once = looked(case, make, (12, COLD))
    assert next_recheck(once, RULES, minutes(case, 13)) == minutes(case, 20)
    assert verdict(once, RULES) is None


def test_enough_cold_looks_far_enough_apart_are_cold(case: Case, make: Any) -> None:
    assert verdict(looked(case, make, (12, COLD), (20, COLD)), RULES) is COLD
    assert verdict(looked(case, make, (12, COLD), (15, COLD)), RULES) is None
    assert verdict(looked(case, make, (12, COLD), (15, COLD), (21, COLD)), RULES) is COLD
    assert (
        next_recheck(looked(case, make, (12, COLD), (20, COLD)), RULES, minutes(case, 21)) is None
    )


def test_a_hot_look_starts_anew(case: Case, make: Any) -> None:
    hot = looked(case, make, (12, COLD), (20, HOT))
    assert verdict(hot, RULES) is HOT
    assert next_recheck(hot, RULES, minutes(case, 21)) is None
    assert verdict(looked(case, make, (12, COLD), (20, HOT), (28, COLD)), RULES) is None


def test_looks_before_the_crew_came_back_do_not_count(case: Case, make: Any) -> None:
    assert verdict(looked(case, make, (2, COLD), (11, COLD)), RULES) is None


def test_a_look_that_saw_nothing_is_taken_again(case: Case, make: Any) -> None:
    blind = looked(case, make, (12, COLD), (20, None))
    assert next_recheck(blind, RULES, minutes(case, 21)) == minutes(case, 28)
    assert verdict(looked(case, make, (12, COLD), (20, None), (28, COLD)), RULES) is COLD


def test_an_ordered_look_is_waited_for(case: Case, make: Any) -> None:
    ordered = replace(case, rechecks=(make.recheck(12, looked_at=None),))
    assert next_recheck(ordered, RULES, minutes(case, 40)) is None


def test_after_the_longest_time_a_person_decides(case: Case, make: Any) -> None:
    once = looked(case, make, (12, COLD))
    assert next_recheck(once, RULES, minutes(case, 10 + 6 * 60 + 1)) is None


@pytest.mark.parametrize("state", [CaseState.DISPATCHED, CaseState.HANDLING, CaseState.CLOSED])
def test_nobody_looks_while_the_crew_works_or_when_all_is_done(
    case: Case, state: CaseState
) -> None:
    assert next_recheck(replace(case, state=state), RULES, minutes(case, 11)) is None


def test_a_case_sent_out_again_waits_for_the_crew(case: Case, make: Any) -> None:
    again = CaseStep(step="dispatched", at=minutes(case, 25), by="service")
    sent = replace(case, steps=(*case.steps, again))
    assert next_recheck(sent, RULES, minutes(case, 26)) is None
    back = CaseStep(step="reported_back", at=minutes(case, 40), by="crew")
    done = looked(replace(sent, steps=(*sent.steps, back)), make, (20, HOT))
    assert next_recheck(done, RULES, minutes(case, 41)) == minutes(case, 40)
    assert verdict(done, RULES) is None


def test_the_dawn_look_is_waited_for_and_closes(case: Case, make: Any, preset: Any) -> None:
    """Reported back at 09:10 in the city: the next day's look at 05:30 is part of the proof."""
    rules, zone = replace(RULES, dawn=time(5, 30), max_h=48.0), preset.zone_info
    two = looked(case, make, (12, COLD), (20, COLD))
    due = next_recheck(two, rules, minutes(case, 21), zone)
    assert due is not None
    assert due.astimezone(zone).time() == time(5, 30)
    assert verdict(two, rules, zone) is None
    said = progress(two, rules, minutes(case, 21), zone)
    assert said is not None
    assert (said.waits, said.next_at) == (Wait.DAWN, due)
    at_dawn = (due - case.opened_at).total_seconds() / 60
    assert verdict(looked(two, make, (12, COLD), (20, COLD), (at_dawn, COLD)), rules, zone) is COLD
    assert next_recheck(two, rules, minutes(case, 21)) is None  # no zone, no dawn: cold as it is


def test_an_event_type_may_have_rules_of_its_own() -> None:
    common, own = rechecks(read_yaml(RECOMMENDED), catalog.load().event_types)
    assert set(own) == {"01-01", "01-02"}
    assert own["01-01"].night == common.night == (time(21), time(6, 30))
    assert own["01-01"].passes > common.passes
    assert own["01-01"].cold_below_c == common.cold_below_c


def test_night_passes_without_a_night_are_refused() -> None:
    broken = {
        **{"interval_min": 8, "passes": 2, "cold_below_c": 50, "max_h": 6},
        "night_passes": 1,
    }
    with pytest.raises(InvalidInput, match="night_passes"):
        rechecks(Fields("preset.yaml", "recheck", broken), {})
