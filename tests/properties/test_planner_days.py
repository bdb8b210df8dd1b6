"""On any day with everything that a day can have: no plan breaks a rule, no route enters a zone."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from planner_days import lived

# a seed tells nothing by being small: no shrinking
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@pytest.mark.timeout(400)  # the search is compiled when it runs for the first time
@settings(
    deadline=None, max_examples=25, phases=PHASES, suppress_health_check=[HealthCheck.too_slow]
)
@given(seed=st.integers(0, 1_000_000))
def test_no_day_is_planned_against_a_rule(seed: int) -> None:
    found = lived(seed, seconds=0.02, looks=6)
    assert found.violations == ()
    assert found.entered == ()


@pytest.mark.parametrize("seed", [51854, 53125, 51942])
def test_days_that_the_campaign_found_wrong_once_are_right(seed: int) -> None:
    """A drone in the air charges before it starts from its dock; a stranger's flight is timed as
    the checker times it."""
    found = lived(seed, seconds=0.05)
    assert found.violations == ()
    assert found.entered == ()
