"""The worker that answers while departments wait says what the service itself would."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from core.clock import ManualClock
from missions.demand import answerer
from missions.demand.answerer import considered_by, warm_up
from missions.entities import Request
from missions.presets import Preset
from missions.store import MemoryStore


class Worker(Executor):
    """Runs at once, in this process; or has died."""

    def __init__(self, *, dead: bool = False) -> None:
        self.dead, self.asked = dead, 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.asked += 1
        if self.dead:
            raise BrokenProcessPool("it was killed")
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@pytest.fixture
def opened(preset: Preset, monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    store = MemoryStore()
    monkeypatch.setattr(answerer, "_opened", (preset, store))
    return store


def test_a_dead_worker_leaves_the_answer_to_the_service(
    opened: MemoryStore, preset: Preset, clock: ManualClock, make: Any
) -> None:
    wish: Request = make.request()
    alive, dead = Worker(), Worker(dead=True)
    told = [
        considered_by(worker, opened, preset, wish, clock.now()).request
        for worker in (alive, dead, None)
    ]
    assert told[0] == told[1] == told[2]
    assert alive.asked == dead.asked == 1


def test_warming_up_asks_for_nothing(opened: MemoryStore, clock: ManualClock) -> None:
    warm_up(clock.now())
    with opened.view() as unit:
        assert not unit.requests.find()
        assert not unit.flights.find()


def test_a_process_that_was_not_prepared_says_so(clock: ManualClock) -> None:
    with pytest.raises(RuntimeError, match="open_answering"):
        warm_up(clock.now())
