"""A few vehicles planned anew: as good as trying everything, never worse, others untouched."""

import numpy as np
import pytest
from planner_small import brute, small

from planner.routing import cost, nothing
from planner.routing.exact import polish, polished


@pytest.mark.parametrize("seed", range(10))
def test_what_is_proven_is_the_best_of_everything(seed: int) -> None:
    model = small(seed, groups=3 if seed else 4)
    _, least = brute(model)
    found = polished(model, nothing(model), [0, 1], seconds=60)
    assert found.proven
    objective = cost(model, found.solution).objective
    # a tenth of a metre is what the objective is rounded to
    assert objective == pytest.approx(least, abs=1.0) or (np.isinf(objective) and np.isinf(least))


@pytest.mark.parametrize("seed", range(4))
def test_the_best_plan_stays_as_it_is(seed: int) -> None:
    model = small(seed, groups=3)
    best, least = brute(model)
    after = cost(model, polish(model, best, [0, 1], seconds=60)).objective
    assert after <= least


def test_the_trips_of_other_vehicles_are_not_touched() -> None:
    model = small(8, groups=8, vehicles=3, plain=True)
    model.max_trips[:] = 1
    before = polish(model, nothing(model), [1], seconds=60)
    assert before.trips[1]
    after = polish(model, before, [0, 2], seconds=60)
    assert after.trips[1] == before.trips[1]
    assert cost(model, after).objective < cost(model, before).objective
