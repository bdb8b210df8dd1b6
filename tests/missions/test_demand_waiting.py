"""When many ask at once nobody is turned away, and nobody waits on others."""

from types import SimpleNamespace
from typing import Any

import pytest

from core.clock import ManualClock
from missions.demand import waiting
from missions.entities import Request, RequestState
from missions.presets import Preset
from missions.service import ANSWERED_AT_ONCE, Service
from missions.store import MemoryStore


def test_who_asks_when_all_places_are_taken_is_told_when_the_answer_comes(
    preset: Preset, clock: ManualClock, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    asked = make.request("req-asked", task_ids=())
    room: Any = SimpleNamespace(records=store, preset=preset, clock=clock, unit=store.unit)
    room.now = clock.now
    service: Any = object.__new__(Service)
    service._room, service._at_once = room, SimpleNamespace(acquire=lambda blocking: False)

    def kept(unit: Any, *_: Any) -> Request:
        unit.requests.add(asked)
        return asked

    monkeypatch.setattr("missions.service.ask", kept)
    told = service.ask(SimpleNamespace(require=lambda action: None), None, None)
    assert ANSWERED_AT_ONCE < 40, "some of the threads are left for everybody else"
    assert (told.state, told.answer.code) == (RequestState.ASKED, "waiting")
    assert told.answer.due == clock.now() + waiting.A_MINUTE
    with store.view() as unit:
        assert unit.requests.get(asked.id) == told
